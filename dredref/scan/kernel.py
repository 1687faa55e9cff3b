"""The scan: every record of a batch walked as the text walks it; compiled."""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import borrowed, kernel
from dredref.scan.area import scan_area, table_of
from dredref.scan.columns import ABSENCES, PRESENT, UNKNOWN
from dredref.scan.framing import FRAME_48K, NO_AREA, scan_packet
from dredref.scan.payload import scan_payload
from dredref.spec.dred import UNIT_48K
from dredref.spec.packet import MAX_FRAMES
from dredref.spec.reading import Absence

LOST, PACKET, AREA, PAYLOAD = range(4)
"""What the bytes of a record are."""
_LOST = ABSENCES.index(Absence.LOST)


@kernel
def scan_rows(
    data: Any,
    start: Any,
    end: Any,
    kinds: Any,
    companions: Any,
    dred_id: int,
    has_prefix: bool,
    entries: Any,
    dimensions: Any,
    rows: Any,
    notes: Any,
    values: Any,
) -> None:
    """Scan records.

    Args:
        data: uint8, in which the records' bytes lie.
        start: int64 [n], first byte of each.
        end: int64 [n].
        kinds: uint8 [n], LOST, PACKET, AREA or PAYLOAD.
        companions: uint8 [n], frames of an AREA's packet or version of a PAYLOAD.
        dred_id: id of DRED extensions.
        has_prefix: their data starts with the experiments' prefix.
        entries: int32, see :class:`dredref.scan.tables.LaplaceTables`, as the next.
        dimensions: int64.
        rows: ROW [n], zeros, to be written.
        notes: NOTE [n, slots], zeros, to be written.
        values: int32 [n, state and 26 chunks, or more], zeros, to be written, or [n, 0].
    """
    data = borrowed(data)
    for index in range(len(rows)):
        row = rows[index]
        first, last = start[index], end[index]
        kind = kinds[index]
        row["size"] = last - first
        row["toc"] = UNKNOWN
        if kind == LOST:
            row["absence"] = _LOST
        elif kind == PAYLOAD:
            row["absence"] = PRESENT
            row["version"] = companions[index]
            row["payload_size"] = row["wire"] = last - first
        else:
            area = first
            nb_frames = int(companions[index])
            if kind == PACKET:
                area = scan_packet(data, first, last, row, notes[index])
                nb_frames = int(row["nb_frames"])
            elif nb_frames > MAX_FRAMES:
                row["by_reference"] = True
                nb_frames = MAX_FRAMES
            if area != NO_AREA:
                scan_area(
                    data, area, last, first, nb_frames, dred_id, has_prefix, row, notes[index]
                )
        version = row["version"]
        if row["absence"] == PRESENT:
            number = table_of(version)
            if number >= 0:
                frame_offset = 0
                if kind == PACKET:
                    frame_offset = int(row["frame"]) * int(FRAME_48K[row["toc"] >> 3]) // UNIT_48K
                payload = first + row["payload_byte"]
                scan_payload(
                    data,
                    payload,
                    payload + row["payload_size"],
                    frame_offset,
                    entries[number],
                    dimensions[number],
                    row,
                    notes[index],
                    values[index],
                )
            else:
                row["by_reference"] = True
