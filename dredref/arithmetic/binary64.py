"""IEEE binary64 by rules on integers, for the few operations that libopus takes in double.

Every operation gives the exact result rounded to 53 significant bits, halves to even, nothing finer
than ``2**-1074``. Zero has no sign. Magnitudes of ``2**1024`` and more are excluded: numbers start
as those of binary32, below ``2**128``, and a few products and sums in a row come nowhere near it.

**In arrays** a number is its 64 bits, an ``int64``. Zero is the integer 0.

**In registers** (:class:`Binary64`) it is ``m * 2**e`` with ``2**52 <= |m| <= 2**53``: long,
whatever its size. Numbers below ``2**-1022`` are long too, with zeros in the bits below
``2**-1074``; :func:`pack` shortens them. Zero is ``m = 0`` with ``e = ZERO``, below every other
exponent. Everything is ``int64``: numba takes mixtures with ``uint64`` for floats, and the overflow
of a signed integer for impossible.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from dredref.arithmetic import binary32
from dredref.arithmetic.binary32 import Binary32
from dredref.arithmetic.compiling import i32, i64, leading_zeros64, scalar


class Binary64(NamedTuple):
    """A number in registers, ``m * 2**e``."""

    m: int
    e: int


ZERO = -5000
"""Exponent of zero."""
FINEST = -1074
"""Exponent of the finest grid."""
FRACTION = (1 << 52) - 1
"""Bits of a number in memory: the significand less its top."""
SIGN = -(1 << 63)
"""Bit of a number in memory: the sign."""
LIMB = 31
"""Bits of half an operand of a long product."""
LOW_LIMB, LOW_LIMBS = (1 << LIMB) - 1, (1 << 2 * LIMB) - 1
"""Bits of one limb, and of two."""


def nearest64(value: Fraction | str) -> int:
    """The bits of the number nearest to an exact value or a decimal numeral, halves to even."""
    return binary32.nearest(value, 53, FINEST)


def value_of64(bits: int) -> Fraction:
    """The exact value of bits."""
    return binary32.value_of(bits, 53, FINEST)


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
    return kept + i64(rest + (kept & 1) > 1 << (drop - 1))


@scalar
def signed(size: int, negative: bool, e: int) -> Binary64:
    """``size * 2**e`` or its negative; zero has its own exponent."""
    return Binary64(-size if negative else size, ZERO if size == 0 else e)


@scalar
def rounded(size: int, negative: bool, e: int) -> Binary64:
    """``size * 2**e`` or its negative on 53 bits, fewer where they would be finer than 2**-1074.

    ``size`` is below 2**62; where its lowest bit stands for others that were lost, it has 55 bits
    or more.
    """
    up = leading_zeros64(size) - 2
    e = e - up + 9
    extra = min(max(FINEST - e, 0), 54)
    return signed(shortened(size << up, 9 + extra) << extra, negative, e)


# Bits


@scalar
def unpack(bits: int) -> Binary64:
    """The number of 64 bits."""
    exponent = (bits >> 52) & 0x7FF
    size = (bits & FRACTION) | (i64(exponent > 0) << 52)
    up = leading_zeros64(size) - 11
    return signed(size << up, bits < 0, max(exponent, 1) + FINEST - 1 - up)


@scalar
def pack(x: Binary64) -> int:
    """The bits of a number.

    Adding ``m`` to the exponent's field carries its top bit into it: the field counts from one
    less, and an ``m`` of ``2**53`` becomes ``2**52`` with the next exponent.
    """
    m, e = i64(x.m), i64(x.e)
    down = min(max(FINEST - e, 0), 63)
    return ((abs(m) >> down) + (max(e - FINEST, 0) << 52)) | (m & SIGN)


@scalar
def widen(x: Binary32) -> Binary64:
    """A number of 24 bits as one of 53; exact."""
    return signed(abs(i64(x.m)) << 29, x.m < 0, i64(x.e) - 29)


@scalar
def narrow_bits(size: int, negative: bool, e: int) -> int:
    """The bits of ``size * 2**e`` or its negative as binary32.

    ``size`` is below 2**62, and 26 bits or more of it must be exact. ``2**128`` and more must be
    excluded by a bound.
    """
    up = leading_zeros64(size) - 2
    e = e - up + 38
    extra = min(max(-149 - e, 0), 25)
    bits = shortened(size << up, 38 + extra) + (max(e + 149, 0) << 23)
    bits = 0 if size == 0 else bits
    return bits - (1 << 31) if negative and bits > 0 else bits


@scalar
def narrow(x: Binary64) -> Binary32:
    """A number rounded to 24 bits, halves to even, nothing finer than ``2**-149``."""
    return binary32.unpack(i32(narrow_bits(abs(x.m), x.m < 0, x.e)))


# Arithmetic


@scalar
def add(x: Binary64, y: Binary64) -> Binary64:
    """The sum: the coarser operand moves up by seven bits, the finer one down to its grid.

    No sum is finer than 2**-1074.
    """
    coarse = x.e >= y.e
    high = (x.m if coarse else y.m) << 7
    low = (y.m if coarse else x.m) << 7
    gap = min(abs(x.e - y.e), 63)
    moved = low >> gap
    total = high + (moved | i64(moved << gap != low))
    return rounded(abs(total), total < 0, max(x.e, y.e) - 7)


@scalar
def neg(x: Binary64) -> Binary64:
    """The negated number, exactly."""
    return Binary64(-x.m, x.e)


@scalar
def sub(x: Binary64, y: Binary64) -> Binary64:
    """The difference."""
    return add(x, neg(y))


@scalar
def less(x: Binary64, y: Binary64) -> bool:
    """Whether ``x`` is below ``y``: no difference rounds to zero."""
    return sub(x, y).m < 0


@scalar
def mul(x: Binary64, y: Binary64) -> Binary64:
    """The product: of its 105 to 107 bits all but 45, whose trace is the lowest of the rest."""
    high, low = long_product(abs(x.m), abs(y.m))
    size = (high << 17) | (low >> 45) | i64(low & ((1 << 45) - 1) != 0)
    return rounded(size, (x.m ^ y.m) < 0, x.e + y.e + 45)


@scalar
def div(x: Binary64, y: Binary64) -> Binary64:
    """The quotient, for a divisor other than zero: by long division, ten bits at a time.

    The remainder, below 2**53, has room for ten bits more.
    """
    rest, below = abs(x.m), abs(y.m)
    quotient = rest // below
    rest -= quotient * below
    for _ in range(6):
        rest <<= 10
        digit = rest // below
        rest -= digit * below
        quotient = (quotient << 10) | digit
    return rounded(quotient | i64(rest != 0), (x.m ^ y.m) < 0, x.e - y.e - 60)


@scalar
def _with_digit(root: int, rest: int, pair: int) -> tuple[int, int]:
    """A square root and its remainder with one more binary digit, for the radicand's next two."""
    rest, trial = (rest << 2) | pair, (root << 2) | 1
    fits = rest >= trial
    return (root << 1) | i64(fits), (rest - trial if fits else rest)


@scalar
def sqrt(x: Binary64) -> Binary64:
    """The square root of a number that is not negative: 58 digits, one after the other.

    The radicand's 54 bits come in pairs, then zeros.
    """
    odd = x.e & 1
    radicand = x.m << odd
    root, rest = 0, 0
    for place in range(54, -62, -2):
        root, rest = _with_digit(root, rest, (radicand >> place) & 3 if place >= 0 else 0)
    return rounded((root << 1) | i64(rest != 0), False, ((x.e - odd) >> 1) - 31)
