"""Telling kinds of input apart by their content; names and suffixes play no part."""

from __future__ import annotations

from dredref.spec.errors import InputError
from dredref.streams.bit import looks_like_bit
from dredref.streams.record import Container
from dredref.streams.source import Source

PCAP_MAGICS = frozenset(
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
)
"""Captures with microseconds, with nanoseconds, and the modified form; both byte orders."""

PCAPNG_SECTION = bytes.fromhex("0a0d0d0a")
PCAPNG_ORDERS = (bytes.fromhex("1a2b3c4d"), bytes.fromhex("4d3c2b1a"))
EBML_HEADER = bytes.fromhex("1a45dfa3")
MP4_FIRST_BOXES = frozenset((b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"))

FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"RIFF", "a WAV or AVI file"),
    (b"RF64", "a WAV file"),
    (b"fLaC", "a FLAC file"),
    (b"ID3", "an MP3 file"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"\xfd7zXZ\x00", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
)
"""First bytes -> what to tell a user who brings such a file."""


def detect_format(source: Source) -> Container:
    """The kind of input, by the bytes ahead; nothing is consumed.

    Raises:
        InputError: ``input.empty`` or ``input.unknown``.
    """
    head = source.peek(12)
    if not head:
        raise InputError("input.empty", f"{source.name} is empty")
    if head[:4] == b"OggS":
        return "ogg"
    if head[:4] == EBML_HEADER:
        return "matroska"
    if head[:4] in PCAP_MAGICS:
        return "pcap"
    if head[:4] == PCAPNG_SECTION and head[8:12] in PCAPNG_ORDERS:
        return "pcapng"
    if head[4:8] in MP4_FIRST_BOXES:
        return "mp4"
    if _starts_object(source):
        return "jsonl"
    if looks_like_bit(source):
        return "bit"
    for magic, what in FOREIGN:
        if head.startswith(magic):
            raise InputError("input.unknown", f"{source.name} is {what}")
    raise InputError(
        "input.unknown",
        f"{source.name} is no Ogg, WebM, MP4, pcap, pcapng, opus_demo .bit or JSON lines",
    )


def _starts_object(source: Source) -> bool:
    """Whether a brace is the first character after white space or a byte order mark."""
    first = source.peek(1)
    if first == b"{":
        return True
    if first != b"\xef" and first.strip():
        return False
    return source.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
