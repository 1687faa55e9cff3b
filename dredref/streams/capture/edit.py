"""Frames with another payload in them: lengths and checksums of all headers around it follow."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from dredref.spec.errors import BuildError
from dredref.streams.capture.segment import Segment

MAX_DATAGRAM = 65507
"""What IPv4 leaves to a UDP payload."""


def with_payload(segment: Segment, payload: bytes) -> bytes:
    """The bytes of a segment's frame with another payload.

    Raises:
        BuildError: ``output.datagram`` if the payload fits no datagram; ``output.encapsulation``
            if what is around it cannot be changed: IP fragments, TCP, headers with checksums of
            their own.
    """
    if len(payload) > MAX_DATAGRAM:
        raise BuildError("output.datagram", f"{len(payload)} bytes fit no UDP datagram")
    data = bytearray(segment.data)
    data[segment.start : segment.end] = payload
    more = len(payload) - (segment.end - segment.start)
    for place in reversed(range(len(segment.sized))):
        kind, at = segment.sized[place]
        if kind == "length":
            _add(data, at, more)
        elif kind == "ip4":
            _add(data, at + 2, more)
            header = 4 * (data[at] & 15)
            data[at + 10 : at + 12] = b"\0\0"
            struct.pack_into(">H", data, at + 10, checksum(data[at : at + header]))
        elif kind == "ip6":
            _add(data, at + 4, more)
        elif kind == "udp":
            _add(data, at + 4, more)
            _sum_udp(data, at, segment.sized[:place])
        else:
            raise BuildError(
                "output.encapsulation",
                "packets in TCP, IP fragments or headers with checksums cannot be changed",
            )
    return bytes(data)


def _add(data: bytearray, at: int, more: int) -> None:
    """Add to a length of 16 bits; 0 says nothing and stays."""
    (length,) = struct.unpack_from(">H", data, at)
    if length:
        if length + more > 0xFFFF:
            raise BuildError("output.datagram", "the packet fits no IP packet")
        struct.pack_into(">H", data, at, length + more)


def _sum_udp(data: bytearray, at: int, outer: Sequence[tuple[str, int]]) -> None:
    """Set the checksum of a UDP datagram, unless it has none."""
    if data[at + 6 : at + 8] == b"\0\0":
        return
    kind, ip = next((kind, at) for kind, at in reversed(outer) if kind in ("ip4", "ip6"))
    addresses = data[ip + 12 : ip + 20] if kind == "ip4" else data[ip + 8 : ip + 40]
    (length,) = struct.unpack_from(">H", data, at + 4)
    data[at + 6 : at + 8] = b"\0\0"
    pseudo = bytes(addresses) + struct.pack(">II", length, 17)
    struct.pack_into(">H", data, at + 6, checksum(pseudo + data[at : at + length]) or 0xFFFF)


def checksum(data: bytes | bytearray) -> int:
    """The Internet's checksum (RFC 1071)."""
    padded = bytes(data) + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
