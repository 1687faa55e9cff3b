"""Functions of large arrays of 24-bit numbers: binary32 gives the words of the pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import significand_rows as rows
from dredref.arithmetic.significand import from_words, settle, to_words

BOUNDARY = 5.2053
"""Where the tangent's fraction passes 1."""


def words(count: int, low: int, high: int, seed: int) -> NDArray[np.int32]:
    """Words of both signs with exponents from ``low`` up to ``high``."""
    rng = np.random.default_rng(seed)
    found = (rng.integers(low, high, count) << 23) | rng.integers(0, 1 << 23, count)
    return (found - (rng.integers(0, 2, count) << 31)).astype(np.int32)


def arguments() -> NDArray[np.int32]:
    """Ordinary, tiny and large numbers; the tangent's edge; zeros and the finest numbers."""
    edge = np.float32(BOUNDARY).view(np.int32) + np.arange(-9000, 9000, dtype=np.int32)
    odd = np.array([0, 1, 2, 0x007FFFFF, 0x00800000, 0x4B7FFFFF], np.int32)
    parts = (words(60_000, 110, 131, 1), words(3000, 1, 110, 2), words(3000, 131, 151, 3))
    return np.concatenate([*parts, edge, odd])


@pytest.mark.parametrize("function", [rows.tanh, rows.sigmoid])
def test_forms_agree(function: Callable[[Any], Any]) -> None:
    """Word for word."""
    found = arguments()
    defined = to_words(function(from_words(found)))
    np.testing.assert_array_equal(settle(function(found.view(np.float32))), defined)


def test_views_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strided arrays, and any size of block."""
    x = words(6000, 115, 131, 4).view(np.float32).reshape(-1, 20)
    whole = rows.tanh(x)
    np.testing.assert_array_equal(rows.tanh(x[::3, 5:9]), whole[::3, 5:9])
    monkeypatch.setattr(rows, "BLOCK", 7)
    np.testing.assert_array_equal(rows.tanh(x), whole)
    np.testing.assert_array_equal(rows.sigmoid(x[:0]), np.zeros((0, 20), np.float32))


def test_range() -> None:
    """Results within -1..1 and 0..1, with both ends reached."""
    x = arguments().view(np.float32)
    t, s = rows.tanh(x), rows.sigmoid(x)
    assert (t.min(), t.max(), s.min(), s.max()) == (-1, 1, 0, 1)


def test_to_bytes() -> None:
    """Every half and its neighbours: both forms give ``floor(y + 1/2)`` of the rounded product."""
    halves = ((np.arange(-127, 127) + 0.5) / 127).astype(np.float32).view(np.int32)
    near = (halves[:, None] + np.arange(-4, 5, dtype=np.int32)).ravel()
    small = words(4000, 100, 127, 5)
    found = np.concatenate([near, small, np.array([0, 1, 0x3F800000], np.int32)])
    x = found.view(np.float32)
    product = x * np.float32(127)
    expected = [math.floor(Fraction(float(y)) + Fraction(1, 2)) for y in product]
    np.testing.assert_array_equal(rows.to_bytes(x), expected)
    np.testing.assert_array_equal(rows.to_bytes(from_words(found)), expected)
    assert set(expected) == set(range(-127, 128))
