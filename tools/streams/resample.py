"""Change of sampling rate in integers, so that streams made from the result never differ.

A polyphase filter of a Hann-windowed sinc, coefficients in Q15, sums in 64 bits, rounded half up.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
ZERO_CROSSINGS = 16


def filters(ratio: Fraction) -> npt.NDArray[np.int64]:
    """Q15 coefficients [phases, taps] for ``ratio`` of output to input rate."""
    cut = min(1.0, float(ratio)) * 0.95
    half = math.ceil(ZERO_CROSSINGS / cut)
    phases = np.arange(ratio.numerator)[:, None] / ratio.numerator
    time = np.arange(-half + 1, half + 1)[None, :] - phases
    kernel = cut * np.sinc(cut * time) * np.cos(np.pi * time / (2 * half + 2)) ** 2
    gain = kernel.sum(axis=1, keepdims=True)
    return np.asarray(np.round(kernel / gain * 32768), np.int64)


def resample(samples: Samples, rate: int, target: int) -> Samples:
    """``samples`` of ``rate`` at the rate ``target``, in step with each other at the first."""
    ratio = Fraction(target, rate)
    if ratio == 1:
        return samples
    table = filters(ratio)
    half = table.shape[1] // 2
    padded = np.pad(samples.astype(np.int64), (half - 1, half + 1))
    steps = np.arange(len(samples) * ratio.numerator // ratio.denominator) * ratio.denominator
    bases, phases = np.divmod(steps, ratio.numerator)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)
    sums = (windows[bases] * table[phases]).sum(axis=1)
    return np.asarray(np.clip((sums + 16384) >> 15, -32768, 32767), np.int16)
