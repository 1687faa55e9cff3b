"""Exponentials and logarithms estimated on integers of 64 bits, and kept where that is enough.

The functions are those of :mod:`dredref.arithmetic.significand_logs`: exact results, rounded once.
An estimate here errs by less than ``2**-48`` of the result. It counts where neither ``2**-45`` more
nor less (:data:`MARGIN`) changes the word that it is rounded to; else the word is
:data:`UNDECIDED`, and the definition is asked: about one number in 2**20.

**Formats.** Arguments of exponentials are in Q55 and reach 64. What lies about 1 is in Q60. A
:data:`Scaled` number is ``size * 2**e`` with ``size`` from 2**55 to below 2**62.

**Errors**, relative to the result. Exponentials: the argument is rounded down to ``2**-55``; at
most 93 times the logarithm of 2, rounded to Q55, is taken from it, ``93 * 2**-56``; the series,
with 15 terms for magnitudes up to 0.35, leaves out ``2**-62`` and rounds by ``2**-58`` in all. The
sum is below ``2**-49``. Logarithms: that of ``1 + y`` for ``y`` up to 1 has at most the relative
error of ``y``; its quotient and series, with 18 terms in squares up to 1/9, add less than
``2**-56``.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import TypeAlias

import numpy as np

from dredref.arithmetic import elementary
from dredref.arithmetic.compiled_arrays import flat
from dredref.arithmetic.compiled_wide import long_product, narrow_word
from dredref.arithmetic.compiling import i64, kernel, leading_zeros, scalar
from dredref.arithmetic.significand import Words, nearest

Scaled: TypeAlias = tuple[int, int]
"""A number above zero: a size of 56 to 62 bits and an exponent of two."""

UNDECIDED = -1
"""A word that is no number, where the estimate does not tell the result."""
MARGIN = 45
"""Bits by which the error that estimates are allowed lies below them."""
LARGEST, LARGEST_POWER = nearest("64"), nearest("27.75")
"""Words of the largest magnitudes taken: of an exponential's argument, and of a power of ten's."""
LEAST_FACTOR, LARGEST_FACTOR = nearest(Fraction(1, 1 << 20)), nearest("1048576")
"""Words of the factors between which powers of ten are estimated."""

ARGUMENT, UNIT = 55, 60
"""Fractional bits of arguments, and of what lies about 1."""
ONE = 1 << UNIT


def _fixed(x: int, q: int) -> int:
    """A number of the working format of :mod:`~dredref.arithmetic.elementary`, in Q``q``."""
    drop = elementary.FRACTION - q
    return (x + (1 << (drop - 1))) >> drop


_LOG_OF_TWO = _fixed(elementary.log_of_two(), ARGUMENT)
_LOG_OF_TEN = _fixed(elementary.log_of_ten(), 59)
"""The logarithm of 2 in Q55, that of 10 in Q59."""
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
def parts(word: int) -> Scaled:
    """The magnitude of a word of at least ``2**-126``; a finer one is taken for a finer still."""
    return (word & 0x7FFFFF) | 1 << 23, ((word >> 23) & 0xFF) - 150


@scalar
def with_sign(size: int, word: int) -> int:
    """``size`` with the sign of a number; zero for zero."""
    return 0 if word == 0 else (-size if word < 0 else size)


@scalar
def fixed_point(word: int) -> int:
    """The number of a word in Q55, of magnitude rounded down, up to 64."""
    size, e = parts(word)
    return with_sign(shifted(size, e + ARGUMENT), word)


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
def softplus(x: int) -> Scaled:
    """``log(1 + e**x)`` of ``x`` in Q55; above 0 it is ``x + log(1 + e**-x)``."""
    size, e = log_of_one_more(exponential(-abs(x)))
    total = x + shifted(size, e + ARGUMENT)
    up = leading_zeros(total) - 2
    return (total << up if x > 0 else size), (-ARGUMENT - up if x > 0 else e)


@scalar
def power_of_ten(word: int, factor: int) -> Scaled:
    """``10**x * factor`` of words, of ``x`` up to 27.75 and a factor above 0."""
    m, e = parts(word)
    argument = shifted(times(m << 36, _LOG_OF_TEN), e + 20)
    size, exponent = exponential(with_sign(argument, word))
    weight, weight_e = parts(factor)
    return times(size, weight << 36), exponent + weight_e + 24


@scalar
def decided(x: Scaled) -> int:
    """The word of an estimate, if its error cannot change it."""
    size, e = x
    low = narrow_word(size - (size >> MARGIN), False, e)
    high = narrow_word(size + (size >> MARGIN), False, e)
    return low if low == high else UNDECIDED


@scalar
def within(word: int, largest: int) -> bool:
    """Whether a number's magnitude is at most that of another word."""
    return word & 0x7FFFFFFF <= largest


# Flat arrays of words: each result is that of the elements at its place, or undecided.


@kernel
def exponentials(x: Words, out: Words) -> None:
    """``e**x``."""
    for i in range(out.size):
        word = i64(x[i])
        out[i] = UNDECIDED
        if within(word, LARGEST):
            out[i] = decided(exponential(fixed_point(word)))


@kernel
def powers_of_ten(x: Words, factors: Words, out: Words) -> None:
    """``10**x * factor``."""
    for i in range(out.size):
        word, factor = i64(x[i]), i64(factors[i])
        out[i] = UNDECIDED
        if within(word, LARGEST_POWER) and LEAST_FACTOR <= factor <= LARGEST_FACTOR:
            out[i] = decided(power_of_ten(word, factor))


@kernel
def softpluses(x: Words, scale: int, scale_e: int, out: Words) -> None:
    """``log(1 + e**x) * scale * 2**scale_e``, for a scale of 59 bits."""
    for i in range(out.size):
        word = i64(x[i])
        out[i] = UNDECIDED
        if within(word, LARGEST):
            size, e = softplus(fixed_point(word))
            out[i] = decided((times(size, scale), e + scale_e + UNIT))


# Arrays of any shape


def estimated_exponentials(x: Words) -> Words:
    """``e**x``, or undecided."""
    out = np.empty(x.shape, np.int32)
    exponentials(flat(x, x.shape), out.reshape(-1))
    return out


def estimated_powers_of_ten(x: Words, factors: Words) -> Words:
    """``10**x * factor``, or undecided."""
    shape = np.broadcast_shapes(x.shape, factors.shape)
    out = np.empty(shape, np.int32)
    powers_of_ten(flat(x, shape), flat(factors, shape), out.reshape(-1))
    return out


def estimated_softpluses(x: Words, whole: int) -> Words:
    """``log(1 + e**x) / whole``, or undecided; ``whole`` in elementary's working format."""
    bits = whole.bit_length() + 58
    out = np.empty(x.shape, np.int32)
    scale, e = (1 << bits) // whole, elementary.FRACTION - bits
    softpluses(flat(x, x.shape), scale, e, out.reshape(-1))
    return out
