"""Ogg pages (RFC 3533, section 6), read and written.

PyAV reads Ogg, but not what this project has to tell about it. Measured with PyAV 18 (libavformat
62): a page that is missing or fails its checksum leaves no trace, and the timestamps after it run
on as if nothing were gone; the parts of a chained file come as one stream; and what it writes has
its own page sizes, serial number and comment header. To report loss and to rewrite a file with
every page, granule position and header kept, the pages themselves are needed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import construct as c

from dredref.spec.errors import InputError
from dredref.streams.source import BLOCK, Source

CAPTURE = b"OggS"
NO_GRANULE = -1
"""Granule position of a page on which no packet ends."""

MAX_SEGMENTS = 255
SEGMENT = 255
"""A segment of fewer bytes ends a packet."""

MAX_DAMAGED = 1000
"""Damaged pages in a row after which a file is given up: each costs a checksum over 64 kB."""

HEADER = c.Struct(
    c.Const(CAPTURE),
    "version" / c.Const(0, c.Int8ul),
    "flags" / c.FlagsEnum(c.Int8ul, continued=1, first=2, last=4),
    "granule" / c.Int64sl,
    "serial" / c.Int32ul,
    "sequence" / c.Int32ul,
    "checksum" / c.Int32ul,
    "lacing" / c.Prefixed(c.Int8ul, c.GreedyBytes),
)
"""All of a page before its body; the lacing values add up to the body's length."""

HEADER_BYTES = 27
_CHECKSUM = slice(22, 26)
_SEQUENCE = slice(18, 22)
_SEGMENTS = 26
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        granule: position of the last packet that ends on it, `NO_GRANULE` if none does.
        serial: logical stream it belongs to.
        sequence: number within that stream.
        lacing: length of each segment.
        body: the segments.
        continued: the first packet began on the page before.
        first: first page of its stream.
        last: last page of its stream.
    """

    granule: int
    serial: int
    sequence: int
    lacing: bytes
    body: bytes
    continued: bool = False
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no page. ``code`` as in `Notice`; ``skipped`` counts them."""

    code: str
    detail: str
    skipped: int


def checksum(data: bytes) -> int:
    """CRC-32 of Ogg: polynomial 0x04c11db7, highest bit first, from 0, no final inversion.

    zlib's is the same polynomial lowest bit first, from and with inversion: so the bits of each
    byte and of the result are mirrored, and the inversions undone.
    """
    mirrored = zlib.crc32(data.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")


def build_page(page: Page) -> bytes:
    """The bytes of a page, checksum included."""
    header = HEADER.build(
        {
            "flags": {"continued": page.continued, "first": page.first, "last": page.last},
            "granule": page.granule,
            "serial": page.serial,
            "sequence": page.sequence,
            "checksum": 0,
            "lacing": page.lacing,
        }
    )
    value = checksum(header + page.body).to_bytes(4, "little")
    return bytes(header[: _CHECKSUM.start] + value + header[_CHECKSUM.stop :] + page.body)


class Pages:
    """All sound pages of a source, and the damage between them.

    After damage the next capture pattern that starts a sound page is looked for. The source stands
    behind what came last, and may be read on by others in between.

    Attributes:
        damaged: damaged pages in a row.
    """

    def __init__(self, source: Source) -> None:
        """Begin where the source stands."""
        self.source = source
        self.damaged = 0

    def __iter__(self) -> Iterator[Page | Damage]:
        """Pages and damage in turn.

        Raises:
            InputError: ``input.corrupt`` after `MAX_DAMAGED` damaged pages in a row.
        """
        source = self.source
        while True:
            tag = source.peek(3) == b"ID3"
            skipped = _seek_capture(source)
            if skipped:
                what = "of an ID3 tag" if tag else "that are no Ogg page"
                yield Damage("ogg.junk", f"{skipped} bytes {what}", skipped)
                continue
            head = source.peek(HEADER_BYTES)
            if not head:
                return
            page = None
            size = HEADER_BYTES
            if len(head) == HEADER_BYTES:
                size += head[_SEGMENTS]
                size += sum(source.peek(size)[HEADER_BYTES:])
                page = _sound_page(source.peek(size), size)
            if page is not None:
                source.read(size)
                self.damaged = 0
                yield page
                continue
            at = source.offset
            cut = len(source.peek(size)) < size
            source.read(len(CAPTURE))
            if cut:
                yield Damage("stream.truncated", f"the page at byte {at} breaks off", len(CAPTURE))
            else:
                number = int.from_bytes(head[_SEQUENCE], "little")
                detail = f"checksum wrong on page {number} at byte {at}"
                yield Damage("ogg.checksum", detail, len(CAPTURE))
            self.damaged += 1
            if self.damaged > MAX_DAMAGED:
                raise InputError(
                    "input.corrupt", f"{source.name}: {self.damaged} damaged Ogg pages in a row"
                )


def _seek_capture(source: Source) -> int:
    """Skip to the next capture pattern, or to the end; the number of bytes skipped."""
    start = source.offset
    while source.peek(len(CAPTURE)) != CAPTURE:
        block = source.peek(BLOCK)
        if not block:
            break
        at = block.find(CAPTURE, 1)
        keep = len(CAPTURE) - 1 if len(block) == BLOCK else 0
        source.read(at if at >= 0 else len(block) - keep)
    return source.offset - start


def _sound_page(data: bytes, size: int) -> Page | None:
    """The page that ``data`` is, if it is whole and its checksum right."""
    if len(data) < size:
        return None
    try:
        header = HEADER.parse(data)
    except c.ConstructError:
        return None
    blank = data[: _CHECKSUM.start] + bytes(4) + data[_CHECKSUM.stop :]
    if checksum(blank) != header.checksum:
        return None
    return Page(
        granule=header.granule,
        serial=header.serial,
        sequence=header.sequence,
        lacing=header.lacing,
        body=data[size - sum(header.lacing) :],
        continued=header.flags.continued,
        first=header.flags.first,
        last=header.flags.last,
    )


def lace(size: int) -> bytes:
    """Lacing values of a packet: as many 255 as fit, and the rest, 0 included."""
    return b"\xff" * (size // SEGMENT) + bytes([size % SEGMENT])


def build_pages(
    packets: Sequence[tuple[bytes, int]],
    serial: int,
    sequence: int,
    *,
    first: bool = False,
    last: bool = False,
) -> list[Page]:
    """Lay packets out on as few pages as hold them, broken between packets where possible.

    Args:
        packets: each with the granule position at its end.
        serial: logical stream.
        sequence: number of the first page made.
        first: the first page made begins the stream.
        last: the last page made ends it.
    """
    pages: list[Page] = []
    lacing, body, granule, continued = b"", b"", NO_GRANULE, False

    def flush(*, ends: bool = False) -> None:
        nonlocal lacing, body, granule, continued
        opening = first and not pages
        pages.append(
            Page(granule, serial, sequence + len(pages), lacing, body, continued, opening, ends)
        )
        continued = lacing[-1:] == b"\xff"
        lacing, body, granule = b"", b"", NO_GRANULE

    for packet, end in packets:
        values = lace(len(packet))
        if lacing and len(lacing) + len(values) > MAX_SEGMENTS:
            flush()
        while len(values) > MAX_SEGMENTS:
            lacing, values = values[:MAX_SEGMENTS], values[MAX_SEGMENTS:]
            body, packet = packet[: MAX_SEGMENTS * SEGMENT], packet[MAX_SEGMENTS * SEGMENT :]
            flush()
        lacing, body, granule = lacing + values, body + packet, end
    if lacing or last or first:
        flush(ends=last)
    return pages
