"""Integers: rounding, saturation and bit lengths."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.fixed import bit_length, round_shift, saturate


def half_up(value: Fraction) -> int:
    """What every rounding here is to give."""
    return math.floor(value + Fraction(1, 2))


@given(st.integers(-(1 << 61), 1 << 61), st.integers(1, 24))
def test_round_shift(x: int, bits: int) -> None:
    """Halves go up, at every bit and size that is allowed."""
    expected = [half_up(Fraction(value, 1 << bits)) for value in (x, -x)]
    assert round_shift(np.array([x, -x], np.int64), bits).tolist() == expected


@pytest.mark.parametrize("bits", [1, 7, 24])
def test_halves(bits: int) -> None:
    """Ties and their neighbours on both sides of zero."""
    half = 1 << (bits - 1)
    values = [n * (1 << bits) + half + d for n in (-3, -1, 0, 1, 1 << 20) for d in (-1, 0, 1)]
    expected = [half_up(Fraction(value, 1 << bits)) for value in values]
    assert round_shift(np.array(values, np.int64), bits).tolist() == expected


def test_saturate() -> None:
    """Limits are met."""
    assert saturate(np.array([-9, -3, 0, 3, 9], np.int64), 3).tolist() == [-3, -3, 0, 3, 3]


def test_bit_length() -> None:
    """Every power of two and its neighbours."""
    values = [max(0, (1 << n) + d) for n in range(63) for d in (-1, 0, 1)]
    found = bit_length(np.array(values, np.int64))
    assert found.tolist() == [value.bit_length() for value in values]
