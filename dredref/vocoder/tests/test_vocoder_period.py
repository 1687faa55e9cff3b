"""Periods of pitches, and the places that a prediction is read from."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

import numpy as np

from dredref.vocoder.period import embedding_row, period_of, repetition

getcontext().prec = 60


def test_periods_of_pitches() -> None:
    """The power, rounded half up, over the range of pitches and far beyond."""
    rng = np.random.default_rng(1)
    pitches = np.concatenate([rng.uniform(-3, 8, 20000), rng.normal(0, 1, 5000) * 1e-3])
    pitches = pitches.astype(np.float32)
    expected = [math.floor(0.5 + 256 / 2.0 ** (float(p) + 1.5)) for p in pitches]
    expected = np.clip(expected, 1, 511)
    np.testing.assert_array_equal(period_of(pitches), expected)


def test_both_sides_of_every_step() -> None:
    """The two neighbouring pitches between which the period steps, by exact comparison."""
    for p in range(2, 512):
        edge = Decimal("7.5") - Decimal(2 * p - 1).ln() / Decimal(2).ln()
        below = np.float32(float(edge))
        while Decimal(float(below)) > edge:
            below = np.nextafter(below, np.float32(-100))
        above = np.nextafter(below, np.float32(100))
        assert Decimal(float(above)) > edge
        pair = np.array([below, above], np.float32)
        assert period_of(pair).tolist() == [p, p - 1]


def test_ends_of_the_range() -> None:
    """Pitches that no period stands for, up to where features saturate."""
    pitches = np.array([-(2.0**16), -10, 7.5, 7.6, 2.0**16, 0, 1e-45, -1e-45], np.float32)
    assert period_of(pitches).tolist() == [511, 511, 1, 1, 1, 91, 91, 91]


def test_embedding_rows() -> None:
    """Periods from 32 to 255 have a row each."""
    assert embedding_row(np.array([1, 31, 32, 33, 255, 256, 511])).tolist() == [
        *(0, 0, 0, 1, 223, 223, 223)
    ]


def test_repetition_walks_through_the_history() -> None:
    """One place after the other: from the end back by a period, never before the start."""
    for period in range(1, 512):
        place, expected = 256 - period - 2, []
        for _ in range(44):
            expected.append(max(0, place))
            place += 1
            if place == 256:
                place -= period
        assert repetition()[period].tolist() == expected


def test_longest_periods_are_one() -> None:
    """From 297 on nothing but the oldest sample is read."""
    assert (repetition()[297:] == 0).all()
    assert repetition()[296].any()
