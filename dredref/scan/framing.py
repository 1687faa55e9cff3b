"""Packet framing (RFC 6716 section 3), rule by rule as :mod:`dredref.spec.packet`; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import scalar
from dredref.scan.columns import ABSENCES, Code
from dredref.scan.notes import note
from dredref.spec.packet import (
    LACED_STEP,
    MAX_DURATION_48K,
    MAX_FRAME_BYTES,
    TWO_BYTE_LENGTH,
    parse_toc,
)
from dredref.spec.reading import Absence
from dredref.spec.silk import LBRR_MASK

FRAME_48K = np.array([parse_toc(config << 3).frame_48k for config in range(32)], np.int64)
"""config -> samples of a frame at 48 kHz."""
NO_AREA = -1
_NOT_CODE_3 = ABSENCES.index(Absence.NOT_CODE_3)
_NO_PADDING = ABSENCES.index(Absence.NO_PADDING)
_MALFORMED = ABSENCES.index(Absence.MALFORMED)


@scalar
def refuse(row: Any, notes: Any, code: int, byte: int, a: int, b: int) -> int:
    """Note the rule that a packet breaks; it has no area."""
    note(row, notes, code, byte, a, b)
    row["absence"] = _MALFORMED
    return NO_AREA


@scalar
def scan_packet(data: Any, start: int, end: int, row: Any, notes: Any) -> int:
    """Take the packet ``data[start:end]`` apart; where its extension area starts, or NO_AREA."""
    if start == end:
        return refuse(row, notes, Code.R1_EMPTY, 0, 0, 0)
    toc = int(data[start])
    code = toc & 3
    frame_48k = int(FRAME_48K[toc >> 3])
    place = start + 1
    count = 1 if code == 0 else 2
    is_vbr = code == 2
    is_padded = False
    padding = spare = 0
    if code == 3:
        if place == end:
            return refuse(row, notes, Code.R6_SHORT, 1, 0, 0)
        byte = int(data[place])
        count, is_padded, is_vbr = byte & 63, byte & 64 > 0, byte & 128 > 0
        if count == 0:
            return refuse(row, notes, Code.R5_COUNT, 1, 0, 0)
        if count * frame_48k > MAX_DURATION_48K:
            return refuse(row, notes, Code.R5_DURATION, 1, count * frame_48k, 0)
        place += 1
        if is_padded:
            byte = 255
            while byte == 255:
                if place == end:
                    return refuse(row, notes, Code.R6_PADDING_ENDS, place - start, 0, 0)
                byte = int(data[place])
                padding += min(byte, LACED_STEP)
                place += 1
            spare = place - start - 3 - max(padding - 1, 0) // LACED_STEP
    coded = first_length = 0
    if is_vbr:
        for frame in range(count - 1):
            for half in range(2):
                if place == end:
                    header = Code.R4_HEADER if code == 2 else Code.R7_HEADER
                    return refuse(row, notes, header, place - start, 0, 0)
                byte = int(data[place])
                place += 1
                coded += byte << 2 * half
                if half or byte < TWO_BYTE_LENGTH:
                    break
            if frame == 0:
                first_length = coded
    room = end - place - padding
    if room < 0:
        return refuse(row, notes, Code.R6_PADDING, place - start, padding, 0)
    last = room - coded if is_vbr else room // count
    if last < 0:
        broken = Code.R4_LENGTH if code == 2 else Code.R7_LENGTH
        return refuse(row, notes, broken, place - start, -last, 0)
    if not is_vbr and room % count:
        if code == 1:
            return refuse(row, notes, Code.R3_ODD, place - start, room, 0)
        return refuse(row, notes, Code.R6_UNEVEN, place - start, count, room)
    if last > MAX_FRAME_BYTES:
        return refuse(row, notes, Code.R2_LENGTH, place - start, last, 0)
    if spare:
        note(row, notes, Code.PADDING_LENGTH, 2, spare, 0)
    row["toc"] = toc
    row["nb_frames"] = count
    row["duration_48k"] = count * frame_48k
    if (first_length if is_vbr and count > 1 else last) > 0:
        row["lbrr"] = LBRR_MASK[toc] & int(data[place]) > 0
    row["absence"] = _NO_PADDING if code == 3 else _NOT_CODE_3
    return end - padding if is_padded else NO_AREA
