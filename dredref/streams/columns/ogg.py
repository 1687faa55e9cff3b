"""The packets of routine pages of Ogg: sound, of streams that are known, and on time."""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import kernel, loop
from dredref.streams.columns.numbers import big32, duration_48k, little32
from dredref.streams.oggpage import CAPTURE, HEADER_BYTES, SEGMENT

SERIAL, SEQUENCE, POSITION, DURATION, STREAM = range(5)
"""Columns of a stream: serial number, number of the last page, time at its end, what the last
packet lasted, and what its records say."""

AT, RECORDS = range(2)
"""Columns of the state of a walk: where it is, and records so far."""

BEGIN, END_BYTE, OF_STREAM, STAMP = range(4)
"""Columns of a record."""

_CAPTURE = int.from_bytes(CAPTURE, "little")
_POLYNOMIAL = 0x04C11DB7
_STEP = 4
_SEGMENTS = 255


def _checksum_tables() -> Any:
    """What each byte does to the checksum, by how many bytes follow it in a step."""
    tables = np.zeros((_STEP, 256), np.int64)
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = value << 1 ^ (_POLYNOMIAL if value >> 31 else 0)
            value &= 0xFFFFFFFF
        tables[0, byte] = value
    for step in range(1, _STEP):
        before = tables[step - 1]
        tables[step] = (before << 8 & 0xFFFFFFFF) ^ tables[0, before >> 24]
    return tables


CHECKSUM_TABLES = _checksum_tables()


@loop
def page_checksum(data: Any, at: int, end: int, tables: Any) -> int:
    """CRC-32 of a page, its place in the header taken for zeros; see `oggpage.checksum`."""
    value, place, first = 0, at, at + 22
    while place < end:
        if place + _STEP <= end and (place + _STEP <= first or place >= first + _STEP):
            value ^= big32(data, place)
            value = (
                int(tables[3, value >> 24])
                ^ int(tables[2, value >> 16 & 255])
                ^ int(tables[1, value >> 8 & 255])
                ^ int(tables[0, value & 255])
            )
            place += _STEP
        else:
            byte = 0 if first <= place < first + _STEP else int(data[place])
            value = (value << 8 & 0xFFFFFFFF) ^ int(tables[0, value >> 24 ^ byte])
            place += 1
    return value


@kernel
def walk_ogg_pages(data: Any, streams: Any, tables: Any, state: Any, records: Any) -> None:
    """Walk pages until one is not routine, or the array is full.

    A routine page follows the one before it, holds whole packets alone, and the granule position
    says just what they last.

    Args:
        data: uint8.
        streams: int64 [n, 5], ``SERIAL`` and the other columns, carried on.
        tables: ``CHECKSUM_TABLES``.
        state: int64, ``AT`` and ``RECORDS``, carried on.
        records: int64 [n, 4], to be written.
    """
    while state[RECORDS] + _SEGMENTS <= len(records):
        at = state[AT]
        size = _size(data, at)
        if not size:
            return
        number = 0
        while number < len(streams) and streams[number, SERIAL] != little32(data, at + 14):
            number += 1
        if number == len(streams) or not _is_due(data, at, streams[number]):
            return
        if page_checksum(data, at, at + size, tables) != little32(data, at + 22):
            return
        _take(data, at, streams[number], state, records)
        state[AT] = at + size


@loop
def _size(data: Any, at: int) -> int:
    """Bytes of the page at a place; 0 if it is not whole, or flagged for anything."""
    if at + HEADER_BYTES > len(data) or little32(data, at) != _CAPTURE:
        return 0
    segments = int(data[at + 26])
    if data[at + 4] or data[at + 5] or at + HEADER_BYTES + segments > len(data):
        return 0
    size = HEADER_BYTES + segments
    for place in range(at + HEADER_BYTES, at + HEADER_BYTES + segments):
        size += int(data[place])
    if not segments or at + size > len(data) or data[at + HEADER_BYTES + segments - 1] == SEGMENT:
        return 0
    return size


@loop
def _is_due(data: Any, at: int, stream: Any) -> bool:
    """Whether a page is the next of its stream, by number and time."""
    if little32(data, at + 18) != (stream[SEQUENCE] + 1) & 0xFFFFFFFF:
        return False
    segments = int(data[at + 26])
    start = at + HEADER_BYTES + segments
    total = size = 0
    for place in range(at + HEADER_BYTES, at + HEADER_BYTES + segments):
        size += int(data[place])
        if data[place] != SEGMENT:
            total += duration_48k(data, start, start + size)
            start, size = start + size, 0
    granule = little32(data, at + 10) << 32 | little32(data, at + 6)
    return bool(granule >= 0 and granule - total == stream[POSITION])


@loop
def _take(data: Any, at: int, stream: Any, state: Any, records: Any) -> None:
    """Write the packets of a page, and go on behind it."""
    segments = int(data[at + 26])
    start = at + HEADER_BYTES + segments
    size = 0
    for place in range(at + HEADER_BYTES, at + HEADER_BYTES + segments):
        size += int(data[place])
        if data[place] != SEGMENT:
            made = records[state[RECORDS]]
            made[BEGIN], made[END_BYTE] = start, start + size
            made[OF_STREAM], made[STAMP] = stream[STREAM], stream[POSITION]
            duration = duration_48k(data, start, start + size)
            stream[POSITION] += duration
            if duration:
                stream[DURATION] = duration
            start, size = start + size, 0
            state[RECORDS] += 1
    stream[SEQUENCE] = little32(data, at + 18)
