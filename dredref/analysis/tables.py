"""Constant tables of the feature analysis, as the bits of binary32 numbers.

Each follows from a formula that is evaluated here on integers and rounded once, so it is the same
on every machine: window, twiddle factors and cosines (libopus 1.6.1 dnn/lpcnet_tables.c), the
triangular bands and their weights (dnn/freq.c). The only entries that differ are zeros of the
cosine, in whose place libopus' tables hold what double precision left of them; they are data.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest, value_of
from dredref.arithmetic.trigonometry import cosine, sine

Int = NDArray[np.int64]
Bits = NDArray[np.int32]
"""Bits of binary32 numbers."""

FRAME = 160
"""Samples of a frame: 10 ms at 16 kHz."""

WINDOW = 320
"""Samples of an analysis window: the frame before and this one."""

BANDS = 18
"""Bands of the spectrum, and cepstral coefficients."""

LPC_ORDER = 16
"""Order of the linear prediction."""

LOOKBACK = 80
"""Samples by which the signal that is filtered trails the frame: 5 ms."""

MAX_PERIOD = 256
"""Longest pitch period in samples at 16 kHz."""

MIN_PERIOD = 32
"""Shortest pitch period in samples at 16 kHz."""

FEATURES = 20
"""Numbers of a feature vector: 18 cepstra, pitch, voicing."""

BAND_EDGES = tuple(
    4 * edge for edge in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40)
)
"""Bins (50 Hz apart) where one triangular band peaks and its neighbours reach zero."""

COMPENSATION = (
    *("0.8", "1", "1", "1", "1", "1", "1", "1", "0.666667", "0.5", "0.5", "0.5"),
    *("0.333333", "0.25", "0.25", "0.2", "0.166667", "0.173913"),
)
"""Reciprocal width of each band, in units of the narrowest: 1 for 200 Hz."""

_FINE = 90
"""Fractional bits of sines and cosines before they are rounded."""


def _cosine(turns: Fraction) -> Fraction:
    return Fraction(cosine(turns, _FINE), 1 << _FINE)


def _sine(turns: Fraction) -> Fraction:
    return Fraction(sine(turns, _FINE), 1 << _FINE)


def _bits(values: list[Fraction]) -> Bits:
    return np.array([nearest(value) for value in values], np.int32)


@cache
def window() -> Bits:
    """The power-complementary window [320].

    Rises as sin(pi/2 * sin(pi/2 * (n + 1/2) / 160)**2) and falls the same way.
    """
    inner = [_sine(Fraction(2 * n + 1, 8 * FRAME)) for n in range(FRAME)]
    rise = _bits([_sine(value * value * Fraction(1, 4)) for value in inner])
    return np.concatenate((rise, rise[::-1]))


TWIDDLE_RESIDUES: Mapping[tuple[int, int], str] = {
    (0, 80): "6.12323426e-17",
    (1, 160): "-1.22464685e-16",
    (0, 240): "-1.83697015e-16",
}
"""Entries of the twiddle factors that would be zero: (real 0 or imaginary 1, index)."""


@cache
def twiddles() -> Bits:
    """``exp(-2 pi i k / 320)``: real and imaginary parts [2, 320]."""
    turns = [Fraction(k, WINDOW) for k in range(WINDOW)]
    table = np.stack([_bits([*map(_cosine, turns)]), _bits([-_sine(turn) for turn in turns])])
    for place, numeral in TWIDDLE_RESIDUES.items():
        table[place] = nearest(numeral)
    return table


COSINE_RESIDUES: Mapping[tuple[int, int], str] = {
    (1, 6): "6.12323426e-17",
    (4, 2): "6.12323426e-17",
    (4, 6): "-1.83697015e-16",
    (4, 10): "3.06161700e-16",
    (4, 14): "-4.28626385e-16",
    (7, 6): "3.06161700e-16",
    (10, 6): "-4.28626385e-16",
    (13, 2): "-1.83697015e-16",
    (13, 6): "5.51091070e-16",
    (13, 10): "-2.69484189e-15",
    (13, 14): "-4.90477710e-16",
    (16, 6): "1.10280111e-15",
}
"""Entries of the cosine transform that would be zero: (band, coefficient)."""


@cache
def cosines() -> Bits:
    """``cos(pi (n + 1/2) k / 18)`` [band n, coefficient k]; column 0 holds sqrt(1/2)."""
    turns = [[Fraction((2 * n + 1) * k, 4 * BANDS) for k in range(BANDS)] for n in range(BANDS)]
    table = np.stack([_bits([*map(_cosine, row)]) for row in turns])
    table[:, 0] = nearest(_cosine(Fraction(1, 8)))
    for place, numeral in COSINE_RESIDUES.items():
        table[place] = nearest(numeral)
    return table


@cache
def band_slopes() -> tuple[Int, Bits, Bits]:
    """How each bin [160] is shared: its lower band, the weight in that, and in the band above.

    The weight ``j / width`` in the band above is rounded, then that in the lower, ``1`` less it.
    """
    bands, lower, upper = [], [], []
    for band, (low, high) in enumerate(pairwise(BAND_EDGES)):
        for step in range(high - low):
            share = nearest(Fraction(step, high - low))
            bands.append(band)
            lower.append(nearest(1 - value_of(share)))
            upper.append(share)
    return np.array(bands), np.array(lower, np.int32), np.array(upper, np.int32)


@cache
def band_shares() -> tuple[Int, Bits]:
    """Bins and weights [44, 18] of each band, from its lowest bin up; then bin 0 with no weight."""
    shares: list[list[tuple[int, int]]] = [[] for _ in range(BANDS)]
    for bin_, (band, low, high) in enumerate(zip(*band_slopes(), strict=True)):
        shares[band].append((bin_, low))
        shares[band + 1].append((bin_, high))
    longest = max(map(len, shares))
    padded = np.array([share + [(0, 0)] * (longest - len(share)) for share in shares])
    return padded[..., 0].T, padded[..., 1].T.astype(np.int32)
