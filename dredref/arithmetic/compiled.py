"""Numbers of 24 significant bits as compiled rules on integers of 32 bits.

Values and rounding are those of :mod:`dredref.arithmetic.significand`, which defines them; tests
hold the two equal. How functions are compiled says :mod:`dredref.arithmetic.compiling`.

**In memory** a number is its binary32 word, an ``int32``. Zero is the word 0.

**In registers** (:data:`Number`) it is ``m * 2**e`` with ``2**23 <= |m| <= 2**24``, both ``int32``:
long, whatever its size. Numbers below ``2**-126`` are long too, with zeros in the bits below
``2**-149``; :func:`pack` shortens them. Zero is ``m = 0`` with ``e = ZERO``, below every other
exponent, so that sums need no case of their own. Exponents may run past those of words, in both
directions, as long as the number is not packed: ``2**128`` and more have no word, and what packs
to one must be excluded by a bound, as in the definition.

**No branches.** Everything is chosen between two values that are both at hand, so that a loop over
an array runs many numbers at once.
"""

from __future__ import annotations

from typing import TypeAlias

from dredref.arithmetic.compiling import (
    constant32,
    i32,
    i64,
    leading_zeros,
    left,
    right,
    right_unsigned,
    scalar,
)
from dredref.arithmetic.significand import nearest
from dredref.arithmetic.significand_functions import TANH_DENOMINATOR, TANH_NUMERATOR

Number: TypeAlias = tuple[int, int]
"""``m`` and ``e`` of a number in registers."""

FINEST, ZERO = constant32(-149), constant32(-200)
"""Exponent of the finest grid, and that of zero."""
SIGN, MAGNITUDE, FRACTION = (constant32(bits) for bits in (-(1 << 31), 0x7FFFFFFF, 0x7FFFFF))
"""Bits of a word: the sign, all others, and the significand less its top."""


def number(word: int) -> Number:
    """The number of a positive word, as a constant of compiled rules."""
    return constant32((word & 0x7FFFFF) | 1 << 23), constant32((word >> 23) - 150)


# Integers


@scalar
def most(a: int, b: int) -> int:
    """The larger of two integers."""
    return a if a > b else b


@scalar
def least(a: int, b: int) -> int:
    """The smaller of two integers."""
    return a if a < b else b


@scalar
def size_of(m: int) -> int:
    """Magnitude of an integer of 32 bits."""
    return i32(-m) if m < 0 else i32(m)


@scalar
def signed(size: int, negative: bool, e: int) -> Number:
    """``size * 2**e`` or its negative; zero has its own exponent."""
    return (i32(-size) if negative else size), (ZERO if size == 0 else e)


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
def on_grid(size: int, e: int, drop: int, negative: bool) -> Number:
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


# Words


@scalar
def unpack(word: int) -> Number:
    """The number of a finite word."""
    exponent = i32(right(word, i32(23)) & i32(0xFF))
    size = i32(i32(word & FRACTION) | left(i32(exponent > i32(0)), i32(23)))
    up = i32(leading_zeros(size) - i32(8))
    return signed(left(size, up), word < i32(0), i32(i32(most(exponent, i32(1)) - i32(150)) - up))


@scalar
def pack(x: Number) -> int:
    """The word of a number below 2**128 that is a multiple of 2**-149.

    Adding ``m`` to the exponent's field carries its top bit into it: the field counts from one
    less, and an ``m`` of ``2**24`` becomes ``2**23`` with the next exponent.
    """
    down = least(most(i32(FINEST - x[1]), i32(0)), i32(31))
    field = left(most(i32(x[1] - FINEST), i32(0)), i32(23))
    return i32(i32(right(size_of(x[0]), down) + field) | i32(x[0] & SIGN))


@scalar
def in_order(word: int) -> int:
    """An integer that stands where the number stands: the word, negated for those below zero."""
    return i32(-i32(word & MAGNITUDE)) if word < i32(0) else word


# Arithmetic


@scalar
def neg(x: Number) -> Number:
    """The negated number, exactly."""
    return i32(-x[0]), x[1]


@scalar
def mul(x: Number, y: Number) -> Number:
    """The product, rounded: 46 to 48 bits, of which 27 to 29 and the rest's trace are looked at."""
    high = folded(i64(size_of(x[0])) * i64(size_of(y[0])))
    drop = i32(i32(4) + right(high, i32(28)))
    return on_grid(high, i32(i32(x[1] + y[1]) + i32(19)), drop, i32(x[0] ^ y[0]) < i32(0))


@scalar
def add(x: Number, y: Number) -> Number:
    """The sum, rounded.

    The coarser operand is moved up by five bits, the finer one down to its grid; a sum of numbers
    of words is never finer than 2**-149.
    """
    coarse = x[1] >= y[1]
    high = left(x[0] if coarse else y[0], i32(5))
    low = left(y[0] if coarse else x[0], i32(5))
    total = i32(high + moved_down(low, size_of(i32(x[1] - y[1]))))
    size = size_of(total)
    up = i32(leading_zeros(size) - i32(1))
    kept = shortened(left(size, up), i32(7))
    return signed(kept, total < i32(0), i32(i32(most(x[1], y[1]) + i32(2)) - up))


@scalar
def sub(x: Number, y: Number) -> Number:
    """The difference, rounded."""
    return add(x, neg(y))


_SEED = constant32(1572065405)
"""Where the line meets the axis: 2.9282 in units of 2**-29, the largest error being least."""


@scalar
def reciprocal(below: int) -> int:
    """``2**53 / below``, too small by 1 to 5, for ``below`` from 2**23 to 2**24.

    Three of Newton's steps ``x (2 - b x)`` from a straight line; the distances hold for each of
    these 2**23 + 1 divisors.
    """
    b = left(below, i32(6))
    x = i32(_SEED - b)
    for _ in range(3):
        t = i32((i64(b) * i64(x)) >> 29)
        x = i32((i64(x) * i64(i32(SIGN - t))) >> 30)
    return i32(x - i32(2))


@scalar
def div(x: Number, y: Number) -> Number:
    """The quotient, rounded, for a divisor other than zero.

    The quotient's first 26 bits are too small by 1 at most, which the remainder tells; what then
    remains is folded into one bit below.
    """
    size, below = size_of(x[0]), size_of(y[0])
    q = i32((i64(size) * i64(reciprocal(below))) >> 28)
    rest = i32(left(size, i32(25)) - i32(q * below))
    more = rest >= below
    q = i32(q + i32(more))
    rest = i32(rest - below) if more else rest
    q = i32(left(q, i32(1)) | i32(rest != i32(0)))
    drop = i32(i32(2) + right(q, i32(26)))
    return on_grid(q, i32(i32(x[1] - y[1]) - i32(26)), drop, i32(x[0] ^ y[0]) < i32(0))


@scalar
def whole(n: int) -> Number:
    """An integer of magnitude up to 2**24."""
    size = size_of(i32(n))
    up = most(i32(leading_zeros(size) - i32(8)), i32(0))
    return signed(left(size, up), n < 0, i32(-up))


@scalar
def rounded(n: int, e: int) -> Number:
    """``n * 2**e``, rounded, for 64 bits of ``n`` and ``e`` of at least -149."""
    rest = -n if n < 0 else n
    while rest >= 1 << 30:
        rest = (rest >> 1) | (rest & 1)
        e += 1
    size = i32(rest)
    up = i32(leading_zeros(size) - i32(1))
    return signed(shortened(left(size, up), i32(7)), n < 0, i32(i32(i32(e) + i32(7)) - up))


@scalar
def floor_half_up(x: Number) -> int:
    """``floor(x + 1/2)`` for magnitudes below 2**24; the sum is not rounded."""
    down = least(most(i32(-x[1]), i32(0)), i32(30))
    return right(i32(x[0] + right(left(i32(1), down), i32(1))), down)


@scalar
def floor(x: Number) -> int:
    """The largest integer that is not above, for magnitudes below 2**24."""
    return right(x[0], least(most(i32(-x[1]), i32(0)), i32(31)))


# Functions: see significand_functions

_N0, _N1, _N2 = (number(nearest(text)) for text in TANH_NUMERATOR)
_D0, _D1, _D2 = (number(nearest(text)) for text in TANH_DENOMINATOR)
ONE, HALF, _BYTE = (number(nearest(text)) for text in ("1", "0.5", "127"))


@scalar
def _times(x: Number, y: Number) -> Number:
    """The product of numbers above zero that is not finer than 2**-149 where that matters."""
    high = folded(i64(x[0]) * i64(y[0]))
    drop = i32(i32(4) + right(high, i32(28)))
    return shortened(high, drop), i32(i32(i32(x[1] + y[1]) + i32(19)) + drop)


@scalar
def _plus(x: Number, y: Number) -> Number:
    """The sum of numbers that are not below zero."""
    coarse = x[1] >= y[1]
    high = left(x[0] if coarse else y[0], i32(5))
    low = left(y[0] if coarse else x[0], i32(5))
    total = i32(high + moved_down(low, size_of(i32(x[1] - y[1]))))
    drop = i32(i32(5) + right(total, i32(29)))
    return shortened(total, drop), i32(i32(most(x[1], y[1]) - i32(5)) + drop)


@scalar
def clip_one(x: Number) -> Number:
    """``x``, no further from zero than 1."""
    over = x[1] >= ONE[1]
    one = i32(-ONE[0]) if x[0] < i32(0) else ONE[0]
    return (one if over else x[0]), (ONE[1] if over else x[1])


@scalar
def tanh(x: Number) -> Number:
    """Rational hyperbolic tangent, as defined, for magnitudes below 2**24.

    Taken of the magnitude: rounding is the same either side of zero, and terms of one sign add up
    without cancellation. Squares finer than 2**-149 keep their bits here; they are added to
    constants far above, to which they make no difference.
    """
    size = size_of(x[0]), x[1]
    u = _times(size, size)
    above = mul(_plus(_times(_plus(_times(_N2, u), _N1), u), _N0), size)
    below = _plus(_times(_plus(_times(_D2, u), _D1), u), _D0)
    t = clip_one(div(above, below))
    return (i32(-t[0]) if x[0] < i32(0) else t[0]), t[1]


@scalar
def sigmoid(x: Number) -> Number:
    """``1/2 + tanh(x/2) / 2``.

    Halving moves the exponent, even below the finest grid: there the sum is 1/2 either way.
    """
    t = tanh((x[0], i32(x[1] - i32(1))))
    return add(HALF, (t[0], i32(t[1] - i32(1))))


@scalar
def to_byte(x: Number) -> int:
    """What layers of 8-bit weights take: ``floor(127 x + 1/2)`` of the rounded ``127 x``."""
    return floor_half_up(mul(_BYTE, x))
