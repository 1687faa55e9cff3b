"""Vectors of Laplace values, read from many strings in step.

A value is two symbols or more: zero or sign, then the magnitude less one in escapes of 7 (see
``dredref.spec.symbols``). Which symbol a code lies in is found by comparing instead of dividing: a
symbol whose inverse frequency is c holds the differences from ``step * c`` on. Where no symbol is
coded all values but zero have the frequency 0, and zero takes the whole range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dredref.batch.rangecoder import Decoders, Flags, Places, Ranges
from dredref.spec.checks import value_limits
from dredref.spec.symbols import LAPLACE_ESCAPE, LAPLACE_TOTAL, magnitude_inverse
from dredref.spec.tables import LEVELS, quantizer_tables

Values: TypeAlias = NDArray[np.int16]
"""State and latent integers."""
Vector: TypeAlias = Literal["state", "latent"]

TOTAL_BITS = LAPLACE_TOTAL.bit_length() - 1
ESCAPES = 150
"""Escapes of a value that are followed. An encoder's network cannot put out what takes as many;
magnitudes up to 1050 are exact here, and larger ones are at least that."""


@dataclass(frozen=True, slots=True)
class VectorTable:
    """What the quantizer tables say of a vector's values; arrays [dimension, level]."""

    nonzero: Ranges
    """Frequency of all values but zero, of 2**15."""
    decay: Places
    limit: Values
    """Largest magnitude that the encoder's network can put out."""

    @property
    def dimension(self) -> int:
        """Values of the vector."""
        return len(self.nonzero)

    def coded(self, levels: Places) -> Places:
        """The values that take a symbol at some of the levels."""
        present = np.bincount(levels, minlength=LEVELS) > 0
        return np.flatnonzero(np.any(self.nonzero[:, present], axis=1))

    def outside(self, values: Values, levels: Places) -> Flags:
        """Which of the vectors ``values`` [dimension, n] hold a value out of its range."""
        over: Flags = np.any(np.abs(values) > self.limit[:, levels], axis=0)
        return over


@cache
def vector_table(version: int, vector: Vector) -> VectorTable:
    """The tables of the state or of a chunk's latents."""
    tables = quantizer_tables(version)
    table = tables.state if vector == "state" else tables.latent
    limits = value_limits(version)[0 if vector == "state" else 1]
    nonzero = np.where(table.coded, LAPLACE_TOTAL - (table.p0.astype(np.uint32) << 7), 0)
    return VectorTable(
        np.ascontiguousarray(nonzero.T, np.uint32),
        np.ascontiguousarray(table.r.T, np.int64),
        np.ascontiguousarray(np.array(limits, np.int16).T),
    )


@cache
def magnitude_table() -> Ranges:
    """Column r: the inverse frequencies below which each magnitude lies, from 2**15 down to 0."""
    columns = [(LAPLACE_TOTAL, *magnitude_inverse(decay)) for decay in range(256)]
    return np.array(columns, np.uint32).T.copy()


def read_vector(decoders: Decoders, table: VectorTable, levels: Places) -> Values:
    """Read a vector of each string, at each its level: [dimension, n]."""
    values = np.zeros((table.dimension, len(decoders)), np.int16)
    for index in table.coded(levels):
        rows, positive = _read_sign(decoders, table.nonzero[index].take(levels))
        if rows.size:
            magnitude = _read_magnitude(decoders, rows, table.decay[index].take(levels[rows]))
            values[index][rows] = magnitude * positive - magnitude * ~positive
    return values


def _read_sign(decoders: Decoders, nonzero: Ranges) -> tuple[Places, Flags]:
    """Read zero or sign: the rows that are not zero, and which of those are positive.

    Counted from the top of the range, as ``difference`` is, negative comes first, then positive,
    then zero. The frequencies are even, so that positive and negative are equally wide.
    """
    taken = (decoders.range >> TOTAL_BITS) * nonzero
    rows = (decoders.difference < taken).nonzero()[0]
    difference = decoders.difference[rows]
    half = taken[rows] >> 1
    positive = difference >= half
    decoders.difference -= taken
    decoders.range -= taken
    decoders.difference[rows] = difference - half * positive
    decoders.range[rows] = half
    decoders.normalize()
    return rows, positive


def _read_magnitude(decoders: Decoders, rows: Places, decay: Places) -> Values:
    """Read the magnitudes of some rows."""
    symbol = _read_step(decoders, rows, decay)
    magnitude = symbol + np.int16(1)
    for _ in range(ESCAPES):
        reading = (symbol == LAPLACE_ESCAPE).nonzero()[0]
        if not reading.size:
            break
        symbol = np.zeros_like(magnitude)
        symbol[reading] = _read_step(decoders, rows[reading], decay[reading])
        magnitude += symbol
    return magnitude


def _read_step(decoders: Decoders, rows: Places, decay: Places) -> Values:
    """Read one symbol of the magnitudes of some rows, 0 to 7."""
    extent = decoders.range[rows]
    difference = decoders.difference[rows]
    step = extent >> TOTAL_BITS
    inverse = magnitude_table()
    bounds = inverse[1:-1].take(decay, axis=1) * step
    flags = (difference < bounds).view(np.uint8)
    symbol: NDArray[np.uint8] = np.add.reduce(flags, axis=0, dtype=np.uint8)
    upper = decay + 256 * symbol.astype(np.int64)
    above = inverse.take(upper) * step
    np.copyto(above, extent, where=symbol == 0)
    below = inverse.take(upper + 256) * step
    decoders.difference[rows] = difference - below
    decoders.range[rows] = above - below
    decoders.normalize()
    return symbol.astype(np.int16)
