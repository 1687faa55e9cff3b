"""Cepstra of a frame's two halves by Burg's method: mean and difference.

They show the frame's spectrum as it is at its end, without the window of the feature analysis.
Source: libopus 1.6.1 dnn/freq.c (burg_cepstral_analysis).
"""

from __future__ import annotations

from functools import cache
from math import pow

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.tables import BANDS, WINDOW, band_shares, cosines
from dredref.analysis.transform import transform
from dredref.plc.burg import ORDER, burg

Floats = NDArray[np.float32]

HALF_FRAME = 80
PREEMPHASIS = np.float32(0.85)
NORM = np.float32(HALF_FRAME - 2 * (ORDER - 1))
"""What the residual energy is divided by."""
WIDENING = np.array([pow(0.995, power) for power in range(1, ORDER + 1)])
"""What each coefficient is multiplied with."""
GAIN = 0.45
SCALE = np.float64(np.float32(1) / np.float32(WINDOW**3))
TINY, QUIET = 1e-9, 1e-2
LOWEST, RANGE, DECAY, OFFSET = (np.float32(value) for value in (-2, 8, 2.5, 4))
"""The floors of logarithms, and what is taken from the first coefficient (as in the analysis)."""


def burg_cepstra(frame: Floats) -> Floats:
    """Return 36 numbers of 160 samples in units of 16-bit PCM: means, then differences."""
    first, second = _half(frame[:HALF_FRAME]), _half(frame[HALF_FRAME:])
    return np.concatenate([np.float32(0.5) * (first + second), first - second])


def _half(samples: Floats) -> Floats:
    """The cepstrum of 80 samples."""
    emphasised = samples[1:] - PREEMPHASIS * samples[:-1]
    predictor = np.zeros(ORDER, np.float32)
    energy = burg(emphasised, predictor) / NORM
    taps = np.ones(ORDER + 1, np.float32)
    taps[1:] = (-predictor.astype(np.float64) * WIDENING).astype(np.float32)
    re, im = _spectrum(taps)
    power = re * re + im * im
    inverse = (1.0 / (power.astype(np.float64) + TINY)).astype(np.float32)
    level = GAIN * np.float64(energy) * SCALE
    bands = (_band_sums(inverse).astype(np.float64) * level).astype(np.float32)
    logs = _floored(np.log10(QUIET + bands.astype(np.float64)).astype(np.float32))
    return _cosine_transform(logs)


@cache
def _shares() -> tuple[NDArray[np.int64], Floats]:
    places, weights = band_shares()
    return np.asarray(places, np.int64), np.asarray(weights, np.int32).view(np.float32)


def _band_sums(power: Floats) -> Floats:
    """Weighted sums of the bands' bins, added from the lowest up; the outermost count twice."""
    places, weights = _shares()
    sums: Floats = np.add.accumulate(weights * power[places], axis=0)[-1]
    sums[[0, -1]] *= np.float32(2)
    return sums


def _floored(raw: Floats) -> Floats:
    """Logarithms, none too far below those of lower bands."""
    loudest = follow = LOWEST
    levels = np.zeros_like(raw)
    for band, value in enumerate(raw):
        level = max(loudest - RANGE, max(follow - DECAY, value))
        loudest, follow = max(loudest, level), max(follow - DECAY, level)
        levels[band] = level
    return levels


def _cosine_transform(logs: Floats) -> Floats:
    """The cepstrum of logarithms."""
    table = np.asarray(cosines(), np.int32).view(np.float32).reshape(BANDS, BANDS)
    sums = np.add.accumulate(table * logs[:, None], axis=0)[-1]
    cepstrum: Floats = (sums.astype(np.float64) * np.sqrt(2.0 / BANDS)).astype(np.float32)
    cepstrum[0] -= OFFSET
    return cepstrum


def _spectrum(taps: Floats) -> tuple[Floats, Floats]:
    """Real and imaginary parts of the bins below 8 kHz of a few samples."""
    samples = np.zeros((WINDOW, 1), np.float32)
    samples[: len(taps), 0] = taps
    re, im = transform(samples)
    return re[: WINDOW // 2, 0], im[: WINDOW // 2, 0]
