"""Sines and cosines of rational angles, rounded correctly on every machine.

A table taken from a platform's ``math.cos`` may differ in its last bit from one machine to the
next. Here the angle is a fraction of a turn, the work is done on Python integers with 96
fractional bits, and only the result is rounded, so a table is the same everywhere.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

_BITS = 96
"""Fractional bits of the working format."""


def _arctan_inverse(x: int) -> int:
    """Arctan(1/x) with ``_BITS`` fractional bits, by its alternating series."""
    term = total = (1 << _BITS) // x
    n, sign = 1, 1
    while term:
        term //= x * x
        n += 2
        sign = -sign
        total += sign * (term // n)
    return total


@cache
def pi() -> int:
    """Pi with 96 fractional bits (Machin's formula)."""
    return 4 * (4 * _arctan_inverse(5) - _arctan_inverse(239))


def _half_up(value: int, shift: int) -> int:
    """``value / 2**shift``, halves rounded up."""
    return (value + (1 << (shift - 1))) >> shift


def _series(angle: int, first: int) -> int:
    """Taylor series of cosine (``first`` 0) or sine (``first`` 1) for ``angle`` in radians."""
    square = angle * angle >> _BITS
    term = (1 << _BITS) if first == 0 else angle
    total, n = term, first
    while term:
        term = -(term * square >> _BITS) // ((n + 1) * (n + 2))
        n += 2
        total += term
        if -2 < term < 2:
            break
    return total


def _radians(turns: Fraction) -> int:
    """An angle in turns, reduced to half a turn either side of zero, in radians."""
    turns -= round(turns)
    return 2 * pi() * turns.numerator // turns.denominator


def cosine(turns: Fraction, q: int) -> int:
    """Cosine of an angle given in turns, in Q ``q``, halves rounded up (error below 2**-80)."""
    return _half_up(_series(_radians(turns), 0), _BITS - q)


def sine(turns: Fraction, q: int) -> int:
    """Sine of an angle given in turns, in Q ``q``, halves rounded up (error below 2**-80)."""
    return _half_up(_series(_radians(turns), 1), _BITS - q)
