"""Numbers in the bytes of files and packets; compiled into the walks."""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import scalar
from dredref.spec.packet import MAX_DURATION_48K
from dredref.streams import clock

FRAMES_48K = np.array(clock.FRAME_48K, np.int64)


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
def big16(data: Any, place: int) -> int:
    """An integer of 16 bits, big-endian."""
    return int(data[place]) << 8 | int(data[place + 1])


@scalar
def big32(data: Any, place: int) -> int:
    """An integer of 32 bits, big-endian."""
    return big16(data, place) << 16 | big16(data, place + 2)


@scalar
def little32(data: Any, place: int) -> int:
    """An integer of 32 bits, little-endian."""
    return (
        int(data[place])
        | int(data[place + 1]) << 8
        | int(data[place + 2]) << 16
        | int(data[place + 3]) << 24
    )


unwrap = scalar(clock.unwrap)
"""See `dredref.streams.clock.unwrap`."""
