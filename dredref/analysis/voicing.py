"""Voicing: how well the low-passed signal repeats after one pitch period.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

import numpy as np

from dredref.analysis.pitch_features import block_scale
from dredref.analysis.tables import FRAME, MAX_PERIOD, Int
from dredref.arithmetic.fixed import ONE, Q, bit_length, isqrt, saturate
from dredref.arithmetic.powers import exp, log2

_MANTISSA = 29
"""Bits that energies are cut to (or one more, as shifts are even) before they are multiplied."""

_LEAST = 2
"""Least shift of an energy: it brings the 1 under the root below 2**61 for signals up to Q16."""

SHARPNESS = 5
"""Slope of the soft clipping: ``log(1 + exp(5 c)) / log(1 + exp(5))``."""

FULL = 121184573
"""``log2(1 + exp(5))``, Q24: what a correlation of 1 comes to."""


def _even_mantissa(energy: Int) -> tuple[Int, Int]:
    """``energy`` as at most 30 bits and an even shift; bits beyond are cut off."""
    shift = np.maximum(bit_length(energy) - _MANTISSA, _LEAST) >> 1 << 1
    return energy >> shift, shift


def correlation(signal: Int, period: Int, q: int) -> Int:
    """``<x, y> / sqrt(1 + <x, x> <y, y>)``, Q24, within -1..1; y lies one period before x.

    Args:
        signal: each frame with the 256 samples before it [..., frames, 416].
        period: in samples [..., frames], from 32 to 256.
        q: fractional bits of the samples, at most 16.
    """
    scaled, shift = block_scale(signal)
    now = scaled[..., MAX_PERIOD:]
    places = MAX_PERIOD - period[..., None] + np.arange(FRAME)
    then = np.take_along_axis(scaled, places, axis=-1)
    x, x_shift = _even_mantissa((now * now).sum(axis=-1))
    y, y_shift = _even_mantissa((then * then).sum(axis=-1))
    both = (x_shift + y_shift) >> 1
    one = 4 * (q - shift[..., 0]) - 2 * both
    one = np.where(one >= 0, np.int64(1) << np.clip(one, 0, 60), 0)  # below: lost in the energies
    root = np.maximum(isqrt(x * y + one), 1)
    product = (now * then).sum(axis=-1) >> both
    return saturate((2 * (product << Q) + root) // (2 * root), ONE)


def voicing(signal: Int, period: Int, q: int) -> Int:
    """The voicing feature, Q24: the correlation, softly clipped, less 1/2."""
    raised = ONE + exp(SHARPNESS * correlation(signal, period, q))
    logarithm = log2(raised, Q)
    return (2 * (logarithm << Q) + FULL) // (2 * FULL) - ONE // 2
