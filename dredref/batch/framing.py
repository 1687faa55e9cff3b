"""Packet framing (RFC 6716 section 3) of many packets in step; see :mod:`dredref.spec.packet`.

Each byte that tells where the next one stands is read of all packets at once. What is not ``sound``
breaks a rule or is not in canonical form; which rule, the reference says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.batch.rangecoder import Flags, Places
from dredref.spec.packet import (
    LACED_STEP,
    MAX_DURATION_48K,
    MAX_FRAME_BYTES,
    TWO_BYTE_LENGTH,
    parse_toc,
)

Bytes = NDArray[np.uint8]

FRAME_48K = np.array([parse_toc(config << 3).frame_48k for config in range(32)])
"""config -> samples of a frame at 48 kHz."""
SPARE_BYTES = 4
"""Bytes that must follow the last packet, so that a look past its end is none past the data's."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How n packets are framed; arrays [n]."""

    sound: Flags
    code: Places
    nb_frames: Places
    frame_48k: Places
    padded: Flags
    """There is a padding field, so an extension area."""
    area_start: Places
    """Byte of the data where the area starts; the packet's end where there is none."""


@dataclass(slots=True)
class _Heads:
    """Where the reading of each packet's head has got to."""

    data: Bytes
    place: Places
    """Next byte."""
    end: Places

    def byte(self, rows: Places) -> Places:
        """The next byte of some packets, which are then one further; past the end anything."""
        place = self.place[rows]
        self.place[rows] += 1
        return self.data[np.minimum(place, self.end[rows])].astype(np.int64)


def read_framing(data: Bytes, start: Places, end: Places) -> Framing:
    """Take apart the packets ``data[start:end]``, none of them empty."""
    heads = _Heads(data, start.copy(), end)
    n = len(start)
    toc = heads.byte(np.arange(n))
    code = toc & 3
    frame_48k = FRAME_48K[toc >> 3]
    nb_frames = np.choose(code, (1, 2, 2, 0))
    padding, coded = np.zeros((2, n), np.int64)
    padded, minimal = np.zeros(n, np.bool_), np.ones(n, np.bool_)
    vbr = code == 2
    rows = np.flatnonzero(code == 3)
    count = heads.byte(rows)
    nb_frames[rows] = count & 63
    padded[rows] = (count & 64) > 0
    vbr[rows] = (count & 128) > 0
    rows = np.flatnonzero(padded)
    padding[rows], minimal[rows] = _padding_length(heads, rows)
    _add_frame_lengths(heads, coded, np.where(vbr, nb_frames - 1, 0))
    room = end - padding - heads.place
    frames = np.maximum(nb_frames, 1)
    last = np.where(vbr, room - coded, room // frames)
    sound = (nb_frames > 0) & (nb_frames * frame_48k <= MAX_DURATION_48K) & minimal
    sound &= (room >= 0) & (last >= 0) & (last <= MAX_FRAME_BYTES)
    sound &= vbr | (room % frames == 0)
    return Framing(sound, code, nb_frames, frame_48k, padded, end - padding)


def _padding_length(heads: _Heads, rows: Places) -> tuple[Places, Flags]:
    """Bytes of padding, and whether no length byte could have been spared (section 3.2.5)."""
    length = np.zeros(len(rows), np.int64)
    minimal = np.ones(len(rows), np.bool_)
    reading = np.arange(len(rows))
    first = True
    while reading.size:
        byte = heads.byte(rows[reading])
        goes_on = (byte == 255) & (heads.place[rows[reading]] < heads.end[rows[reading]])
        length[reading] += np.where(byte == 255, LACED_STEP, byte)
        minimal[reading] = first | (byte > 0)
        reading = reading[goes_on]
        first = False
    return length, minimal


def _add_frame_lengths(heads: _Heads, coded: Places, counts: Places) -> None:
    """Add up the coded frame lengths of packets that have ``counts`` of them (section 3.2.1)."""
    for number in range(int(counts.max(initial=0))):
        rows = np.flatnonzero(counts > number)
        first = heads.byte(rows)
        coded[rows] += first
        rows = rows[first >= TWO_BYTE_LENGTH]
        coded[rows] += 4 * heads.byte(rows)
