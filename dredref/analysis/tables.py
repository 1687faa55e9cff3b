"""Constant tables of the feature analysis.

All of them follow from a formula and are made here, on integers, so that they are the same on
every machine: window and transform (libopus 1.6.1 dnn/freq.c, dnn/lpcnet_tables.c), the triangular
bands and their weights, the cosine transform of the cepstrum, and the matrix that takes band
energies to autocorrelations. Q formats are stated beside each.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.trigonometry import cosine, sine
from dredref.arithmetic.wide import WideMatrix

Int = NDArray[np.int64]

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

PREEMPHASIS_Q24 = 14260634
"""0.85 as a single-precision number, which is what the networks were trained behind."""

BAND_EDGES = tuple(
    4 * edge for edge in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40)
)
"""Bins (50 Hz apart) where one triangular band peaks and its neighbours reach zero."""

COMPENSATION = tuple(
    Fraction(width)
    for width in (
        *("0.8", "1", "1", "1", "1", "1", "1", "1", "0.666667", "0.5", "0.5", "0.5"),
        *("0.333333", "0.25", "0.25", "0.2", "0.166667", "0.173913"),
    )
)
"""Reciprocal width of each band, in units of the narrowest: 1 for 200 Hz."""


def round_half_up(value: Fraction) -> int:
    """Nearest integer, halves towards plus infinity."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@cache
def window_q24() -> Int:
    """The power-complementary window [320], Q24.

    Rises as sin(pi/2 * sin(pi/2 * (n + 1/2) / 160)**2) and falls the same way.
    """
    rise = []
    for n in range(WINDOW // 2):
        inner = Fraction(sine(Fraction(2 * n + 1, 8 * FRAME), 60), 1 << 60)
        rise.append(sine(inner * inner / 4, 24))
    return np.array(rise + rise[::-1], np.int64)


TRANSFORM_Q = 32


@cache
def transform() -> WideMatrix:
    """The real discrete Fourier transform, scaled by 1/320, Q32.

    Takes a windowed frame [320] to 160 real and then 160 imaginary parts of bins 0..159.
    """
    turn = [cosine(Fraction(k, WINDOW), 40) for k in range(WINDOW)]
    scaled = [round_half_up(Fraction(c, WINDOW << (40 - TRANSFORM_Q))) for c in turn]
    product = np.outer(np.arange(WINDOW), np.arange(FRAME)) % WINDOW
    table = np.array(scaled, np.int64)
    quarter = WINDOW // 4  # -sin(x) = cos(x + a quarter of a turn)
    return WideMatrix(np.hstack([table[product], table[(product + quarter) % WINDOW]]), 38)


def band_weights() -> list[list[Fraction]]:
    """Weight of each bin [160] in each band [18]: triangles, the outermost counted twice."""
    weights = [[Fraction(0)] * BANDS for _ in range(FRAME)]
    for band, (low, high) in enumerate(pairwise(BAND_EDGES)):
        for bin_ in range(low, high):
            into = Fraction(bin_ - low, high - low)
            weights[bin_][band] += 1 - into
            weights[bin_][band + 1] += into
    return weights


BAND_DENOMINATOR = 48
"""Common denominator of the bands' weights."""


@cache
def band_matrix() -> Int:
    """Weights [160, 18] of bins in bands times 48, with the first and the last band doubled."""
    matrix = np.array(
        [[int(w * BAND_DENOMINATOR) for w in row] for row in band_weights()], np.int64
    )
    matrix[:, [0, -1]] *= 2
    return matrix


COSINE_Q = 28


@cache
def cepstral_matrix() -> WideMatrix:
    """The orthonormal cosine transform [18, 18] from log energies to cepstra, Q28."""
    columns = []
    for k in range(BANDS):
        scale = Fraction(1, 3) if k else _ROOT_HALF_THIRD
        column = [
            scale * Fraction(cosine(Fraction((2 * n + 1) * k, 4 * BANDS), 60), 1 << 60)
            for n in range(BANDS)
        ]
        columns.append([round_half_up(c * (1 << COSINE_Q)) for c in column])
    return WideMatrix(np.array(columns, np.int64).T.copy(), 30)


_ROOT_HALF_THIRD = Fraction(cosine(Fraction(1, 8), 60), 3 << 60)
"""sqrt(1/2) / 3: the weight of the constant term, whose norm is larger."""

AUTOCORRELATION_Q = 26


@cache
def autocorrelation_matrix() -> WideMatrix:
    """From band energies to autocorrelations at lags 0..16 [18, 17], Q26.

    The spectrum is interpolated between bands after each is divided by its width; its inverse
    transform is weighted with the lag window 1 - 6e-5 k**2, and lag 0 carries a white floor 40 dB
    below the signal.
    """
    turn = [Fraction(cosine(Fraction(k, WINDOW), 60), 1 << 60) for k in range(WINDOW)]
    weights = band_weights()
    matrix = np.zeros((BANDS, LPC_ORDER + 1), np.int64)
    for lag in range(LPC_ORDER + 1):
        taper = Fraction(10001, 10000) if lag == 0 else 1 - Fraction(6 * lag * lag, 100000)
        for band in range(BANDS):
            total = sum(
                weights[bin_][band] * turn[bin_ * lag % WINDOW] * (2 if bin_ else 1)
                for bin_ in range(FRAME)
            )
            value = taper * COMPENSATION[band] * total
            matrix[band, lag] = round_half_up(value * (1 << AUTOCORRELATION_Q))
    return WideMatrix(matrix, 31)


AUTOCORRELATION_FLOOR = Fraction(26, 38)
"""White floor added to lag 0 besides, in squared sample units."""
