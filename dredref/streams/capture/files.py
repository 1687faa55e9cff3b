"""Captured frames out of pcap and pcapng files, and back into them.

dpkt's readers know one section and one interface and drop the original length of a frame, so that a
frame cut short passes for a whole one; nor can they keep what they do not read. So the records and
blocks are walked here, and dpkt takes apart what is in the frames (`dredref.streams.datagram`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dredref.extras import needs
from dredref.spec.errors import InputError
from dredref.streams.source import Source

FRAME_LIMIT = 1 << 18
"""Longest frame, as in libpcap."""

BLOCK_LIMIT = 1 << 24
"""Longest pcapng block."""

MODIFIED_MAGICS = (bytes.fromhex("a1b2cd34"), bytes.fromhex("34cdb2a1"))
"""Captures of a patched libpcap, whose records have 8 more bytes of header."""

NANOSECOND_MAGICS = (bytes.fromhex("a1b23c4d"), bytes.fromhex("4d3cb2a1"))
"""Captures whose times count nanoseconds, not microseconds."""

SECTION_HEADER = 0x0A0D0D0A
INTERFACE = 1
PACKET = 2
SIMPLE_PACKET = 3
ENHANCED_PACKET = 6
TIME_RESOLUTION = 9
TIME_OFFSET = 14

_LONGEST_PACKET = 65535
"""Longest IP packet, and the usual snap length."""

_FILE_HEADER = 24
_SNAP_LENGTH = 16
"""Where the classic file header says how much of a frame is kept at most."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame.

    Attributes:
        link: its link type, as registered for pcap.
        data: its bytes.
        cut: how many more it had.
        time_ns: when it was captured, in ns since 1970; None where the file does not say.
    """

    link: int
    data: bytes
    cut: int
    time_ns: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the file.

    Attributes:
        raw: its bytes.
        frame: the captured frame in it, if there is one.
        start: where the frame's bytes are in ``raw``.
        lengths: where its captured and original length are.
        order: byte order, as for `struct`.
        snap: where the file or interface says how much of a frame is kept at most.
        blocked: it is a block of pcapng, with its own length at both ends.
    """

    raw: bytes
    frame: Frame | None = None
    start: int = 0
    lengths: tuple[int, ...] = ()
    order: str = "<"
    snap: int | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The file breaks off or cannot be read on; nothing follows."""

    detail: str


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a section: link type, snap length, and how its times are counted."""

    link: int
    snap: int
    ticks_per_second: int = 10**6
    offset_s: int = 0

    def time_ns(self, ticks: int) -> int:
        """Nanoseconds since 1970 of a time in this interface's ticks."""
        return self.offset_s * 10**9 + ticks * 10**9 // self.ticks_per_second


@dataclass(slots=True)
class Layout:
    """How a file is laid out from where it is read now, written by who reads it.

    Attributes:
        blocked: it is pcapng.
        order: byte order, as for `struct`.
        head: bytes before a frame; none before the file header was read. This and the next two
            are of pcap alone.
        link: link type of all frames.
        tick_ns: nanoseconds of a tick.
        interfaces: those of the current section of pcapng.
    """

    blocked: bool = False
    order: str = "<"
    head: int = 0
    link: int = 0
    tick_ns: int = 1000
    interfaces: list[Interface] = field(default_factory=list)


def import_dpkt() -> Any:
    """dpkt, or a word on how to get it."""
    with needs("captures", "reading and writing pcap"):
        import dpkt
    return dpkt


def read_blocks(source: Source, layout: Layout | None = None) -> Iterator[Block | Broken]:
    """Yield all of a pcap or pcapng file, piece by piece; ``layout`` follows.

    Raises:
        InputError: ``input.truncated`` if not even the file header is whole.
    """
    layout = layout or Layout()
    if source.peek(4) == SECTION_HEADER.to_bytes(4, "big"):
        return _pcapng_blocks(source, layout)
    return _pcap_blocks(source, layout)


def read_frames(source: Source, layout: Layout | None = None) -> Iterator[Frame | Broken]:
    """The frames among them, and whether the file breaks off.

    Raises:
        InputError: ``input.truncated``.
    """
    for block in read_blocks(source, layout):
        if isinstance(block, Broken):
            yield block
        elif block.frame is not None:
            yield block.frame


def _pcap_blocks(source: Source, layout: Layout) -> Iterator[Block | Broken]:
    """The classic format, in either byte order, with micro- or nanoseconds."""
    head = source.read(_FILE_HEADER)
    if len(head) < _FILE_HEADER:
        raise InputError("input.truncated", f"{source.name}: the pcap file header breaks off")
    layout.order = order = ">" if head[:2] == b"\xa1\xb2" else "<"
    layout.link = link = struct.unpack_from(order + "I", head, 20)[0] & 0xFFFF
    yield Block(head, order=order, snap=_SNAP_LENGTH)
    layout.head = size = 24 if head[:4] in MODIFIED_MAGICS else 16
    layout.tick_ns = tick_ns = 1 if head[:4] in NANOSECOND_MAGICS else 1000
    while start := source.read(size):
        at = source.offset - len(start)
        if len(start) < size:
            yield Broken(f"the record at byte {at} breaks off")
            return
        seconds, ticks, kept, length = struct.unpack_from(order + "IIII", start)
        if kept > FRAME_LIMIT:
            yield Broken(f"the record at byte {at} claims {kept} bytes")
            return
        data = source.read(kept)
        if len(data) < kept:
            yield Broken(f"the record at byte {at} breaks off")
            return
        time_ns = seconds * 10**9 + ticks * tick_ns
        frame = Frame(link, data, max(0, length - kept), time_ns)
        yield Block(start + data, frame, size, (8, 12), order)


def _interface(order: str, body: bytes) -> Interface:
    """What an interface description block says (its options are if_tsresol, if_tsoffset).

    Raises:
        struct.error: the block is too short.
    """
    link, _, snap = struct.unpack_from(order + "HHI", body, 8)
    ticks, offset, at = 10**6, 0, 16
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == TIME_RESOLUTION and len(value) == 1:
            ticks = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
        elif code == TIME_OFFSET and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
        at += 4 + length + -length % 4
    return Interface(link, snap, ticks, offset)


def _pcapng_blocks(source: Source, layout: Layout) -> Iterator[Block | Broken]:
    """pcapng: any number of sections and interfaces."""
    layout.blocked = True
    while start := source.peek(12):
        at = source.offset
        if start[:4] == SECTION_HEADER.to_bytes(4, "big"):
            layout.order = "<" if start[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
            layout.interfaces = []
        if len(start) < 12:
            yield Broken(f"the block at byte {at} breaks off")
            return
        kind, length = struct.unpack(layout.order + "II", start[:8])
        if not 12 <= length <= BLOCK_LIMIT:
            yield Broken(f"the block at byte {at} claims {length} bytes")
            return
        length += -length % 4
        raw = source.read(length)
        if len(raw) < length:
            yield Broken(f"the block at byte {at} breaks off")
            return
        yield _pcapng_block(layout, kind, raw)


def _pcapng_block(layout: Layout, kind: int, raw: bytes) -> Block:
    """A block with the frame in it, if it is of a sort that holds one and makes sense."""
    order, body = layout.order, raw[:-4]
    lengths: tuple[int, ...]
    try:
        if kind == INTERFACE:
            layout.interfaces.append(_interface(order, body))
            return Block(raw, order=order, snap=12)
        if kind in (ENHANCED_PACKET, PACKET):
            form = "I" if kind == ENHANCED_PACKET else "H"
            (number,) = struct.unpack_from(order + form, body, 8)
            high, low, kept, length = struct.unpack_from(order + "IIII", body, 12)
            start, lengths = 28, (20, 24)
        elif kind == SIMPLE_PACKET:
            (length,) = struct.unpack_from(order + "I", body, 8)
            number, start, lengths = 0, 12, (8,)
            kept = min(length, layout.interfaces[0].snap or length)
        else:
            return Block(raw)
        interface = layout.interfaces[number]
    except (struct.error, IndexError):
        return Block(raw)
    data = body[start : start + kept]
    time_ns = None if kind == SIMPLE_PACKET else interface.time_ns(high << 32 | low)
    frame = Frame(interface.link, data, max(0, length - len(data)), time_ns)
    return Block(raw, frame, start, lengths, order, blocked=True)


def with_data(block: Block, data: bytes) -> bytes:
    """The bytes of a block with another frame in it; times and options stay."""
    assert block.frame is not None
    head = bytearray(block.raw[: block.start])
    more = len(data) - len(block.frame.data)
    for place in block.lengths:
        (length,) = struct.unpack_from(block.order + "I", head, place)
        struct.pack_into(block.order + "I", head, place, length + more)
    end = block.start + len(block.frame.data)
    if not block.blocked:
        return bytes(head) + data + block.raw[end:]
    options = block.raw[end + -end % 4 : -4]
    body = bytes(head) + data + bytes(-len(data) % 4) + options
    size = struct.pack(block.order + "I", len(body) + 4)
    return body[:4] + size + body[8:] + size


def with_room(block: Block) -> bytes:
    """The bytes of a block that is no frame, with room for frames to grow."""
    if block.snap is None:
        return block.raw
    (snap,) = struct.unpack_from(block.order + "I", block.raw, block.snap)
    room = max(snap, _LONGEST_PACKET) if snap else 0
    size = struct.pack(block.order + "I", room)
    return block.raw[: block.snap] + size + block.raw[block.snap + 4 :]
