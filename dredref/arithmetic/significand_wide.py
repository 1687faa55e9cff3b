"""Numbers of 53 significant bits, for the few operations that libopus takes in double precision.

The rule is that of :mod:`dredref.arithmetic.significand` with 53 bits in place of 24: every
operation gives the exact result, rounded, halves to the even ``m``. Exponents are not bounded:
operands come from numbers of 24 bits and a step or two further, far from where binary64 ends.
A number of 24 bits is one of 53 as it is (:func:`widen`); the way back rounds (:func:`narrow`).

Three carriers again: :class:`WideSignificands`, Python integers, which defines the result;
:class:`WidePacked`, binary64 words on which compiled functions of integers work; and ``float64``,
of whose sum, difference, product, quotient and square root IEEE 754 says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isqrt
from typing import Any, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.packed import Packed, PackedArray, pack_words
from dredref.arithmetic.significand import Carried, Significands, rounded

BITS = 53
"""Significant bits."""

Objects: TypeAlias = NDArray[Any]
"""An array of Python integers."""
WideCarried: TypeAlias = NDArray[Any]
"""Numbers in words: an array of kind :class:`WidePacked`, or binary64."""


class WideSignificands:
    """An array of numbers ``m * 2**e``; operators act element by element, with broadcasting."""

    __slots__ = ("e", "m")
    __array_ufunc__ = None

    def __init__(self, m: Objects, e: Objects) -> None:
        """Hold ``m``, of at most 53 bits, and ``e`` as they are."""
        self.m = m
        self.e = e

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.m.shape

    def __getitem__(self, index: Any) -> WideSignificands:
        """Elements, as numpy indexes them; always an array."""
        return WideSignificands(
            np.asarray(self.m[index], object), np.asarray(self.e[index], object)
        )

    def __neg__(self) -> WideSignificands:
        """The negated numbers, exactly."""
        return WideSignificands(-self.m, self.e)

    def __add__(self, other: WideSignificands) -> WideSignificands:
        """Sums."""
        return _each(_sum, self, other)

    def __sub__(self, other: WideSignificands) -> WideSignificands:
        """Differences."""
        return self + -other

    def __mul__(self, other: WideSignificands) -> WideSignificands:
        """Products."""
        return _each(_product, self, other)

    def __truediv__(self, other: WideSignificands) -> WideSignificands:
        """Quotients, for divisors other than zero."""
        return _each(_quotient, self, other)


def _compiled() -> Any:
    """The compiled operations on arrays, loaded when first needed."""
    from dredref.arithmetic import compiled_wide

    return compiled_wide


def _rules() -> Mapping[str, Callable[..., Any]]:
    rules: Mapping[str, Callable[..., Any]] = _compiled().RULES
    return rules


class WidePacked(PackedArray):
    """Numbers of 53 significant bits as binary64 words, ``int64``; zero has no sign."""

    rules = staticmethod(_rules)


W = TypeVar("W", WideSignificands, WideCarried)
"""Numbers of any kind."""


def _rounded(m: int, e: int, inexact: bool = False) -> tuple[int, int]:
    """``m * 2**e``, and a little more in magnitude if ``inexact``, on 53 bits, halves to even.

    What is inexact must have more than 54 bits.
    """
    magnitude = abs(m)
    drop = max(magnitude.bit_length() - BITS, 0)
    kept = magnitude >> drop
    twice_rest = (magnitude - (kept << drop)) << 1
    half = 1 << drop if drop else 2
    if twice_rest > half or (twice_rest == half and (inexact or kept & 1)):
        kept += 1
    return (-kept if m < 0 else kept), e + drop


def _sum(m: int, e: int, n: int, f: int) -> tuple[int, int]:
    low = min(e, f)
    return _rounded((m << (e - low)) + (n << (f - low)), low)


def _product(m: int, e: int, n: int, f: int) -> tuple[int, int]:
    return _rounded(m * n, e + f)


def _quotient(m: int, e: int, n: int, f: int) -> tuple[int, int]:
    up = BITS + 3 + n.bit_length()
    quotient, rest = divmod(abs(m) << up, abs(n))
    return _rounded(quotient if (m < 0) == (n < 0) else -quotient, e - f - up, rest != 0)


def _root(m: int, e: int) -> tuple[int, int]:
    up = 2 * BITS + 4 + (e & 1)
    root = isqrt(m << up)
    return _rounded(root, (e - up) >> 1, root * root != m << up)


def _each(
    operation: Callable[..., tuple[int, int]], *operands: WideSignificands
) -> WideSignificands:
    """The operation on every element."""
    parts = [part for operand in operands for part in (operand.m, operand.e)]
    m, e = np.frompyfunc(operation, len(parts), 2)(*parts)
    return WideSignificands(np.asarray(m, object), np.asarray(e, object))


@overload
def widen(x: Significands) -> WideSignificands: ...
@overload
def widen(x: Carried) -> WideCarried: ...
def widen(x: Significands | Carried) -> WideSignificands | WideCarried:
    """Numbers of 24 bits as numbers of 53 bits; exact."""
    if isinstance(x, Significands):
        return WideSignificands(np.asarray(x.m, object), np.asarray(x.e, object))
    if isinstance(x, Packed):
        words: WideCarried = _compiled().widened_of(x.view(np.ndarray)).view(WidePacked)
        return words
    return x.astype(np.float64)


@overload
def narrow(x: WideSignificands) -> Significands: ...
@overload
def narrow(x: WideCarried) -> Carried: ...
def narrow(x: WideSignificands | WideCarried) -> Significands | Carried:
    """Numbers of 53 bits rounded to 24, halves to even, nothing finer than ``2**-149``."""
    if isinstance(x, WideSignificands):
        return rounded(x.m.astype(np.int64), x.e.astype(np.int64))
    if isinstance(x, WidePacked):
        return pack_words(_compiled().narrowed_of(x.view(np.ndarray)))
    return x.astype(np.float32)


def root(x: W) -> W:
    """Square roots of numbers that are not negative."""
    return _each(_root, x) if isinstance(x, WideSignificands) else np.sqrt(x)


def wide_constant(value: Fraction | str, like: W) -> W:
    """A constant rounded to 53 significant bits, of the kind of ``like``."""
    m, e = _nearest(Fraction(value))
    if isinstance(like, WideSignificands):
        return WideSignificands(np.array(m, object), np.array(e, object))
    if isinstance(like, WidePacked):
        return np.array(_word(m, e), np.int64).view(WidePacked)
    return np.ldexp(np.array(m, np.float64), e)


def _word(m: int, e: int) -> int:
    """The binary64 word of ``m * 2**e``, for ``m`` of 53 bits and magnitudes from 2**-1022 up."""
    if m == 0:
        return 0
    up = BITS - abs(m).bit_length()
    fraction = (abs(m) << up) - (1 << (BITS - 1))
    word = ((e - up + 1075) << (BITS - 1)) | fraction
    return word - (1 << 63) if m < 0 else word


def _nearest(value: Fraction) -> tuple[int, int]:
    sign = -1 if value < 0 else 1
    m, e = _quotient(abs(value.numerator), 0, value.denominator, 0)
    return sign * m, e


def running_sums(first: W, steps: W) -> W:
    """``first``, then each sum of the one before and the next step, along axis 0.

    ``first`` [...], ``steps`` [n, ...]; the result is [n + 1, ...].
    """
    if isinstance(first, WideSignificands):
        sums = [first]
        for index in range(steps.shape[0]):
            sums.append(sums[-1] + steps[index])
        stacked = [np.stack([getattr(total, part) for total in sums]) for part in ("m", "e")]
        return WideSignificands(*stacked)
    return np.add.accumulate(np.concatenate((first[np.newaxis], steps)), axis=0)
