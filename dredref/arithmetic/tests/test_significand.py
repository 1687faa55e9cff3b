"""Numbers of 24 significant bits: pairs of integers and binary32 give the same words."""

from __future__ import annotations

import math
import operator as python_operator
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dredref.arithmetic import significand as sig
from dredref.arithmetic import significand_functions as functions

SMALLEST, LARGEST = 1, 0x7F7FFFFF
TIES = [0x00000001, 0x00800000, 0x007FFFFF, 0x3F800000, 0x3F800001, 0x3F7FFFFF, 0x4B800000, 0]


def spread(count: int, low: int, high: int, seed: int) -> NDArray[np.int32]:
    """Words of both signs with exponents from ``low`` to ``high``, many with few bits set."""
    rng = np.random.default_rng(seed)
    words = (rng.integers(low, high, count) << 23) | rng.integers(0, 1 << 23, count)
    words &= ~((np.int64(1) << rng.integers(0, 24, count)) - 1) | (words & 0x7F800000)
    words[: len(TIES)] = TIES
    return (words - (rng.integers(0, 2, count) << 31)).astype(np.int32)


def clean(words: NDArray[np.int32]) -> NDArray[np.int32]:
    """Words without negative zero."""
    return sig.settle(sig.carry(words))


@pytest.mark.parametrize("span", [(100, 150), (120, 128), (0, 30), (1, 250)])
@pytest.mark.parametrize("operation", ["add", "sub", "mul", "truediv"])
def test_pairs_and_binary32_agree(operation: str, span: tuple[int, int]) -> None:
    """Ties, cancellation, distant exponents and results on the finest grid included."""
    x, y = spread(40000, *span, seed=1), spread(40000, *span, seed=2)
    np.random.default_rng(3).shuffle(y)
    if operation == "truediv":
        y = np.where(clean(y) == 0, np.int32(0x3F800000), y).astype(np.int32)
    act = getattr(python_operator, operation)
    with np.errstate(all="ignore"):
        carried = act(sig.carry(x), sig.carry(y))
    fits = np.isfinite(carried)
    assert fits.mean() > 0.3
    result = act(sig.from_words(x[fits]), sig.from_words(y[fits]))
    np.testing.assert_array_equal(sig.to_words(result), sig.settle(carried[fits]))


@given(st.integers(SMALLEST, LARGEST), st.integers(SMALLEST, LARGEST))
def test_operations_are_the_exact_result_rounded(x: int, y: int) -> None:
    """Against fractions and the decimal-free rounding of ``nearest``."""
    a, b = sig.from_words(np.array([x], np.int32)), sig.from_words(np.array([y], np.int32))
    exact_a, exact_b = as_fraction(x), as_fraction(y)
    for result, exact in ((a + b, exact_a + exact_b), (a * b, exact_a * exact_b)):
        if exact < Fraction(2) ** 127:
            assert sig.to_words(result)[0] == sig.nearest(exact)


def as_fraction(word: int) -> Fraction:
    """The number that a word stands for."""
    return Fraction(struct.unpack("<f", struct.pack("<i", word))[0])


@given(st.integers(0, 1000), st.integers(0, 60))
def test_halves_go_to_even(m: int, e: int) -> None:
    """A value half way between two numbers of 24 bits takes the even one."""
    odd = ((1 << 23) + m) * 2 + 1
    result = sig.rounded(np.array([odd]), np.array([e]))
    value = int(result.m[0]) << int(result.e[0] - e)
    assert abs(value - odd) == 1
    assert (value // 2) % 2 == 0


def test_words_come_back() -> None:
    """Every kind of word survives the way through pairs."""
    words = spread(100000, 0, 255, seed=5)
    np.testing.assert_array_equal(sig.to_words(sig.from_words(words)), clean(words))


def test_what_is_no_number_is_refused() -> None:
    """Infinity and its like have no pair, and a pair past the range has no word."""
    with pytest.raises(ValueError, match="finite"):
        sig.from_words(np.array([0x7F800000], np.int32))
    with pytest.raises(ValueError, match="largest"):
        sig.to_words(sig.Significands(np.array([1 << 23]), np.array([105])))


@pytest.mark.parametrize("text", [*functions.TANH_NUMERATOR, *functions.TANH_DENOMINATOR, "0.85"])
def test_decimals_become_the_nearest_number(text: str) -> None:
    """The same word that a C compiler makes of the numeral."""
    assert sig.nearest(text) == struct.unpack("<i", struct.pack("<f", float(text)))[0]


def test_functions_agree_on_both_kinds() -> None:
    """Tangent, logistic function and the 8 bits, from the smallest argument to the largest."""
    words = np.concatenate([spread(50000, 90, 140, seed=7), spread(50000, 0, 147, seed=8)])
    pairs, carried = sig.from_words(words), sig.carry(words)
    for function in (functions.tanh, functions.sigmoid):
        result = function(pairs)
        np.testing.assert_array_equal(sig.to_words(result), sig.settle(function(carried)))
        np.testing.assert_array_equal(
            functions.to_bytes(result), functions.to_bytes(function(carried))
        )


def test_tangent_is_a_tangent() -> None:
    """Within 0.001 of the function it stands for, and never past one."""
    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    y = functions.tanh(x)
    assert np.abs(y - np.tanh(x.astype(np.float64))).max() < 1e-3
    assert np.abs(y).max() == 1


def test_bytes_round_halves_up() -> None:
    """Halves of either sign, and the numbers next to them."""
    x = sig.carry(np.array([sig.nearest(Fraction(n, 254)) for n in range(-254, 255)], np.int32))
    near = np.concatenate([x, np.nextafter(x, np.float32(2)), np.nextafter(x, np.float32(-2))])
    near = near[np.abs(near) <= 1]
    expected = [math.floor(Fraction(float(np.float32(127) * v)) + Fraction(1, 2)) for v in near]
    np.testing.assert_array_equal(functions.to_bytes(near), expected)
    np.testing.assert_array_equal(functions.to_bytes(sig.from_words(near.view(np.int32))), expected)
