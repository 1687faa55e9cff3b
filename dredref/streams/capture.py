"""Captured frames out of pcap and pcapng files.

dpkt's readers know one section and one interface and drop the original length of a frame, so that a
frame cut short passes for a whole one; here dpkt gives the layout of the classic format and takes
the frames apart (`dredref.streams.datagram`), and the blocks of pcapng are walked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dredref.streams.source import Source
from spec.errors import InputError, MissingExtraError

FRAME_LIMIT = 1 << 18
"""Longest frame, as in libpcap."""

BLOCK_LIMIT = 1 << 24
"""Longest pcapng block."""

SECTION_HEADER = 0x0A0D0D0A
INTERFACE = 1
PACKET = 2
SIMPLE_PACKET = 3
ENHANCED_PACKET = 6

_BLOCK_END = 4
"""Each block repeats its length at its end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame: link type (as registered for pcap), bytes, and how many were cut off."""

    link: int
    data: bytes
    cut: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The file breaks off or cannot be read on; nothing follows."""

    detail: str


def import_dpkt() -> Any:
    """dpkt, or a word on how to get it."""
    try:
        import dpkt
    except ImportError as error:
        raise MissingExtraError("captures", "reading and writing pcap") from error
    return dpkt


def read_frames(source: Source) -> Iterator[Frame | Broken]:
    """Yield the frames of a pcap or pcapng file.

    Raises:
        InputError: ``input.truncated`` if not even the file header is whole.
        MissingExtraError: dpkt is not installed.
    """
    if source.peek(4) == SECTION_HEADER.to_bytes(4, "big"):
        return _pcapng_frames(source)
    return _pcap_frames(source)


def _pcap_frames(source: Source) -> Iterator[Frame | Broken]:
    """Frames of the classic format, in either byte order, with micro- or nanoseconds."""
    pcap = import_dpkt().pcap
    head = source.read(pcap.FileHdr.__hdr_len__)
    if len(head) < pcap.FileHdr.__hdr_len__:
        raise InputError("input.truncated", f"{source.name}: the pcap file header breaks off")
    magic = int.from_bytes(head[:4], "big")
    record = pcap.MAGIC_TO_PKT_HDR[magic]
    little = getattr(record, "__byte_order__", ">") == "<"
    link = (pcap.LEFileHdr if little else pcap.FileHdr)(head).linktype & 0xFFFF
    while start := source.read(record.__hdr_len__):
        at = source.offset - len(start)
        if len(start) < record.__hdr_len__:
            yield Broken(f"the record at byte {at} breaks off")
            return
        header = record(start)
        if header.caplen > FRAME_LIMIT:
            yield Broken(f"the record at byte {at} claims {header.caplen} bytes")
            return
        data = source.read(header.caplen)
        if len(data) < header.caplen:
            yield Broken(f"the record at byte {at} breaks off")
            return
        yield Frame(link, data, max(0, header.len - header.caplen))


@dataclass
class _Section:
    """Byte order and interfaces of the current pcapng section."""

    order: str
    interfaces: list[tuple[int, int]]
    """Link type and snap length of each."""


def _pcapng_frames(source: Source) -> Iterator[Frame | Broken]:
    """Frames of pcapng: any number of sections and interfaces."""
    section = _Section("<", [])
    while start := source.peek(12):
        at = source.offset
        if start[:4] == SECTION_HEADER.to_bytes(4, "big"):
            section = _Section("<" if start[8:12] == b"\x4d\x3c\x2b\x1a" else ">", [])
        if len(start) < 12:
            yield Broken(f"the block at byte {at} breaks off")
            return
        kind, length = struct.unpack(section.order + "II", start[:8])
        if not 12 <= length <= BLOCK_LIMIT:
            yield Broken(f"the block at byte {at} claims {length} bytes")
            return
        length += -length % 4
        block = source.read(length)
        if len(block) < length:
            yield Broken(f"the block at byte {at} breaks off")
            return
        frame = _block_frame(section, kind, block[8 : length - _BLOCK_END])
        if frame is not None:
            yield frame


def _block_frame(section: _Section, kind: int, body: bytes) -> Frame | None:
    """The frame in a block; None for a block of another sort or without sense."""
    order = section.order
    try:
        if kind == INTERFACE:
            link, _, snap = struct.unpack_from(order + "HHI", body)
            section.interfaces.append((link, snap))
            return None
        if kind == ENHANCED_PACKET:
            number, _, _, caplen, length = struct.unpack_from(order + "IIIII", body)
            start = 20
        elif kind == PACKET:
            number, _, _, _, caplen, length = struct.unpack_from(order + "HHIIII", body)
            start = 20
        elif kind == SIMPLE_PACKET:
            (length,) = struct.unpack_from(order + "I", body)
            number, start = 0, 4
            caplen = min(length, section.interfaces[0][1] or length, len(body) - start)
        else:
            return None
        link = section.interfaces[number][0]
    except (struct.error, IndexError):
        return None
    data = body[start : start + caplen]
    return Frame(link, data, max(0, length - len(data)))
