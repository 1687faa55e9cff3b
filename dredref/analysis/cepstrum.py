"""Band energies, their logarithms with floors, and the cepstrum.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features) and dnn/freq.c.
"""

from __future__ import annotations

import numpy as np

from dredref.analysis.spectrum import Spectrum, power
from dredref.analysis.tables import (
    BAND_DENOMINATOR,
    BANDS,
    COSINE_Q,
    Int,
    band_matrix,
    cepstral_matrix,
)
from dredref.arithmetic.fixed import ONE, Q, round_shift
from dredref.arithmetic.powers import log2

ENERGY_Q = 22
"""Fractional bits of band energies, in squared sample units; magnitudes stay below 2**33."""

LOG10_2 = 323228497
"""log10(2), Q30."""

QUIET = round(1e-2 * (1 << ENERGY_Q))
"""0.01, added to each energy before its logarithm."""

RANGE = 8 * ONE
"""No band is taken to lie more than 80 dB below the loudest so far."""

DECAY = 5 * ONE // 2
"""Nor more than 25 dB below its lower neighbour, floored the same way."""


def band_energies(bins: Spectrum) -> Int:
    """Energies of the 18 bands [..., frames, 18], Q22, halves up."""
    total = power(bins, ENERGY_Q) @ band_matrix()
    return (2 * total + BAND_DENOMINATOR) // (2 * BAND_DENOMINATOR)


def log_energies(energies: Int) -> Int:
    """Decimal logarithms of band energies, Q24, floored from the lowest band upwards."""
    raw = round_shift(log2(energies + QUIET, ENERGY_Q) * LOG10_2, 30)
    loudest = follow = np.full(raw.shape[:-1], -2 * ONE, np.int64)
    floored = []
    for band in range(BANDS):
        level = np.maximum(raw[..., band], np.maximum(loudest - RANGE, follow - DECAY))
        loudest = np.maximum(loudest, level)
        follow = np.maximum(follow - DECAY, level)
        floored.append(level)
    return np.stack(floored, axis=-1)


def cepstrum(logs: Int) -> Int:
    """Cepstra [..., 18], Q24, of log energies; 4 is taken from the first."""
    cepstra = cepstral_matrix().multiply(logs, COSINE_Q)
    cepstra[..., 0] -= 4 << Q
    return cepstra
