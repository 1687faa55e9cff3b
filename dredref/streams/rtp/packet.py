"""RTP packets (RFC 3550, section 5.1), and the redundancy in them (RED, RFC 2198)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dredref.streams.record import RedundantCopy

HEADER = struct.Struct(">BBHII")
RTCP_TYPES = range(192, 224)
"""Second bytes that mark RTCP where it shares a port with RTP (RFC 5761, section 4)."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """What of an RTP packet is used here.

    ``start`` is where the payload begins in the datagram, ``frame`` the number of the captured
    frame, and ``arrival_ns`` when it was captured, in ns since 1970.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    start: int = 0
    frame: int = 0
    arrival_ns: int | None = None


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram is RTCP."""
    return len(data) >= 8 and data[0] >> 6 == 2 and data[1] in RTCP_TYPES


def parse_rtp(data: bytes, frame: int = 0, arrival_ns: int | None = None) -> RtpPacket | None:
    """The RTP packet in a datagram, None if it cannot be one.

    Contributing sources, header extension and padding are left out of the payload. ``frame`` and
    ``arrival_ns`` are noted in the result.
    """
    if len(data) < HEADER.size or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    start, end = HEADER.size + 4 * (first & 15), len(data)
    if first & 0x10:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        end -= data[-1] or end  # a count of 0 cannot be
    if start > end:
        return None
    payload = data[start:end]
    return RtpPacket(second & 127, sequence, timestamp, ssrc, payload, start, frame, arrival_ns)


@dataclass(frozen=True, slots=True)
class RedBlock:
    """A block of RED: payload type, how much older than the packet it is, and its bytes."""

    payload_type: int
    age: int
    start: int
    data: bytes

    def copy(self, timestamp_48k: int) -> RedundantCopy:
        """The block as a copy of an earlier packet; ``timestamp_48k`` is that of the primary."""
        return RedundantCopy(self.data, timestamp_48k - self.age, self.payload_type)


def parse_red(payload: bytes) -> list[RedBlock] | None:
    """The blocks of a RED payload, oldest first and the primary last; None if it is none."""
    heads: list[tuple[int, int, int]] = []
    at = 0
    while at < len(payload) and payload[at] & 0x80:
        if at + 4 > len(payload):
            return None
        word = int.from_bytes(payload[at : at + 4], "big")
        heads.append((word >> 24 & 127, word >> 10 & 0x3FFF, word & 0x3FF))
        at += 4
    if at >= len(payload):
        return None
    primary, at = payload[at] & 127, at + 1
    blocks = []
    for payload_type, age, size in heads:
        if at + size > len(payload):
            return None
        blocks.append(RedBlock(payload_type, age, at, payload[at : at + size]))
        at += size
    return [*blocks, RedBlock(primary, 0, at, payload[at:])]
