"""Linear prediction from the cepstrum, and the residual it leaves.

Source: libopus 1.6.1 dnn/freq.c (lpc_from_cepstrum, lpc_from_bands, lpcn_lpc), celt/celt_lpc.c.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dredref.analysis.cepstrum import OFFSET, cosine_transform
from dredref.analysis.sums import sliding_sums
from dredref.analysis.tables import COMPENSATION, LPC_ORDER, WINDOW, band_slopes
from dredref.analysis.transform import transform
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import (
    Carried,
    N,
    concatenate,
    constant,
    from_integers,
    nearest,
    numbers,
    words_of,
)
from dredref.arithmetic.significand_arrays import (
    arranged,
    less,
    sum_of_products,
    where,
    zeros,
)
from dredref.arithmetic.significand_logs import power_of_ten
from dredref.arithmetic.significand_wide import narrow, wide_constant, widen

NOISE = "0.0001"
"""White floor 40 dB below the signal, in proportion to lag 0."""

FLOOR = Fraction(26, 38)
"""White floor added to lag 0 besides, in squared sample units."""

LAG_TAPER = "0.00006"
"""Lag ``k`` is multiplied by ``1 - 6e-5 k k``."""

STOP = "0.001"
"""The recursion ends once the residual energy is below this part of the signal's (30 dB)."""


def band_levels(cepstra: N) -> N:
    """Energies of bands [18, columns] from their cepstra, each divided by the band's width."""
    logs = concatenate((cepstra[:1] + constant(OFFSET, cepstra), cepstra[1:]), axis=0)
    widths = np.array([nearest(width) for width in COMPENSATION], np.int32)
    return power_of_ten(cosine_transform(logs, inverse=True), numbers(widths[:, None], cepstra))


def autocorrelation(levels: N) -> N:
    """Autocorrelations at lags 0..16 [17, columns] of the spectrum between band levels.

    Bins lie on straight lines from band to band; the 161st is zero; the transform is that of the
    spectrum and its mirror image, read backwards. Lag 0 is raised and the others are tapered with
    53 bits, each rounded to 24 in the end.
    """
    bands, lower, upper = band_slopes()
    falling, rising = numbers(lower[:, None], levels), numbers(upper[:, None], levels)
    bins = falling * levels[bands] + rising * levels[bands + 1]
    last = zeros((1, *levels.shape[1:]), levels)
    mirrored = concatenate((bins, last, bins[:0:-1]), axis=0)
    lags = -np.arange(LPC_ORDER + 1) % WINDOW
    raw = constant(str(WINDOW), levels) * transform(mirrored).re[lags]
    first, others = widen(raw[:1]), widen(raw[1:])
    raised = first + (first * wide_constant(NOISE, first) + wide_constant(FLOOR, first))
    lag = widen(from_integers(np.arange(1, LPC_ORDER + 1)[:, None], levels))
    taper = wide_constant("1", first) - wide_constant(LAG_TAPER, first) * lag * lag
    return concatenate((narrow(raised), narrow(others * taper)), axis=0)


def levinson(ac: N) -> N:
    """Prediction coefficients [16, columns] of autocorrelations [17, columns].

    The residual is ``x[n] + sum(lpc[k] x[n-1-k])``. All columns take all 16 steps side by side;
    those that have reached ``STOP`` keep what they have.
    """
    if isinstance(ac, Packed):
        return _levinson(ac)
    lpc = zeros((0, *ac.shape[1:]), ac)
    error = ac[0]
    going = np.ones(ac.shape[1:], bool)
    nothing, one = zeros(ac.shape[1:], ac), constant("1", ac)
    stop = constant(STOP, ac) * ac[0]
    for order in range(LPC_ORDER):
        known = sum_of_products((lpc[k], ac[order - k]) for k in range(order)) if order else nothing
        reflection = where(going, -(known + ac[order + 1]), nothing) / where(going, error, one)
        changed = lpc + reflection * lpc[::-1]
        lpc = concatenate((changed, arranged(reflection, lambda part: part[None])), axis=0)
        error = error - reflection * reflection * error
        going = going & ~less(error, stop)
    return lpc


def _levinson(ac: Carried) -> Carried:
    """:func:`levinson` in compiled integers, frame by frame."""
    from dredref.analysis.compiled import predict

    rows = np.array(words_of(ac).T, order="C")
    lpc = np.zeros((len(rows), LPC_ORDER), np.int32)
    predict(rows, nearest(STOP), lpc)
    return pack_words(lpc.T)


def residual(framed: N, lpc: N) -> N:
    """What prediction leaves of each frame [160, columns].

    The terms of the sum are the sample, then the past ones from the oldest on.

    Args:
        framed: each frame with the 16 samples before it [176, columns].
        lpc: coefficients [16, columns].
    """
    return sliding_sums(lpc[::-1], framed[:-1], framed[LPC_ORDER:])
