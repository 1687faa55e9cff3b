"""Band energies, their logarithms with floors, and the cepstrum.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features) and dnn/freq.c.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dredref.analysis.logarithm import log10
from dredref.analysis.sums import chosen_sums
from dredref.analysis.tables import BANDS, Bits, band_shares, cosines
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.binary64 import nearest64
from dredref.arithmetic.compiling import kernel, scalar
from dredref.arithmetic.number import (
    Number,
    Numbers,
    add,
    choose,
    from_bits,
    from_bits64,
    less,
    load,
    mul,
    narrow,
    sqrt,
    store,
    sub,
    widen,
)

QUIET = nearest("0.01")
"""Added to each energy before its logarithm."""

LOWEST = nearest("-2")
"""Where the floors start."""

RANGE = nearest("8")
"""No band is taken to lie more than 80 dB below the loudest so far."""

DECAY = nearest("2.5")
"""Nor more than 25 dB below its lower neighbour, floored the same way."""

OFFSET = nearest("4")
"""Taken from the first coefficient."""
TWO = nearest("2")
NINTH = nearest64(Fraction(2, BANDS))
"""What the cosine transform is multiplied by the root of; bits of binary64."""


@scalar
def power(re: Number, im: Number) -> Number:
    """A bin's squared magnitude."""
    return add(mul(re, re), mul(im, im))


@kernel
def powers(re: Numbers, im: Numbers, out: Numbers) -> None:
    """Squared magnitudes [bins, columns]."""
    for i in range(out.shape[0]):
        x, y, to = re[i], im[i], out[i]
        for column in range(to.size):
            store(to, column, power(load(x, column), load(y, column)))


def band_energies(re: Numbers, im: Numbers) -> Numbers:
    """Energies of the 18 bands [18, columns]: weighted powers, added from the lowest bin up.

    The outermost bands, halves of triangles, will count twice.
    """
    bins, sums = np.empty_like(re), np.empty((BANDS, re.shape[1]), re.dtype)
    powers(re, im, bins)
    places, weights = band_shares()
    chosen_sums(weights, places, bins, sums)
    return sums


@scalar
def larger(x: Number, y: Number) -> Number:
    """The larger of two numbers."""
    return choose(y, x, less(x, y))


@kernel
def log_energies(energies: Numbers, table: Bits) -> None:
    """Decimal logarithms, by their table, in place of energies [18, columns]."""
    quiet, two = from_bits(energies, QUIET), from_bits(energies, TWO)
    for band in range(BANDS):
        row = energies[band]
        for column in range(row.size):
            energy = load(row, column)
            energy = choose(mul(two, energy), energy, band in (0, BANDS - 1))
            store(row, column, log10(add(quiet, energy), table))


@kernel
def floor_logs(logs: Numbers) -> None:
    """Raise logarithms [18, columns], the lowest band first, too far below those of lower bands."""
    span, decay = from_bits(logs, RANGE), from_bits(logs, DECAY)
    for column in range(logs.shape[1]):
        loudest = follow = from_bits(logs, LOWEST)
        for band in range(BANDS):
            fallen = sub(follow, decay)
            level = larger(sub(loudest, span), larger(fallen, load(logs, (band, column))))
            loudest, follow = larger(loudest, level), larger(fallen, level)
            store(logs, (band, column), level)


@kernel
def scale_transform(x: Numbers) -> None:
    """Multiply by the square root of 1/9 in 53 bits."""
    root = sqrt(from_bits64(x, NINTH))
    for i in range(x.shape[0]):
        row = x[i]
        for column in range(row.size):
            store(row, column, narrow(mul(widen(load(row, column)), root)))


def cosine_transform(x: Numbers, *, inverse: bool = False) -> Numbers:
    """The orthonormal cosine transform of columns of 18, or its inverse.

    Products are added from the first number on, and the sum is scaled.
    """
    table = np.ascontiguousarray(cosines().T) if inverse else cosines()
    sums = np.empty_like(x)
    chosen_sums(table, np.indices(table.shape)[0], x, sums)
    scale_transform(sums)
    return sums


@kernel
def add_to_first(x: Numbers, bits: int) -> None:
    """Add a number to the first row."""
    for column in range(x.shape[1]):
        store(x, (0, column), add(load(x, (0, column)), from_bits(x, bits)))


def cepstrum(logs: Numbers) -> Numbers:
    """Cepstra [18, columns] of log energies; 4 is taken from the first."""
    cepstra = cosine_transform(logs)
    add_to_first(cepstra, nearest("-4"))
    return cepstra
