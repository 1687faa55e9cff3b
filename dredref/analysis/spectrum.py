"""From samples to the spectrum of each frame: pre-emphasis, window, transform.

Arrays have the streams first: [streams, samples] or [streams, frames, ...]. Source: libopus 1.6.1
dnn/lpcnet_enc.c (preemphasis, frame_analysis) and dnn/freq.c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dredref.analysis.tables import (
    FRAME,
    PREEMPHASIS_Q24,
    TRANSFORM_Q,
    WINDOW,
    Int,
    transform,
    window_q24,
)
from dredref.arithmetic.fixed import bit_length, round_shift

PCM_Q = 14
"""Fractional bits of input samples, whose unit is that of 16-bit PCM."""

PCM_LIMIT = 1 << 16
"""Input saturates at twice the full scale of 16-bit PCM: filters may overshoot."""

SIGNAL_Q = 20
"""Fractional bits of the pre-emphasised signal; magnitudes stay below 2**17."""

SPECTRUM_Q = 30
"""Fractional bits of the spectrum; magnitudes stay below 2**17."""

MANTISSA = 30
"""Bits of the larger part of a bin's mantissa: squares and products of two fit int64."""


def preemphasise(pcm: Int, before: Int) -> Int:
    """``x[n] - 0.85 * x[n-1]``.

    Args:
        pcm: [..., samples], Q14, within ``PCM_LIMIT``.
        before: the sample before the first [...], Q14.

    Returns:
        The signal [..., samples], Q20, halves up.
    """
    delayed = np.concatenate([before[..., None], pcm[..., :-1]], axis=-1)
    return round_shift((pcm << 24) - PREEMPHASIS_Q24 * delayed, PCM_Q + 24 - SIGNAL_Q)


def frames(signal: Int, size: int) -> Int:
    """Frames of ``size`` samples, each ``FRAME`` further; the last ends where the signal ends.

    A view [..., frames, size] of ``signal`` [..., size + FRAME * (frames - 1)].
    """
    return sliding_window_view(signal, size, axis=-1)[..., ::FRAME, :]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Bins as block floating point: each is ``(re + i im) * 2**(shift - 30)``.

    The larger part of a bin has 30 bits, unless the bin is zero. Arrays are [..., frames, bins].
    """

    re: Int
    im: Int
    shift: Int

    def head(self, bins: int) -> Spectrum:
        """The first ``bins`` bins."""
        return Spectrum(self.re[..., :bins], self.im[..., :bins], self.shift[..., :bins])


def normalise(re: Int, im: Int, bits: int = MANTISSA) -> Spectrum:
    """Scale each complex number by a power of two so that its larger part has ``bits`` bits.

    Bits that are shifted out are cut off (towards minus infinity).
    """
    shift = bit_length(np.maximum(np.abs(re), np.abs(im))) - bits
    down, up = np.maximum(shift, 0), np.maximum(-shift, 0)
    return Spectrum((re >> down) << up, (im >> down) << up, shift)


def spectrum(signal: Int) -> Spectrum:
    """Spectrum of each frame: bins 0..159 (50 Hz apart) of the windowed 320 samples over 320.

    ``signal`` [..., 160 + 160 * frames] starts one frame early; Q20.
    """
    windowed = round_shift(frames(signal, WINDOW) * window_q24(), 24)
    both = transform().multiply(windowed, SIGNAL_Q + TRANSFORM_Q - SPECTRUM_Q)
    return normalise(both[..., :FRAME], both[..., FRAME:])


def power(bins: Spectrum, q: int) -> Int:
    """Squared magnitude of each bin in Q ``q``, halves up; needs ``q`` of at most 25."""
    square = bins.re * bins.re + bins.im * bins.im
    down = 2 * (SPECTRUM_Q - bins.shift) - q
    safe = np.minimum(down, 62)
    rounded: Int = (square + (np.int64(1) << safe >> 1)) >> safe
    return rounded
