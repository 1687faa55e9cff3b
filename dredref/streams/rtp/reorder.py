"""Putting the packets of one RTP source in order (RFC 3550, sections 5.1 and A.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dredref.streams.clock import unwrap
from dredref.streams.columns.order import (
    DUPLICATE,
    HIGHEST,
    LATE,
    MAX_DROPOUT,
    NEXT,
    NO_ITEM,
    PLACED,
    REORDERED,
    WINDOW,
    WINDOW_BYTES,
    give_up,
    insert,
    is_full,
    take_next,
)
from dredref.streams.columns.sources import SourceRows

START = 8
"""Packets after which the first one is known: they may arrive out of order, too."""

CODES = {REORDERED: "rtp.reordered", DUPLICATE: "rtp.duplicate", LATE: "rtp.late"}
"""What becomes of a packet -> code of the anomaly."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Gap:
    """So many packets are missing here."""

    count: int


@dataclass(frozen=True, slots=True)
class Anomaly(Generic[Item]):
    """A packet that came out of turn. ``dropped`` is the packet if it is not given out later."""

    code: str
    sequence: int
    dropped: Item | None = None


class ReorderBuffer(Generic[Item]):
    """Takes packets as they arrive and gives them in the order they were sent."""

    def __init__(
        self, start: int = START, sources: SourceRows | None = None, row: int | None = None
    ) -> None:
        """Wait for ``start`` packets: the first of all is the one with the lowest number.

        What is known of the numbers stands in a row of ``sources``.
        """
        self._start = start
        self._sources = sources or SourceRows()
        self._row = self._sources.take() if row is None else row
        self._early: list[tuple[int, Item, int]] = []
        self._begun = False
        self._stray: tuple[int, Item, int] | None = None
        self.waiting: dict[int, Item] = {}

    @property
    def is_settled(self) -> bool:
        """Whether it is sure where the source's numbers are."""
        return self._begun and self._stray is None

    @property
    def numbers(self) -> NDArray[np.int64]:
        """What is known, as `dredref.streams.columns.order` says."""
        return self._arrays()[0]

    def _arrays(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int32]]:
        """The same, with what became of the last numbers, and what waits."""
        sources, row = self._sources, self._row
        return sources.numbers[row], sources.past[row], sources.waiting[row]

    def push(self, sequence: int, item: Item, size: int) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Take the packet with a 16-bit sequence number; yield what is now in order."""
        if not self._begun:
            self._early.append((sequence, item, size))
            if len(self._early) >= self._start or size > WINDOW_BYTES:
                yield from self._begin()
            return
        highest = int(self.numbers[HIGHEST])
        number = unwrap(sequence, highest, 16)
        stray, self._stray = self._stray, None
        if abs(number - highest) > MAX_DROPOUT:
            if stray is None or sequence != (stray[0] + 1) & 0xFFFF:
                self._stray = sequence, item, size
                if stray is not None:
                    yield Anomaly("rtp.stray", stray[0], stray[1])
                return
            yield from self.flush()
            yield Anomaly("rtp.restart", stray[0])
            self._restart(number - 1)
            yield from self._insert(number - 1, stray[1], stray[2])
        elif stray is not None:
            yield Anomaly("rtp.stray", stray[0], stray[1])
        yield from self._insert(number, item, size)

    def _begin(self) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Find the first packet, and go on from there."""
        early, self._early, self._begun = self._early, [], True
        if not early:
            return
        near = early[0][0]
        numbers = [unwrap(sequence, near, 16) for sequence, _, _ in early]
        close = [number for number in numbers if abs(number - near) <= WINDOW]
        self._restart(min(close))
        for one in early:
            yield from self.push(*one)

    def _restart(self, number: int) -> None:
        """Go on from another place."""
        numbers, past, _ = self._arrays()
        numbers[NEXT], numbers[HIGHEST] = number, number - 1
        past[:] = 0

    def _insert(self, number: int, item: Item, size: int) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Put a packet in its place and give out what has become ready."""
        became = insert(*self._arrays(), number, size, 0)
        if became == PLACED:
            self.waiting[number] = item
        elif became == REORDERED:
            self.waiting[number] = item
            yield Anomaly(CODES[became], number & 0xFFFF)
        else:
            yield Anomaly(CODES[became], number & 0xFFFF, item)
            return
        yield from self._ready()
        while is_full(self.numbers):
            yield Gap(give_up(*self._arrays()))
            yield from self._ready()

    def _ready(self) -> Iterator[Item]:
        """Packets that follow without a gap."""
        while self.waiting:
            number = int(self.numbers[NEXT])
            if take_next(*self._arrays()) == NO_ITEM:
                return
            yield self.waiting.pop(number)

    def flush(self) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Give out all that waits, gaps included."""
        if not self._begun:
            yield from self._begin()
        stray, self._stray = self._stray, None
        if stray is not None:
            yield Anomaly("rtp.stray", stray[0], stray[1])
        while self.waiting:
            yield from self._ready()
            if self.waiting:
                yield Gap(give_up(*self._arrays()))
