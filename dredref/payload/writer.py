"""Payloads of many packets at once, byte for byte those of ``dredref.spec.dred``.

Packets of a batch share level settings, so that the symbols of all of them have the same tables in
the same order; they differ in values, offset, number of chunks and limit of bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.carrier import Arithmetic
from dredref.arithmetic.fixed import Integers
from dredref.payload.batch import BatchRangeEncoder, Mark
from dredref.rdovae.quantize import quantize
from dredref.spec.dred import EXTRA_UNIT, MAX_EXTENSION_BYTES, OFFSET_BIAS, SPARE_BITS
from dredref.spec.errors import BuildError, UsageError
from dredref.spec.symbols import LAPLACE_ESCAPE, LAPLACE_TOTAL, magnitude_inverse, sign_inverse
from dredref.spec.tables import CURRENT_VERSION, QuantizerTable, level_of_chunk, quantizer_tables

STEPS_PER_CHUNK = 2
"""A chunk is every second latent vector."""

MAX_PAYLOAD_BYTES = MAX_EXTENSION_BYTES - 2
"""Longest payload that libopus would write behind the prefix."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Quantizer levels of a payload: of the first chunk, their rise, and their top."""

    q0: int = 6
    dQ: int = 5  # noqa: N815 - the draft's name
    qmax: int = 15

    def __post_init__(self) -> None:
        """Refuse what a payload cannot say.

        Raises:
            UsageError: ``encode.levels``.
        """
        if not 0 <= self.q0 <= 15 or not 0 <= self.dQ <= 7:
            raise UsageError("encode.levels", f"q0 {self.q0} or dQ {self.dQ} is out of range")
        lowest = self.q0 + 1 if self.q0 < 14 and self.dQ > 0 else 15
        if not lowest <= self.qmax <= 15:
            raise UsageError(
                "encode.levels", f"qmax {self.qmax} is not in {lowest} to 15 for this q0 and dQ"
            )

    def of_chunk(self, index: int) -> int:
        """Level of chunk ``index``, 0 the newest."""
        return level_of_chunk(self.q0, self.dQ, self.qmax, index)


@dataclass(frozen=True, slots=True)
class Request:
    """What one packet is to carry."""

    step: int
    """Index of the newest latent vector; chunks are this one and every second before."""
    dred_offset: int
    """Where it stands, in 2.5 ms (see :mod:`dredref.payload.placement`)."""
    chunks: int
    """The most chunks, as far back as latents reach."""
    max_bytes: int = MAX_PAYLOAD_BYTES
    """The most bytes of the payload."""


def write_payloads(
    latents: NDArray[np.float32],
    states: NDArray[np.float32],
    requests: Sequence[Request],
    levels: Levels,
    version: int = CURRENT_VERSION,
    arithmetic: Arithmetic | None = None,
) -> list[bytes | None]:
    """The payload of each request, or None where not even one chunk fits or may be sent.

    A payload ends before the first chunk that would pass its limit of bytes, and a last chunk that
    would start with 7 bits or less left, and so could not be seen, is left out.

    Args:
        latents: [steps, L], oldest first.
        states: initial states [steps, S].
        requests: what each packet is to carry.
        levels: quantizer levels.
        version: DRED version.
        arithmetic: what carries the numbers; payloads are the same.

    Raises:
        BuildError: ``dred.offset`` if an offset is out of the format's reach.
    """
    if not requests:
        return []
    tables = quantizer_tables(version)
    steps = np.array([request.step for request in requests], np.int64)
    wanted = np.array([request.chunks for request in requests], np.int64)
    counts = np.minimum(wanted, steps // STEPS_PER_CHUNK + 1)
    coder = BatchRangeEncoder(len(requests))
    everyone = np.arange(len(requests))
    _write_header(coder, everyone, [request.dred_offset for request in requests], levels)
    first = np.full(len(requests), levels.q0)
    state_values = quantize(states[steps], first, tables.state, arithmetic)
    _write_vector(coder, everyone, state_values, tables.state, first)
    marks = [coder.mark()]
    for index in range(int(counts.max(initial=0))):
        rows = everyone[counts > index]
        level = np.full(len(rows), levels.of_chunk(index))
        chunk = latents[steps[rows] - STEPS_PER_CHUNK * index]
        values = quantize(chunk, level, tables.latent, arithmetic)
        _write_vector(coder, rows, values, tables.latent, level)
        marks.append(coder.mark())
    tells = np.stack([mark.tell() for mark in marks])
    return [
        _cut(coder, marks, tells[:, row], row, int(counts[row]), request.max_bytes)
        for row, request in enumerate(requests)
    ]


def _write_header(
    coder: BatchRangeEncoder, rows: Integers, dred_offsets: Sequence[int], levels: Levels
) -> None:
    """Everything before the initial state."""
    totals = OFFSET_BIAS - np.array(dred_offsets, np.int64)
    if (totals < 0).any() or (totals >= EXTRA_UNIT * 256).any():
        raise BuildError("dred.offset", "an offset of a packet cannot be signalled")
    extra, offset = np.divmod(totals, EXTRA_UNIT)
    has_extra = (extra > 0).astype(np.int64)
    coder.uint(rows, np.full_like(rows, levels.q0), 16)
    coder.uint(rows, np.full_like(rows, levels.dQ), 8)
    coder.uint(rows, has_extra, 2)
    far = rows[extra > 0]
    coder.uint(far, extra[far], 256)
    coder.uint(rows, offset, EXTRA_UNIT)
    if levels.q0 < 14 and levels.dQ > 0:
        count = 15 - (levels.q0 + 1)
        low, high = 0, count
        if levels.qmax < 15:
            low = count + levels.qmax - (levels.q0 + 1)
            high = low + 1
        coder.encode(rows, np.full_like(rows, low), np.full_like(rows, high), 2 * count)


def _write_vector(
    coder: BatchRangeEncoder,
    rows: Integers,
    values: Integers,
    table: QuantizerTable,
    level: Integers,
) -> None:
    """One Laplace-coded vector ``values`` [rows, dimension] for each of ``rows``."""
    if not len(rows):
        return
    row_of_tables = int(level[0])
    for index in np.flatnonzero(table.coded[row_of_tables]):
        p0, r = int(table.p0[row_of_tables, index]), int(table.r[row_of_tables, index])
        column = values[:, index]
        sign = np.where(column == 0, 0, np.where(column > 0, 1, 2))
        _write_symbols(coder, rows, sign, sign_inverse(p0))
        coded = column != 0
        left, rest = rows[coded], np.abs(column[coded]) - 1
        while len(left):
            symbol = np.minimum(rest, LAPLACE_ESCAPE)
            _write_symbols(coder, left, symbol, magnitude_inverse(r))
            more = symbol == LAPLACE_ESCAPE
            left, rest = left[more], rest[more] - LAPLACE_ESCAPE


def _write_symbols(
    coder: BatchRangeEncoder, rows: Integers, symbols: Integers, inverse: Sequence[int]
) -> None:
    """Symbols of inverse cumulative frequencies out of 32768."""
    bounds = LAPLACE_TOTAL - np.array([LAPLACE_TOTAL, *inverse], np.int64)
    coder.encode(rows, bounds[symbols], bounds[symbols + 1], LAPLACE_TOTAL)


def _cut(
    coder: BatchRangeEncoder,
    marks: Sequence[Mark],
    tells: Integers,
    row: int,
    count: int,
    max_bytes: int,
) -> bytes | None:
    """Row ``row`` with as many chunks as fit ``max_bytes`` and can be seen."""
    while count > 0:
        size = (int(tells[count]) + 7) // 8
        visible = 8 * size - int(tells[count - 1]) > SPARE_BITS
        if size <= max_bytes and visible:
            return coder.finish(row, marks[count])
        count -= 1
    return None
