"""Walking the framing of a file from record to record; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import kernel, scalar
from dredref.spec.packet import MAX_DURATION_48K
from dredref.streams.clock import FRAME_48K, NO_TIME
from dredref.streams.record import MAX_PACKET_BYTES

FRAMES_48K = np.array(FRAME_48K, np.int64)
BIT_HEAD = 8
"""Bytes before each packet of a ``.bit`` file: length and final range."""


@scalar
def duration_48k(data: Any, start: int, end: int) -> int:
    """Samples of a packet; see :func:`dredref.streams.clock.packet_duration_48k`."""
    if start == end:
        return 0
    code = int(data[start]) & 3
    frames = 1 if code == 0 else 2
    if code == 3:
        if end - start < 2:
            return 0
        frames = int(data[start + 1]) & 63
    duration = frames * int(FRAMES_48K[int(data[start]) >> 3])
    return duration if duration <= MAX_DURATION_48K else 0


@scalar
def word(data: Any, place: int) -> int:
    """An integer of 32 bits, big-endian."""
    value = 0
    for index in range(4):
        value = value << 8 | int(data[place + index])
    return value


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
        size = word(data, place)
        if size > MAX_PACKET_BYTES or size > len(data) - place - BIT_HEAD:
            break
        first = place + BIT_HEAD
        place = first + size
        start[count], end[count] = first, place
        final_range[count] = word(data, first - 4)
        stamp[count] = now
        if size:
            last = duration_48k(data, first, place)
        if now != NO_TIME:
            now = now + last if size or last else NO_TIME
        count += 1
    clock[0], clock[1] = now, last
    return count
