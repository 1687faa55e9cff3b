"""How long packets last, and a running clock for containers that state no time."""

from __future__ import annotations

from dredref.spec.packet import MAX_DURATION_48K, parse_toc

FRAME_48K = tuple(parse_toc(config << 3).frame_48k for config in range(32))
"""Configuration number -> samples at 48 kHz of one frame."""
NO_TIME = -(1 << 63)
"""Stands in columns of timestamps where there is none."""


def packet_duration_48k(packet: bytes) -> int:
    """Samples at 48 kHz that a packet lasts, by its first two bytes; 0 if it cannot be told.

    A look at TOC and frame count only (RFC 6716, section 3.1): containers need it for every packet,
    malformed ones included.
    """
    if not packet:
        return 0
    code = packet[0] & 3
    if code == 3:
        if len(packet) < 2:
            return 0
        frames = packet[1] & 63
    else:
        frames = 1 if code == 0 else 2
    duration = frames * FRAME_48K[packet[0] >> 3]
    return duration if duration <= MAX_DURATION_48K else 0


def unwrap(value: int, near: int, bits: int) -> int:
    """The number nearest to ``near`` that has ``value`` in its low ``bits``."""
    half = 1 << bits - 1
    return near + ((value - near + half) & (1 << bits) - 1) - half


class Clock:
    """Timestamps for packets that follow each other without gaps.

    A lost packet is taken to last as long as the one before it, as a decoder conceals it.
    """

    def __init__(self) -> None:
        """Start at sample 0."""
        self._now: int | None = 0
        self._last = 0

    def stamp(self, packet: bytes | None, given: int | None = None) -> int | None:
        """Timestamp of the next packet; ``given`` overrides and sets the clock.

        None once a lost packet came before any whose duration is known.
        """
        start = self._now if given is None else given
        if packet is not None:
            self._last = packet_duration_48k(packet)
        known = start is not None and (packet is not None or self._last > 0)
        self._now = start + self._last if known and start is not None else None
        return start
