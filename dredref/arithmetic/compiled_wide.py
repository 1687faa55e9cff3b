"""Numbers of 53 significant bits as compiled rules on integers of 64 bits.

Values and rounding are those of :mod:`dredref.arithmetic.significand_wide`, which defines them;
tests hold the two equal. How functions are compiled says :mod:`dredref.arithmetic.compiling`.

**In memory** a number is its binary64 word, an ``int64``. Zero is the word 0. Other numbers must
lie from ``2**-1022`` up to below ``2**1024``: what the definition lets grow without bound has no
word here. Numbers of 24 bits lie from ``2**-149`` to ``2**128``, so none of their products,
quotients, sums and roots, nor a few of these in a row, comes near either end.

**In registers** (:data:`Wide`) it is ``m * 2**e`` with ``2**52 <= |m| <= 2**53``; zero is ``m = 0``
with ``e = ZERO``, below every other exponent. Everything is ``int64``: numba takes mixtures with
``uint64`` for floats, and the overflow of a signed integer for impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from dredref.arithmetic.compiled_arrays import flat
from dredref.arithmetic.compiling import i64, kernel, leading_zeros, scalar
from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words

Wide: TypeAlias = tuple[int, int]
"""``m`` and ``e`` of a number in registers."""

ZERO = -5000
"""Exponent of zero."""
LOWEST = -1074
"""Exponent of the lowest bit of the smallest words."""
FRACTION = (1 << 52) - 1
"""Bits of a word: the significand less its top."""
SIGN = -(1 << 63)
"""Bit of a word: the sign."""
LIMB = 31
"""Bits of half an operand of a long product."""
LOW_LIMB, LOW_LIMBS = (1 << LIMB) - 1, (1 << 2 * LIMB) - 1
"""Bits of one limb, and of two."""


# Integers


@scalar
def long_product(x: int, y: int) -> tuple[int, int]:
    """``x * y`` as ``high * 2**62 + low``, for ``x`` and ``y`` from 0 to below 2**62."""
    x_top, x_low = x >> LIMB, x & LOW_LIMB
    y_top, y_low = y >> LIMB, y & LOW_LIMB
    middle = x_top * y_low + x_low * y_top
    low = x_low * y_low + ((middle & LOW_LIMB) << LIMB)
    return x_top * y_top + (middle >> LIMB) + (low >> (2 * LIMB)), low & LOW_LIMBS


@scalar
def shortened(size: int, drop: int) -> int:
    """``size / 2**drop``, halves to even, for ``size`` below 2**63 and ``drop`` from 1 to 63."""
    kept = size >> drop
    rest = size - (kept << drop)
    return kept + (rest + (kept & 1) > 1 << (drop - 1))


@scalar
def signed(size: int, negative: bool, e: int) -> Wide:
    """``size * 2**e`` or its negative; zero has its own exponent."""
    return (-size if negative else size), (ZERO if size == 0 else e)


@scalar
def rounded(size: int, negative: bool, e: int) -> Wide:
    """``size * 2**e`` or its negative on 53 bits, for ``size`` below 2**63.

    Where the lowest bit stands for others that were lost, ``size`` has 55 bits or more.
    """
    up = leading_zeros(size) - 1
    return signed(shortened(size << up, 10), negative, e - up + 10)


# Words


@scalar
def unpack(word: int) -> Wide:
    """The number of a word."""
    exponent = (word >> 52) & 0x7FF
    size = (word & FRACTION) | (i64(exponent > 0) << 52)
    return signed(size, word < 0, exponent + LOWEST - 1)


@scalar
def pack(x: Wide) -> int:
    """The word of a number.

    Adding ``m`` to the exponent's field carries its top bit into it: the field counts from one
    less, and an ``m`` of ``2**53`` becomes ``2**52`` with the next exponent.
    """
    m, e = x
    word = abs(m) + ((e - LOWEST) << 52)
    return 0 if m == 0 else word | (m & SIGN)


@scalar
def widen(word: int) -> Wide:
    """The number of a word of 24 bits."""
    exponent = (word >> 23) & 0xFF
    size = (word & 0x7FFFFF) | (i64(exponent > 0) << 23)
    up = leading_zeros(size) - 11
    return signed(size << up, word < 0, max(exponent, 1) - 150 - up)


@scalar
def narrow_word(size: int, negative: bool, e: int) -> int:
    """The word of ``size * 2**e`` or its negative on 24 bits, nothing finer than ``2**-149``.

    ``size`` is below 2**62, and 26 bits or more of it must be exact. ``2**128`` and more have no
    word of 24 bits and must be excluded by a bound.
    """
    up = leading_zeros(size) - 2
    e = e - up + 38
    extra = min(max(-149 - e, 0), 25)
    word = shortened(size << up, 38 + extra) + (max(e + 149, 0) << 23)
    word = 0 if size == 0 else word
    return word - (1 << 31) if negative and word > 0 else word


# Arithmetic


@scalar
def add(x: Wide, y: Wide) -> Wide:
    """The sum: the coarser operand moves up by eight bits, the finer one down to its grid."""
    coarse = x[1] >= y[1]
    high = (x[0] if coarse else y[0]) << 8
    low = (y[0] if coarse else x[0]) << 8
    gap = min(abs(x[1] - y[1]), 63)
    moved = low >> gap
    total = high + (moved | i64(moved << gap != low))
    return rounded(abs(total), total < 0, max(x[1], y[1]) - 8)


@scalar
def sub(x: Wide, y: Wide) -> Wide:
    """The difference."""
    return add(x, (-y[0], y[1]))


@scalar
def mul(x: Wide, y: Wide) -> Wide:
    """The product: of its 105 or 106 bits all but 44, whose trace is the lowest of the rest."""
    high, low = long_product(abs(x[0]), abs(y[0]))
    size = (high << 18) | (low >> 44) | i64(low & ((1 << 44) - 1) != 0)
    return rounded(size, (x[0] ^ y[0]) < 0, x[1] + y[1] + 44)


@scalar
def div(x: Wide, y: Wide) -> Wide:
    """The quotient, for a divisor other than zero: by long division, ten bits at a time.

    The remainder, below 2**53, has room for ten bits more.
    """
    rest, below = abs(x[0]), abs(y[0])
    quotient = rest // below
    rest -= quotient * below
    for _ in range(6):
        rest <<= 10
        digit = rest // below
        rest -= digit * below
        quotient = (quotient << 10) | digit
    return rounded(quotient | i64(rest != 0), (x[0] ^ y[0]) < 0, x[1] - y[1] - 60)


@scalar
def _with_digit(root: int, rest: int, pair: int) -> tuple[int, int]:
    """A square root and its remainder with one more binary digit, for the radicand's next two."""
    rest, trial = (rest << 2) | pair, (root << 2) | 1
    fits = rest >= trial
    return (root << 1) | i64(fits), (rest - trial if fits else rest)


@scalar
def root_of(x: Wide) -> Wide:
    """The square root of a number that is not negative: 58 digits, one after the other.

    The radicand's 54 bits come in pairs, then zeros.
    """
    odd = x[1] & 1
    radicand = x[0] << odd
    root, rest = 0, 0
    for place in range(54, -62, -2):
        root, rest = _with_digit(root, rest, (radicand >> place) & 3 if place >= 0 else 0)
    return rounded((root << 1) | i64(rest != 0), False, ((x[1] - odd) >> 1) - 31)


# Flat arrays of words: each result is that of the elements at its place.


@kernel
def sums(x: Integers, y: Integers, out: Integers) -> None:
    """Sums."""
    for i in range(out.size):
        out[i] = pack(add(unpack(x[i]), unpack(y[i])))


@kernel
def differences(x: Integers, y: Integers, out: Integers) -> None:
    """Differences."""
    for i in range(out.size):
        out[i] = pack(sub(unpack(x[i]), unpack(y[i])))


@kernel
def products(x: Integers, y: Integers, out: Integers) -> None:
    """Products."""
    for i in range(out.size):
        out[i] = pack(mul(unpack(x[i]), unpack(y[i])))


@kernel
def quotients(x: Integers, y: Integers, out: Integers) -> None:
    """Quotients, for divisors other than zero."""
    for i in range(out.size):
        out[i] = pack(div(unpack(x[i]), unpack(y[i])))


@kernel
def roots(x: Integers, out: Integers) -> None:
    """Square roots of numbers that are not negative."""
    for i in range(out.size):
        out[i] = pack(root_of(unpack(x[i])))


@kernel
def widened(x: Words, out: Integers) -> None:
    """Words of 24 bits as words of 53 bits; exact."""
    for i in range(out.size):
        out[i] = pack(widen(i64(x[i])))


@kernel
def narrowed(x: Integers, out: Words) -> None:
    """Words of 53 bits rounded to words of 24 bits."""
    for i in range(out.size):
        m, e = unpack(x[i])
        out[i] = narrow_word(abs(m), m < 0, e)


@kernel
def accumulated(steps: Integers, totals: Integers) -> None:
    """Add to each row of ``totals`` [n + 1, columns] that of ``steps`` [n, columns] for the next.

    The first row of totals is given.
    """
    for row in range(steps.shape[0]):
        for column in range(steps.shape[1]):
            total = add(unpack(totals[row, column]), unpack(steps[row, column]))
            totals[row + 1, column] = pack(total)


# Arrays of any shape


def _of_each(loop: Callable[..., None], kind: type = np.int64) -> Callable[..., Any]:
    """The loop, with broadcasting; results are of ``kind``."""

    def act(*operands: Integers) -> Any:
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        out: Integers = np.empty(shape, kind)
        loop(*(flat(x, shape) for x in operands), out.reshape(-1))
        return out

    return act


def _negative(x: Integers) -> Integers:
    return np.where(x == 0, x, x ^ SIGN)


def _accumulated(x: Integers, axis: int = 0) -> Integers:
    """Running sums along an axis, from the first element on."""
    moved = np.moveaxis(x, axis, 0)
    rows = flat(moved, moved.shape).reshape(len(moved), -1)
    totals = np.empty_like(rows)
    totals[:1] = rows[:1]
    accumulated(rows[1:], totals)
    return np.moveaxis(totals.reshape(moved.shape), 0, axis)


RULES: Mapping[str, Callable[..., Any]] = {
    "add": _of_each(sums),
    "subtract": _of_each(differences),
    "multiply": _of_each(products),
    "divide": _of_each(quotients),
    "sqrt": _of_each(roots),
    "negative": _negative,
    "add.accumulate": _accumulated,
}
"""What numpy's ufuncs mean for words, by their names."""

widened_of: Callable[[Words], Integers] = _of_each(widened)
"""Words of 24 bits as words of 53."""
narrowed_of: Callable[[Integers], Words] = _of_each(narrowed, np.int32)
"""Words of 53 bits rounded to words of 24."""
