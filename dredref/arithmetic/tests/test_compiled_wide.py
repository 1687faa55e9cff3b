"""Compiled numbers of 53 significant bits: those of the definition, and of binary64."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import compiled_wide
from dredref.arithmetic import significand as sig
from dredref.arithmetic import significand_wide as wide
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.tests.test_significand_wide import drawn, pairs, value_of

Floats = NDArray[np.float64]

OPERATIONS = {
    "add": compiled_wide.sums,
    "sub": compiled_wide.differences,
    "mul": compiled_wide.products,
    "truediv": compiled_wide.quotients,
}


def words(x: Floats) -> NDArray[np.int64]:
    """Binary64 words, those of zeros without sign."""
    return (np.asarray(x) + 0.0).view(np.int64)


def done(kernel: Any, *operands: NDArray[Any], narrow: bool = False) -> NDArray[Any]:
    """What a kernel gives for flat arrays of words."""
    out = np.empty(operands[0].size, np.int32 if narrow else np.int64)
    kernel(*operands, out)
    return out


def operands(spread: int) -> tuple[Floats, Floats]:
    """Numbers of like and unlike sizes, some of which cancel but for their last bits."""
    rng = np.random.default_rng(3)
    x, y = drawn(60000, 1, spread), drawn(60000, 2, spread)[::-1].copy()
    near = slice(1000, 20000)
    y[near] = -x[near] * (1 + rng.integers(-4, 4, 19000) * 2.0**-52)
    y[20000:30000] = x[20000:30000] * 2.0 ** rng.integers(-60, 60, 10000)
    return x, y


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("spread", [2, 60, 400])
def test_operations_are_those_of_binary64(name: str, spread: int) -> None:
    x, y = operands(spread)
    if name == "truediv":
        y = np.where(y == 0, 3.0, y)
    act: Any = getattr(operator, name)
    found = done(OPERATIONS[name], words(x), words(y))
    np.testing.assert_array_equal(found, words(act(x, y)))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_those_of_the_definition(name: str) -> None:
    x, y = (part[::20] for part in operands(60))
    y = np.where(y == 0, 3.0, y)
    act: Any = getattr(operator, name)
    expected = value_of(act(pairs(x), pairs(y)))
    found = done(OPERATIONS[name], words(x), words(y))
    np.testing.assert_array_equal(found, words(expected))


def test_halves_go_to_even() -> None:
    big, one = words(np.array([2.0**53, 2.0**53 + 2])), words(np.array([1.0, 1.0]))
    sums = done(compiled_wide.sums, big, one).view(np.float64)
    np.testing.assert_array_equal(sums, [2.0**53, 2.0**53 + 4])


def test_roots() -> None:
    x = np.abs(drawn(20000, 3))
    x[2:40] = np.arange(38) ** 2
    x[40:80] = np.nextafter(x[:40] + 4, 0)
    found = done(compiled_wide.roots, words(x))
    np.testing.assert_array_equal(found, words(np.sqrt(x)))
    few = slice(0, 1000)
    np.testing.assert_array_equal(found[few], words(value_of(wide.root(pairs(x[few])))))


def test_narrowing() -> None:
    rng = np.random.default_rng(7)
    x = drawn(20000, 4)
    x[5000:] = np.ldexp(rng.integers(-(1 << 25), 1 << 25, 15000), rng.integers(-180, 60, 15000))
    x[2:6] = 2.0**-150, 3 * 2.0**-150, 2.0**-300, 1 + 2.0**-24
    found = done(compiled_wide.narrowed, words(x), narrow=True)
    np.testing.assert_array_equal(found, sig.settle(x.astype(np.float32)))
    defined = sig.to_words(wide.narrow(pairs(x[:8000])))
    np.testing.assert_array_equal(found[:8000], defined)


def test_widening() -> None:
    rng = np.random.default_rng(8)
    x = rng.integers(-(1 << 31), 1 << 31, 20000).astype(np.int32)
    x = np.where((x >> 23) & 0xFF == 0xFF, x & 0x7FFFFF, x)
    x[:2] = 0, 1
    expected = words(x.view(np.float32).astype(np.float64))
    np.testing.assert_array_equal(done(compiled_wide.widened, x), expected)
    np.testing.assert_array_equal(done(compiled_wide.narrowed, expected, narrow=True), x)


def test_sums_go_step_by_step() -> None:
    steps = drawn(60, 6, 3).reshape(20, 3)
    expected = np.add.accumulate(steps, axis=0)
    totals = np.empty((20, 3), np.int64)
    totals[0] = words(steps[0])
    compiled_wide.accumulated(words(steps[1:]), totals)
    np.testing.assert_array_equal(totals, words(expected))


def packed(x: Floats) -> wide.WidePacked:
    """The numbers as words with arithmetic."""
    return words(x).view(wide.WidePacked)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operators_spread_their_operands(name: str) -> None:
    x, y = drawn(12, 7, 3).reshape(3, 4), drawn(4, 8, 3)
    y[:2] = 1, -3
    act: Any = getattr(operator, name)
    for one, other in ((x, y), (x, y[2:3]), (x[:, :1], y)):
        found = act(packed(one), packed(other))
        assert isinstance(found, wide.WidePacked)
        np.testing.assert_array_equal(np.asarray(found), words(act(one, other)))


def test_functions_of_any_kind_of_number() -> None:
    x = np.abs(drawn(40, 9, 3)).reshape(10, 4)
    found = wide.root(packed(x))
    np.testing.assert_array_equal(np.asarray(found), words(np.sqrt(x)))
    np.testing.assert_array_equal(np.asarray(-packed(x)), words(-x))
    found = wide.running_sums(packed(x[0]), packed(x[1:]))
    np.testing.assert_array_equal(np.asarray(found), words(wide.running_sums(x[0], x[1:])))
    single = x.astype(np.float32)
    widened = wide.widen(pack_words(sig.settle(single)))
    np.testing.assert_array_equal(np.asarray(widened), words(single.astype(np.float64)))
    narrowed = wide.narrow(packed(x))
    assert isinstance(narrowed, Packed)
    np.testing.assert_array_equal(sig.words_of(narrowed), sig.settle(single))


@pytest.mark.parametrize("numeral", ["0.0001", "1", "0.00006", "-2.5", "0", "1e-300", "-1e300"])
def test_constants(numeral: str) -> None:
    found = wide.wide_constant(numeral, packed(np.zeros(1)))
    np.testing.assert_array_equal(np.asarray(found), words(np.array(float(numeral))))


def test_words_meet_words_alone() -> None:
    """Neither integers, nor floats, nor words of 24 bits are taken for numbers of 53."""
    x = packed(np.ones(3))
    for other in (1, 1.0, np.ones(3, np.int64), np.ones(3), pack_words(np.ones(3, np.int32))):
        with pytest.raises(TypeError):
            x + other
        with pytest.raises(TypeError):
            other * x
