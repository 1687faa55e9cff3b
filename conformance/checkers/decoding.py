"""The reference's view of packets that an implementation wrote: validity and features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dredref.conformance.checkers.alignment import DredFeatures
from dredref.rdovae.decoder import decode_payloads
from dredref.spec.checks import check_record
from dredref.spec.dred import DredPayload
from dredref.spec.reading import read_packet
from dredref.spec.requirements import Level


@dataclass(frozen=True, slots=True)
class StreamView:
    """What the reference sees in a stream."""

    dred: tuple[DredFeatures, ...]
    """The packets that carry DRED, decoded."""
    violation: tuple[int, str] | None
    """The first packet that breaks a MUST, and what it breaks."""


def view_stream(packets: Sequence[bytes], version: int | None) -> StreamView:
    """Read, check and decode a stream's packets; without a version, the first one met counts."""
    payloads: list[DredPayload] = []
    places: list[tuple[int, int]] = []
    violation: tuple[int, str] | None = None
    start_48k = 0
    for index, packet in enumerate(packets):
        reading = read_packet(packet)
        broken = [found for found in check_record(reading) if found.level is Level.MUST]
        if broken and violation is None:
            violation = index, f"{broken[0].requirement.id}: {broken[0].detail}"
        dred = reading.dred
        version = version or (dred.version if dred else None)
        if dred is not None and dred.chunks and dred.version == version:
            payloads.append(dred)
            places.append((index, start_48k // 120))
        start_48k += reading.packet.duration_48k if reading.packet else 0
    features = decode_payloads(payloads)
    return StreamView(
        tuple(
            DredFeatures(index, start, payload.dred_offset, np.asarray(rows, np.float64))
            for (index, start), payload, rows in zip(places, payloads, features, strict=True)
        ),
        violation,
    )
