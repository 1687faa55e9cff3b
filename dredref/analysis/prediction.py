"""Linear prediction from the cepstrum, and the residual it leaves.

Source: libopus 1.6.1 dnn/freq.c (lpc_from_cepstrum, lpc_from_bands, lpcn_lpc), celt/celt_lpc.c.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dredref.analysis.cepstrum import OFFSET, add_to_first, cosine_transform
from dredref.analysis.sums import sliding_sums
from dredref.analysis.tables import COMPENSATION, LPC_ORDER, WINDOW, Bits, Int, band_slopes
from dredref.analysis.transform import transform
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.binary64 import nearest64
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.logs import power_of_ten
from dredref.arithmetic.number import (
    Numbers,
    add,
    div,
    from_bits,
    from_bits64,
    from_int,
    less,
    load,
    mul,
    narrow,
    neg,
    store,
    sub,
    widen,
)

NOISE = nearest64("0.0001")
"""White floor 40 dB below the signal, in proportion to lag 0; bits of binary64."""

FLOOR = nearest64(Fraction(26, 38))
"""White floor added to lag 0 besides, in squared sample units."""

LAG_TAPER = nearest64("0.00006")
"""Lag ``k`` is multiplied by ``1 - 6e-5 k k``."""
ONE = nearest64("1")

STOP = nearest("0.001")
"""The recursion ends once the residual energy is below this part of the signal's (30 dB)."""
LENGTH = nearest(str(WINDOW))


def band_levels(cepstra: Numbers) -> Numbers:
    """Energies of bands [18, columns] from their cepstra, each divided by the band's width."""
    logs = cepstra.copy()
    add_to_first(logs, OFFSET)
    widths = np.array([nearest(width) for width in COMPENSATION], np.int32).view(cepstra.dtype)
    return power_of_ten(cosine_transform(logs, inverse=True), widths[:, None])


@kernel
def interpolate(levels: Numbers, bands: Int, lower: Bits, upper: Bits, mirrored: Numbers) -> None:
    """Bins on straight lines from band to band, zero in the middle, and their mirror image.

    Args:
        levels: band levels [18, columns].
        bands: the lower band of each bin [160].
        lower: weight in the lower band [160].
        upper: weight in the band above [160].
        mirrored: filled, [320, columns].
    """
    for i in range(bands.size):
        falling, rising = from_bits(levels, lower[i]), from_bits(levels, upper[i])
        low, high, to = levels[bands[i]], levels[bands[i] + 1], mirrored[i]
        for column in range(to.size):
            bin_ = add(mul(falling, load(low, column)), mul(rising, load(high, column)))
            store(to, column, bin_)
    middle = bands.size
    for column in range(mirrored.shape[1]):
        mirrored[middle, column] = 0
        for i in range(1, middle):
            mirrored[middle + i, column] = mirrored[middle - i, column]


@kernel
def taper(raw: Numbers, ac: Numbers) -> None:
    """Autocorrelations [frames, 17] of transformed spectra [320, columns], read backwards.

    Lag 0 is raised and the others are tapered with 53 bits, each rounded to 24 in the end.
    """
    length = from_bits(raw, LENGTH)
    noise, floor = from_bits64(raw, NOISE), from_bits64(raw, FLOOR)
    one, slope = from_bits64(raw, ONE), from_bits64(raw, LAG_TAPER)
    for frame in range(ac.shape[0]):
        first = widen(mul(length, load(raw, (0, frame))))
        store(ac, (frame, 0), narrow(add(first, add(mul(first, noise), floor))))
        for k in range(1, LPC_ORDER + 1):
            lag = widen(from_int(raw, k))
            weight = sub(one, mul(mul(slope, lag), lag))
            other = widen(mul(length, load(raw, (WINDOW - k, frame))))
            store(ac, (frame, k), narrow(mul(other, weight)))


def autocorrelation(levels: Numbers) -> Numbers:
    """Autocorrelations at lags 0..16 [frames, 17] of the spectrum between band levels."""
    mirrored = np.empty((WINDOW, levels.shape[1]), levels.dtype)
    interpolate(levels, *band_slopes(), mirrored)
    re, _ = transform(mirrored)
    ac = np.empty((levels.shape[1], LPC_ORDER + 1), levels.dtype)
    taper(re, ac)
    return ac


@kernel
def levinson_durbin(ac: Numbers, lpc: Numbers) -> None:
    """Prediction coefficients of autocorrelations; the residual is ``x[n] + sum(lpc[k] x[n-1-k])``.

    Args:
        ac: at lags 0..16 [frames, 17].
        lpc: zeros [frames, 16]; receives the coefficients.
    """
    for frame in range(lpc.shape[0]):
        lags, found = ac[frame], lpc[frame]
        error = load(lags, 0)
        least = mul(from_bits(lags, STOP), error)
        for order in range(LPC_ORDER):
            known = from_int(lags, 0)
            for k in range(order):
                known = add(known, mul(load(found, k), load(lags, order - k)))
            reflection = div(neg(add(known, load(lags, order + 1))), error)
            for k in range((order + 1) // 2):
                mirror = order - 1 - k
                low, high = load(found, k), load(found, mirror)
                store(found, k, add(low, mul(reflection, high)))
                store(found, mirror, add(high, mul(reflection, low)))
            store(found, order, reflection)
            error = sub(error, mul(mul(reflection, reflection), error))
            if less(error, least):
                break


def linear_prediction(ac: Numbers) -> Numbers:
    """Prediction coefficients [frames, 16] of autocorrelations [frames, 17]."""
    lpc = np.zeros((len(ac), LPC_ORDER), ac.dtype)
    levinson_durbin(ac, lpc)
    return lpc


def residual(framed: Numbers, lpc: Numbers) -> Numbers:
    """What prediction leaves of each frame [frames, 160].

    The terms of the sum are the sample, then the past ones from the oldest on.

    Args:
        framed: each frame with the 16 samples before it [frames, 176].
        lpc: coefficients [frames, 16].
    """
    sums = np.array(framed[:, LPC_ORDER:], order="C")
    sliding_sums(np.ascontiguousarray(lpc[:, ::-1]), framed, sums)
    return sums
