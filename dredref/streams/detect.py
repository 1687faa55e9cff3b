"""Telling kinds of input apart by their content; names and suffixes play no part."""

from __future__ import annotations

from dredref.spec.errors import InputError
from dredref.streams.bit import looks_like_bit
from dredref.streams.hexlines import looks_like_hex
from dredref.streams.media import KNOWN, MP4_FIRST_BOXES
from dredref.streams.opushead import HEAD_SIGNATURE
from dredref.streams.record import Container
from dredref.streams.source import READ_LIMIT, Source

PCAP_MAGICS = frozenset(
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
)
"""Captures with microseconds, with nanoseconds, and the modified form; both byte orders."""

PCAPNG_SECTION = bytes.fromhex("0a0d0d0a")
PCAPNG_ORDERS = (bytes.fromhex("1a2b3c4d"), bytes.fromhex("4d3c2b1a"))
EBML_HEADER = bytes.fromhex("1a45dfa3")

COMPRESSED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"PK\x03\x04", "a ZIP archive"),
)
"""First bytes -> what such a file is; it has to be unpacked first."""

FOREIGN_CAPTURES: tuple[tuple[bytes, str], ...] = (
    (b"snoop\0\0\0", "snoop"),
    (b"GMBU", "Network Monitor"),
    (b"XCP\0", "NetXRay"),
    (b"TRSNIFF data", "Sniffer"),
    (b"\x7fMETA", "Visual Networks"),
)
"""First bytes -> the program whose captures begin so; Wireshark converts them."""

SEARCHED = 1 << 16
"""Bytes in which the beginning of Ogg is looked for behind something else."""

ID3_HEADER = 10


def detect_format(source: Source) -> Container:
    """The kind of input, by the bytes ahead; nothing is consumed.

    Raises:
        InputError: ``input.empty`` or ``input.unknown``.
    """
    head = source.peek(16)
    if not head:
        raise InputError("input.empty", f"{source.name} is empty")
    signed = _by_signature(head)
    if signed is not None:
        return signed
    for magic, what in COMPRESSED:
        if head.startswith(magic):
            raise InputError("input.unknown", f"{source.name} is {what}; unpack it first")
    for magic, program in FOREIGN_CAPTURES:
        if head.startswith(magic):
            detail = f"{source.name} is a capture of {program}; convert it: editcap -F pcap IN OUT"
            raise InputError("input.unknown", detail)
    if head.startswith(HEAD_SIGNATURE):
        detail = f"{source.name} is an OpusHead without a container; give the whole file"
        raise InputError("input.unknown", detail)
    if _starts_object(source):
        return "jsonl"
    if looks_like_hex(source):
        return "hex"
    if looks_like_bit(source):
        return "bit"
    if _ogg_ahead(source, head):
        return "ogg"
    if _is_text(source):
        raise InputError(
            "input.unknown",
            f"{source.name} is text, but neither JSON lines nor one packet a line in hexadecimal. "
            f"Read are {KNOWN}",
        )
    return "media"


def _by_signature(head: bytes) -> Container | None:
    """The kind that the first bytes name."""
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
    if head.startswith(b"#!rtpplay1.0 "):
        return "rtpdump"
    if head.startswith((b"MJR0", b"MEETECHO")):
        return "mjr"
    return None


def _ogg_ahead(source: Source, head: bytes) -> bool:
    """Whether Ogg begins behind a tag of ID3v2, or behind other bytes that are not many."""
    if head.startswith(b"ID3") and len(head) >= ID3_HEADER:
        size = 0
        for byte in head[6:ID3_HEADER]:
            size = size << 7 | byte & 127
        end = ID3_HEADER + size
        if end <= READ_LIMIT - 4 and source.peek(end + 4)[end:] == b"OggS":
            return True
    at = source.peek(SEARCHED).find(b"OggS\0\2")
    return at > 0


def _is_text(source: Source) -> bool:
    """Whether the beginning is printable."""
    block = source.peek(512)
    return not any(byte < 9 or 13 < byte < 32 or byte > 126 for byte in block)


def _starts_object(source: Source) -> bool:
    """Whether a brace is the first character after white space or a byte order mark."""
    first = source.peek(1)
    if first == b"{":
        return True
    if first != b"\xef" and first.strip():
        return False
    return source.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
