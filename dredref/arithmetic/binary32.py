"""IEEE binary32 by rules on integers: the ``integer`` carrier's numbers.

Every operation gives the exact result rounded to 24 significant bits, halves to even, nothing finer
than ``2**-149``: the sum, difference, product and quotient of IEEE 754 binary32. Zero has no sign.
Magnitudes of ``2**128`` and more are excluded by bounds where numbers come in.

**In arrays** a number is its 32 bits, an ``int32``. Zero is the integer 0.

**In registers** (:class:`Binary32`) it is ``m * 2**e`` with ``2**23 <= |m| <= 2**24``, both
``int32``: long, whatever its size. Numbers below ``2**-126`` are long too, with zeros in the bits
below ``2**-149``; :func:`pack` shortens them. Zero is ``m = 0`` with ``e = ZERO``, below every
other exponent, so that sums need no case of their own. Exponents may run past those of arrays, in
both directions, as long as the number is not packed.

**No branches.** Everything is chosen between two values that are both at hand, so that a loop over
an array runs many numbers at once.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import NamedTuple

from dredref.arithmetic.compiling import (
    constant32,
    i32,
    i64,
    leading_zeros,
    least,
    left,
    most,
    right,
    right_unsigned,
    scalar,
)


class Binary32(NamedTuple):
    """A number in registers, ``m * 2**e``."""

    m: int
    e: int


FINEST, ZERO = constant32(-149), constant32(-200)
"""Exponent of the finest grid, and that of zero."""
SIGN, MAGNITUDE, FRACTION = (constant32(bits) for bits in (-(1 << 31), 0x7FFFFFFF, 0x7FFFFF))
"""Bits of a number in memory: the sign, all others, and the significand less its top."""


@cache
def nearest(value: Fraction | str, size: int = 24, finest: int = -149) -> int:
    """The bits of the number nearest to an exact value or a decimal numeral, halves to even."""
    exact = Fraction(value)
    magnitude = abs(exact)
    e = max(finest, magnitude.numerator.bit_length() - magnitude.denominator.bit_length() - size)
    if round(magnitude / Fraction(2) ** e) >= 1 << size:
        e += 1
    m = round(magnitude / Fraction(2) ** e)
    bits = m + ((e - finest) << (size - 1)) if m else 0
    width = 32 if size == 24 else 64
    return bits - (1 << (width - 1)) if exact < 0 else bits


def value_of(bits: int, size: int = 24, finest: int = -149) -> Fraction:
    """The exact value of bits; the inverse of :func:`nearest`."""
    top = 1 << (size - 1)
    magnitude = bits & ((1 << (31 if size == 24 else 63)) - 1)
    exponent, m = magnitude // top, magnitude % top + (top if magnitude >= top else 0)
    return (-m if bits < 0 else m) * Fraction(2) ** (max(exponent, 1) - 1 + finest)


# Integers


@scalar
def size_of(m: int) -> int:
    """Magnitude of an integer of 32 bits."""
    return i32(-m) if m < 0 else i32(m)


@scalar
def signed(size: int, negative: bool, e: int) -> Binary32:
    """``size * 2**e`` or its negative; zero has its own exponent."""
    return Binary32(i32(-size) if negative else size, ZERO if size == 0 else e)


@scalar
def shortened(size: int, drop: int) -> int:
    """``size / 2**drop``, halves to even, for ``size`` below 2**31 and ``drop`` from 1 to 30.

    What is added before the shift is one less than a half where the result would be even, and a
    half where it would be odd; the sum may take all 32 bits.
    """
    odd = i32(right(size, drop) & i32(1))
    below_half = i32(right(left(i32(1), drop), i32(1)) - i32(1))
    return right_unsigned(i32(i32(size + below_half) + odd), drop)


@scalar
def on_grid(size: int, e: int, drop: int, negative: bool) -> Binary32:
    """``size * 2**e`` rounded once: by ``drop`` bits, more where it would be finer than 2**-149.

    ``drop`` of at least 1 leaves 24 bits of ``size``.
    """
    extra = least(most(i32(FINEST - i32(e + drop)), i32(0)), i32(25))
    drop = i32(drop + extra)
    kept = shortened(size, drop)
    return signed(left(kept, extra), negative, i32(i32(e + drop) - extra))


@scalar
def folded(product: int) -> int:
    """A product of 48 bits less its lowest 19, the lowest bit set where those are not all zero."""
    return i32(i32(product >> 19) | i32(i32(i32(product) & i32(0x7FFFF)) != i32(0)))


@scalar
def moved_down(m: int, gap: int) -> int:
    """``m / 2**gap``, the lowest bit set where bits were lost; ``gap`` of 31 stands for more."""
    gap = least(gap, i32(31))
    moved = right(m, gap)
    return i32(moved | i32(left(moved, gap) != m))


# Bits


@scalar
def unpack(bits: int) -> Binary32:
    """The number of 32 bits that stand for a finite one."""
    exponent = i32(right(bits, i32(23)) & i32(0xFF))
    size = i32(i32(bits & FRACTION) | left(i32(exponent > i32(0)), i32(23)))
    up = i32(leading_zeros(size) - i32(8))
    return signed(left(size, up), bits < i32(0), i32(i32(most(exponent, i32(1)) - i32(150)) - up))


@scalar
def pack(x: Binary32) -> int:
    """The bits of a number below 2**128 that is a multiple of 2**-149.

    Adding ``m`` to the exponent's field carries its top bit into it: the field counts from one
    less, and an ``m`` of ``2**24`` becomes ``2**23`` with the next exponent.
    """
    down = least(most(i32(FINEST - x.e), i32(0)), i32(31))
    field = left(most(i32(x.e - FINEST), i32(0)), i32(23))
    return i32(i32(right(size_of(x.m), down) + field) | i32(x.m & SIGN))


@scalar
def in_order(bits: int) -> int:
    """An integer that stands where the number stands: the bits, negated for those below zero."""
    return i32(-i32(bits & MAGNITUDE)) if bits < i32(0) else bits


# Arithmetic


@scalar
def neg(x: Binary32) -> Binary32:
    """The negated number, exactly."""
    return Binary32(i32(-x.m), x.e)


@scalar
def mul(x: Binary32, y: Binary32) -> Binary32:
    """The product, rounded: 46 to 48 bits, of which 27 to 29 and the rest's trace are looked at."""
    high = folded(i64(size_of(x.m)) * i64(size_of(y.m)))
    drop = i32(i32(4) + right(high, i32(28)))
    return on_grid(high, i32(i32(x.e + y.e) + i32(19)), drop, i32(x.m ^ y.m) < i32(0))


@scalar
def add(x: Binary32, y: Binary32) -> Binary32:
    """The sum, rounded.

    The coarser operand is moved up by five bits, the finer one down to its grid; a sum of numbers
    that arrays hold is never finer than 2**-149.
    """
    coarse = x.e >= y.e
    high = left(x.m if coarse else y.m, i32(5))
    low = left(y.m if coarse else x.m, i32(5))
    total = i32(high + moved_down(low, size_of(i32(x.e - y.e))))
    size = size_of(total)
    up = i32(leading_zeros(size) - i32(1))
    kept = shortened(left(size, up), i32(7))
    return signed(kept, total < i32(0), i32(i32(most(x.e, y.e) + i32(2)) - up))


@scalar
def sub(x: Binary32, y: Binary32) -> Binary32:
    """The difference, rounded."""
    return add(x, neg(y))


SEED = constant32(1572065405)
"""Where the line meets the axis: 2.9282 in units of 2**-29, the largest error being least."""


@scalar
def reciprocal(below: int) -> int:
    """``2**53 / below``, too small by 1 to 5, for ``below`` from 2**23 to 2**24.

    Three of Newton's steps ``x (2 - b x)`` from a straight line; the distances hold for each of
    these 2**23 + 1 divisors.
    """
    b = left(below, i32(6))
    x = i32(SEED - b)
    for _ in range(3):
        t = i32((i64(b) * i64(x)) >> 29)
        x = i32((i64(x) * i64(i32(SIGN - t))) >> 30)
    return i32(x - i32(2))


@scalar
def div(x: Binary32, y: Binary32) -> Binary32:
    """The quotient, rounded, for a divisor other than zero.

    The quotient's first 26 bits are too small by 1 at most, which the remainder tells; what then
    remains is folded into one bit below.
    """
    size, below = size_of(x.m), size_of(y.m)
    q = i32((i64(size) * i64(reciprocal(below))) >> 28)
    rest = i32(left(size, i32(25)) - i32(q * below))
    more = rest >= below
    q = i32(q + i32(more))
    rest = i32(rest - below) if more else rest
    q = i32(left(q, i32(1)) | i32(rest != i32(0)))
    drop = i32(i32(2) + right(q, i32(26)))
    return on_grid(q, i32(i32(x.e - y.e) - i32(26)), drop, i32(x.m ^ y.m) < i32(0))


@scalar
def halve(x: Binary32) -> Binary32:
    """``x / 2``, whose exponent may run past those of arrays."""
    return Binary32(x.m, i32(x.e - i32(1)))


@scalar
def less(x: Binary32, y: Binary32) -> bool:
    """Whether ``x`` is below ``y``."""
    return in_order(pack(x)) < in_order(pack(y))


@scalar
def clip_to_one(x: Binary32) -> Binary32:
    """``x``, no further from zero than 1."""
    over = x.e >= i32(-23)
    one = i32(-(1 << 23)) if x.m < i32(0) else i32(1 << 23)
    return Binary32(one if over else x.m, i32(-23) if over else x.e)


@scalar
def from_int(n: int) -> Binary32:
    """An integer of magnitude up to 2**24."""
    size = size_of(i32(n))
    up = most(i32(leading_zeros(size) - i32(8)), i32(0))
    return signed(left(size, up), n < 0, i32(-up))


@scalar
def from_fixed(n: int, q: int) -> Binary32:
    """``n / 2**q``, rounded, for 64 bits of ``n``."""
    rest, e = abs(n), i64(-q)
    while rest >= 1 << 30:
        rest = (rest >> 1) | (rest & 1)
        e += 1
    size = i32(rest)
    up = i32(leading_zeros(size) - i32(1))
    return signed(shortened(left(size, up), i32(7)), n < 0, i32(i32(i32(e) + i32(7)) - up))


@scalar
def floor(x: Binary32) -> int:
    """The largest integer that is not above, for magnitudes below 2**24."""
    return right(x.m, least(most(i32(-x.e), i32(0)), i32(31)))


@scalar
def floor_half_up(x: Binary32) -> int:
    """``floor(x + 1/2)`` for magnitudes below 2**24; the sum is not rounded."""
    down = least(most(i32(-x.e), i32(0)), i32(30))
    return right(i32(x.m + right(left(i32(1), down), i32(1))), down)
