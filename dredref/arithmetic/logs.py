"""Exponentials and logarithms, correctly rounded: one computation on integers for both carriers.

The definition of each function is the exact real result, rounded once to binary32. Arguments are of
binary32, of the decimal logarithm of binary64. The result is estimated on integers of 64 bits with
an error of less than ``2**-48`` of the result; an estimate counts where neither ``2**-45`` more nor
less (:data:`MARGIN`) changes the bits that it is rounded to. The few others, about one in 2**20,
are computed on integers of any length (:mod:`dredref.arithmetic.elementary`). Arrays of either
carrier are taken by their bits.

**Formats.** Arguments of exponentials are in Q55 and reach 64. What lies about 1 is in Q60. A
:data:`Scaled` number is ``size * 2**e`` with ``size`` from 2**55 to below 2**62.

**Errors**, relative to the result. Exponentials: the argument is rounded down to ``2**-55``; at
most 93 times the logarithm of 2, rounded to Q55, is taken from it, ``93 * 2**-56``; the series,
with 15 terms for magnitudes up to 0.35, leaves out ``2**-62`` and rounds by ``2**-58`` in all. The
sum is below ``2**-49``. Logarithms: that of ``1 + y`` for ``y`` up to 1 has at most the relative
error of ``y``; its quotient and series, with 18 terms in squares up to 1/9, add less than
``2**-56``. Decimal ones are taken of a power of two and a rest within a root of two of 1, so that
neither takes away half of the other; the logarithm of 2 is rounded to Q52, where the error is less
than ``2**-49``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import factorial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic import elementary
from dredref.arithmetic.binary32 import nearest, value_of
from dredref.arithmetic.binary64 import long_product, narrow_bits, nearest64, unpack, value_of64
from dredref.arithmetic.compiling import i64, kernel, leading_zeros64, scalar

Scaled: TypeAlias = tuple[int, int]
"""A number above zero: a size of 56 to 62 bits and an exponent of two."""
Bits: TypeAlias = NDArray[np.int32]
"""Bits of binary32 numbers."""
Bits64: TypeAlias = NDArray[np.int64]
"""Bits of binary64 numbers."""

UNDECIDED = -1
"""Bits that are no number, where the estimate does not tell the result."""
MARGIN = 45
"""Bits by which the error that estimates are allowed lies below them."""
LARGEST, LARGEST_POWER = nearest("64"), nearest("27.75")
"""Bits of the largest magnitudes taken: of an exponential's argument, and of a power of ten's."""
LEAST_FACTOR, LARGEST_FACTOR = nearest(Fraction(1, 1 << 20)), nearest("1048576")
"""Bits of the factors between which powers of ten are estimated."""
LEAST_64, LARGEST_64 = nearest64(Fraction(1, 1 << 64)), nearest64(Fraction(1 << 64))
"""Bits of the binary64 numbers between which decimal logarithms are taken."""

ARGUMENT, UNIT, POWERS = 55, 60, 52
"""Fractional bits of arguments, of what lies about 1, and of logarithms of powers of two."""
ONE = 1 << UNIT


def _fixed(x: int, q: int) -> int:
    """A number of the working format of :mod:`~dredref.arithmetic.elementary`, in Q``q``."""
    drop = elementary.FRACTION - q
    return (x + (1 << (drop - 1))) >> drop


_LOG_OF_TWO = _fixed(elementary.log_of_two(), ARGUMENT)
_LOG_OF_TEN = _fixed(elementary.log_of_ten(), 59)
"""The logarithm of 2 in Q55, that of 10 in Q59."""
_LOG_OF_TWO_52 = _fixed(elementary.log_of_two(), POWERS)
_TO_TENS = _fixed(elementary.fine(Fraction(elementary.ONE, elementary.log_of_ten())), UNIT + 1)
"""The logarithm of 2 in Q52, the reciprocal of that of 10 in Q61."""
_ROOT_OF_TWO = 6369051672525773
"""The root of 2 in Q52, rounded up."""
_TO_TWOS = _fixed(elementary.fine(Fraction(elementary.ONE, elementary.log_of_two())), UNIT)
"""The reciprocal of the logarithm of 2."""
_EXPONENTIAL = tuple(round(Fraction(ONE, factorial(n))) for n in range(14, -1, -1))
"""Coefficients of the series, the highest first."""
_ARTANH = tuple(round(Fraction(ONE, 2 * n + 1)) for n in range(17, -1, -1))
"""Those of ``artanh(z) / z`` in squares of ``z``."""


@scalar
def times(x: int, y: int) -> int:
    """``x * y / 2**60`` towards zero, for magnitudes below 2**62 whose result is below 2**63."""
    high, low = long_product(abs(x), abs(y))
    size = (high << 2) | (low >> 60)
    return -size if (x < 0) != (y < 0) else size


@scalar
def shifted(x: int, up: int) -> int:
    """``x * 2**up``, rounded down; ``up`` of -63 stands for less."""
    return x << up if up >= 0 else x >> min(-up, 63)


@scalar
def parts(bits: int) -> Scaled:
    """The magnitude of bits of at least ``2**-126``; a finer one is taken for a finer still."""
    return (bits & 0x7FFFFF) | 1 << 23, ((bits >> 23) & 0xFF) - 150


@scalar
def with_sign(size: int, bits: int) -> int:
    """``size`` with the sign of a number; zero for zero."""
    return 0 if bits == 0 else (-size if bits < 0 else size)


@scalar
def fixed_point(bits: int) -> int:
    """The number that bits stand for in Q55, of magnitude rounded down, up to 64."""
    size, e = parts(bits)
    return with_sign(shifted(size, e + ARGUMENT), bits)


@scalar
def series(coefficients: tuple[int, ...], x: int) -> int:
    """A polynomial in Q60, the highest coefficient first; for magnitudes of ``x`` below 1."""
    total = 0
    for coefficient in coefficients:
        total = coefficient + times(total, x)
    return total


@scalar
def exponential(x: int) -> Scaled:
    """``e**x`` of ``x`` in Q55, by a power of two and a series."""
    power = (times(x, _TO_TWOS) + (1 << (ARGUMENT - 1))) >> ARGUMENT
    rest = (x - power * _LOG_OF_TWO) << (UNIT - ARGUMENT)
    return series(_EXPONENTIAL, rest), power - UNIT


@scalar
def quotient(x: int, y: int) -> int:
    """``x / y`` in Q60, rounded down, for ``0 <= x < y < 2**62``: long division, bit by bit."""
    found = 0
    for _ in range(UNIT):
        x <<= 1
        fits = x >= y
        x = x - y if fits else x
        found = (found << 1) | i64(fits)
    return found


@scalar
def log_of_one_more(y: Scaled) -> Scaled:
    """``log(1 + y) = 2 artanh(z)``, ``z = y / (2 + y)``, of an exponential up to 1."""
    down = min(-UNIT - y[1], 63)
    z = quotient(y[0], 2 * ONE + (y[0] >> down))
    small = z >> down
    return times(z, series(_ARTANH, times(small, small))), y[1] + 1


@scalar
def scaled_softplus(x: int) -> Scaled:
    """``log(1 + e**x)`` of ``x`` in Q55; above 0 it is ``x + log(1 + e**-x)``."""
    size, e = log_of_one_more(exponential(-abs(x)))
    total = x + shifted(size, e + ARGUMENT)
    up = leading_zeros64(total) - 2
    return (total << up if x > 0 else size), (-ARGUMENT - up if x > 0 else e)


@scalar
def scaled_power(bits: int, factor: int) -> Scaled:
    """``10**x * factor`` of bits, of ``x`` up to 27.75 and a factor above 0."""
    m, e = parts(bits)
    argument = shifted(times(m << 36, _LOG_OF_TEN), e + 20)
    size, exponent = exponential(with_sign(argument, bits))
    weight, weight_e = parts(factor)
    return times(size, weight << 36), exponent + weight_e + 24


@scalar
def log_of_ratio(above: int, below: int) -> Scaled:
    """``2 artanh(above / below)``, for magnitudes of ``above`` below a third of ``below``."""
    up = leading_zeros64(above) - leading_zeros64(below) - 1
    z = quotient(above << up, below)
    small = z >> min(up, 63)
    return times(z, series(_ARTANH, times(small, small))), 1 - UNIT - up


@scalar
def scaled_log10(bits: int) -> tuple[int, int, bool]:
    """The decimal logarithm of bits of binary64: its magnitude, and whether it is negative."""
    m, power = unpack(bits)
    rises = m < _ROOT_OF_TWO
    about = i64(1) << (52 if rises else 53)
    power = power + (52 if rises else 53)
    size, e = log_of_ratio(abs(m - about), m + about)
    negative = m < about
    if power != 0:
        rest = shifted(size, e + POWERS)
        total = power * _LOG_OF_TWO_52 + (-rest if negative else rest)
        negative = total < 0
        up = leading_zeros64(abs(total)) - 2
        size, e = abs(total) << up, -POWERS - up
    return times(size, _TO_TENS), e - 1, negative


@scalar
def decided(x: Scaled) -> int:
    """The bits of an estimate, if its error cannot change it."""
    size, e = x
    low = narrow_bits(size - (size >> MARGIN), False, e)
    high = narrow_bits(size + (size >> MARGIN), False, e)
    return low if low == high else UNDECIDED


@scalar
def within(bits: int, largest: int) -> bool:
    """Whether a number's magnitude is at most that of another."""
    return bits & 0x7FFFFFFF <= largest


# Flat arrays of words: each result is that of the elements at its place, or undecided.


@kernel
def exponentials(x: Bits, out: Bits) -> None:
    """``e**x``."""
    for i in range(out.size):
        bits = i64(x[i])
        out[i] = UNDECIDED
        if within(bits, LARGEST):
            out[i] = decided(exponential(fixed_point(bits)))


@kernel
def powers_of_ten(x: Bits, factors: Bits, out: Bits) -> None:
    """``10**x * factor``."""
    for i in range(out.size):
        bits, factor = i64(x[i]), i64(factors[i])
        out[i] = UNDECIDED
        if within(bits, LARGEST_POWER) and LEAST_FACTOR <= factor <= LARGEST_FACTOR:
            out[i] = decided(scaled_power(bits, factor))


@kernel
def softpluses(x: Bits, scale: int, scale_e: int, out: Bits) -> None:
    """``log(1 + e**x) * scale * 2**scale_e``, for a scale of 59 bits."""
    for i in range(out.size):
        bits = i64(x[i])
        out[i] = UNDECIDED
        if within(bits, LARGEST):
            size, e = scaled_softplus(fixed_point(bits))
            out[i] = decided((times(size, scale), e + scale_e + UNIT))


@kernel
def logarithms(x: Bits64, out: Bits) -> None:
    """Decimal logarithms of numbers of binary64."""
    for i in range(out.size):
        bits = i64(x[i])
        out[i] = UNDECIDED
        if LEAST_64 <= bits <= LARGEST_64:
            size, e, negative = scaled_log10(bits)
            found = decided((size, e))
            out[i] = found - (1 << 31) if negative and found > 0 else found


# Arrays of either carrier, any shape


def exp(x: NDArray[Any]) -> NDArray[Any]:
    """``e**x``, for magnitudes of at most 64.

    Raises:
        ValueError: for larger ones.
    """
    return _evaluate(exponentials, elementary.exponential, x)


def power_of_ten(x: NDArray[Any], factor: NDArray[Any]) -> NDArray[Any]:
    """``10**x * factor``, for magnitudes of ``x`` of at most 27.

    Raises:
        ValueError: for larger ones.
    """

    def define(argument: int, weight: int) -> int:
        whole, rest = divmod(argument, elementary.ONE)
        if rest == 0 and whole >= 0:  # exact, which may lie halfway between two numbers
            return int(10**whole) * weight
        scaled = argument * elementary.log_of_ten() >> elementary.FRACTION
        return elementary.exponential(scaled) * weight >> elementary.FRACTION

    return _evaluate(powers_of_ten, define, x, factor)


def softplus(x: NDArray[Any], full: int) -> NDArray[Any]:
    """``log(1 + e**x) / log(1 + e**full)``, for magnitudes of at most 64."""
    whole = _whole(full)
    bits = whole.bit_length() + 58
    scale = (1 << bits) // whole, elementary.FRACTION - bits

    def estimate(x: Bits, out: Bits) -> None:
        softpluses(x, *scale, out)

    def define(argument: int) -> int:
        return (_log_of_one_more(argument) << elementary.FRACTION) // whole

    return _evaluate(estimate, define, x)


def log10(x: NDArray[Any]) -> NDArray[Any]:
    """Decimal logarithms, rounded to binary32, of numbers of binary64 from ``2**-64`` to ``2**64``.

    Raises:
        ValueError: for others.
    """
    bits = x.view(np.int64)
    if bits.size and not LEAST_64 <= bits.min() <= bits.max() <= LARGEST_64:
        raise ValueError("logarithm of a number below 2**-64 or above 2**64")

    def define(argument: int) -> int:
        return (elementary.logarithm(argument) << elementary.FRACTION) // elementary.log_of_ten()

    return _evaluate(logarithms, define, x)


def _log_of_one_more(argument: int) -> int:
    return elementary.logarithm(elementary.ONE + elementary.exponential(argument))


@cache
def _whole(full: int) -> int:
    """What :func:`softplus` divides by."""
    return _log_of_one_more(full << elementary.FRACTION)


def _evaluate(
    estimate: Callable[..., None], define: Callable[..., int], *operands: NDArray[Any]
) -> NDArray[Any]:
    """The estimates of numbers side by side, or what is defined where those do not tell."""
    spread = np.broadcast_arrays(*operands)
    flat = [np.ascontiguousarray(x).view(f"i{x.itemsize}").reshape(-1) for x in spread]
    found = np.empty(flat[0].size, np.int32)
    estimate(*flat, found)
    for index in np.flatnonzero(found == UNDECIDED):
        found[index] = nearest(Fraction(define(*(_fine(x[index]) for x in flat)), elementary.ONE))
    return found.reshape(spread[0].shape).view(f"{operands[0].dtype.kind}4")


def _fine(bits: np.int32 | np.int64) -> int:
    """A number in the working format of :mod:`~dredref.arithmetic.elementary`."""
    exact = value_of64 if isinstance(bits, np.int64) else value_of
    return elementary.fine(exact(int(bits)))
