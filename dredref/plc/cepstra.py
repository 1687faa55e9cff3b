"""Cepstra of a frame's two halves by Burg's method: mean and difference.

They show the frame's spectrum as it is at its end, without the window of the feature analysis.
Source: libopus 1.6.1 dnn/freq.c (burg_cepstral_analysis).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.cepstrum import cepstrum, floor_logs, power
from dredref.analysis.spectrum import PCM_Q, preemphasise
from dredref.analysis.sums import chosen_sums
from dredref.analysis.tables import BANDS, FRAME, WINDOW, band_shares
from dredref.analysis.transform import transform
from dredref.arithmetic.binary32 import nearest, value_of
from dredref.arithmetic.binary64 import nearest64, value_of64
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.logs import log10
from dredref.arithmetic.number import (
    Numbers,
    Numbers64,
    add,
    div,
    from_bits,
    from_bits64,
    from_int,
    load,
    mul,
    narrow,
    neg,
    store,
    sub,
    widen,
)
from dredref.plc.burg import ORDER, burg

HALVES = 2
NORM = FRAME // HALVES - 2 * (ORDER - 1)
"""What the residual energy is divided by."""
NARROWING = value_of64(nearest64("0.995"))
WIDENING = np.array([nearest64(NARROWING**k) for k in range(1, ORDER + 1)])
"""What each coefficient is multiplied with, which widens the peaks; bits of binary64."""
GAIN = nearest64("0.45")
SCALE = nearest64(value_of(nearest(Fraction(1, WINDOW**3))))
ONE_64, TINY, QUIET = map(nearest64, ("1", "1e-9", "0.01"))
"""What is added to each power before it is inverted, and to each energy before its logarithm."""
HALF, TWO = nearest("0.5"), nearest("2")


def burg_cepstra(frame: NDArray[np.int16], carrier: np.dtype[Any]) -> Numbers:
    """Return 36 numbers of a frame of 160 samples: means of its halves, then differences."""
    halves = frame.reshape(HALVES, -1).astype(np.int64) << PCM_Q
    emphasised = np.empty(halves.shape, carrier)
    preemphasise(halves, np.zeros(HALVES, carrier), emphasised)
    predictors, energies = np.empty((HALVES, ORDER), carrier), np.empty(HALVES, carrier)
    burg(emphasised[:, 1:], predictors, energies)
    taps = np.zeros((WINDOW, HALVES), carrier)
    widen_peaks(predictors, WIDENING, taps)
    re, im = transform(taps)
    bins = re[: WINDOW // 2]
    invert_powers(bins, im)
    places, weights = band_shares()
    bands = np.empty((BANDS, HALVES), carrier)
    chosen_sums(weights, places, bins, bands)
    levels = np.empty((BANDS, HALVES), np.dtype(f"{carrier.kind}8"))
    weigh_bands(bands, energies, levels)
    logs = log10(levels)
    floor_logs(logs)
    cepstra = cepstrum(logs)
    out = np.empty(HALVES * BANDS, carrier)
    mean_and_difference(cepstra, out)
    return out


@kernel
def widen_peaks(predictors: Numbers, widening: NDArray[np.int64], taps: Numbers) -> None:
    """Filters [taps, signals] of predictors [signals, ORDER]: 1, then negated coefficients."""
    for column in range(predictors.shape[0]):
        store(taps, (0, column), from_int(taps, 1))
        for k in range(ORDER):
            coefficient = widen(neg(load(predictors, (column, k))))
            wider = mul(coefficient, from_bits64(taps, widening[k]))
            store(taps, (k + 1, column), narrow(wider))


@kernel
def invert_powers(re: Numbers, im: Numbers) -> None:
    """``1 / (|z|**2 + 1e-9)`` of bins in place of their real parts."""
    one, tiny = from_bits64(re, ONE_64), from_bits64(re, TINY)
    for i in range(re.shape[0]):
        for column in range(re.shape[1]):
            size = power(load(re, (i, column)), load(im, (i, column)))
            store(re, (i, column), narrow(div(one, add(widen(size), tiny))))


@kernel
def weigh_bands(bands: Numbers, energies: Numbers, levels: Numbers64) -> None:
    """Energies of bands [18, signals], which are rounded to binary32, and 0.01 more.

    Args:
        bands: sums of inverse powers; the outermost will count twice.
        energies: residual energies [signals].
        levels: filled.
    """
    for column in range(energies.size):
        energy = widen(div(load(energies, column), from_int(energies, NORM)))
        level = mul(mul(from_bits64(bands, GAIN), energy), from_bits64(bands, SCALE))
        for band in range(BANDS):
            total = load(bands, (band, column))
            if band in (0, BANDS - 1):
                total = mul(total, from_bits(bands, TWO))
            weighed = widen(narrow(mul(widen(total), level)))
            store(levels, (band, column), add(from_bits64(bands, QUIET), weighed))


@kernel
def mean_and_difference(cepstra: Numbers, out: Numbers) -> None:
    """Of two columns, one after the other."""
    size = cepstra.shape[0]
    for i in range(size):
        one, two = load(cepstra, (i, 0)), load(cepstra, (i, 1))
        store(out, i, mul(from_bits(out, HALF), add(one, two)))
        store(out, size + i, sub(one, two))
