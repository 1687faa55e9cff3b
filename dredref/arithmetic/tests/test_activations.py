"""Tangent and logistic function on Q24: both carriers equal, near the exact fraction, in range."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.activations import D0, D1, D2, LIMIT, N0, N1, N2, sigmoid, tanh
from dredref.arithmetic.fixed import ONE, Fixed, carry

FLOAT32 = (952.52801514, 96.39235687, 0.60863042, 952.72399902, 413.36801147, 11.88600922)
"""The coefficients as libopus writes them."""


def arguments() -> NDArray[np.int64]:
    """The whole range in steps that share no factor with its formats; edges, and far outside."""
    edges = [k * LIMIT + d for k in (-2, -1, 0, 1, 2) for d in range(-300, 301)]
    far = [s * ((1 << n) + d) for s in (-1, 1) for n in range(26, 50) for d in (-1, 0, 1)]
    swept = np.arange(-2 * LIMIT - 999, 2 * LIMIT + 999, 211)
    return np.concatenate([swept, np.array(edges + far, np.int64)])


def exact(x: int) -> Fraction:
    """The rational tangent of a Q24 number, without any rounding."""
    n0, n1, n2, d0, d1, d2 = (Fraction(float(np.float32(value))) for value in FLOAT32)
    y = Fraction(x, ONE)
    u = y * y
    quotient = y * (n0 + n1 * u + n2 * u * u) / (d0 + d1 * u + d2 * u * u)
    return max(Fraction(-1), min(Fraction(1), quotient))


def test_coefficients() -> None:
    """The integers are the float32 numbers over 1024, exactly."""
    found = [Fraction(n, 1 << q) for n, q in zip((N0, N1, N2, D0, D1, D2),
             (24, 27, 32, 24, 25, 27), strict=True)]  # fmt: skip
    assert found == [Fraction(float(np.float32(value))) / 1024 for value in FLOAT32]


@pytest.mark.parametrize("function", [tanh, sigmoid])
def test_carriers_agree(function: Callable[[Fixed], Fixed]) -> None:
    """Element for element, over the whole range."""
    x = arguments()
    np.testing.assert_array_equal(function(x), function(carry(x)))


def test_memory_layouts() -> None:
    """Rows, columns and strided views of a carrier."""
    x = arguments()[:30000].reshape(-1, 10)
    expected = tanh(x)
    for view in (carry(x), np.asfortranarray(carry(x))):
        np.testing.assert_array_equal(tanh(view), expected)
        np.testing.assert_array_equal(tanh(view[3:-5, 2:7]), expected[3:-5, 2:7])
    assert tanh(np.zeros((0, 4))).shape == (0, 4)


def test_distance_from_the_exact_fraction() -> None:
    """Less than 2 in Q24, and the same sign."""
    x = arguments()[::997]
    for value, found in zip(x.tolist(), tanh(x).tolist(), strict=True):
        assert abs(found - exact(value) * ONE) < 2
    for value, found in zip(x.tolist(), sigmoid(x).tolist(), strict=True):
        assert abs(found - (1 + exact_half(value)) * ONE / 2) < 2


def exact_half(x: int) -> Fraction:
    """The tangent of half a Q24 number."""
    n0, n1, n2, d0, d1, d2 = (Fraction(float(np.float32(value))) for value in FLOAT32)
    y = Fraction(x, 2 * ONE)
    u = y * y
    quotient = y * (n0 + n1 * u + n2 * u * u) / (d0 + d1 * u + d2 * u * u)
    return max(Fraction(-1), min(Fraction(1), quotient))


def test_range_and_ends() -> None:
    """Saturation at the ends, exact zero and half in the middle, values within range."""
    x = arguments()
    t, s = tanh(x), sigmoid(x)
    assert (t.min(), t.max(), s.min(), s.max()) == (-ONE, ONE, 0, ONE)
    assert tanh(np.array([0, LIMIT, -LIMIT, 1 << 50, -(1 << 50)])).tolist() == [
        0,
        ONE,
        -ONE,
        ONE,
        -ONE,
    ]
    assert sigmoid(np.array([0, 3 * LIMIT, -3 * LIMIT])).tolist() == [ONE // 2, ONE, 0]


def test_rising() -> None:
    """Neighbouring arguments never fall by more than the rounding of the fraction allows."""
    x = np.arange(-LIMIT, LIMIT, 4099)
    steps = np.diff(tanh(x))
    assert steps.min() >= -1
