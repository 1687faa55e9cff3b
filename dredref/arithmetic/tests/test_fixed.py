"""Q24: rounding, division, roots and bit lengths, on both carriers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.fixed import (
    ONE,
    Fixed,
    bit_length,
    carry,
    divide,
    floor_shift,
    is_carrier,
    isqrt,
    multiply,
    round_shift,
    saturate,
    settle,
)

BIG = (1 << 53) - (1 << 23)


def half_up(value: Fraction) -> int:
    """What every rounding here is to give."""
    return math.floor(value + Fraction(1, 2))


def both(*values: int) -> list[Fixed]:
    """The same integers in both carriers."""
    array = np.array(values, np.int64)
    return [array, carry(array)]


@given(st.integers(-BIG, BIG), st.integers(1, 24))
def test_round_and_floor_shift(x: int, bits: int) -> None:
    """Halves go up, at every bit and size that is allowed."""
    for array in both(x, -x):
        rounded = [half_up(Fraction(value, 1 << bits)) for value in (x, -x)]
        assert settle(round_shift(array, bits)).tolist() == rounded
        assert settle(floor_shift(array, bits)).tolist() == [x >> bits, -x >> bits]


@pytest.mark.parametrize("bits", [1, 7, 24])
def test_halves(bits: int) -> None:
    """Ties and their neighbours on both sides of zero."""
    half = 1 << (bits - 1)
    values = [n * (1 << bits) + half + d for n in (-3, -1, 0, 1, 1 << 20) for d in (-1, 0, 1)]
    expected = [half_up(Fraction(value, 1 << bits)) for value in values]
    for array in both(*values):
        assert settle(round_shift(array, bits)).tolist() == expected


@given(st.integers(-(1 << 29), 1 << 29), st.integers(-ONE, ONE))
def test_multiply(x: int, y: int) -> None:
    """Up to the largest product that a layer makes."""
    for a, b in zip(both(x), both(y), strict=True):
        assert settle(multiply(a, b)).tolist() == [half_up(Fraction(x * y, ONE))]


@given(st.integers(1, 50), st.data())
def test_divide(k: int, data: st.DataObject) -> None:
    """Quotients below 2**k by denominators below 2**(53 - k), ties among them."""
    denominator = data.draw(st.integers(1, min(1 << (53 - k), 1 << 30) - 1))
    quotient = data.draw(st.integers(-(1 << k) + 1, (1 << k) - 1))
    near = quotient * denominator + data.draw(st.sampled_from([0, denominator // 2, denominator]))
    for numerator in (near - 1, near, near + 1):
        if abs(numerator) >= denominator << k or abs(numerator) >= 1 << 53:
            continue
        expected = [half_up(Fraction(numerator, denominator))]
        for a, b in zip(both(numerator), both(denominator), strict=True):
            assert settle(divide(a, b)).tolist() == expected


def test_saturate_and_carriers() -> None:
    """Limits are met; other types of element are refused."""
    for array in both(-9, -3, 0, 3, 9):
        assert settle(saturate(array, 3)).tolist() == [-3, -3, 0, 3, 3]
        assert is_carrier(array) == (array.dtype == np.float64)
    with pytest.raises(TypeError):
        is_carrier(np.zeros(1, np.float32))


@given(st.integers(0, (1 << 62) - 1))
def test_isqrt(x: int) -> None:
    """As Python's own."""
    assert isqrt(np.array([x], np.int64)).tolist() == [math.isqrt(x)]


def test_isqrt_edges() -> None:
    """Squares and what stands before them."""
    roots = np.array([0, 1, 2, 1 << 15, (1 << 31) - 1], np.int64)
    assert isqrt(roots * roots).tolist() == roots.tolist()
    assert isqrt(roots[1:] * roots[1:] - 1).tolist() == (roots[1:] - 1).tolist()


def test_bit_length() -> None:
    """Every power of two and its neighbours."""
    values = [max(0, (1 << n) + d) for n in range(63) for d in (-1, 0, 1)]
    found = bit_length(np.array(values, np.int64))
    assert found.tolist() == [value.bit_length() for value in values]
