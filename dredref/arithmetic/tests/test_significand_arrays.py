"""Arrays of 24-bit numbers: what moves, chooses, compares and adds is the same in both forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dredref.arithmetic import significand as sig
from dredref.arithmetic import significand_arrays as arrays
from dredref.arithmetic.significand import Carried, Significands


def pairs(x: Carried) -> Significands:
    return sig.from_words(sig.settle(x))


def drawn(*shape: int, seed: int = 1) -> Carried:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape) * 2.0 ** rng.integers(-20, 20, shape)
    x.flat[:3] = 0, 1, -1
    return x.astype(np.float32)


def both(function: Callable[..., Any], *arguments: Carried) -> Carried:
    """The result for binary32, once that for pairs is seen to be the same."""
    fast: Carried = function(*arguments)
    exact = function(*map(pairs, arguments))
    np.testing.assert_array_equal(sig.words_of(exact), sig.settle(fast))
    return fast


def test_moves() -> None:
    x = drawn(3, 4)
    np.testing.assert_array_equal(both(lambda v: arrays.arranged(v, np.transpose), x), x.T)
    np.testing.assert_array_equal(both(lambda v: arrays.stacked([v, v], axis=1), x)[:, 1], x)
    np.testing.assert_array_equal(both(lambda v: arrays.zeros((2, 3), v), x), np.zeros((2, 3)))


def test_choices() -> None:
    x, y = drawn(500), drawn(500, seed=2)
    y[::7] = x[::7]
    np.testing.assert_array_equal(both(arrays.larger, x, y), np.maximum(x, y))
    np.testing.assert_array_equal(arrays.less(pairs(x), pairs(y)), x < y)
    chosen = both(lambda a, b: arrays.where(np.arange(500) % 2 == 0, a, b), x, y)
    np.testing.assert_array_equal(chosen, np.where(np.arange(500) % 2 == 0, x, y))


def test_order_of_words_is_that_of_numbers() -> None:
    x = np.sort(np.concatenate([drawn(500), np.array([1e-45, -1e-45], np.float32)]))
    places = arrays.ordered(x)
    np.testing.assert_array_equal(arrays.ordered(pairs(x)), places)
    np.testing.assert_array_equal(np.diff(places) > 0, np.diff(x) > 0)
    assert arrays.ordered(np.array([-0.0], np.float32)) == 0


def one_by_one(x: Carried, y: Carried, start: Carried | None = None) -> Carried:
    """The sum of products in plain Python, along axis 0."""
    total = np.zeros(x.shape[1:], np.float32) if start is None else start
    for one, other in zip(x, y, strict=True):
        total = total + one * other
    return total


@pytest.mark.parametrize("shape", [(160, 1), (160, 7), (3, 40), (1, 5), (37,)])
def test_sums_are_taken_in_order(shape: tuple[int, ...]) -> None:
    x, y = drawn(*shape), drawn(*shape, seed=2)
    expected = one_by_one(x, y)
    np.testing.assert_array_equal(both(arrays.inner_product, x, y), expected)

    def summed(a: Any, b: Any) -> Any:
        return arrays.sum_of_products((a[k], b[k]) for k in range(len(x)))

    if len(shape) > 1:
        np.testing.assert_array_equal(both(summed, x, y), expected)


def test_sums_start_where_told() -> None:
    x, y, start = drawn(9, 4), drawn(9, 4, seed=2), drawn(4, seed=3)
    before = start.copy()

    def summed(a: Any, b: Any, c: Any) -> Any:
        return arrays.sum_of_products(((a[k], b[k]) for k in range(9)), c)

    np.testing.assert_array_equal(both(summed, x, y, start), one_by_one(x, y, start))
    np.testing.assert_array_equal(start, before)


def test_fixed_point_is_rounded_once() -> None:
    x = np.array([(1 << 24) + 1, (1 << 24) + 3, -(1 << 40) - 5, (1 << 52) + 1, 0, 7], np.int64)
    expected = np.ldexp(x.astype(np.float64), -14).astype(np.float32)
    fast = arrays.from_fixed(x, 14, np.zeros(1, np.float32))
    np.testing.assert_array_equal(fast, expected)
    exact = arrays.from_fixed(x, 14, pairs(expected))
    np.testing.assert_array_equal(sig.words_of(exact), sig.settle(expected))
