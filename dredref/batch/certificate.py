"""Certifying a batch of records: which of them certainly break no requirement, and their numbers.

A certificate is a proof, record by record, that the reference (``dredref.spec.checks``) would find
nothing, but for two things that libopus writes often and that follow from the numbers told here:
last chunks that no decoder sees, and payloads without any that one does. Whatever is not proven is
left to the reference, so that violations are worded in one place. :data:`PROVEN` says where each
requirement is seen to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dredref.batch.area import Areas, read_areas
from dredref.batch.framing import SPARE_BYTES, read_framing
from dredref.batch.payload import NO_EXTRA, hidden_chunks, read_payloads
from dredref.batch.rangecoder import Flags, Places, Strings
from dredref.spec.dred import EXTRA_UNIT, OFFSET_BIAS
from dredref.spec.extension import FIRST_LONG
from dredref.spec.reading import Absence
from dredref.spec.tables import CURRENT_VERSION, VERSIONS
from dredref.streams.record import Record

PROVEN: Mapping[str, str] = MappingProxyType(
    {
        "packet.": "framing: sound",
        "extension.": "area: sound",
        "dred.prefix": "area: sound",
        "dred.version": "area: sound",
        "dred.size-empty": "area: sound",
        "dred.size-max": "area: sound",
        "dred.one-per-frame": "area: sound",
        "dred.one-per-packet": "area: sound",
        "dred.first-frame": "area: sound",
        "dred.version-change": "validate: told of the streams' records in turn",
        "dred.header-overrun": "payload: hidden_chunks is not -1, so the string holds its symbols",
        "dred.state-overrun": "payload: hidden_chunks is not -1, so the string holds its symbols",
        "dred.chunk-overrun": "payload: hidden_chunks is not -1, so the string holds its symbols",
        "dred.chunks-none": "payload: nb_chunks is not 0, or the violation is told",
        "dred.chunks-max": "payload: not unread",
        "dred.chunk-unseen": "payload: hidden_chunks is 0, or the violation is told",
        "dred.trailing-bytes": "payload: hidden_chunks is not -1",
        "dred.trailing-bits": "payload: hidden_chunks is not -1",
        "dred.extra-offset": "certificate: the extra offset is not 0",
        "dred.value-range": "payload: not outside",
    }
)
"""Requirement, or group of requirements, -> module and figure that the proof rests on."""

ABSENCES = tuple(Absence)
PRESENT = -1
"""Stands for no absence."""
_NOT_CODE_3 = ABSENCES.index(Absence.NOT_CODE_3)
_NO_PADDING = ABSENCES.index(Absence.NO_PADDING)
_NO_EXTENSION = ABSENCES.index(Absence.NO_EXTENSION)
_LOST = ABSENCES.index(Absence.LOST)


@dataclass(slots=True)
class Certificates:
    """What is proven of n records; arrays [n], 0 where a number says nothing."""

    clean: Flags
    """Proven to break nothing but what ``nb_chunks`` and ``hidden`` say."""
    size: Places
    duration_48k: Places
    absence: Places
    """Index into :data:`ABSENCES`, or -1 where there is DRED."""
    hidden: Places
    """Last chunks that no decoder sees."""
    payload_byte: Places
    """Where the payload starts in the record."""
    version: Places
    q0: Places
    dQ: Places  # noqa: N815 - the draft's name
    qmax: Places
    dred_offset: Places
    nb_chunks: Places
    used: Places
    wire: Places


@dataclass(slots=True)
class _Batch:
    """The records' bytes end to end, and what is found in them."""

    data: np.ndarray
    start: Places
    end: Places
    pieces: list[bytes]
    found: Certificates


def certify(records: Sequence[Record], final_id: int | None = None) -> Certificates:
    """Certify what can be certified of some records.

    Args:
        records: of any kind.
        final_id: id of DRED extensions without prefix, instead of the experiments'.
    """
    batch = _lay_out(records)
    if final_id is not None and final_id < FIRST_LONG:
        batch.found.clean[:] = False
        return batch.found
    kinds = np.array([record.kind for record in records])
    there = batch.end > batch.start
    rows = np.flatnonzero((kinds == "packet") & there)
    _take_packets(batch, rows, final_id)
    rows = np.flatnonzero((kinds == "extension_area") & there)
    nb_frames = np.array([records[row].nb_frames or 1 for row in rows.tolist()], np.int64)
    _take_areas(batch, rows, batch.start[rows], nb_frames, final_id)
    rows = np.flatnonzero((kinds == "dred_payload") & there)
    version = np.array([records[row].version or CURRENT_VERSION for row in rows.tolist()], np.int64)
    _take_payloads(batch, rows, version, batch.start[rows], batch.end[rows])
    return batch.found


def _lay_out(records: Sequence[Record]) -> _Batch:
    """Join the records' bytes; a lost one has none, and nothing is wrong with it."""
    pieces = [record.packet or b"" for record in records]
    n = len(pieces)
    size = np.fromiter(map(len, pieces), np.int64, n)
    end = np.cumsum(size)
    found = Certificates(np.zeros(n, np.bool_), size, *np.zeros((12, n), np.int64))
    lost = np.array([record.packet is None for record in records], np.bool_)
    found.clean[lost] = True
    found.absence[lost] = _LOST
    data = np.frombuffer(b"".join([*pieces, bytes(SPARE_BYTES)]), np.uint8)
    return _Batch(data, end - size, end, pieces, found)


def _take_packets(batch: _Batch, rows: Places, final_id: int | None) -> None:
    """Certify records that are packets, none of them empty."""
    framing = read_framing(batch.data, batch.start[rows], batch.end[rows])
    batch.found.duration_48k[rows] = framing.nb_frames * framing.frame_48k
    batch.found.absence[rows] = np.where(framing.code == 3, _NO_PADDING, _NOT_CODE_3)
    batch.found.clean[rows] = framing.sound
    has_area = framing.sound & framing.padded
    nb_frames = framing.nb_frames[has_area]
    _take_areas(batch, rows[has_area], framing.area_start[has_area], nb_frames, final_id)


def _take_areas(
    batch: _Batch, rows: Places, start: Places, nb_frames: Places, final_id: int | None
) -> None:
    """Certify records by their extension areas, which run to the records' ends."""
    areas: Areas = read_areas(batch.data, start, batch.end[rows], nb_frames, final_id)
    batch.found.absence[rows] = _NO_EXTENSION
    batch.found.clean[rows] = areas.sound
    some = np.flatnonzero(areas.sound & (areas.version > 0))
    _take_payloads(
        batch, rows[some], areas.version[some], areas.payload[some], areas.payload_end[some]
    )
    batch.found.wire[rows[some]] = areas.wire[some]


def _take_payloads(
    batch: _Batch, rows: Places, version: Places, start: Places, end: Places
) -> None:
    """Certify records by their DRED payloads, of the newest frame of each record."""
    found = batch.found
    found.absence[rows] = PRESENT
    found.version[rows] = version
    found.payload_byte[rows] = start - batch.start[rows]
    found.wire[rows] = end - start
    for known in VERSIONS:
        of_version = np.flatnonzero(version == known)
        if of_version.size:
            some = rows[of_version]
            first, last = (
                (places[of_version] - batch.start[some]).tolist() for places in (start, end)
            )
            pieces = [
                batch.pieces[row][a:b] for row, a, b in zip(some.tolist(), first, last, strict=True)
            ]
            _take_strings(found, some, Strings(pieces), known)


def _take_strings(found: Certificates, rows: Places, strings: Strings, version: int) -> None:
    """Certify records by their payloads of one version."""
    payloads = read_payloads(strings, version)
    hidden = hidden_chunks(payloads, strings)
    clean = ~payloads.outside & ~payloads.unread & (hidden >= 0) & (payloads.extra_offset != 0)
    extra = np.where(payloads.extra_offset == NO_EXTRA, 0, payloads.extra_offset)
    found.clean[rows] = clean
    found.hidden[rows] = np.where(clean, hidden, 0)
    found.q0[rows] = payloads.q0
    found.dQ[rows] = payloads.dQ
    found.qmax[rows] = payloads.qmax
    found.dred_offset[rows] = OFFSET_BIAS - payloads.offset - EXTRA_UNIT * extra
    found.nb_chunks[rows] = payloads.nb_chunks
    found.used[rows] = payloads.used
