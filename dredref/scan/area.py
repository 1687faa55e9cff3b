"""The extension area, item by item as :mod:`dredref.spec.extension`; compiled.

Of extensions only those with DRED's id are looked at. What a repeat repeats is read again from the
items since the last separator or repeat, so nothing has to be kept.
"""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import kernel, scalar
from dredref.scan.columns import ABSENCES, PRESENT, Code
from dredref.scan.notes import note
from dredref.spec.dred import FINAL_ID, MAX_EXTENSION_BYTES
from dredref.spec.extension import FIRST_LONG, LACING_STEP, PADDING, REPEAT, SEPARATOR
from dredref.spec.reading import Absence
from dredref.spec.tables import CURRENT_VERSION, VERSIONS

BROKEN = -1
"""Stands for a place past an error."""
PREFIX_BYTES = 2
LETTER = ord("D")
_NO_EXTENSION = ABSENCES.index(Absence.NO_EXTENSION)
_AREA_ERROR = ABSENCES.index(Absence.AREA_ERROR)
_WRONG_PREFIX = ABSENCES.index(Absence.WRONG_PREFIX)
_WRONG_VERSION = ABSENCES.index(Absence.WRONG_VERSION)
_TOO_SHORT = ABSENCES.index(Absence.TOO_SHORT)


@scalar
def table_of(version: int) -> int:
    """The place of a version among those that have tables; -1 for none."""
    for place in range(len(VERSIONS)):
        if VERSIONS[place] == version:
            return place
    return -1


@scalar
def head_of_dred(
    data: Any, payload: int, size: int, base: int, has_prefix: bool, row: Any, notes: Any
) -> tuple[int, int]:
    """The version that extension data is of, or 0, and why it is no DRED."""
    if not has_prefix:
        if size:
            return CURRENT_VERSION, PRESENT
        note(row, notes, Code.EMPTY, payload - base, 0, 0)
        return 0, _TOO_SHORT
    if size < PREFIX_BYTES or data[payload] != LETTER:
        found = 0
        count = min(size, PREFIX_BYTES)
        for index in range(count):
            found = found << 8 | int(data[payload + index])
        note(row, notes, Code.PREFIX, payload - base, count, found)
        return 0, _WRONG_PREFIX
    version = int(data[payload + 1])
    if table_of(version) < 0:
        note(row, notes, Code.VERSION, payload - base + 1, version, 0)
        return 0, _WRONG_VERSION
    if size == PREFIX_BYTES:
        note(row, notes, Code.EMPTY_PREFIXED, payload - base + 2, 0, 0)
        return 0, _TOO_SHORT
    return version, PRESENT


@kernel
def take_dred(
    data: Any,
    item: int,
    payload: int,
    size: int,
    frame: int,
    base: int,
    has_prefix: bool,
    row: Any,
    notes: Any,
) -> None:
    """Look at an extension with DRED's id; the first with a sound head is the one that counts.

    Args:
        data: bytes in which it lies.
        item: its first byte on the wire.
        payload: first byte of its data.
        size: bytes of its data.
        frame: that it belongs to.
        base: first byte of the record.
        has_prefix: as experiments have.
        row: of the record.
        notes: of the record.
    """
    version, absence = head_of_dred(data, payload, size, base, has_prefix, row, notes)
    if not version:
        if row["carriers"] == 0 and row["absence"] == _NO_EXTENSION:
            row["absence"] = absence
        return
    if size > MAX_EXTENSION_BYTES:
        note(row, notes, Code.SIZE_MAX, item - base, size, 0)
    if row["frames"] >> frame & 1:
        note(row, notes, Code.ONE_PER_FRAME, item - base, frame, 0)
    row["frames"] |= 1 << frame
    row["carriers"] += 1
    if row["carriers"] == 2:
        note(row, notes, Code.ONE_PER_PACKET, item - base, 0, 0)
    if row["carriers"] > 1:
        return
    if frame > 0:
        note(row, notes, Code.FIRST_FRAME, item - base, frame, 0)
    prefix = PREFIX_BYTES if has_prefix else 0
    row["absence"] = PRESENT
    row["version"] = version
    row["frame"] = frame
    row["payload_byte"] = payload + prefix - base
    row["payload_size"] = size - prefix
    row["wire"] = payload + size - item


@kernel
def read_laced(data: Any, place: int, end: int, base: int, row: Any, notes: Any) -> tuple[int, int]:
    """Where a laced payload starts, or BROKEN, and its bytes."""
    start = place
    size = 0
    byte = LACING_STEP
    while byte == LACING_STEP:
        if place == end:
            note(row, notes, Code.LACING_TRUNCATED, start - base, 0, 0)
            return BROKEN, 0
        byte = int(data[place])
        size += byte
        place += 1
    if size > end - place:
        note(row, notes, Code.LONG_TRUNCATED, start - base, size, size - (end - place))
        return BROKEN, 0
    return place, size


@kernel
def after_item(data: Any, place: int) -> int:
    """The item that follows one which was read before and is no repeat."""
    byte = int(data[place])
    place += 1
    if byte >> 1 < FIRST_LONG:
        return place + (byte & 1 if byte >> 1 != PADDING else 0)
    size = 0
    byte = LACING_STEP
    while byte == LACING_STEP:
        byte = int(data[place])
        size += byte
        place += 1
    return place + size


@scalar
def repeat(
    data: Any,
    sources: int,
    item: int,
    end: int,
    base: int,
    frame: int,
    nb_frames: int,
    dred_id: int,
    has_prefix: bool,
    row: Any,
    notes: Any,
) -> int:
    """Read the repeat at ``item`` of what stands from ``sources`` on; what follows, or BROKEN.

    With L = 0 the last long payload of the last frame has no length: it runs up to the short ones
    that must still follow it.
    """
    count = short = 0
    last_long = end
    place = sources
    while place < item:
        byte = int(data[place])
        if byte >> 1 >= FIRST_LONG:
            last_long, short = place, 0
        elif byte >> 1 > REPEAT:
            short += byte & 1
        count += byte >> 1 > REPEAT
        place = after_item(data, place)
    if data[item] & 1:
        last_long = end
    if count == 0 or frame + 1 >= nb_frames:
        note(row, notes, Code.REPEAT_NOTHING, item - base, frame, 0)
        return item + 1
    place = item + 1
    for later in range(frame + 1, nb_frames):
        source = sources
        while source < item:
            byte = int(data[source])
            start = payload = place
            if byte >> 1 < FIRST_LONG:
                size = byte & 1 if byte >> 1 > REPEAT else 0
                if size > end - place:
                    note(row, notes, Code.SHORT_TRUNCATED, place - base, 0, 0)
                    return BROKEN
            elif later == nb_frames - 1 and source == last_long:
                size = end - place - short
                if size < 0:
                    note(row, notes, Code.REPEAT_TRUNCATED, place - base, short, end - place)
                    return BROKEN
            else:
                payload, size = read_laced(data, place, end, base, row, notes)
                if payload == BROKEN:
                    return BROKEN
            if byte >> 1 == dred_id:
                take_dred(data, start, payload, size, later, base, has_prefix, row, notes)
            place = payload + size
            source = after_item(data, source)
    return place


@kernel
def check_padding(data: Any, place: int, end: int, base: int, row: Any, notes: Any) -> None:
    """Padding up to the end of the area is zero; the first byte that is not is noted."""
    while place < end:
        if data[place]:
            note(row, notes, Code.PADDING_ZERO, place - base, int(data[place]), 0)
            return
        place += 1


@scalar
def walk_area(
    data: Any,
    place: int,
    end: int,
    base: int,
    nb_frames: int,
    dred_id: int,
    has_prefix: bool,
    row: Any,
    notes: Any,
) -> bool:
    """Walk the area ``data[place:end]`` of the record from ``base`` on; whether it is sound."""
    frame = 0
    sources = place
    while place < end:
        item = place
        byte = int(data[item])
        id_, L = byte >> 1, byte & 1
        place += 1
        if id_ == PADDING:
            if not L:
                check_padding(data, place, end, base, row, notes)
                return True
        elif id_ == REPEAT:
            place = repeat(
                data, sources, item, end, base, frame, nb_frames, dred_id, has_prefix, row, notes
            )
            if place == BROKEN:
                return False
            sources = place
            frame += 1 - L
            if frame >= nb_frames:
                check_padding(data, place, end, base, row, notes)
                return True
        elif id_ < FIRST_LONG:
            if L and place == end:
                note(row, notes, Code.SHORT_TRUNCATED, place - base, 0, 0)
                return False
            if id_ == SEPARATOR:
                step = int(data[place]) if L else 1
                if step:
                    frame += step
                    sources = place + L
                else:
                    note(row, notes, Code.SEPARATOR_ZERO, item - base, 0, 0)
                if frame >= nb_frames:
                    note(row, notes, Code.FRAME, item - base, frame, nb_frames)
                    return False
            elif id_ == dred_id:
                take_dred(data, item, place, L, frame, base, has_prefix, row, notes)
            place += L
        else:
            payload, size = place, end - place
            if L:
                payload, size = read_laced(data, place, end, base, row, notes)
                if payload == BROKEN:
                    return False
            if id_ == dred_id:
                take_dred(data, item, payload, size, frame, base, has_prefix, row, notes)
            if id_ == FINAL_ID:
                row["final"] = True
            place = payload + size
    return True


@scalar
def scan_area(
    data: Any,
    start: int,
    end: int,
    base: int,
    nb_frames: int,
    dred_id: int,
    has_prefix: bool,
    row: Any,
    notes: Any,
) -> None:
    """Scan the area ``data[start:end]``: its errors, and which DRED in it counts.

    Where DRED of experiments is looked for and there is none, the final form is, if an extension
    has its id: the area is walked again.
    """
    before = row["violations"]
    for _ in range(2):
        row["absence"] = _NO_EXTENSION
        row["final"] = False
        is_sound = walk_area(data, start, end, base, nb_frames, dred_id, has_prefix, row, notes)
        if not is_sound and row["absence"] == _NO_EXTENSION:
            row["absence"] = _AREA_ERROR
        if not has_prefix or row["absence"] == PRESENT or not row["final"]:
            break
        dred_id, has_prefix = FINAL_ID, False
        row["violations"] = before
    row["final"] = row["absence"] == PRESENT and not has_prefix
    if row["carriers"] > 1:
        for slot in range(min(row["violations"], len(notes))):
            if notes[slot]["code"] == Code.ONE_PER_PACKET:
                notes[slot]["a"] = row["carriers"]
