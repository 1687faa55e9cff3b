"""The DRED payload (``dredref.spec.dred``), symbol by symbol; compiled."""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import borrowed, kernel, scalar
from dredref.coder import (
    cap_at,
    level_of_chunk,
    peek,
    read_laplace,
    read_uint,
    start_decoder,
    take,
    tell,
    tell_frac,
)
from dredref.scan.canonical import is_canonical
from dredref.scan.columns import NO_EXTRA, Code
from dredref.scan.notes import note_eighths
from dredref.spec.dred import CHUNK_LIMIT, DECODER_CHUNKS, EXTRA_UNIT, OFFSET_BIAS, SPARE_BITS
from dredref.spec.symbols import TOP_LEVEL

HIDDEN_LIMIT = 8
"""Chunks past those seen that are looked for."""
NONZERO, R, LIMIT = range(3)
"""Last index of the tables: frequency of all values but zero, decay, and largest magnitude."""
STATE, LATENT = 0, 1


@scalar
def read_cap(
    data: Any, end: int, extent: int, difference: int, place: int, q0: int
) -> tuple[int, int, int, int]:
    """The highest level; then the coder."""
    total = 2 * (TOP_LEVEL - (q0 + 1))
    level, low, high = cap_at(q0, peek(extent, difference, total))
    extent, difference, place = take(data, end, extent, difference, place, low, high, total)
    return level, extent, difference, place


@kernel
def read_vector(
    data: Any, end: int, extent: int, difference: int, place: int, table: Any, values: Any
) -> tuple[bool, int, int, int]:
    """A vector of Laplace values; whether one is out of its range, then the coder.

    Args:
        data: bytes in which the string lies, up to ``end``.
        end: of the string.
        extent: of the coder.
        difference: of the coder.
        place: of the coder.
        table: int32 [n, 3], see :func:`dredref.scan.tables.laplace_tables`.
        values: int32 [n] to be written, or [0].
    """
    data = borrowed(data)
    is_outside = False
    for index in range(len(table)):
        nonzero, r = int(table[index, NONZERO]), int(table[index, R])
        value, extent, difference, place = read_laplace(
            data, end, extent, difference, place, nonzero, r
        )
        if value:
            is_outside = is_outside or abs(value) > int(table[index, LIMIT])
        if len(values):
            values[index] = value
    return is_outside, extent, difference, place


@scalar
def scan_payload(
    data: Any,
    start: int,
    end: int,
    frame_offset: int,
    tables: Any,
    dimensions: Any,
    row: Any,
    notes: Any,
    values: Any,
) -> None:
    """Read the payload ``data[start:end]``: its numbers, and what is wrong with it.

    Overruns, values out of range and odd endings are left to the reference.

    Args:
        data: bytes in which the payload lies.
        start: its first byte.
        end: of the payload.
        frame_offset: start of the carrying frame in its packet, in 2.5 ms.
        tables: int32 [2, levels, n, 3] of the state and of the latents.
        dimensions: int64 [2], values of the state and of a chunk.
        row: of the record.
        notes: of the record.
        values: int32 [state and 26 chunks, or more], to be written, or [0].
    """
    bits = 8 * (end - start)
    extent, difference, place = start_decoder(data, start, end)
    q0, extent, difference, place = read_uint(data, end, extent, difference, place, 16)
    dQ, extent, difference, place = read_uint(data, end, extent, difference, place, 8)
    has_extra, extent, difference, place = read_uint(data, end, extent, difference, place, 2)
    extra = NO_EXTRA
    if has_extra:
        before = tell_frac(place - start, extent)
        extra, extent, difference, place = read_uint(data, end, extent, difference, place, 256)
        if extra == 0:
            note_eighths(row, notes, Code.EXTRA_OFFSET, before, 0, 0)
    offset, extent, difference, place = read_uint(data, end, extent, difference, place, 32)
    qmax = TOP_LEVEL
    if q0 < TOP_LEVEL - 1 and dQ > 0:
        qmax, extent, difference, place = read_cap(data, end, extent, difference, place, q0)
    row["q0"], row["dQ"], row["qmax"] = q0, dQ, qmax
    row["offset"], row["extra_offset"] = offset, extra
    row["dred_offset"] = OFFSET_BIAS - offset - EXTRA_UNIT * max(extra, 0) + frame_offset

    table = tables[STATE, q0, : dimensions[STATE]]
    at = dimensions[STATE]
    is_outside, extent, difference, place = read_vector(
        data, end, extent, difference, place, table, values[:at]
    )
    width = dimensions[LATENT]
    nb_chunks = beyond = 0
    while bits - tell(place - start, extent) > SPARE_BITS and nb_chunks < CHUNK_LIMIT:
        if nb_chunks == DECODER_CHUNKS:
            beyond = tell_frac(place - start, extent)
        table = tables[LATENT, level_of_chunk(q0, dQ, qmax, nb_chunks), :width]
        latents = values[at : at + width] if nb_chunks < DECODER_CHUNKS else values[:0]
        outside, extent, difference, place = read_vector(
            data, end, extent, difference, place, table, latents
        )
        is_outside = is_outside or outside
        at += width
        nb_chunks += 1
    used = tell_frac(place - start, extent)
    row["nb_chunks"], row["used"] = nb_chunks, used
    if nb_chunks == 0:
        note_eighths(row, notes, Code.CHUNKS_NONE, used, 0, 0)
    if nb_chunks > DECODER_CHUNKS:
        note_eighths(row, notes, Code.CHUNKS_MAX, beyond, nb_chunks, 0)
    if is_outside or used > 8 * bits or nb_chunks == CHUNK_LIMIT:
        row["by_reference"] = True
    elif not is_canonical(data, start, end, extent, difference, place):
        hidden = 0
        seen = nb_chunks
        while tell(place - start, extent) < bits and nb_chunks < seen + HIDDEN_LIMIT:
            table = tables[LATENT, level_of_chunk(q0, dQ, qmax, nb_chunks), :width]
            outside, extent, difference, place = read_vector(
                data, end, extent, difference, place, table, values[:0]
            )
            nb_chunks += 1
            if is_canonical(data, start, end, extent, difference, place):
                hidden = nb_chunks - seen
                break
        row["hidden"] = hidden
        if hidden == 0:
            row["by_reference"] = True
        elif hidden == 1:
            note_eighths(row, notes, Code.CHUNK_UNSEEN, used, seen, 0)
        else:
            note_eighths(row, notes, Code.CHUNKS_UNSEEN, used, seen, seen + hidden - 1)
