"""Numbers of 24 significant bits: the arithmetic of decoder and vocoder, in integers.

**Why not a fixed-point format.** The vocoder feeds its output back through layers that round their
input to 8 bits. One such rounding that falls the other way, after an error of 1e-8, grows within a
few frames into speech that differs as much as that of two unlike machines. No format that is
merely fine escapes this; only the same rounding of every operation does. So the operations here
round as the portable path of libopus does, and the speech is the same, sample for sample. The
decoder's recurrence does to features what the vocoder does to speech, on a smaller scale: even
float64 between the same 8-bit roundings comes out 0.003 to 0.010 away by upstream's metric.

**Numbers.** A number is ``m * 2**e`` with integers ``m`` of at most 24 bits and ``e`` of at least
-149. Every operation (sum, difference, product, quotient) is that of integers, rounded to 24
significant bits, halves to the even ``m``; no result is finer than ``2**-149``. Zero has no sign.

**Three carriers, one result.**

* :class:`Significands` - the definition: pairs of ``int64`` arrays.
* :class:`~dredref.arithmetic.packed.Packed` - the form that runs by default. A binary32 word *is*
  ``m`` and ``e``, packed; compiled functions of integers work on words as the definition says.
* ``float32`` - the same words, worked on by the machine's floating-point unit. IEEE 754 defines
  the sum, difference, product and quotient of two binary32 numbers as the exact result rounded to
  24 significant bits, halves to even, nothing finer than ``2**-149``: word for word the rule above,
  on every machine, and numpy's operations on arrays are those operations one by one.

Functions that take any kind give the same kind back; tests hold them equal, bit for bit.
Magnitudes stay below ``2**127``, as bounds where numbers come in show, so nothing overflows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers, bit_length
from dredref.arithmetic.packed import Packed, pack_words

BITS = 24
"""Significant bits."""
FINEST = -149
"""Exponent of the finest grid."""

Carried: TypeAlias = NDArray[Any]
"""Numbers in words: an array of kind :class:`Packed`, or binary32."""
Words: TypeAlias = NDArray[np.int32]
"""Binary32 words as integers: sign, exponent + 127 (8 bits), significand less its top (23 bits)."""

_NEGATIVE_ZERO = np.int32(-(1 << 31))
_GUARD = 34
"""Bits by which a sum's coarser operand may be moved up: ``2**24 << 34`` leaves room in int64."""


class Significands:
    """An array of numbers ``m * 2**e``; operators act element by element, with broadcasting."""

    __slots__ = ("e", "m")
    __array_ufunc__ = None

    m: Integers
    e: Integers

    def __init__(self, m: Integers, e: Integers) -> None:
        """Hold ``m`` and ``e`` as they are: at most 24 bits and a final zero, at least -149."""
        self.m = m
        self.e = e

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.m.shape

    def __getitem__(self, index: Any) -> Significands:
        """Elements, as numpy indexes them."""
        return Significands(self.m[index], self.e[index])

    def __neg__(self) -> Significands:
        """The negated numbers, exactly."""
        return Significands(-self.m, self.e)

    def __mul__(self, other: Significands) -> Significands:
        """Products: 48 bits, rounded."""
        return rounded(self.m * other.m, self.e + other.e)

    def __add__(self, other: Significands) -> Significands:
        """Sums.

        The coarser operand moves up to the finer one's grid, by at most 34 bits; what the finer
        has below the grid that is met then is folded into the lowest bit of it, far below the
        half that rounding asks about.
        """
        coarse = self.e >= other.e
        high, low = np.where(coarse, self.m, other.m), np.where(coarse, other.m, self.m)
        gap = np.abs(self.e - other.e)
        up = np.minimum(gap, _GUARD)
        down = np.minimum(gap - up, 62)
        total = (high << up) + _folded(low, down)
        return rounded(total, np.maximum(self.e, other.e) - up)

    def __sub__(self, other: Significands) -> Significands:
        """Differences."""
        return self + -other

    def __truediv__(self, other: Significands) -> Significands:
        """Quotients, for divisors other than zero.

        Dividends are moved up to at least 59 bits, so that quotients have at least 35; a remainder
        is folded into the lowest bit.
        """
        up = 60 - bit_length(np.abs(self.m))
        dividend, divisor = np.abs(self.m) << up, np.abs(other.m)
        quotient = dividend // divisor
        quotient |= quotient * divisor != dividend
        sign = np.sign(self.m) * np.sign(other.m)
        return rounded(sign * quotient, self.e - up - other.e)


N = TypeVar("N", Significands, Carried)
"""Numbers of any kind."""
Form = Literal["integers", "pairs", "binary32"]
"""How numbers are held: as words that compiled integer functions work on; as pairs of integers,
which defines the result; or as binary32 numbers."""
FORMS: tuple[Form, ...] = get_args(Form)
PACKED: Carried = pack_words(np.zeros(0, np.int32))
"""No numbers, of the kind of the form ``integers``; see :func:`numbers`."""
PAIRS = Significands(np.zeros(0, np.int64), np.zeros(0, np.int64))
"""No numbers, of the kind that defines the result."""
BINARY32: Carried = np.zeros(0, np.float32)
"""No numbers, of the kind of the form ``binary32``."""
KINDS: dict[Form, Any] = {"integers": PACKED, "pairs": PAIRS, "binary32": BINARY32}
"""Form -> no numbers, of its kind."""


def _folded(m: Integers, down: Integers) -> Integers:
    """``m / 2**down``, with the lowest bit set where the quotient is not exact."""
    quotient: Integers = m >> down
    quotient |= quotient << down != m
    return quotient


def rounded(m: Integers, e: Integers) -> Significands:
    """``m * 2**e`` on 24 significant bits, halves to even; for ``|m|`` below 2**61."""
    drop = np.maximum(bit_length(np.abs(m)) - BITS, FINEST - e)
    drop = np.clip(drop, 0, 62)
    kept = m >> drop
    rest = m - (kept << drop)
    half = (np.int64(1) << drop) >> 1
    up = (rest > half) | ((rest == half) & (drop > 0) & (kept & 1 == 1))
    kept = kept + up
    return Significands(kept, np.where(kept == 0, FINEST, e + drop))


def from_words(words: Words) -> Significands:
    """Binary32 words as pairs; exact.

    Raises:
        ValueError: for a word that is no number (infinity or none).
    """
    wide = np.asarray(words).astype(np.int64)
    exponent = (wide >> 23) & 0xFF
    if np.any(exponent == 0xFF):
        raise ValueError("not a finite number")
    fraction = (wide & 0x7FFFFF) | ((exponent > 0).astype(np.int64) << 23)
    m = np.where(wide < 0, -fraction, fraction)
    return Significands(m, np.where(m == 0, FINEST, np.maximum(exponent, 1) - 150))


def to_words(numbers: Significands) -> Words:
    """Pairs as binary32 words; exact.

    Raises:
        ValueError: if a magnitude is not below 2**128.
    """
    magnitude, e = np.abs(numbers.m), numbers.e
    up = np.minimum(BITS - bit_length(magnitude), e - FINEST)
    magnitude = np.where(up < 0, magnitude >> 1, magnitude << np.maximum(up, 0))
    top = (magnitude >> 23) & 1
    exponent = (e - up + 150) * top
    if np.any(exponent >= 0xFF):
        raise ValueError("past the largest binary32 number")
    word = (exponent << 23) | (magnitude & 0x7FFFFF)
    return np.where(numbers.m < 0, word - (1 << 31), word).astype(np.int32)


def carry(words: Words) -> NDArray[np.float32]:
    """Words as the float32 numbers that they are."""
    return words.view(np.float32)


def settle(numbers: NDArray[np.float32]) -> Words:
    """Float32 numbers as words; negative zero becomes zero."""
    return (numbers + np.float32(0)).view(np.int32)


def _without_sign(words: Words) -> Words:
    """Words, with zero for negative zero."""
    return np.where(words == _NEGATIVE_ZERO, np.int32(0), words)


def _compiled() -> Any:
    """The compiled operations on arrays, loaded when first needed."""
    from dredref.arithmetic import compiled_arrays

    return compiled_arrays


@cache
def nearest(value: Fraction | str) -> int:
    """The word nearest to an exact value or a decimal numeral."""
    exact = Fraction(value)
    e = max(FINEST - 20, (abs(exact.numerator).bit_length() - exact.denominator.bit_length()) - 40)
    scaled = exact / Fraction(2) ** e
    whole = scaled.numerator // scaled.denominator
    m = whole | int(whole != scaled)
    return int(to_words(rounded(np.array(m), np.array(e))))


def constant(value: Fraction | str, like: N) -> N:
    """A constant rounded to 24 significant bits, of the kind of ``like``."""
    return numbers(np.array(nearest(value), np.int32), like)


def numbers(words: Words, like: N) -> N:
    """Words as numbers of the kind of ``like``."""
    if isinstance(like, Significands):
        return from_words(words)
    return pack_words(_without_sign(words)) if isinstance(like, Packed) else carry(words)


def words_of(numbers: Significands | Carried) -> Words:
    """Numbers of any kind as words, in an array of their own."""
    if isinstance(numbers, Significands):
        return to_words(numbers)
    return np.array(numbers) if isinstance(numbers, Packed) else settle(numbers)


def from_integers(values: Integers | Carried, like: N) -> N:
    """Integers below 2**24, or float32 that carries them, as numbers of the kind of ``like``."""
    if isinstance(like, Significands):
        m = np.asarray(values).astype(np.int64)
        return Significands(m, np.where(m == 0, FINEST, 0))
    if isinstance(like, Packed):
        return pack_words(_compiled().of_integers(values))
    return np.asarray(values).astype(np.float32, copy=False)


def concatenate(parts: Sequence[N], axis: int = -1) -> N:
    """Arrays joined along an axis."""
    first = parts[0]
    if isinstance(first, Significands):
        m = np.concatenate([part.m for part in parts], axis=axis)
        return Significands(m, np.concatenate([part.e for part in parts], axis=axis))
    return np.concatenate(parts, axis=axis)


def reshaped(x: N, shape: tuple[int, ...]) -> N:
    """The same numbers in another shape."""
    if isinstance(x, Significands):
        return Significands(x.m.reshape(shape), x.e.reshape(shape))
    return x.reshape(shape)


def clip(x: N, low: N, high: N) -> N:
    """``x``, no smaller than ``low`` and no larger than ``high``."""
    if isinstance(x, Significands):
        below, above = (x - low).m < 0, (x - high).m > 0
        m = np.where(below, low.m, np.where(above, high.m, x.m))
        return Significands(m, np.where(below, low.e, np.where(above, high.e, x.e)))
    return np.minimum(np.maximum(x, low), high)


def floor(x: N) -> Integers:
    """The largest integer that is not above, for magnitudes below 2**24."""
    if isinstance(x, Significands):
        return (x.m << np.maximum(x.e, 0)) >> np.clip(-x.e, 0, 62)
    if isinstance(x, Packed):
        whole: Integers = _compiled().floor_of(words_of(x)).astype(np.int64)
        return whole
    return np.floor(x).astype(np.int64)


def floor_half_up(x: N) -> Integers:
    """``floor(x + 1/2)`` as integers, for magnitudes below 2**24; the sum is not rounded.

    Carrier: in float64 a binary32 number of that size plus 1/2 is exact or, below 2**-28 in
    magnitude, at least stays between 0 and 1, so the floor is that of the exact sum.
    """
    if isinstance(x, Significands):
        up, down = np.maximum(x.e, 0), np.clip(-x.e, 0, 62)
        half = (np.int64(1) << down) >> 1
        return ((x.m << up) + half) >> down
    if isinstance(x, Packed):
        whole: Integers = _compiled().half_up_of(words_of(x)).astype(np.int64)
        return whole
    return np.floor(x.astype(np.float64) + 0.5).astype(np.int64)
