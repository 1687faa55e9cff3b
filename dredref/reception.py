"""What a receiver gets of a stream with losses: packets, holes, and who may fill them.

Time is that of the records where they state it, else packets follow each other and a lost one lasts
as long as the one before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dredref.opusdecoder import STEP
from dredref.payload.reader import Carried, carried_by
from dredref.spec.errors import InputError, ParseError
from dredref.spec.packet import parse_packet
from dredref.spec.tables import VERSIONS
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import Record

LONGEST_48K = 600 * 48_000
"""Longest time without a packet, ten minutes: a wild timestamp must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Span:
    """A packet that was received, or time without one; in samples at 48 kHz."""

    start_48k: int
    end_48k: int
    packet: bytes | None
    lost: int = 0
    """How many packets were lost in it; none where none was sent."""

    @property
    def start(self) -> int:
        """First sample at 16 kHz."""
        return self.start_48k // STEP

    @property
    def end(self) -> int:
        """The sample after it, at 16 kHz."""
        return self.end_48k // STEP

    @property
    def is_hole(self) -> bool:
        """Whether something was lost."""
        return self.lost > 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that carries DRED and came soon after a hole."""

    index: int
    """Of its record."""
    start: int
    """Its first sample, at 16 kHz."""
    carried: Carried


@dataclass(frozen=True, slots=True)
class Reception:
    """What came of a stream."""

    spans: tuple[Span, ...]
    """All time from the first packet on, received or lost, without gaps."""
    arrivals: tuple[Arrival, ...]
    """Oldest first."""
    packets: int
    lost: int
    """Packets lost, malformed ones included: receivers drop those."""
    malformed: int

    @property
    def holes(self) -> tuple[Span, ...]:
        """Where packets were lost, oldest first."""
        return tuple(span for span in self.spans if span.is_hole)


def receive(
    records: Iterable[Record],
    *,
    hold_ms: float = 0,
    final_id: int | None = None,
    versions: Collection[int] = VERSIONS,
) -> Reception:
    """Lay out in time what was received of one stream.

    Args:
        records: Opus packets of one stream in their order.
        hold_ms: packets that start up to this long after a hole are arrivals; the first one is
            in any case.
        final_id: id of DRED extensions without prefix, instead of the experiments'.
        versions: DRED versions that are taken; none, and there are no arrivals.

    Raises:
        InputError: ``conceal.kind`` for records that are no packets, ``conceal.nothing`` if no
            packet was received, ``conceal.hole``.
    """
    receiver = _Receiver(round(hold_ms * 48), final_id, versions)
    for record in records:
        receiver.take(record)
    return receiver.end()


class _Receiver:
    """The clock, at 48 kHz, and what is known so far."""

    def __init__(self, hold: int, final_id: int | None, versions: Collection[int]) -> None:
        self._hold, self._final_id, self._versions = hold, final_id, versions
        self._spans: list[Span] = []
        self._arrivals: list[Arrival] = []
        self._packets = self._lost = self._malformed = 0
        self._pending = 0
        self._now = self._duration = 0
        self._shift: int | None = None
        self._hole_end: int | None = None

    def take(self, record: Record) -> None:
        """One record."""
        if record.kind != "packet":
            raise InputError("conceal.kind", f"record {record.index} is no whole Opus packet")
        self._packets += record.count
        packet = record.packet
        if packet is not None and _is_malformed(packet):
            self._malformed += 1
            packet = None
        if packet is None:
            self._lost += record.count
            self._pending += record.count
            return
        self._duration = packet_duration_48k(packet)
        self._pass_time(self._start(record.timestamp_48k), record.index)
        self._note(record.index, packet)
        self._add(packet, self._duration)

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

    def _pass_time(self, start: int, index: int) -> None:
        """Time without a packet up to ``start``; it is a hole if packets were lost."""
        missing = start - self._now
        if missing > LONGEST_48K:
            raise InputError(
                "conceal.hole", f"{missing / 48_000:.0f} s without a packet before record {index}"
            )
        if missing:
            self._add(None, missing, self._pending)
            if self._pending:
                self._hole_end = start
        self._pending = 0

    def _note(self, index: int, packet: bytes) -> None:
        """Keep the DRED of a packet that may fill a hole."""
        if not self._versions or self._hole_end is None:
            return
        if self._now - self._hole_end > self._hold:
            return
        carried = carried_by(packet, final_id=self._final_id)
        if carried is not None and carried.version in self._versions:
            self._arrivals.append(Arrival(index, self._now // STEP, carried))

    def _add(self, packet: bytes | None, duration: int, lost: int = 0) -> None:
        self._spans.append(Span(self._now, self._now + duration, packet, lost))
        self._now += duration

    def end(self) -> Reception:
        """All of it; losses at the end are left to the codec."""
        if self._packets == self._lost:
            raise InputError("conceal.nothing", "no packet of the stream was received")
        self._pass_time(self._now + self._pending * self._duration, self._packets)
        return Reception(
            tuple(self._spans),
            tuple(self._arrivals),
            self._packets,
            self._lost,
            self._malformed,
        )


def _is_malformed(packet: bytes) -> bool:
    """Whether receivers drop a packet."""
    try:
        parse_packet(packet)
    except ParseError:
        return True
    return False
