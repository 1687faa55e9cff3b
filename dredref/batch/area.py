"""Extension areas of many packets in step; see :mod:`dredref.spec.extension`.

Common forms are walked: padding, separators that lead on, extensions of all ids with or without
length. What is not ``sound`` breaks a requirement, on the area or on where DRED stands in it, or
holds a repeat; the reference says which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dredref.batch.framing import Bytes
from dredref.batch.rangecoder import Flags, Places
from dredref.spec.dred import EXPERIMENT_ID, MAX_EXTENSION_BYTES
from dredref.spec.extension import FIRST_LONG, LACING_STEP, PADDING, REPEAT, SEPARATOR
from dredref.spec.tables import CURRENT_VERSION, VERSIONS

ROUNDS = 200
"""Items of an area that are walked, a run of one-byte padding counted as one."""
ONE_BYTE_PADDING = PADDING << 1 | 1
PREFIX_BYTES = 2


@dataclass(slots=True)
class Areas:
    """What n extension areas hold; arrays [n]."""

    sound: Flags
    version: Places
    """Of the DRED in it; 0 where there is none."""
    payload: Places
    """First byte of the payload, in the data."""
    payload_end: Places
    wire: Places
    """Bytes of the extension with id and length."""


@dataclass(slots=True)
class _Walk:
    """Where the walk through each area has got to."""

    data: Bytes
    place: Places
    end: Places
    nb_frames: Places
    frame: Places
    found: Areas

    def rest(self, row: int) -> bytes:
        """What is left of an area."""
        return self.data[self.place[row] : self.end[row]].tobytes()

    def byte(self, rows: Places) -> Places:
        """The next byte of some areas, which are then one further; past the end anything."""
        place = self.place[rows]
        self.place[rows] += 1
        return self.data[np.minimum(place, self.end[rows])].astype(np.int64)

    def refuse(self, rows: Places) -> None:
        """Leave some areas to the reference."""
        self.found.sound[rows] = False
        self.place[rows] = self.end[rows]


def read_areas(
    data: Bytes, start: Places, end: Places, nb_frames: Places, final_id: int | None = None
) -> Areas:
    """Walk the areas ``data[start:end]`` of packets with ``nb_frames`` frames.

    With ``final_id``, a long id, extensions of that id are DRED and have no prefix.
    """
    n = len(start)
    found = Areas(np.ones(n, np.bool_), *np.zeros((4, n), np.int64))
    walk = _Walk(data, start.copy(), end, nb_frames, np.zeros(n, np.int64), found)
    rows = np.flatnonzero(start < end)
    for _ in range(ROUNDS):
        if not rows.size:
            break
        _take_items(walk, rows, EXPERIMENT_ID if final_id is None else final_id)
        rows = rows[walk.place[rows] < end[rows]]
    walk.refuse(rows)
    if final_id is None:
        _take_prefix(walk)
    else:
        found.version[found.version > 0] = CURRENT_VERSION
    return found


def _take_items(walk: _Walk, rows: Places, dred_id: int) -> None:
    """Go past the next item of each area."""
    item = walk.place[rows]
    byte = walk.byte(rows)
    id_, L = byte >> 1, byte & 1
    walk.refuse(rows[id_ == REPEAT])
    _skip_padding(walk, rows[byte == ONE_BYTE_PADDING])
    _check_padding(walk, rows[byte == PADDING << 1])
    _separate(walk, rows[id_ == SEPARATOR], L[id_ == SEPARATOR])
    short = (id_ > REPEAT) & (id_ < FIRST_LONG)
    walk.place[rows[short]] += L[short]
    long = id_ >= FIRST_LONG
    _take_long(walk, rows[long], L[long], id_[long] == dred_id, item[long])
    walk.refuse(rows[walk.place[rows] > walk.end[rows]])


def _skip_padding(walk: _Walk, rows: Places) -> None:
    """Go past a run of one-byte padding."""
    for row in rows.tolist():
        rest = walk.rest(row)
        walk.place[row] += len(rest) - len(rest.lstrip(bytes([ONE_BYTE_PADDING])))


def _check_padding(walk: _Walk, rows: Places) -> None:
    """Go to the end of areas that are padding from here on, if it is zero."""
    dirty = np.array([walk.rest(row).strip(b"\0") != b"" for row in rows.tolist()], np.bool_)
    walk.refuse(rows[dirty])
    walk.place[rows] = walk.end[rows]


def _separate(walk: _Walk, rows: Places, L: Places) -> None:
    """Move on to a later frame, which there must be."""
    step = np.ones(len(rows), np.int64)
    step[L == 1] = walk.byte(rows[L == 1])
    walk.frame[rows] += step
    walk.refuse(rows[(step == 0) | (walk.frame[rows] >= walk.nb_frames[rows])])


def _take_long(walk: _Walk, rows: Places, L: Places, is_dred: Flags, item: Places) -> None:
    """Go past a long extension; note the first that is DRED, if it stands on the first frame."""
    size = walk.end[rows] - walk.place[rows]
    laced = np.flatnonzero(L)
    size[laced] = _length(walk, rows[laced])
    start = walk.place[rows]
    walk.place[rows] += size
    dred = rows[is_dred]
    walk.refuse(dred[(walk.found.version[dred] > 0) | (walk.frame[dred] > 0)])
    walk.refuse(dred[(size[is_dred] == 0) | (size[is_dred] > MAX_EXTENSION_BYTES)])
    walk.found.version[dred] = CURRENT_VERSION
    walk.found.payload[dred] = start[is_dred]
    walk.found.payload_end[dred] = start[is_dred] + size[is_dred]
    walk.found.wire[dred] = (start + size - item)[is_dred]


def _length(walk: _Walk, rows: Places) -> Places:
    """Laced lengths: bytes are added up to one below 255."""
    length = np.zeros(len(rows), np.int64)
    reading = np.arange(len(rows))
    while reading.size:
        byte = walk.byte(rows[reading])
        length[reading] += byte
        goes_on = (byte == LACING_STEP) & (walk.place[rows[reading]] < walk.end[rows[reading]])
        reading = reading[goes_on]
    return length


def _take_prefix(walk: _Walk) -> None:
    """Read the prefix of experiments: the letter D and a version that is known."""
    found = walk.found
    rows = np.flatnonzero(found.sound & (found.version > 0))
    start = found.payload[rows]
    version = walk.data[start + 1].astype(np.int64)
    known = (walk.data[start] == ord("D")) & np.isin(version, VERSIONS)
    known &= found.payload_end[rows] - start > PREFIX_BYTES
    found.sound[rows[~known]] = False
    found.version[rows] = version
    found.payload[rows] = start + PREFIX_BYTES
