"""The records of a ``.bit`` file."""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import kernel
from dredref.streams.clock import NO_TIME
from dredref.streams.columns.numbers import big32, duration_48k
from dredref.streams.record import MAX_PACKET_BYTES

BIT_HEAD = 8
"""Bytes before each packet of a ``.bit`` file: length and final range."""


@kernel
def walk_bit(data: Any, start: Any, end: Any, final_range: Any, stamp: Any, clock: Any) -> int:
    """Walk the whole records at the beginning of ``data``; how many they are.

    Args:
        data: uint8.
        start: int64 [n], first byte of each packet, to be written, as all that follows.
        end: int64 [n].
        final_range: int64 [n].
        stamp: int64 [n], first sample at 48 kHz, or NO_TIME.
        clock: int64 [2], time of the next packet and length of the last one, carried on from call
            to call; see :class:`dredref.streams.clock.Clock`.
    """
    now, last = clock[0], clock[1]
    place = count = 0
    while count < len(start) and place + BIT_HEAD <= len(data):
        size = big32(data, place)
        if size > MAX_PACKET_BYTES or size > len(data) - place - BIT_HEAD:
            break
        first = place + BIT_HEAD
        place = first + size
        start[count], end[count] = first, place
        final_range[count] = big32(data, first - 4)
        stamp[count] = now
        if size:
            last = duration_48k(data, first, place)
        if now != NO_TIME:
            now = now + last if size or last else NO_TIME
        count += 1
    clock[0], clock[1] = now, last
    return count
