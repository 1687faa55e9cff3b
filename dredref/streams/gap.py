"""Gaps, packet by packet, for those who treat each lost packet on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dredref.spec.errors import InputError
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import Record

LOST_AT_FIRST = 6000
"""Lost packets that any input may have: two minutes of 20 ms."""

LOST_EACH = 50
"""Lost packets that it may have for each packet received; more is no stream to be played."""


def expand_gaps(records: Iterable[Record]) -> Iterator[Record]:
    """Yield a record for each lost packet of a gap, and all other records as they are.

    The packets of a gap that has a time follow each other, each as long as the packet before it.
    The work stays linear in what was received.

    Raises:
        InputError: ``input.gaps`` where nearly everything is lost.
    """
    budget = LOST_AT_FIRST
    durations: dict[int, int] = {}
    for record in records:
        if record.packet is not None:
            budget += LOST_EACH
            durations[record.stream] = packet_duration_48k(record.packet)
            yield record
            continue
        budget -= record.count - 1
        if budget < 0:
            raise InputError("input.gaps", f"too much is lost: {record.count} packets at once")
        yield from single_losses(record, durations.get(record.stream, 0))


def single_losses(gap: Record, duration_48k: int) -> Iterator[Record]:
    """The lost packets of a gap, one by one; without a duration only the first has a time."""
    for place in range(gap.count):
        stamp = gap.timestamp_48k
        if stamp is not None and place:
            stamp = stamp + place * duration_48k if duration_48k else None
        yield replace(gap, index=gap.index + place, count=1, timestamp_48k=stamp)
