"""What the pitch network looks at: the motion of spectral phases, and the excitation's correlation.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

from fractions import Fraction

from dredref.analysis.logarithm import log10
from dredref.analysis.sums import sliding_sums
from dredref.analysis.tables import FRAME, MAX_PERIOD, MIN_PERIOD
from dredref.analysis.transform import Complex
from dredref.arithmetic.significand import N, clip, concatenate, constant, reshaped
from dredref.arithmetic.significand_arrays import inner_product, stacked
from dredref.arithmetic.significand_wide import narrow, root, running_sums, wide_constant, widen

PHASE_BINS = 30
"""Bins that the phase features look at: up to 1450 Hz."""

PHASE_FEATURES = 3 * PHASE_BINS - 2
"""Level of bin 0, then for each further bin cosine and sine of its phase step, and its level."""

LAGS = MAX_PERIOD - MIN_PERIOD
"""Lags of the correlation: from 256 down to 33 samples."""

EMPTY = "1e-15"
"""What powers begin with, so that none is zero."""


def _raised_power(bins: Complex[N]) -> N:
    """``1e-15 + re re + im im``, from left to right."""
    raised: N = constant(EMPTY, bins.re) + bins.re * bins.re + bins.im * bins.im
    return raised


def _levels(bins: Complex[N]) -> N:
    """``(10 log10(power) - 6) / 64`` of each bin, clipped to -1..1."""
    one = constant("1", bins.re)
    decibels = constant("10", bins.re) * log10(_raised_power(bins)) - constant("6", bins.re)
    return clip(constant(Fraction(1, 64), bins.re) * decibels, -one, one)


def phase_features(bins: Complex[N], before: Complex[N]) -> N:
    """How each bin's phase moved since the frame before, and its level [88, columns].

    The product with the conjugate is divided by its length: root and reciprocal have 53 bits, and
    the reciprocal is rounded to 24.

    Args:
        bins: the first 30 bins of each frame [30, columns].
        before: the same bins, one frame earlier.
    """
    re = bins.re * before.re + bins.im * before.im
    im = bins.im * before.re - bins.re * before.im
    length = root(widen(_raised_power(Complex(re, im))))
    inverse = narrow(wide_constant("1", length) / length)
    levels = _levels(bins)
    rows = stacked([(re * inverse)[1:], (im * inverse)[1:], levels[1:]], axis=1)
    flat = reshaped(rows, (PHASE_FEATURES - 1, -1))
    return concatenate((levels[:1], flat), axis=0)


def correlation_features(excitation: N) -> N:
    """``2 <x, y> / (1 + <x, x> + <y, y>)`` for each lag [224, columns].

    ``x`` is the frame, ``y`` the samples from 256 down to 33 before it. Sums of products run from
    the first sample on. The energy of ``y`` moves on from lag to lag in 53 bits: the square that
    comes in less the one that leaves, then added.

    Args:
        excitation: each frame with the 256 samples before it [416, columns].
    """
    now = excitation[MAX_PERIOD:]
    correlation = sliding_sums(
        now[1:], excitation[1 : FRAME + LAGS - 1], now[:1] * excitation[:LAGS]
    )
    own = constant("1", now) + inner_product(now, now)
    first = inner_product(excitation[:FRAME], excitation[:FRAME])
    wide = widen(excitation[: FRAME + LAGS - 1])
    squares = wide * wide
    past = running_sums(widen(first), squares[FRAME:] - squares[: LAGS - 1])
    energies = narrow(widen(own) + past)
    normalised: N = constant("2", now) * correlation / energies
    return normalised
