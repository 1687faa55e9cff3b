"""Products of integers that BLAS carries: exact at the bound, refused past it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.products import ExactMatrix


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
    sums = matrix(rows.astype(np.int16))
    assert sums.dtype == np.int32
    np.testing.assert_array_equal(sums, expected)


@given(st.integers(0, 1 << 30))
def test_random_matrices(seed: int) -> None:
    """Float32, float64, int16 and int64 give the same sums."""
    rng = np.random.default_rng(seed)
    outputs, inputs = rng.integers(1, 40), rng.integers(1, 600)
    weights = rng.integers(-128, 128, (outputs, inputs))
    matrix = ExactMatrix(weights, 128)
    rows = rng.integers(-128, 129, (rng.integers(1, 9), inputs))
    np.testing.assert_array_equal(matrix(rows), rows @ weights.T)
    for kind in (np.float32, np.float64, np.int16):
        np.testing.assert_array_equal(matrix(rows.astype(kind)), rows @ weights.T)


def test_past_every_bound() -> None:
    """Sums that no BLAS type holds are refused."""
    with pytest.raises(ValueError, match="past"):
        ExactMatrix(np.full((1, 2), 1 << 40), 1 << 13)
