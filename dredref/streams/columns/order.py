"""Putting the packets of one RTP source in order; see `dredref.streams.rtp.reorder`.

What is known of a source stands in rows of arrays, so that the walk of a capture goes on where the
reader of single packets stopped, and the other way about:

* ``numbers``, int64: ``NEXT`` and the other columns;
* ``past``, uint8 [``REMEMBERED``]: whether the packet was given out, by its number's lowest bits;
* ``waiting``, int32 [``WINDOW`` + 1, 3]: number, size and item of each packet that waits.
"""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import kernel

WINDOW = 64
"""Packets that are waited for before one that is missing is given up."""

WINDOW_BYTES = 1 << 20
"""Bytes held in the window."""

MAX_DROPOUT = 3000
"""A larger step of the sequence number, either way, is a new start (RFC 3550, section A.1)."""

MAX_HELD_BYTES = 1 << 25
"""Most bytes of packets, of all sources, that are held back."""

REMEMBERED = 4 * WINDOW
"""Sequence numbers kept to tell duplicates from late packets."""

NEXT, HIGHEST, HELD_BYTES, WAITING = range(4)
"""Columns: the number expected next, the highest seen, and size and number of what waits."""

PLACED, REORDERED, DUPLICATE, LATE = range(4)
"""What becomes of a packet: the last two are dropped."""

NO_ITEM = -1
"""There is no packet."""


@kernel
def insert(numbers: Any, past: Any, waiting: Any, number: int, size: int, item: int) -> int:
    """Put a packet among those that wait, unless it is dropped; what becomes of it."""
    following = numbers[NEXT]
    if following - REMEMBERED <= number < following and past[number % REMEMBERED]:
        return DUPLICATE
    for place in range(numbers[WAITING]):
        if waiting[place, 0] == number:
            return DUPLICATE
    if number < following:
        return LATE
    waiting[numbers[WAITING], 0] = number
    waiting[numbers[WAITING], 1] = size
    waiting[numbers[WAITING], 2] = item
    numbers[WAITING] += 1
    numbers[HELD_BYTES] += size
    if number < numbers[HIGHEST]:
        return REORDERED
    numbers[HIGHEST] = number
    return PLACED


@kernel
def take_next(numbers: Any, past: Any, waiting: Any) -> int:
    """Take out the packet of the number expected next; its item, or ``NO_ITEM``."""
    following = numbers[NEXT]
    for place in range(numbers[WAITING]):
        if waiting[place, 0] == following:
            item = waiting[place, 2]
            numbers[WAITING] -= 1
            numbers[HELD_BYTES] -= waiting[place, 1]
            last = numbers[WAITING]
            for column in range(3):
                waiting[place, column] = waiting[last, column]
            past[following % REMEMBERED] = 1
            numbers[NEXT] = following + 1
            return int(item)
    return NO_ITEM


@kernel
def give_up(numbers: Any, past: Any, waiting: Any) -> int:
    """Go on to the lowest number that waits; how many are missing before it."""
    following = numbers[NEXT]
    after = waiting[0, 0]
    for place in range(1, numbers[WAITING]):
        after = min(after, waiting[place, 0])
    for number in range(max(following, after - REMEMBERED), after):
        past[number % REMEMBERED] = 0
    numbers[NEXT] = after
    return int(after - following)


@kernel
def is_full(numbers: Any) -> bool:
    """Whether more waits than may."""
    return bool(numbers[WAITING] > WINDOW or numbers[HELD_BYTES] > WINDOW_BYTES)
