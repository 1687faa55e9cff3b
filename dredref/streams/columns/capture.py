"""The records of RTP sources that are known for Opus, out of a capture."""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import kernel, loop
from dredref.streams.clock import NO_TIME
from dredref.streams.columns.frames import (
    END,
    FIRST,
    LAST,
    NOTHING,
    PAYLOAD_TYPE,
    RTP,
    SEQUENCE,
    TIME_NS,
    TIMESTAMP,
    find_packet,
    next_frame,
)
from dredref.streams.columns.numbers import duration_48k, unwrap
from dredref.streams.columns.order import (
    DUPLICATE,
    HIGHEST,
    LATE,
    MAX_DROPOUT,
    MAX_HELD_BYTES,
    NO_ITEM,
    PLACED,
    WINDOW,
    give_up,
    insert,
    is_full,
    take_next,
)
from dredref.streams.columns.sources import (
    BASE,
    CLOCK,
    DUPLICATES,
    DURATION,
    EMPTY,
    GIVEN,
    KINDS,
    LATES,
    MISSING,
    NO_DURATION,
    NUMBERS,
    READY,
    TOUCHED,
    TYPE,
    find_source,
)

AT, FRAMES, INDEX, HELD, ARRIVED, ROWS, NOTES, DATAGRAMS, CONTROLS = range(9)
"""Columns of the state of a walk: where it is; frames before that; index of the next record; bytes
held back; packets, records and notes so far; and UDP datagrams, and RTCP packets in this run."""

(BEGIN, END_BYTE, OF_SEQUENCE, OF_TIMESTAMP, OF_FRAME, OF_TIME) = range(6)
"""Columns of a packet that arrived: its payload, and its origin."""

ITEM, OF_SOURCE, OF_INDEX, COUNT, STAMP = range(5)
"""Columns of a record: the packet that arrived or ``NO_ITEM``, row of its source, and as in
`dredref.streams.batch.RecordBatch`."""

PLACE, WHAT, WHOSE, WHEN, NUMBER, HOW_MANY = range(6)
"""Columns of a note: records before it, what it is, row of its source, index of the next record,
sequence number, and count of a gap."""

GAP = -1
"""What a note may be, beside what becomes of a packet that is put in order."""


@kernel
def walk_capture(
    data: Any,
    layout: Any,
    interfaces: Any,
    numbers: Any,
    addresses: Any,
    past: Any,
    waiting: Any,
    slots: Any,
    state: Any,
    arrivals: Any,
    rows: Any,
    notes: Any,
) -> None:
    """Walk frames until one is not routine, or the arrays are full.

    Args:
        data: uint8.
        layout: see `dredref.streams.columns.frames`, as is the next.
        interfaces: int64 [n, 3].
        numbers: see `dredref.streams.columns.sources.SourceRows`, as are the next four.
        addresses: of sources.
        past: of sources.
        waiting: of sources; their items are rows of ``arrivals``.
        slots: of sources.
        state: int64, ``AT`` and the other columns; carried on.
        arrivals: int64 [n, 6], to be written.
        rows: int64 [n, 5], to be written.
        notes: int64 [n, 6], to be written.
    """
    frame, packet = np.zeros(4, np.int64), np.zeros(7, np.int64)
    key = np.zeros(NUMBERS, np.int64)
    room = len(rows) - 2 * WINDOW - 4
    while state[ROWS] < room and state[NOTES] < room and state[ARRIVED] < len(arrivals):
        following = next_frame(data, state[AT], layout, interfaces, frame)
        if following == END:
            return
        found = find_packet(data, frame, packet, key)
        if found == NOTHING:
            return
        if found == RTP:
            row = find_source(key, data, packet[0], packet[1], numbers, addresses, slots)
            if row == EMPTY or not _is_routine(data, packet, numbers[row], state):
                return
            arrival = arrivals[state[ARRIVED]]
            arrival[BEGIN], arrival[END_BYTE] = packet[FIRST], packet[LAST]
            arrival[OF_SEQUENCE], arrival[OF_TIMESTAMP] = packet[SEQUENCE], packet[TIMESTAMP]
            arrival[OF_FRAME], arrival[OF_TIME] = state[FRAMES] + 1, frame[TIME_NS]
            state[ARRIVED] += 1
            _arrive(data, row, numbers[row], past[row], waiting[row], state, arrivals, rows, notes)
            numbers[row, TOUCHED] = state[FRAMES] + 1
        else:
            state[CONTROLS] += 1
        state[DATAGRAMS] += 1
        state[FRAMES] += 1
        state[AT] = following


@loop
def _is_routine(data: Any, packet: Any, numbers: Any, state: Any) -> bool:
    """Whether a packet is such as its source had before, near to them, and memory holds it."""
    first = packet[FIRST]
    if not numbers[READY] or packet[PAYLOAD_TYPE] != numbers[TYPE]:
        return False
    if not numbers[KINDS] >> (int(data[first]) >> 2) & 1:
        return False
    step = unwrap(packet[SEQUENCE], numbers[HIGHEST], 16) - numbers[HIGHEST]
    held = state[HELD] + packet[LAST] - first
    return bool(-MAX_DROPOUT <= step <= MAX_DROPOUT and held <= MAX_HELD_BYTES)


@loop
def _arrive(
    data: Any,
    row: int,
    numbers: Any,
    past: Any,
    waiting: Any,
    state: Any,
    arrivals: Any,
    rows: Any,
    notes: Any,
) -> None:
    """Put the newest packet in order, and give out what is ready."""
    item = state[ARRIVED] - 1
    size = arrivals[item, END_BYTE] - arrivals[item, BEGIN]
    number = unwrap(arrivals[item, OF_SEQUENCE], numbers[HIGHEST], 16)
    became = insert(numbers, past, waiting, number, size, item)
    if became != PLACED:
        _note(became, row, number, 1, state, notes)
    if became == DUPLICATE:
        numbers[DUPLICATES] += 1
        return
    if became == LATE:
        numbers[LATES] += 1
        return
    state[HELD] += size
    while True:
        item = take_next(numbers, past, waiting)
        if item != NO_ITEM:
            state[HELD] -= arrivals[item, END_BYTE] - arrivals[item, BEGIN]
            _give(data, row, item, numbers, state, arrivals, rows, notes)
        elif is_full(numbers):
            numbers[MISSING] += give_up(numbers, past, waiting)
        else:
            return


@loop
def _give(
    data: Any, row: int, item: int, numbers: Any, state: Any, arrivals: Any, rows: Any, notes: Any
) -> None:
    """Give out a packet in order, after the gap before it."""
    arrival = arrivals[item]
    stamp = unwrap(arrival[OF_TIMESTAMP] - numbers[BASE], numbers[CLOCK], 32)
    missing, each = numbers[MISSING], numbers[DURATION]
    if missing:
        _note(GAP, row, arrival[OF_SEQUENCE], missing, state, notes)
        known = each != NO_DURATION and stamp - numbers[CLOCK] == (missing + 1) * each
        _record(NO_ITEM, row, missing, numbers[CLOCK] + each if known else NO_TIME, state, rows)
        numbers[MISSING] = 0
    _record(item, row, 1, stamp, state, rows)
    numbers[CLOCK] = stamp
    numbers[DURATION] = duration_48k(data, arrival[BEGIN], arrival[END_BYTE])
    numbers[GIVEN] += 1


@loop
def _record(item: int, row: int, count: int, stamp: int, state: Any, rows: Any) -> None:
    """Write a record."""
    made = rows[state[ROWS]]
    made[ITEM], made[OF_SOURCE], made[OF_INDEX] = item, row, state[INDEX]
    made[COUNT], made[STAMP] = count, stamp
    state[ROWS] += 1
    state[INDEX] += count


@loop
def _note(what: int, row: int, number: int, count: int, state: Any, notes: Any) -> None:
    """Write a note."""
    made = notes[state[NOTES]]
    made[PLACE], made[WHAT], made[WHOSE], made[WHEN] = state[ROWS], what, row, state[INDEX]
    made[NUMBER], made[HOW_MANY] = number & 0xFFFF, count
    state[NOTES] += 1
