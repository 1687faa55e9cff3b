"""Exponentials and logarithms estimated in integers: as near as is said, and right where kept."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import compiled_logs, elementary, significand_logs
from dredref.arithmetic.compiling import i64, kernel
from dredref.arithmetic.packed import pack_words
from dredref.arithmetic.significand import (
    Carried,
    Words,
    constant,
    from_words,
    nearest,
    settle,
    to_words,
    words_of,
)
from dredref.arithmetic.tests.test_significand_logs import drawn

ERROR = Fraction(1, 1 << 48)
ARGUMENTS = drawn(64, 1500)


@kernel
def scaled(which: int, x: Words, sizes: NDArray[np.int64], exponents: NDArray[np.int64]) -> None:
    """Estimates before they are rounded."""
    for i in range(x.size):
        if which == 0:
            found = compiled_logs.exponential(compiled_logs.fixed_point(i64(x[i])))
        elif which == 1:
            found = compiled_logs.softplus(compiled_logs.fixed_point(i64(x[i])))
        else:
            found = compiled_logs.power_of_ten(i64(x[i]), i64(WEIGHT))
        sizes[i], exponents[i] = found


WEIGHT = nearest("0.173913")
DEFINITIONS: tuple[Callable[[int], int], ...] = (
    elementary.exponential,
    significand_logs._log_of_raised,
    lambda x: (
        elementary.exponential(x * elementary.log_of_ten() >> elementary.FRACTION)
        * elementary.fine(Fraction(int(from_words(np.array(WEIGHT)).m), 1 << 26))
        >> elementary.FRACTION
    ),
)


@pytest.mark.parametrize("which", range(3))
def test_estimates_err_by_no_more_than_is_said(which: int) -> None:
    """Sizes lie in their range too."""
    x = settle(ARGUMENTS if which < 2 else (ARGUMENTS * np.float32(27.75 / 64)))
    sizes, exponents = np.empty((2, x.size), np.int64)
    scaled(which, x, sizes, exponents)
    assert ((sizes >= 1 << 55) & (sizes < 1 << 62)).all()
    pairs = from_words(x)
    for m, e, size, exponent in zip(pairs.m, pairs.e, sizes, exponents, strict=True):
        argument = elementary.fine(Fraction(int(m)) * Fraction(2) ** int(e))
        exact = Fraction(DEFINITIONS[which](argument), elementary.ONE)
        found = Fraction(int(size)) * Fraction(2) ** int(exponent)
        assert abs(found - exact) < exact * ERROR


def each_form(function: Callable[..., Any], x: Carried, *more: str) -> Words:
    """The words of a function's results, which are the same in all forms."""
    packed = pack_words(settle(x))
    found = words_of(function(packed, *(constant(text, packed) for text in more)))
    carried = words_of(function(x, *(constant(text, x) for text in more)))
    np.testing.assert_array_equal(found, carried)
    return found


@pytest.mark.parametrize("limit", [64, 1, 2.0**-20])
def test_exponentials(limit: float) -> None:
    found = each_form(significand_logs.exp, drawn(limit, 20000))
    assert found.dtype == np.int32


@pytest.mark.parametrize("factor", ["0.8", "1", "0.173913", "1e-30", "-3", "0"])
def test_powers_of_ten(factor: str) -> None:
    """Factors past the range of estimates are served too."""
    count = 20000 if factor in ("0.8", "1", "0.173913") else 100
    each_form(significand_logs.power_of_ten, drawn(27.7, count), factor)


@pytest.mark.parametrize("full", [1, 5, 60])
def test_softplus(full: int) -> None:
    for limit in (6, 64):
        each_form(lambda x: significand_logs.softplus(x, full), drawn(limit, 10000))


def test_arguments_past_the_range_are_refused() -> None:
    too_large = pack_words(np.array([nearest("64.001")], np.int32))
    with pytest.raises(ValueError, match="64"):
        significand_logs.exp(too_large)
    with pytest.raises(ValueError, match="64"):
        significand_logs.power_of_ten(too_large, constant("1", too_large))


def test_what_estimates_do_not_tell_is_left_to_the_definition() -> None:
    """``e**x`` lies next to the middle of two words where ``x`` is half their distance."""
    x = np.array([2.0**-24, 1], np.float32)
    assert list(compiled_logs.estimated_exponentials(settle(x)) == compiled_logs.UNDECIDED) == [
        True,
        False,
    ]
    defined = to_words(significand_logs.exp(from_words(settle(x))))
    np.testing.assert_array_equal(each_form(significand_logs.exp, x), defined)
