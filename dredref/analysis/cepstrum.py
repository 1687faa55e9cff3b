"""Band energies, their logarithms with floors, and the cepstrum.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features) and dnn/freq.c.
"""

from __future__ import annotations

from fractions import Fraction

from dredref.analysis.logarithm import log10
from dredref.analysis.tables import BANDS, band_shares, cosines
from dredref.analysis.transform import Complex
from dredref.arithmetic.significand import N, concatenate, constant, numbers
from dredref.arithmetic.significand_arrays import larger, stacked, sum_of_products
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
    shares = numbers(weights[..., None], powers)
    sums = sum_of_products((shares[k], powers[places[k]]) for k in range(len(places)))
    outer = constant("2", sums)
    return concatenate((outer * sums[:1], sums[1:-1], outer * sums[-1:]), axis=0)


def log_energies(energies: N) -> N:
    """Decimal logarithms of band energies, floored from the lowest band upwards."""
    raw = log10(constant(QUIET, energies) + energies)
    span, decay = constant(RANGE, raw), constant(DECAY, raw)
    loudest = follow = constant(LOWEST, raw)
    floored = []
    for band in range(BANDS):
        level = larger(loudest - span, larger(follow - decay, raw[band]))
        loudest = larger(loudest, level)
        follow = larger(follow - decay, level)
        floored.append(level)
    return stacked(floored)


def cosine_transform(x: N, inverse: bool = False) -> N:
    """The orthonormal cosine transform of columns of 18, or its inverse.

    Products are added from the first number on; the sum is multiplied by the square root of 1/9 in
    53 bits.
    """
    table = numbers(cosines().T if inverse else cosines(), x)
    sums = sum_of_products((x[k : k + 1], table[k][:, None]) for k in range(BANDS))
    wide = widen(sums)
    transformed: N = narrow(wide * root(wide_constant(Fraction(2, BANDS), wide)))
    return transformed


def cepstrum(logs: N) -> N:
    """Cepstra [18, columns] of log energies; 4 is taken from the first."""
    cepstra = cosine_transform(logs)
    return concatenate((cepstra[:1] - constant(OFFSET, logs), cepstra[1:]), axis=0)
