"""Speech of 16 kHz at another rate, without delay: a windowed sinc that looks 1 ms ahead."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

REACH = 16
"""Samples at 16 kHz on either side that an output sample is made of."""
WINDOW_SHAPE = 7.0
"""Of the Kaiser window."""
PASS = 0.94
"""Part of the lower rate's band that is passed."""


@cache
def _taps(rate: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each output sample of 40 input samples: its first input, and its weights."""
    places = np.arange(40 * rate // 16_000) * 16_000 / rate
    first = np.floor(places).astype(np.int64)
    distance = np.arange(-REACH + 1, REACH + 1) - (places - first)[:, None]
    cut = PASS * min(1.0, rate / 16_000)
    shape = np.i0(WINDOW_SHAPE * np.sqrt(np.maximum(0, 1 - (distance / REACH) ** 2)))
    weights = np.sinc(cut * distance) * shape
    return first, weights / weights.sum(axis=1, keepdims=True)


def convert(samples: Pcm, rate: int) -> NDArray[np.float64]:
    """``samples``, of which the first and last ``REACH`` are its surroundings, at ``rate``.

    What lies between is a whole number of 2.5 ms, 40 samples, from such a number on.
    """
    first, weights = _taps(rate)
    blocks = (len(samples) - 2 * REACH) // 40
    windows = sliding_window_view(samples.astype(np.float64), 2 * REACH)
    starts = (40 * np.arange(blocks)[:, None] + first + 1).reshape(-1)
    made: NDArray[np.float64] = (windows[starts].reshape(blocks, -1, 2 * REACH) * weights).sum(
        axis=2
    )
    return made.reshape(-1)
