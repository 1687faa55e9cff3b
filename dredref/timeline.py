"""A stream on a time axis: one entry a record, for tables, CSV and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from dredref.inspection import Inspection
from dredref.spec.dred import UNIT_MS, reach_ms
from dredref.spec.silk import has_lbrr


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, in the figures that a row of a table holds; None where there is none."""

    index: int
    """Counts the records of the input from 0, lost ones included."""
    stream: int
    """Which Opus stream of the input."""
    time_ms: float | None
    """First sample of the packet on the decoder's clock."""
    duration_ms: float | None
    frame: int | None
    """Number of the captured frame, from 1."""
    sequence: int | None
    """RTP sequence number."""
    timestamp: int | None
    """RTP timestamp."""
    arrival_s: float | None
    """When it was captured, in seconds since 1970."""
    bytes: int
    lost: int
    """Packets that are lost here, in a gap: 0 for a packet."""
    copies: int
    """Copies of earlier packets that came with it (RED)."""
    mode: str | None
    """``SILK``, ``hybrid`` or ``CELT``."""
    bandwidth: str | None
    """``NB``, ``MB``, ``WB``, ``SWB`` or ``FB``."""
    lbrr: bool | None
    """Whether the packet holds a coarse copy of the audio before it (in-band FEC)."""
    version: int | None
    """Of the DRED, as the next figures."""
    chunks: int | None
    """Of 40 ms."""
    offset_ms: float | None
    """Where the newest DRED ends, after the packet's start; negative where it ends before."""
    reach_ms: float | None
    """How far before the packet's start the DRED begins."""
    first_level: int | None
    """Quantizer level of the newest chunk, 0 fine to 15 coarse."""
    last_level: int | None
    """Quantizer level of the oldest chunk."""
    dred_bits: float | None
    """Bits that its symbols take."""
    violations: tuple[str, ...]
    """Requirements that the record breaks."""
    absence: str | None
    """Why there is no DRED."""


COLUMNS = tuple(field.name for field in fields(Entry))
"""The figures of an entry, in the order of CSV."""


def timeline(inspections: Iterable[Inspection]) -> Iterator[Entry]:
    """Yield the entry of each record."""
    return map(entry_of, inspections)


def entry_of(inspection: Inspection) -> Entry:
    """Return the figures of a record that was read."""
    record, reading = inspection.record, inspection.reading
    packet, dred, rtp = reading.packet, reading.dred, record.rtp
    levels = [chunk.level for chunk in dred.chunks] if dred else []
    stamp = record.timestamp_48k
    arrival = rtp.arrival_ns if rtp else None
    return Entry(
        index=record.index,
        stream=record.stream,
        time_ms=None if stamp is None else stamp / 48,
        duration_ms=packet.duration_ms if packet else None,
        frame=rtp.frame if rtp else None,
        sequence=rtp.sequence if rtp else None,
        timestamp=rtp.timestamp if rtp else None,
        arrival_s=None if arrival is None else arrival / 1e9,
        bytes=reading.size,
        lost=record.count if record.packet is None else 0,
        copies=len(record.redundancy),
        mode=packet.toc.mode if packet else None,
        bandwidth=packet.toc.bandwidth if packet else None,
        lbrr=has_lbrr(packet) if packet else None,
        version=dred.version if dred else None,
        chunks=len(dred.chunks) if dred else None,
        offset_ms=dred.dred_offset * UNIT_MS if dred else None,
        reach_ms=reach_ms(len(dred.chunks), dred.dred_offset) if dred else None,
        first_level=levels[0] if levels else None,
        last_level=levels[-1] if levels else None,
        dred_bits=dred.used / 8 if dred else None,
        violations=tuple(violation.requirement.id for violation in inspection.violations),
        absence=str(reading.absence) if reading.absence else None,
    )
