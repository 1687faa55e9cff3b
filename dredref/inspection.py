"""Reading the records of a stream, and saying what was read.

:func:`inspections` joins input, reading and checks. :func:`to_json` is the published form of one
record (``spec/schema/inspection.json``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dredref.spec.checks import StreamChecker, Violation
from dredref.spec.delivered import Repeats
from dredref.spec.dred import DredPayload, reach_ms
from dredref.spec.reading import Absence, Reading, read_area, read_dred, read_packet
from dredref.spec.silk import has_lbrr
from dredref.spec.tables import CURRENT_VERSION
from dredref.streams.record import Record


@dataclass(frozen=True, slots=True)
class Inspection:
    """A record of a stream with what it says and what is wrong with it."""

    record: Record
    reading: Reading
    violations: tuple[Violation, ...]


def read_record(record: Record, *, final_id: int | None = None) -> Reading:
    """Read a record of any kind; a lost one reads as an empty one."""
    if record.packet is None:
        return Reading(0, absence=Absence.LOST)
    if record.kind == "extension_area":
        return read_area(record.packet, record.nb_frames or 1, final_id=final_id)
    if record.kind == "dred_payload":
        return read_dred(record.packet, record.version or CURRENT_VERSION)
    return read_packet(record.packet, final_id=final_id)


def inspections(records: Iterable[Record], *, final_id: int | None = None) -> Iterator[Inspection]:
    """Read and check records in turn; streams are told apart by their number."""
    checkers: dict[int, StreamChecker] = {}
    for record in records:
        reading = read_record(record, final_id=final_id)
        checker = checkers.setdefault(record.stream, StreamChecker())
        yield Inspection(record, reading, tuple(checker.check(reading)))


def to_json(inspection: Inspection) -> dict[str, Any]:
    """Return the published form of one record."""
    record, reading = inspection.record, inspection.reading
    packet = reading.packet
    carrier = reading.carrier.extension if reading.carrier else None
    frame = carrier.frame if carrier else 0
    nb_frames = packet.nb_frames if packet else reading.area.nb_frames if reading.area else 0
    return {
        "index": record.index,
        "stream": record.stream,
        "time_ms": _time_ms(record),
        "rtp": _rtp_json(record),
        "bytes": reading.size,
        "lost": record.packet is None,
        "count": record.count,
        "toc": packet.toc.byte if packet else None,
        "nb_frames": nb_frames,
        "frame_ms": number_json(packet.toc.frame_ms) if packet else 0,
        "lbrr": has_lbrr(packet) if packet else None,
        "extensions": _extensions_json(reading),
        "dred": _whole_dred_json(reading.dred, frame) if reading.dred else None,
        "dred_id": carrier.id if carrier else None,
        "reach_ms": _reach_ms(reading),
        "absence": str(reading.absence) if reading.absence else None,
        "errors": [violation_json(violation) for violation in inspection.violations],
    }


def _extensions_json(reading: Reading) -> list[dict[str, Any]]:
    """What the area delivers; what a repeat gives without a byte is told at its source.

    So the output is linear in the bytes of the area, which can deliver 47 times as many.
    """
    entries: list[dict[str, Any]] = []
    sources: dict[int, dict[str, Any]] = {}
    for part in reading.area.extensions.parts if reading.area else ():
        repeats = isinstance(part, Repeats)
        for extension in part.carried if isinstance(part, Repeats) else part:
            entry: dict[str, Any] = {"id": extension.id, "frame": extension.frame}
            entry["offset"] = reading.area_byte + extension.offset
            entry["data"] = extension.data.hex()
            entries.append(entry)
            if not repeats:
                sources[id(extension)] = entry
        if isinstance(part, Repeats):
            for place, source in enumerate(part.sources):
                given = part.given(place)
                if given and not source.carries:
                    sources[id(source)]["repeated_to"] = part.first + given - 1
    return entries


def _whole_dred_json(dred: DredPayload, frame: int) -> dict[str, Any]:
    """The published form of a payload, and whether it is all."""
    return dred_json(dred, frame) | {"complete": dred.complete}


def _time_ms(record: Record) -> int | float | None:
    """The first sample on the decoder's clock, to a microsecond."""
    stamp = record.timestamp_48k
    return None if stamp is None else number_json(round(stamp / 48, 3))


def _rtp_json(record: Record) -> dict[str, Any] | None:
    """The RTP packet of a record, its place in the capture and its time."""
    rtp = record.rtp
    if rtp is None:
        return None
    arrival = None if rtp.arrival_ns is None else rtp.arrival_ns / 1e9
    fields: dict[str, Any] = {"sequence": rtp.sequence, "timestamp": rtp.timestamp}
    fields |= {"capture_frame": rtp.frame, "red_copies": len(record.redundancy)}
    return fields | {"arrival_s": arrival}


def _reach_ms(reading: Reading) -> int | float | None:
    """How far before the packet's start the DRED begins."""
    dred = reading.dred
    return number_json(reach_ms(len(dred.chunks), dred.dred_offset)) if dred else None


def violation_json(violation: Violation) -> dict[str, Any]:
    """The published form of one violation."""
    return {
        "code": violation.code,
        "requirement": violation.requirement.id,
        "level": str(violation.level),
        "byte": violation.byte,
        "bit": violation.bit,
        "detail": violation.detail,
    }


def dred_json(dred: DredPayload, frame: int = 0) -> dict[str, Any]:
    """The published form of a payload carried by ``frame`` of its packet."""
    return {
        "version": dred.version,
        "frame": frame,
        "q0": dred.q0,
        "dQ": dred.dQ,
        "qmax": dred.qmax,
        "offset": dred.offset,
        "extra_offset": dred.extra_offset or 0,
        "dred_offset": dred.dred_offset,
        "nb_chunks": len(dred.chunks),
        "state": list(dred.state),
        "chunks": [
            {
                "level": chunk.level,
                "bits": number_json(chunk.cost / 8),
                "latents": list(chunk.latents),
            }
            for chunk in dred.chunks
        ],
        "bits_used": number_json(dred.used / 8),
        "bits_total": dred.bits_total,
    }


def number_json(value: float) -> int | float:
    """Whole numbers without a fraction, for readable JSON."""
    return int(value) if value == int(value) else value
