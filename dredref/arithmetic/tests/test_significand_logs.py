"""Exponentials and logarithms: both forms equal, and correctly rounded."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import elementary, significand_logs
from dredref.arithmetic import significand as sig
from dredref.arithmetic.significand import Carried, Significands


def pairs(x: Carried) -> Significands:
    return sig.from_words(sig.settle(x))


def drawn(limit: float, count: int = 3000) -> Carried:
    """Numbers of all sizes up to ``limit``, zero and tiny ones among them."""
    rng = np.random.default_rng(9)
    x = (limit * rng.uniform(-1, 1, count) * 2.0 ** -rng.integers(0, 20, count)).astype(np.float32)
    x[:5] = 0, 1e-9, -1e-30, limit, -limit
    return x


def nearest(value: float) -> np.float32:
    """The platform's binary64 result, which errs by far less than a rounding step."""
    return np.float32(np.float64(value))


def test_exponential() -> None:
    x = drawn(64)
    expected = np.array([nearest(math.exp(float(v))) for v in x])
    np.testing.assert_array_equal(significand_logs.exp(x), expected)
    np.testing.assert_array_equal(sig.carry(sig.to_words(significand_logs.exp(pairs(x)))), expected)


@pytest.mark.parametrize("factor", ["0.8", "1", "0.173913"])
def test_power_of_ten(factor: str) -> None:
    x = drawn(27)
    weight = float(np.float32(factor))
    expected = np.array([nearest(10.0 ** float(v) * weight) for v in x])
    fast = significand_logs.power_of_ten(x, sig.constant(factor, x))
    np.testing.assert_array_equal(fast, expected)
    exact = significand_logs.power_of_ten(pairs(x), sig.constant(factor, pairs(x)))
    np.testing.assert_array_equal(sig.carry(sig.to_words(exact)), expected)


def test_softplus() -> None:
    x = drawn(6)
    expected = [nearest(math.log1p(math.exp(float(v))) / math.log1p(math.exp(5))) for v in x]
    np.testing.assert_array_equal(significand_logs.softplus(x, 5), np.array(expected))
    exact = significand_logs.softplus(pairs(x), 5)
    np.testing.assert_array_equal(sig.carry(sig.to_words(exact)), np.array(expected))


def test_what_a_poor_platform_estimates_is_put_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimates that are off by half the margin change no word; without the guard they would."""
    x = drawn(20, 2000)
    right = significand_logs.exp(x)
    exact = np.exp

    def poor(v: NDArray[np.float64]) -> NDArray[np.float64]:
        wrong: NDArray[np.float64] = exact(v) * (1 + 2.0**-29)
        return wrong

    monkeypatch.setattr(significand_logs, "MARGIN", 2.0**-28)
    monkeypatch.setattr(np, "exp", poor)
    assert np.any(poor(x.astype(np.float64)).astype(np.float32) != right)
    np.testing.assert_array_equal(significand_logs.exp(x), right)


def test_exponential_states_its_range() -> None:
    """A magnitude above 64 is refused, in either form."""
    x = np.array([65], np.float32)
    with pytest.raises(ValueError, match="64"):
        significand_logs.exp(x)
    with pytest.raises(ValueError, match="64"):
        significand_logs.exp(pairs(x))


def test_logarithm_of_exponentials() -> None:
    for value in (Fraction(1, 1000), Fraction(1, 3), Fraction(2), Fraction(37, 5)):
        x = elementary.fine(value)
        assert abs(elementary.logarithm(elementary.exponential(x)) - x) < 1 << 20
    assert (
        abs(elementary.logarithm(elementary.fine(Fraction(1, 10))) + elementary.log_of_ten())
        < 1 << 8
    )
    assert elementary.log_of_ten() / elementary.ONE == math.log(10)
