"""Telling which payload type of an RTP source carries Opus, by what Opus must look like.

Payload types for Opus are dynamic: only signalling, which a capture need not hold, says which. But
the payload begins with a TOC, its framing must be sound, and RTP timestamps of Opus count 48 kHz
samples whatever the rate (RFC 7587, section 4.1): so they advance by the length of each packet.
Other codecs, and encrypted payloads, do not keep to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dredref.spec.errors import ParseError
from dredref.spec.packet import parse_packet
from dredref.streams.clock import packet_duration_48k

DYNAMIC = range(96, 128)
"""Payload types for dynamic use (RFC 3551, section 3)."""

ENOUGH = 8
"""Packets after which a source can be judged."""

MOST = 16
"""Packets that are judged at most."""

_LONGEST_STEP_48K = 48000
"""Silence may be left out between packets, but comfort noise comes more often than this."""


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


def opus_payload_type(packets: Sequence[RtpPacket]) -> int | None:
    """The payload type that carries Opus, None if none does so plausibly.

    ``packets`` are of one source, in any order.
    """
    best: tuple[int, int] | None = None
    for payload_type in sorted({packet.payload_type for packet in packets}):
        chosen = [packet for packet in packets if packet.payload_type == payload_type]
        if payload_type in DYNAMIC and is_opus(chosen):
            best = max(best or (0, 0), (len(chosen), payload_type))
    return best[1] if best else None


def is_opus(packets: Sequence[RtpPacket]) -> bool:
    """Whether packets of one payload type are plausible as Opus.

    Three in four must have sound framing, and each step of the timestamp be a possible one; half of
    the steps must be exactly the packet's length. Where silence is left out that may fail: then
    many packets, all of one configuration, with steps that are multiples of their length, will do.
    """
    near = packets[0].sequence
    ordered = sorted(
        {packet.sequence: packet for packet in packets}.values(),
        key=lambda packet: (packet.sequence - near + 0x8000) & 0xFFFF,
    )
    sound = sum(_is_sound(packet.payload) for packet in ordered)
    if len(ordered) < 2 or 4 * sound < 3 * len(ordered):
        return False
    exact = possible = multiple = 0
    for one, two in pairwise(ordered):
        steps = (two.sequence - one.sequence) & 0xFFFF
        time = (two.timestamp - one.timestamp) & 0xFFFFFFFF
        duration = packet_duration_48k(one.payload)
        exact += duration > 0 and time == steps * duration
        possible += 0 < time <= steps * _LONGEST_STEP_48K and time % 120 == 0
        multiple += duration > 0 and time % duration == 0
    pairs = len(ordered) - 1
    if 4 * possible < 3 * pairs:
        return False
    one_kind = len({packet.payload[0] & 0xFC for packet in ordered if packet.payload}) == 1
    return 2 * exact >= pairs or (pairs >= ENOUGH - 1 and multiple == pairs and one_kind)


def _is_sound(payload: bytes) -> bool:
    """Whether the framing is that of an Opus packet."""
    try:
        parse_packet(payload)
    except ParseError:
        return False
    return True
