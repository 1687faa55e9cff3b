"""What the pitch network looks at: the motion of spectral phases, and the excitation's correlation.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features). Results are Q24.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dredref.analysis.cepstrum import LOG10_2
from dredref.analysis.spectrum import SPECTRUM_Q, Spectrum, normalise
from dredref.analysis.tables import FRAME, MAX_PERIOD, MIN_PERIOD, Int
from dredref.arithmetic.fixed import ONE, Q, bit_length, isqrt, round_shift, saturate
from dredref.arithmetic.powers import log2

PHASE_BINS = 30
"""Bins that the phase features look at: up to 1450 Hz."""

PHASE_FEATURES = 3 * PHASE_BINS - 2
"""Level of bin 0, then for each further bin cosine and sine of its phase step, and its level."""

LAGS = MAX_PERIOD - MIN_PERIOD
"""Lags of the correlation: from 256 down to 33 samples."""

CORRELATION_BITS = 22
"""Bits of a sample in a frame's correlation: sums of 160 products of two stay below 2**53."""


def _levels(bins: Spectrum) -> Int:
    """``(10 * log10(power) - 6) / 64`` of each bin, clipped to -1..1; -1 for an empty bin."""
    square = bins.re * bins.re + bins.im * bins.im
    logarithm = log2(np.maximum(square, 1)) + 2 * (bins.shift - SPECTRUM_Q) * ONE
    level = round_shift(10 * round_shift(logarithm * LOG10_2, 30) - 6 * ONE, 6)
    return np.where(square > 0, saturate(level, ONE), -ONE)


def phase_features(bins: Spectrum, before: Spectrum) -> Int:
    """How each bin's phase moved since the frame before, and its level [..., 88], Q24.

    Args:
        bins: the first 30 bins of each frame.
        before: the same bins, one frame earlier.
    """
    re = bins.re * before.re + bins.im * before.im
    im = bins.im * before.re - bins.re * before.im
    step = normalise(re, im)
    length = np.maximum(isqrt(step.re * step.re + step.im * step.im), 1)
    levels = _levels(bins)
    per_bin = np.stack([_quotient(step.re, length), _quotient(step.im, length), levels], axis=-1)
    flat = per_bin[..., 1:, :].reshape(*levels.shape[:-1], 3 * (PHASE_BINS - 1))
    return np.concatenate([levels[..., :1], flat], axis=-1)


def _quotient(part: Int, length: Int) -> Int:
    """``part / length`` in Q24, halves up, within -1..1."""
    return saturate((2 * (part << Q) + length) // (2 * length), ONE)


def block_scale(framed: Int) -> tuple[Int, Int]:
    """Shift each frame [..., n] down until its largest magnitude has at most 22 bits.

    Returns the scaled frames and the shift [..., 1] taken; bits are rounded off, halves up.
    """
    peak = np.maximum(framed.max(axis=-1, keepdims=True), -framed.min(axis=-1, keepdims=True))
    shift = np.maximum(bit_length(peak) - CORRELATION_BITS, 0)
    half: Int = np.left_shift(1, shift) >> 1
    return (framed + half) >> shift, shift


def correlation_features(excitation: Int, q: int) -> Int:
    """``2 * <x, y> / (1 + <x, x> + <y, y>)`` for each lag [..., 224], Q24, halves up.

    ``x`` is the frame, ``y`` the samples from 256 down to 33 before it.

    Args:
        excitation: each frame with the 256 samples before it [..., frames, 416].
        q: fractional bits of the samples; the largest shift must stay within them.
    """
    scaled, shift = block_scale(excitation)
    carried = scaled.astype(np.float64)
    past = sliding_window_view(carried, FRAME, axis=-1)[..., :LAGS, :]
    product = np.matmul(past, carried[..., MAX_PERIOD:, None])[..., 0].astype(np.int64)
    running = np.cumsum(scaled * scaled, axis=-1)
    running = np.concatenate([np.zeros_like(running[..., :1]), running], axis=-1)
    energies = running[..., FRAME : FRAME + LAGS] - running[..., :LAGS]
    own = running[..., -1:] - running[..., MAX_PERIOD : MAX_PERIOD + 1]
    total = (np.int64(1) << 2 * (q - shift)) + own + energies
    down = np.maximum(bit_length(total) - 36, 0)
    divisor = np.maximum(total >> down, 1)
    numerator = (2 * product) >> down << (Q + 1)
    return saturate((numerator + divisor) // (2 * divisor), ONE)
