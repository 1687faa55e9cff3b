"""Putting the packets of one RTP source in order (RFC 3550, sections 5.1 and A.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

WINDOW = 64
"""Packets that are waited for before one that is missing is given up."""

START = 8
"""Packets after which the first one is known: they may arrive out of order, too."""

WINDOW_BYTES = 1 << 20
"""Bytes held in the window."""

MAX_DROPOUT = 3000
"""A larger step of the sequence number, either way, is a new start (RFC 3550, section A.1)."""

_REMEMBERED = 4 * WINDOW
"""Sequence numbers kept to tell duplicates from late packets."""

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

    def __init__(self, start: int = START) -> None:
        """Wait for ``start`` packets: the first of all is the one with the lowest number."""
        self._start = start
        self._early: list[tuple[int, Item, int]] = []
        self._begun = False
        self._next = 0
        self._highest = -1
        self._waiting: dict[int, tuple[Item, int]] = {}
        self._bytes = 0
        self._past: OrderedDict[int, bool] = OrderedDict()
        self._stray: tuple[int, Item, int] | None = None

    def push(self, sequence: int, item: Item, size: int) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Take the packet with a 16-bit sequence number; yield what is now in order."""
        if not self._begun:
            self._early.append((sequence, item, size))
            if len(self._early) >= self._start or size > WINDOW_BYTES:
                yield from self._begin()
            return
        number = unwrap(sequence, self._highest, 16)
        stray, self._stray = self._stray, None
        if abs(number - self._highest) > MAX_DROPOUT:
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
        self._next = min(close)
        self._highest = self._next - 1
        for one in early:
            yield from self.push(*one)

    def _restart(self, number: int) -> None:
        """Go on from another place."""
        self._next, self._highest = number, number - 1
        self._past.clear()

    def _insert(self, number: int, item: Item, size: int) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Put a packet in its place and give out what has become ready."""
        if number in self._waiting or self._past.get(number):
            yield Anomaly("rtp.duplicate", number & 0xFFFF, item)
            return
        if number < self._next:
            yield Anomaly("rtp.late", number & 0xFFFF, item)
            return
        if number < self._highest:
            yield Anomaly("rtp.reordered", number & 0xFFFF)
        self._highest = max(self._highest, number)
        self._waiting[number] = item, size
        self._bytes += size
        yield from self._ready()
        while len(self._waiting) > WINDOW or self._bytes > WINDOW_BYTES:
            yield self._give_up()
            yield from self._ready()

    def _ready(self) -> Iterator[Item]:
        """Packets that follow without a gap."""
        while self._next in self._waiting:
            item, size = self._waiting.pop(self._next)
            self._bytes -= size
            self._remember(self._next, True)
            self._next += 1
            yield item

    def _give_up(self) -> Gap:
        """Count what is missing before the next packet as lost."""
        after = min(self._waiting)
        gap = Gap(after - self._next)
        for number in range(max(self._next, after - _REMEMBERED), after):
            self._remember(number, False)
        self._next = after
        return gap

    def _remember(self, number: int, delivered: bool) -> None:
        """Note what became of a sequence number."""
        self._past[number] = delivered
        if len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)

    def flush(self) -> Iterator[Item | Gap | Anomaly[Item]]:
        """Give out all that waits, gaps included."""
        if not self._begun:
            yield from self._begin()
        stray, self._stray = self._stray, None
        if stray is not None:
            yield Anomaly("rtp.stray", stray[0], stray[1])
        while self._waiting:
            yield from self._ready()
            if self._waiting:
                yield self._give_up()


def unwrap(value: int, near: int, bits: int) -> int:
    """The number nearest to ``near`` that has ``value`` in its low ``bits``."""
    half = 1 << bits - 1
    return near + ((value - near + half) & (1 << bits) - 1) - half
