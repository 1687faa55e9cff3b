"""Linear prediction from band energies, and the residual it leaves.

Source: libopus 1.6.1 dnn/freq.c (lpc_from_cepstrum, lpcn_lpc). There, band energies are taken back
from the cepstrum; the cosine transform is orthonormal, so here they are used as they went in.
"""

from __future__ import annotations

import numpy as np

from dredref.analysis.spectrum import SIGNAL_Q
from dredref.analysis.tables import (
    AUTOCORRELATION_FLOOR,
    AUTOCORRELATION_Q,
    FRAME,
    LPC_ORDER,
    Int,
    autocorrelation_matrix,
    round_half_up,
)
from dredref.arithmetic.fixed import Q, bit_length, round_shift, saturate
from dredref.arithmetic.powers import exp2

LOG2_10 = 3566893132
"""log2(10), Q30."""

ENERGY_Q = 30
"""Fractional bits of energies relative to the loudest band's power of two."""

_LEAST_LOUD = 7
"""No band's energy is below 2**-7: logarithms are at least -2."""

LPC_Q = 26
"""Fractional bits of prediction coefficients."""

LPC_LIMIT = (1 << (12 + LPC_Q)) - 1
"""Coefficients saturate below 2**12. Reflections that leave 1/1000 of the energy cannot exceed it:
the product of ``1 + |r|`` is largest for 16 equal ones, 1700, and the last may double it."""

REFLECTION_Q = 24
"""Fractional bits of reflection coefficients."""

AC_BITS = 37
"""Bits of the autocorrelation at lag 0 after it is scaled by a power of two."""

_SPLIT = 18
"""Where an autocorrelation is cut in two, so that its product with a coefficient fits int64."""

STOP = 1000
"""The recursion ends once the residual energy is below 1/1000 (30 dB)."""

RESIDUAL_Q = 16
"""Fractional bits of the residual."""

RESIDUAL_LIMIT = 1 << (18 + RESIDUAL_Q)
"""The residual saturates at 2**18."""


def autocorrelation(logs: Int) -> Int:
    """Autocorrelations at lags 0..16 [..., 17], scaled so that lag 0 has 37 bits.

    ``logs`` are floored decimal logarithms of band energies [..., 18], Q24. Energies are taken
    relative to the power of two at or below the loudest band of their frame.
    """
    exponents = round_shift(logs * LOG2_10, 30)
    loudest = exponents.max(axis=-1, keepdims=True) >> Q
    energies = exp2(exponents - (loudest << Q), ENERGY_Q)
    ac = autocorrelation_matrix().multiply(energies, AUTOCORRELATION_Q)
    floor = round_half_up(AUTOCORRELATION_FLOOR * (1 << (ENERGY_Q + _LEAST_LOUD)))
    ac[..., :1] += floor >> (loudest + _LEAST_LOUD)
    shift = bit_length(ac[..., :1]) - AC_BITS
    return (ac >> np.maximum(shift, 0)) << np.maximum(-shift, 0)


def _weighted_sum(lpc: Int, ac: Int) -> Int:
    """``sum(lpc * ac)`` in the units of ``ac``; magnitudes of lpc add up to less than 2**38."""
    high, low = ac >> _SPLIT, ac & ((1 << _SPLIT) - 1)
    total = (lpc * high).sum(axis=-1) + ((lpc * low).sum(axis=-1) >> _SPLIT)
    return round_shift(total, LPC_Q - _SPLIT)


def levinson(ac: Int) -> Int:
    """Prediction coefficients [..., 16], Q26, of autocorrelations [..., 17] scaled as above.

    The residual is ``x[n] + sum(lpc[k] * x[n-1-k])``. All frames take all 16 steps side by side;
    those that have reached ``STOP`` keep what they have.
    """
    lpc = np.zeros((*ac.shape[:-1], LPC_ORDER), np.int64)
    error = ac[..., 0].copy()
    going = error > 0
    for order in range(LPC_ORDER):
        known = lpc[..., :order]
        correlation = _weighted_sum(known, ac[..., order:0:-1]) + ac[..., order + 1]
        scaled = -(correlation << REFLECTION_Q)
        divisor = np.maximum(error, 1)
        reflection = (2 * scaled + divisor) // (2 * divisor)
        reflection = np.where(going, saturate(reflection, 1 << REFLECTION_Q), 0)
        change = round_shift(reflection[..., None] * known[..., ::-1], REFLECTION_Q)
        lpc[..., :order] = saturate(known + change, LPC_LIMIT)
        lpc[..., order] = reflection << (LPC_Q - REFLECTION_Q)
        square = round_shift(reflection * reflection, REFLECTION_Q)
        error = error - round_shift(square * error, REFLECTION_Q)
        going = going & (STOP * error >= ac[..., 0])
    return lpc


def residual(signal: Int, lpc: Int) -> Int:
    """What prediction leaves of each frame [..., frames, 160], Q16, saturated.

    Args:
        signal: each frame with the 16 samples before it [..., frames, 176], Q20.
        lpc: coefficients [..., frames, 16], Q26.
    """
    high, low = signal >> SIGNAL_Q, signal & ((1 << SIGNAL_Q) - 1)
    total_high = np.zeros((*signal.shape[:-1], FRAME), np.int64)
    total_low = np.zeros_like(total_high)
    for k in range(LPC_ORDER):
        past = slice(LPC_ORDER - 1 - k, LPC_ORDER - 1 - k + FRAME)
        coefficient = lpc[..., k, None]
        total_high += coefficient * high[..., past]
        total_low += coefficient * low[..., past]
    predicted = total_high + (total_low >> SIGNAL_Q)  # Q26
    present = signal[..., LPC_ORDER:] << (LPC_Q - SIGNAL_Q)
    return saturate(round_shift(present + predicted, LPC_Q - RESIDUAL_Q), RESIDUAL_LIMIT)
