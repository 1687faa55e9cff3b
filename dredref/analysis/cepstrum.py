"""Band energies, their logarithms with floors, and the cepstrum.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features) and dnn/freq.c.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dredref.analysis.logarithm import log10
from dredref.analysis.sums import chosen_sums
from dredref.analysis.tables import BANDS, band_shares, cosines
from dredref.analysis.transform import Complex
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import Carried, N, concatenate, constant, words_of
from dredref.arithmetic.significand_arrays import larger, stacked
from dredref.arithmetic.significand_wide import narrow, root, wide_constant, widen

QUIET = "0.01"
"""Added to each energy before its logarithm."""

LOWEST = "-2"
"""Where the floors start."""

RANGE = "8"
"""No band is taken to lie more than 80 dB below the loudest so far."""

DECAY = "2.5"
"""Nor more than 25 dB below its lower neighbour, floored the same way."""

OFFSET = "4"
"""Taken from the first coefficient."""


def power(bins: Complex[N]) -> N:
    """Squared magnitudes."""
    squares: N = bins.re * bins.re + bins.im * bins.im
    return squares


def band_energies(bins: Complex[N]) -> N:
    """Energies of the 18 bands [18, columns]: weighted powers, added from the lowest bin up.

    The outermost bands, halves of triangles, count twice.
    """
    powers = power(bins)
    places, weights = band_shares()
    sums = chosen_sums(weights, places, powers)
    outer = constant("2", sums)
    return concatenate((outer * sums[:1], sums[1:-1], outer * sums[-1:]), axis=0)


def log_energies(energies: N) -> N:
    """Decimal logarithms of band energies, floored from the lowest band upwards."""
    return floored(log10(constant(QUIET, energies) + energies))


def floored(raw: N) -> N:
    """Logarithms [18, columns], none too far below those of lower bands."""
    span, decay = constant(RANGE, raw), constant(DECAY, raw)
    lowest = constant(LOWEST, raw)
    if isinstance(raw, Packed):
        return _floored(raw, span, decay, lowest)
    loudest = follow = lowest
    levels = []
    for band in range(BANDS):
        level = larger(loudest - span, larger(follow - decay, raw[band]))
        loudest = larger(loudest, level)
        follow = larger(follow - decay, level)
        levels.append(level)
    return stacked(levels)


def _floored(raw: Carried, *limits: Carried) -> Carried:
    """:func:`floored` in compiled integers."""
    from dredref.analysis.compiled import floor_levels

    levels = words_of(raw)
    floor_levels(levels, np.stack([words_of(limit) for limit in limits]))
    return pack_words(levels)


def cosine_transform(x: N, inverse: bool = False) -> N:
    """The orthonormal cosine transform of columns of 18, or its inverse.

    Products are added from the first number on; the sum is multiplied by the square root of 1/9 in
    53 bits.
    """
    table = cosines().T if inverse else cosines()
    sums = chosen_sums(table, np.indices(table.shape)[0], x)
    wide = widen(sums)
    transformed: N = narrow(wide * root(wide_constant(Fraction(2, BANDS), wide)))
    return transformed


def cepstrum(logs: N) -> N:
    """Cepstra [18, columns] of log energies; 4 is taken from the first."""
    cepstra = cosine_transform(logs)
    return concatenate((cepstra[:1] - constant(OFFSET, logs), cepstra[1:]), axis=0)
