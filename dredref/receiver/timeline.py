"""A stream laid out in time, slot by slot: what each time was to bring, and when that came.

Time is that of the records where they state it, else packets follow each other and a lost one lasts
as long as the one before it. Arrival is on the same clock: a packet that takes no longer than the
first one arrives at its own start.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf

from dredref.spec.errors import InputError, ParseError
from dredref.spec.packet import parse_packet
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import Record

LONGEST_48K = 600 * 48_000
"""Longest time without a packet, ten minutes: a wild timestamp must not last for ever."""

Transit = Callable[[Record], float]
"""How much longer a packet is under way than the first one, in samples at 48 kHz."""


def no_transit(record: Record) -> float:
    """Every packet arrives at its own start."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A packet's time, or time without a packet; in samples at 48 kHz."""

    start: int
    end: int
    packet: bytes | None
    index: int
    """Of the packet's record, or of the first that is lost."""
    lost: int = 0
    """How many packets were lost in it; none where none was sent."""
    arrival: float = inf
    """When the packet arrives."""
    copies: tuple[tuple[int, bytes], ...] = ()
    """Earlier packets that came with it (RED): start and packet."""

    @property
    def duration(self) -> int:
        """How long it lasts."""
        return self.end - self.start


@dataclass(slots=True)
class Counts:
    """What was laid out so far."""

    packets: int = 0
    lost: int = 0
    """Packets lost, malformed ones included: receivers drop those."""
    malformed: int = 0
    discard_48k: int = 0
    """Samples to drop at the end, as the last record says."""


def lay_out(
    records: Iterable[Record], counts: Counts, transit: Transit = no_transit
) -> Iterator[Slot]:
    """Yield the slots of a stream, without gaps; ``counts`` grows meanwhile.

    Raises:
        InputError: ``conceal.kind`` for records that are no packets, ``conceal.nothing`` if no
            packet was received, ``conceal.hole`` for more than ten minutes without a packet.
    """
    layout = _Layout(counts, transit)
    for record in records:
        yield from layout.take(record)
    yield from layout.end()


def capture_transit() -> Transit:
    """Return transit times as a capture tells them; packets without a time take as long as the
    first one.
    """
    first: list[tuple[int, int]] = []

    def transit(record: Record) -> float:
        if record.rtp is None or record.rtp.arrival_ns is None or record.timestamp_48k is None:
            return 0.0
        now = record.rtp.arrival_ns, record.timestamp_48k
        if not first:
            first.append(now)
        return (now[0] - first[0][0]) * 48e-6 - (now[1] - first[0][1])

    return transit


def random_transit(mean_ms: float, seed: int = 0) -> Transit:
    """Return transit times that are longer than the least by ``mean_ms`` on average.

    They are exponential, each packet's by itself; packets may overtake each other.
    """
    chance = random.Random(seed)
    return lambda record: chance.expovariate(1 / mean_ms) * 48 if mean_ms else 0.0


class _Layout:
    """The clock, at 48 kHz, and what is known so far."""

    def __init__(self, counts: Counts, transit: Transit) -> None:
        self._counts, self._transit = counts, transit
        self._pending = self._first_pending = 0
        self._now = self._duration = 0
        self._shift: int | None = None

    def take(self, record: Record) -> Iterator[Slot]:
        """One record."""
        if record.kind != "packet":
            raise InputError("conceal.kind", f"record {record.index} is no whole Opus packet")
        counts, packet = self._counts, record.packet
        counts.packets += record.count
        counts.discard_48k = record.discard_48k
        if packet is not None and _is_malformed(packet):
            counts.malformed += 1
            packet = None
        if packet is None:
            if not self._pending:
                self._first_pending = record.index
            counts.lost += record.count
            self._pending += record.count
            return
        self._duration = packet_duration_48k(packet)
        start = self._start(record.timestamp_48k)
        yield from self._pass_time(start, record.index)
        end = start + self._duration
        arrival = start + self._transit(record)
        yield Slot(
            start, end, packet, record.index, arrival=arrival, copies=self._copies(record, start)
        )
        self._now = end

    def _start(self, stated: int | None) -> int:
        """When a packet starts; never before the end of what came before it."""
        expected = self._now + self._pending * self._duration
        if stated is None:
            return expected
        if self._shift is None:
            self._shift = expected - stated
        start = max(self._now, stated + self._shift)
        self._shift = start - stated
        return start

    def _copies(self, record: Record, start: int) -> tuple[tuple[int, bytes], ...]:
        """Start and packet of the sound copies that came with a record."""
        if record.timestamp_48k is None:
            return ()
        shift = start - record.timestamp_48k
        return tuple(
            (copy.timestamp_48k + shift, copy.packet)
            for copy in record.redundancy
            if not _is_malformed(copy.packet)
        )

    def _pass_time(self, start: int, index: int) -> Iterator[Slot]:
        """Time without a packet up to ``start``; it is a loss if packets were lost."""
        missing = start - self._now
        if missing > LONGEST_48K:
            raise InputError(
                "conceal.hole", f"{missing / 48_000:.0f} s without a packet before record {index}"
            )
        if missing:
            first = self._first_pending if self._pending else index
            yield Slot(self._now, start, None, first, lost=self._pending)
        self._now = start
        self._pending = 0

    def end(self) -> Iterator[Slot]:
        """What was lost at the end."""
        if self._counts.packets == self._counts.lost:
            raise InputError("conceal.nothing", "no packet of the stream was received")
        yield from self._pass_time(self._now + self._pending * self._duration, self._counts.packets)


def _is_malformed(packet: bytes) -> bool:
    """Whether receivers drop a packet."""
    try:
        parse_packet(packet)
    except ParseError:
        return True
    return False
