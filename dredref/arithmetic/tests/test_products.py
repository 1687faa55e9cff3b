"""Products of integers that BLAS carries: exact at the bound, refused past it; 8-bit rounding."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.fixed import ONE, carry
from dredref.arithmetic.products import ExactMatrix, to_bytes


@pytest.mark.parametrize(("inputs", "kind"), [(1030, np.float32), (1100, np.float64)])
def test_the_type_follows_the_bound(inputs: int, kind: type) -> None:
    """Sums of one sign at the very bound, and one sum a bit below it, stay exact."""
    matrix = ExactMatrix(np.full((8, inputs), 127, np.int64), 128)
    assert matrix.type == kind
    rows = np.full((3, inputs), 128, np.int64)
    rows[1, ::7] = 127
    rows[2] *= -1
    expected = rows @ matrix.integers
    assert abs(expected).max() == matrix.bound == inputs * 127 * 128
    np.testing.assert_array_equal(matrix(rows), expected)
    np.testing.assert_array_equal(matrix(rows.astype(np.float32)), expected)


@given(st.integers(0, 1 << 30))
def test_random_matrices(seed: int) -> None:
    """Float32, float64 and int64 give the same sums."""
    rng = np.random.default_rng(seed)
    outputs, inputs = rng.integers(1, 40), rng.integers(1, 600)
    weights = rng.integers(-128, 128, (outputs, inputs))
    matrix = ExactMatrix(weights, 128)
    rows = rng.integers(-128, 129, (rng.integers(1, 9), inputs))
    np.testing.assert_array_equal(matrix(rows), rows @ weights.T)
    for kind in (np.float32, np.float64):
        np.testing.assert_array_equal(matrix(rows.astype(kind)), rows @ weights.T)


def test_past_every_bound() -> None:
    """Sums that no BLAS type holds are refused."""
    with pytest.raises(ValueError, match="past"):
        ExactMatrix(np.full((1, 2), 1 << 40), 1 << 13)


@given(st.lists(st.integers(-(2 << 24), 2 << 24), min_size=1, max_size=20))
def test_to_bytes(values: list[int]) -> None:
    """``floor(127 x + 1/2)``, saturated, on both carriers."""
    wanted = [math.floor(Fraction(127 * x, ONE) + Fraction(1, 2)) for x in values]
    expected = np.clip(wanted, -128, 127)
    x = np.array(values, np.int64)
    np.testing.assert_array_equal(to_bytes(x), expected)
    np.testing.assert_array_equal(to_bytes(carry(x)), expected)
    assert to_bytes(carry(x)).dtype == np.float32


def test_to_bytes_at_halves_and_far_out() -> None:
    """Where 127 x is a half, just beside it, and saturation for anything larger."""
    numerators = np.arange(-127, 128) * 2 + 1
    near = (numerators * ONE) // 254
    x = np.concatenate([near + d for d in range(-2, 3)] + [np.array([1 << 40, -(1 << 40)])])
    np.testing.assert_array_equal(to_bytes(x), to_bytes(carry(x)))
    assert to_bytes(x)[-2:].tolist() == [127, -128]
