"""Numbers of 53 significant bits: Python integers and binary64 give the same."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import significand as sig
from dredref.arithmetic import significand_wide as wide

Floats = NDArray[np.float64]


def drawn(count: int, seed: int, spread: int = 60) -> Floats:
    """Numbers of both signs and many sizes, some with few bits, so that ties and zeros occur."""
    rng = np.random.default_rng(seed)
    m = rng.integers(-(1 << 53), 1 << 53, count)
    m = np.where(rng.integers(0, 2, count), m >> rng.integers(0, 54, count), m)
    values: Floats = np.ldexp(m.astype(np.float64), rng.integers(-spread, spread, count))
    values[:2] = 0
    return values


def pairs(x: Floats) -> wide.WideSignificands:
    """The numbers as integers and exponents."""
    fractions, exponents = np.frexp(x)
    m = [int(part) for part in np.ldexp(fractions, 53)]
    e = [int(exponent) - 53 for exponent in exponents]
    return wide.WideSignificands(np.array(m, object), np.array(e, object))


def value_of(x: wide.WideSignificands) -> Floats:
    """The nearest float64 of each, which must be the number itself."""
    exact = [Fraction(m) * Fraction(2) ** e for m, e in zip(x.m.flat, x.e.flat, strict=True)]
    values = np.array([float(value) for value in exact]).reshape(x.shape)
    assert [Fraction(float(value)) for value in values.flat] == exact
    return values


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
@pytest.mark.parametrize("spread", [2, 60])
def test_operations(name: str, spread: int) -> None:
    x, y = drawn(4000, 1, spread), drawn(4000, 2, spread)[::-1]
    if name == "truediv":
        y = np.where(y == 0, 3.0, y)
    act: Any = getattr(operator, name)
    np.testing.assert_array_equal(value_of(act(pairs(x), pairs(y))), act(x, y))


def test_halves_go_to_even() -> None:
    big, one = np.array([2.0**53, 2.0**53 + 2]), np.array([1.0])
    np.testing.assert_array_equal(value_of(pairs(big) + pairs(one)), [2.0**53, 2.0**53 + 4])


def test_root() -> None:
    x = np.abs(drawn(4000, 3))
    x[2:40] = np.arange(38) ** 2
    np.testing.assert_array_equal(value_of(wide.root(pairs(x))), np.sqrt(x))


def test_widening_and_narrowing() -> None:
    x = drawn(4000, 4)
    x[2000:] *= 2.0**-160
    x[2:6] = 2.0**-150, 3 * 2.0**-150, 2.0**-300, 1 + 2.0**-24
    narrow = wide.narrow(pairs(x))
    np.testing.assert_array_equal(sig.words_of(narrow), sig.settle(wide.narrow(x)))
    again = wide.widen(narrow)
    np.testing.assert_array_equal(value_of(again), wide.widen(wide.narrow(x)))


@pytest.mark.parametrize("numeral", ["0.0001", "1", "0.00006", "-2.5", "0"])
def test_constants(numeral: str) -> None:
    pair = wide.wide_constant(numeral, pairs(np.zeros(1)))
    assert (
        float(value_of(pair)) == float(wide.wide_constant(numeral, np.zeros(1))) == float(numeral)
    )


def test_running_sums_go_step_by_step() -> None:
    first, steps = drawn(3, 5, 3), drawn(60, 6, 3).reshape(20, 3)
    expected = [first]
    for step in steps:
        expected.append(expected[-1] + step)
    np.testing.assert_array_equal(wide.running_sums(first, steps), expected)
    rows = pairs(steps.ravel())
    shaped = wide.WideSignificands(rows.m.reshape(20, 3), rows.e.reshape(20, 3))
    np.testing.assert_array_equal(value_of(wide.running_sums(pairs(first), shaped)), expected)
