"""The pitch period that a feature vector stands for, and what it repeats."""

from __future__ import annotations

from functools import cache

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words, from_words
from dredref.vocoder.sizes import HISTORY, MARGIN, PERIOD_EMBEDDED, PERIOD_LIMITS, PREDICTION

_Q = 40
"""Fractional bits in which pitches are compared."""


def period_of(pitch: Words) -> Integers:
    """``floor(1/2 + 256 / 2**(pitch + 1.5))`` samples, clamped to 1..511; pitches are binary32.

    No power is computed: the period is p or longer where ``pitch <= 7.5 - log2(2 p - 1)``. The
    right-hand side is no number of 24 bits unless p is 1, and never within ``2**-17`` of zero, so
    bits of the pitch below Q40 decide nothing. For magnitudes of at most ``2**16``.
    """
    values = from_words(pitch)
    shift = values.e + _Q
    scaled = (values.m << np.maximum(shift, 0)) >> np.clip(-shift, 0, 62)
    periods = np.searchsorted(_negated_thresholds(), -scaled, side="right")
    return np.maximum(periods, PERIOD_LIMITS[0])


@cache
def _negated_thresholds() -> Integers:
    """``log2(2 p - 1) - 7.5`` in Q40, rounded up, for p from 1 to 511."""
    longest = PERIOD_LIMITS[1]
    return np.array([_log2_up(2 * p - 1) - (15 << (_Q - 1)) for p in range(1, longest + 1)])


def _log2_up(n: int) -> int:
    """``log2(n)`` in Q40, rounded up: bit by bit, squaring what is left on 128 bits."""
    whole = n.bit_length() - 1
    rest = n << 128 >> whole
    result = whole
    for _ in range(_Q):
        rest = rest * rest >> 128
        bit = rest >> 129
        rest >>= bit
        result = 2 * result + bit
    return result + (n != 1 << whole)


def embedding_row(period: Integers) -> Integers:
    """Which row of the embedding stands for a period."""
    shortest, longest = PERIOD_EMBEDDED
    return np.clip(period, shortest, longest) - shortest


@cache
def repetition() -> Integers:
    """Places in the history that a prediction is read from, by period: [512, 44].

    Reading starts two samples before one period ago. Past the newest sample it goes back by a
    period, as often as it takes; before the oldest, the oldest is read.
    """
    period = np.arange(PERIOD_LIMITS[1] + 1)[:, None]
    period = np.maximum(period, PERIOD_LIMITS[0])
    ahead = np.arange(PREDICTION) - MARGIN - period
    place = HISTORY + np.where(ahead < 0, ahead, ahead % period - period)
    places: Integers = np.maximum(place, 0)
    return places
