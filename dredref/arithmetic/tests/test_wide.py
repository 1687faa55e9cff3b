"""Wide products against Python's own integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.wide import WideMatrix


def by_definition(x: np.ndarray, matrix: np.ndarray, shift: int) -> np.ndarray:
    exact = x.astype(object) @ matrix.astype(object)
    half = 1 << shift >> 1
    return np.array([[(int(v) + half) >> shift for v in row] for row in exact], np.int64)


@given(
    bits=st.integers(1, 60),
    table_bits=st.integers(1, 30),
    shift=st.integers(0, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_product_is_exact(bits: int, table_bits: int, shift: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-(1 << table_bits), 1 << table_bits, (17, 5), endpoint=True)
    x = rng.integers(-(1 << bits), 1 << bits, (4, 17), endpoint=True)
    x[0], x[1] = 1 << bits, -(1 << bits)
    wide = WideMatrix(matrix, bits)
    try:
        got = wide.multiply(x, shift)
    except ValueError:
        assert int(np.abs(matrix).sum(axis=0).max()) << bits >= 1 << 62 + shift
        return
    np.testing.assert_array_equal(got, by_definition(x, matrix, shift))


def test_a_result_that_would_not_fit_is_refused() -> None:
    wide = WideMatrix(np.full((4, 1), 1 << 20, np.int64), bits=50)
    with pytest.raises(ValueError, match="does not fit"):
        wide.multiply(np.zeros((1, 4), np.int64), shift=4)


def test_a_matrix_too_large_for_any_limb_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        WideMatrix(np.full((1 << 10, 1), 1 << 43, np.int64), bits=8)


def test_batch_dimensions_are_kept() -> None:
    wide = WideMatrix(np.arange(12).reshape(4, 3), bits=10)
    assert wide.multiply(np.ones((2, 5, 4), np.int64)).shape == (2, 5, 3)
