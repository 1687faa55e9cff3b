"""What is known of the RTP sources of a capture, a row each; and finding the row of a packet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiling import kernel, loop
from dredref.streams.columns.order import REMEMBERED, WINDOW

NUMBERS = 20
"""Columns of ``SourceRows.numbers``: those of `dredref.streams.columns.order`, and these."""
(READY, TYPE, KINDS, STREAM, BASE, CLOCK, DURATION, MISSING, TOUCHED, GIVEN, DUPLICATES, LATES) = (
    range(4, 16)
)
"""Columns: the walk may take packets of the source; payload type; a bit for each six highest bits
of a first byte that is routine; stream; first timestamp; time and duration (`NO_DURATION`) of the
last packet; packets missing before the next; when it was touched last in this run; and how many
packets were given out, came twice or too late in this run."""

SSRC, SOURCE_PORT, TARGET_PORT, ADDRESS = 16, 17, 18, 19
"""Columns: what tells a source from others, with ``SourceRows.addresses``; bytes of an address."""

NO_DURATION = -1

EMPTY = -1
"""A slot without a source."""


class SourceRows:
    """The rows of sources; they move when there are more of them than before.

    Attributes:
        numbers: int64 [rows, ``NUMBERS``].
        addresses: uint8 [rows, 32]: of sender and receiver, 16 bytes each, zeros behind.
        past: uint8 [rows, ``REMEMBERED``].
        waiting: int32 [rows, ``WINDOW`` + 1, 3].
        slots: int32, a power of two of them: rows by the hash of what tells a source from others.
    """

    def __init__(self, size: int = 1) -> None:
        """Have ``size`` rows, none of them in use."""
        self.numbers = np.zeros((size, NUMBERS), np.int64)
        self.addresses = np.zeros((size, 32), np.uint8)
        self.past = np.zeros((size, REMEMBERED), np.uint8)
        self.waiting = np.zeros((size, WINDOW + 1, 3), np.int32)
        self.slots = np.full(4, EMPTY, np.int32)
        self.changed = False
        self._used = 0
        self._free: list[int] = []

    def take(self) -> int:
        """A row of zeros for a new source."""
        if self._free:
            return self._free.pop()
        if self._used == len(self.numbers):
            for name in ("numbers", "addresses", "past", "waiting"):
                rows = getattr(self, name)
                more = np.zeros((max(16, len(rows) // 4), *rows.shape[1:]), rows.dtype)
                setattr(self, name, np.concatenate((rows, more)))
        self._used += 1
        return self._used - 1

    def drop(self, row: int) -> None:
        """Give a row back."""
        self.numbers[row] = self.past[row] = 0
        self._free.append(row)
        self.changed = True

    def name(self, row: int, key: tuple[bytes, int, bytes, int, int]) -> None:
        """Say which source has a row: both ends, and the SSRC."""
        source, source_port, target, target_port, ssrc = key
        self.numbers[row, SSRC:] = ssrc, source_port, target_port, len(source)
        self.addresses[row] = np.frombuffer(source.ljust(16, b"\0") + target.ljust(16, b"\0"), "u1")
        self.changed = True

    def find_slots(self) -> NDArray[np.int32]:
        """The slots, anew if sources came or went."""
        if self.changed:
            size = 4 << max(1, self._used - 1).bit_length()
            self.slots = np.full(size, EMPTY, np.int32)
            fill_slots(self.numbers[: self._used], self.addresses, self.slots)
            self.changed = False
        return self.slots


@loop
def hashed(numbers: Any, addresses: Any, at: int, size: int) -> int:
    """A number of what tells a source from others (FNV-1a of 32 bits)."""
    value = 2166136261
    for column in range(SSRC, ADDRESS + 1):
        value = ((value ^ int(numbers[column])) * 16777619) & 0xFFFFFFFF
    for place in range(at, at + size):
        value = ((value ^ int(addresses[place])) * 16777619) & 0xFFFFFFFF
    return value ^ value >> 15


@kernel
def fill_slots(numbers: Any, addresses: Any, slots: Any) -> None:
    """Enter the rows that have a name."""
    for row in range(len(numbers)):
        size = numbers[row, ADDRESS]
        if size:
            value = hashed(numbers[row], addresses[row], 0, size)
            value = hashed(numbers[row], addresses[row], 16, size) * 31 + value
            slot = value & (len(slots) - 1)
            while slots[slot] != EMPTY:
                slot = (slot + 1) & (len(slots) - 1)
            slots[slot] = row


@loop
def find_source(
    key: Any, data: Any, source: int, target: int, numbers: Any, addresses: Any, slots: Any
) -> int:
    """The row of the source with these columns of ``key`` and addresses in ``data``, or EMPTY."""
    size = key[ADDRESS]
    value = hashed(key, data, source, size)
    value = hashed(key, data, target, size) * 31 + value
    slot = value & (len(slots) - 1)
    while slots[slot] != EMPTY:
        row = slots[slot]
        same = True
        for column in range(SSRC, ADDRESS + 1):
            same &= numbers[row, column] == key[column]
        for place in range(size):
            same &= addresses[row, place] == data[source + place]
            same &= addresses[row, 16 + place] == data[target + place]
        if same:
            return int(row)
        slot = (slot + 1) & (len(slots) - 1)
    return EMPTY
