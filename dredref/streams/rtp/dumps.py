"""RTP packets in files of their own: rtpdump (rtptools), and Janus' recordings (.mjr)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

from dredref.spec.errors import InputError
from dredref.streams.capture.files import Broken, Frame
from dredref.streams.capture.layers import LINK_RTP
from dredref.streams.source import Source

_DUMP_HEADER = struct.Struct(">IIIHH")
_DUMP_PACKET = struct.Struct(">HHI")
_MJR_PACKET = struct.Struct(">IH")

LONGEST_LINE = 256


def read_rtpdump(source: Source) -> Iterator[Frame | Broken]:
    """The packets of rtpdump: a line, a header, and records with a length and a time each.

    Raises:
        InputError: ``input.truncated``.
    """
    source.read_line(LONGEST_LINE)
    head = source.read(_DUMP_HEADER.size)
    if len(head) < _DUMP_HEADER.size:
        raise InputError("input.truncated", f"{source.name}: the header of rtpdump breaks off")
    seconds, microseconds, *_ = _DUMP_HEADER.unpack(head)
    while start := source.read(_DUMP_PACKET.size):
        at = source.offset - len(start)
        size, kept, milliseconds = (
            _DUMP_PACKET.unpack(start) if len(start) == _DUMP_PACKET.size else (0, 0, 0)
        )
        data = source.read(max(0, size - _DUMP_PACKET.size))
        if size < _DUMP_PACKET.size or len(data) < size - _DUMP_PACKET.size:
            yield Broken(f"the record at byte {at} breaks off")
            return
        time_ns = seconds * 10**9 + microseconds * 1000 + milliseconds * 10**6
        yield Frame(LINK_RTP, data, max(0, kept - len(data)), time_ns)


def read_mjr(source: Source) -> Iterator[Frame | Broken]:
    """The packets of a recording of Janus: a header with JSON, and records of RTP.

    Raises:
        InputError: ``input.truncated``; ``input.no_opus_track`` if it names another codec.
    """
    old = source.read(8) == b"MEETECHO"
    size = int.from_bytes(source.read(2), "big")
    info = source.read(size)
    if len(info) < size:
        raise InputError("input.truncated", f"{source.name}: the header of the .mjr breaks off")
    created = 0 if old else _created(info, source.name)
    while magic := source.read(8 if old else 4):
        at = source.offset - len(magic)
        head = source.read(2 if old else _MJR_PACKET.size)
        whole = magic == (b"MEETECHO" if old else b"MEET") and len(head) == (2 if old else 6)
        milliseconds, length = (
            (0, int.from_bytes(head, "big")) if old or not whole else _MJR_PACKET.unpack(head)
        )
        data = source.read(length) if whole else b""
        if not whole or len(data) < length:
            yield Broken(f"the record at byte {at} breaks off")
            return
        time_ns = None if old else created * 1000 + milliseconds * 10**6
        yield Frame(LINK_RTP, data, 0, time_ns)


def _created(info: bytes, name: str) -> int:
    """When a recording was begun, in microseconds since 1970."""
    try:
        fields = json.loads(info)
    except (ValueError, RecursionError):
        return 0
    if not isinstance(fields, dict):
        return 0
    codec = str(fields.get("c", "opus"))
    if codec.lower() != "opus":
        raise InputError(
            "input.no_opus_track", f"{name} is a recording of Janus in {codec[:20]}, not Opus"
        )
    created = fields.get("u", 0)
    return created if isinstance(created, int) and 0 <= created < 1 << 62 else 0
