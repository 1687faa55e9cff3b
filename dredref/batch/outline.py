"""A record in a few numbers, whether it was certified in a batch or read by the reference."""

from __future__ import annotations

from dataclasses import dataclass

from dredref.spec.reading import Absence, Reading


@dataclass(frozen=True, slots=True)
class DredOutline:
    """The DRED of a record."""

    version: int
    q0: int
    dQ: int  # noqa: N815 - the draft's name
    qmax: int
    dred_offset: int
    """In 2.5 ms; may be negative."""
    nb_chunks: int
    used: int
    """Bits that its symbols take, in 1/8 bit."""
    size: int
    """Bytes on the wire: of the extension with id and length, or of a payload that stands alone."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A record."""

    size: int
    """Bytes."""
    duration_48k: int
    """Samples of the packet at 48 kHz; 0 where none is told."""
    dred: DredOutline | None = None
    absence: Absence | None = None
    """Why there is no DRED."""


def outline_of(reading: Reading) -> Outline:
    """The numbers of a record that the reference has read."""
    dred = reading.dred
    duration = reading.packet.duration_48k if reading.packet else 0
    if dred is None:
        return Outline(reading.size, duration, None, reading.absence)
    wire = reading.carrier.extension.size if reading.carrier else reading.size
    found = DredOutline(
        *(dred.version, dred.q0, dred.dQ, dred.qmax, dred.dred_offset),
        *(len(dred.chunks), dred.used, wire),
    )
    return Outline(reading.size, duration, found)
