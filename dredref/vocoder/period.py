"""What the pitch period of a feature vector repeats."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dredref import pitch
from dredref.vocoder.sizes import HISTORY, MARGIN, PERIOD_EMBEDDED, PERIOD_LIMITS, PREDICTION


def period_of(pitches: NDArray[np.float32]) -> NDArray[np.int64]:
    """Periods in samples, clamped to 1..511."""
    return pitch.period_of(pitches, *PERIOD_LIMITS)


def embedding_row(period: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which row of the embedding stands for a period."""
    shortest, longest = PERIOD_EMBEDDED
    return np.clip(period, shortest, longest) - shortest


@cache
def repetition() -> NDArray[np.int64]:
    """Places in the history that a prediction is read from, by period: [512, 44].

    Reading starts two samples before one period ago. Past the newest sample it goes back by a
    period, as often as it takes; before the oldest, the oldest is read.
    """
    period = np.arange(PERIOD_LIMITS[1] + 1)[:, None]
    period = np.maximum(period, PERIOD_LIMITS[0])
    ahead = np.arange(PREDICTION) - MARGIN - period
    place = HISTORY + np.where(ahead < 0, ahead, ahead % period - period)
    places: NDArray[np.int64] = np.maximum(place, 0)
    return places
