"""Words with the arithmetic of numbers: as the pairs, in any shape, and nothing but numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dredref.arithmetic import compiled_arrays
from dredref.arithmetic import significand as sig
from dredref.arithmetic import significand_arrays as arrays
from dredref.arithmetic import significand_functions as functions
from dredref.arithmetic import significand_rows as rows
from dredref.arithmetic.packed import Packed, pack_words

LARGEST = 0x7F7FFFFF
EDGES = (0, 1, 2, 0x007FFFFF, 0x00800000, 0x00800001, 0x3F7FFFFF, 0x3F800000, 0x4B7FFFFF)
"""Zero, the finest numbers, the edge of short ones, next to 1 and to 2**24."""


def spread(count: int, low: int, high: int, seed: int) -> NDArray[np.int32]:
    """Words of both signs with exponents from ``low`` to ``high``, many with few bits set."""
    rng = np.random.default_rng(seed)
    words = (rng.integers(low, high, count) << 23) | rng.integers(0, 1 << 23, count)
    words &= ~((np.int64(1) << rng.integers(0, 24, count)) - 1) | (words & 0x7F800000)
    words[: len(EDGES)] = EDGES[:count]
    signs = np.where(words == 0, 0, rng.integers(0, 2, count) << 31)
    return (words - signs).astype(np.int32)


def packed(words: NDArray[np.int32]) -> Any:
    return sig.numbers(words, sig.PACKED)


def same(function: Callable[..., Any], *words: NDArray[np.int32]) -> NDArray[np.int32]:
    """The words that a function of numbers gives, once those of the pairs are seen to be equal."""
    found = function(*map(packed, words))
    assert isinstance(found, Packed)
    of_pairs = sig.to_words(function(*map(sig.from_words, words)))
    np.testing.assert_array_equal(sig.words_of(found), of_pairs)
    return of_pairs


SPANS = [(100, 150), (120, 128), (0, 30), (50, 80), (64, 189), (1, 150)]
"""Exponents: ordinary, close together, sums and products on the finest grid, far apart."""


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
def test_operations(name: str, span: tuple[int, int]) -> None:
    """Ties, cancellation, distant exponents and results on the finest grid included."""
    x, y = spread(40000, *span, seed=1), spread(40000, *span, seed=2)
    np.random.default_rng(3).shuffle(y)
    act = getattr(operator, name)
    with np.errstate(all="ignore"):
        fits = np.isfinite(act(x.view(np.float32), y.view(np.float32)))
    assert fits.mean() > 0.6
    same(act, x[fits], y[fits])


@given(st.integers(1, LARGEST), st.integers(1, LARGEST), st.booleans())
def test_operations_are_the_exact_result_rounded(x: int, y: int, negative: bool) -> None:
    """Against fractions and the rounding of ``nearest``."""
    a, b = (packed(np.array([word], np.int32)) for word in (x, y))
    exact_a, exact_b = _fraction(x), _fraction(y)
    if negative:
        b, exact_b = -b, -exact_b
    cases = (a + b, exact_a + exact_b), (a - b, exact_a - exact_b), (a * b, exact_a * exact_b)
    for result, exact in (*cases, (a / b, exact_a / exact_b)):
        if abs(exact) < Fraction(2) ** 127:
            assert sig.words_of(result)[0] == np.int64(sig.nearest(exact)).astype(np.int32)


def _fraction(word: int) -> Fraction:
    pair = sig.from_words(np.array(word, np.int32))
    return int(pair.m) * Fraction(2) ** int(pair.e)


def test_every_divisor() -> None:
    """All significands below the line, each under the one that is hardest to round for it."""
    y = np.arange(0x3F800000, 0x40000000, dtype=np.int32)
    x = y ^ np.int32(0x2AAAAA)
    quotient = sig.words_of(packed(x) / packed(y)).view(np.float32)
    np.testing.assert_array_equal(quotient, x.view(np.float32) / y.view(np.float32))


def test_comparisons() -> None:
    """In the order of the numbers, of either sign."""
    x, y = spread(5000, 100, 130, 1), spread(5000, 100, 130, 2)
    y[::5] = x[::5]
    floats = x.view(np.float32), y.view(np.float32)
    for compare in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal):
        found = compare(packed(x), packed(y))
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, compare(*floats))
    for choose in (np.minimum, np.maximum):
        np.testing.assert_array_equal(
            sig.words_of(choose(packed(x), packed(y))), choose(*floats).view(np.int32)
        )
    np.testing.assert_array_equal(sig.words_of(-packed(x)), sig.settle(-floats[0]))
    np.testing.assert_array_equal(sig.words_of(np.abs(packed(x))), np.abs(floats[0]).view(np.int32))


def test_shapes() -> None:
    """Operands are spread as numpy spreads them; slices, turned arrays and locked ones serve."""
    x = spread(60, 120, 130, 1).reshape(5, 12)
    same(lambda a: a[:, :1] * a, x)
    same(lambda a: a + a[2], x)
    same(lambda a: a * a[1, 3], x)
    same(lambda a: a[::2, 1::3] - a[1::2, 2::3][:1], x)
    same(lambda a: arrays.arranged(a, np.transpose) * a[:4, :5][:, :1][0], x)
    x.setflags(write=False)
    same(lambda a: a[:0] * a[:0], x)
    same(lambda a: a + a, x)
    np.testing.assert_array_equal(
        compiled_arrays.RULES["add"](x, x).view(np.float32), 2 * x.view(np.float32)
    )


def test_in_place() -> None:
    """An output may be an operand."""
    x = packed(spread(60, 120, 130, 1))
    y = x[::-1].copy()
    expected = sig.words_of(x + y)
    x += y
    assert isinstance(x, Packed)
    np.testing.assert_array_equal(sig.words_of(x), expected)
    np.multiply(x, y, out=y)
    assert isinstance(y, Packed)


def test_kind_stays() -> None:
    """What moves words gives numbers: joins, choices, spreads, single elements."""
    x = packed(spread(12, 120, 130, 1).reshape(3, 4))
    made: list[Any] = [
        *(x[1, 2], x[0], x.T, x.reshape(-1), x.copy(), np.concatenate([x, x]), np.stack([x, x])),
        *(np.where(x < x[0], x, x[0]), np.broadcast_to(x[0], (9, 4)), np.zeros_like(x), (-x)[0]),
        *(np.take_along_axis(x, np.zeros((1, 4), np.int64), axis=0), *np.split(x, 2, axis=1)),
        *(arrays.zeros((2, 3), x), arrays.arranged(x, np.ascontiguousarray), next(iter(x))),
    ]
    assert all(isinstance(part, Packed) for part in made)


REFUSED: list[Callable[[Any], Any]] = [
    *(lambda x: x * 2, lambda x: 2 - x, lambda x: x * 0.5, lambda x: x + np.ones(4, np.int32)),
    *(lambda x: np.float32(1) + x, lambda x: x.view(np.ndarray) * x, lambda x: x // x),
    *(lambda x: np.exp(x), lambda x: x.sum(), lambda x: x @ x, lambda x: np.dot(x, x)),
    *(lambda x: x.astype(np.float32), lambda x: x.argmax(), lambda x: x.max(), lambda x: x << x),
    *(lambda x: np.sort(x), lambda x: x.sort(), lambda x: np.isfinite(x), lambda x: x % x),
]


@pytest.mark.parametrize("operation", REFUSED)
def test_words_are_not_taken_for_integers(operation: Callable[[Any], Any]) -> None:
    """Nor integers for words: no operation has a meaning but those of numbers."""
    with pytest.raises(TypeError):
        operation(packed(spread(4, 120, 130, 1)))


def test_words_come_and_go() -> None:
    """Negative zero is zero; what is handed out is no view of what is kept."""
    x = packed(np.array([-(1 << 31), 0, 5], np.int32))
    words = sig.words_of(x)
    assert words.tolist() == [0, 0, 5]
    assert type(words) is np.ndarray
    words[:] = 1
    assert sig.words_of(x).tolist() == [0, 0, 5]
    assert isinstance(pack_words(words), Packed)


def test_integers() -> None:
    """To numbers and back, and halves up."""
    n = np.array([0, 1, -1, 1 << 24, -(1 << 24), (1 << 24) - 1, 12345, -7], np.int64)
    numbers: Any = sig.from_integers(n, sig.PACKED)
    np.testing.assert_array_equal(sig.words_of(numbers), n.astype(np.float32).view(np.int32))
    below = np.abs(n) < 1 << 24
    np.testing.assert_array_equal(sig.floor(numbers[below]), n[below])
    np.testing.assert_array_equal(sig.floor_half_up(numbers[below]), n[below])


@pytest.mark.parametrize("span", [(90, 150), (120, 128), (0, 120), (145, 151)])
def test_floors(span: tuple[int, int]) -> None:
    """Either sign, from the finest number to just below 2**24."""
    x = spread(20000, *span, seed=1)
    x = x[np.abs(x.view(np.float32)) < 1 << 24]
    for function in (sig.floor, sig.floor_half_up):
        np.testing.assert_array_equal(function(packed(x)), function(sig.from_words(x)))


def test_fixed_point_is_rounded_once() -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(-(1 << 52), 1 << 52, 5000) >> rng.integers(0, 50, 5000)
    x[:5] = (1 << 24) + 1, (1 << 24) + 3, -(1 << 40) - 5, (1 << 52) + 1, 0
    for q in (0, 14, 100):
        found = arrays.from_fixed(x, q, sig.PACKED)
        defined = arrays.from_fixed(x, q, sig.PAIRS)
        np.testing.assert_array_equal(sig.words_of(found), sig.words_of(defined))


@pytest.mark.parametrize("shape", [(160, 1), (160, 7), (3, 40), (1, 5), (37,)])
def test_sums_in_order(shape: tuple[int, ...]) -> None:
    """Inner products, sums of products with and without a start, running sums."""
    count = int(np.prod(shape))
    x, y = (spread(count, 110, 135, seed).reshape(shape) for seed in (1, 2))
    same(arrays.inner_product, x, y)

    def summed(a: Any, b: Any) -> Any:
        return arrays.sum_of_products((a[k], b[k]) for k in range(shape[0]))

    def started(a: Any, b: Any) -> Any:
        return arrays.sum_of_products(((a[k], b[k]) for k in range(shape[0])), a[0])

    same(summed, x, y)
    same(started, x, y)
    for axis in range(len(shape)):
        found: Any = np.add.accumulate(packed(x), axis=axis)
        expected = np.add.accumulate(x.view(np.float32), axis=axis)
        np.testing.assert_array_equal(sig.words_of(found), sig.settle(expected))


@pytest.mark.parametrize("function", [rows.tanh, rows.sigmoid, functions.tanh, functions.sigmoid])
def test_functions(function: Callable[[Any], Any]) -> None:
    """Fused or operation by operation, from the finest argument to the largest."""
    for span in ((110, 131), (0, 120), (128, 151)):
        same(function, spread(20000, *span, seed=5))
    edge = np.float32(5.2053).view(np.int32) + np.arange(-9000, 9000, dtype=np.int32)
    same(function, np.concatenate([edge, edge ^ np.int32(-(1 << 31))]))


def test_bytes() -> None:
    """Every half and its neighbours."""
    halves = ((np.arange(-127, 127) + 0.5) / 127).astype(np.float32).view(np.int32)
    near = (halves[:, None] + np.arange(-4, 5, dtype=np.int32)).ravel()
    words = np.concatenate([near, spread(4000, 100, 127, 5)])
    words = words[np.abs(words.view(np.float32)) <= 1]
    found = rows.to_bytes(packed(words))
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, rows.to_bytes(sig.from_words(words)))
    np.testing.assert_array_equal(functions.to_bytes(packed(words)), found)
