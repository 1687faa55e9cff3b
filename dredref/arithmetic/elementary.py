"""Exponential and logarithm on Python integers, far finer than any rounding that follows.

Numbers are integers with ``FRACTION`` fractional bits. Results carry a relative error below
2**-90, so that rounding them to 24 or 53 bits is rounding the exact value, unless that value lies
within 2**-90 of a boundary; among the arguments that occur none is to be expected within 2**-60.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

FRACTION = 192
"""Fractional bits."""
ONE = 1 << FRACTION
LARGEST = 64
"""Largest magnitude that :func:`exponential` takes."""

_HALVINGS = 8
"""Times the exponential's argument is halved before its series."""


def fine(value: Fraction) -> int:
    """A rational number in the working format, rounded down."""
    return (value.numerator << FRACTION) // value.denominator


def exponential(x: int) -> int:
    """``e**x``: halved eight times, the series summed, the sum squared eight times.

    Raises:
        ValueError: for magnitudes above ``LARGEST``.
    """
    if abs(x) > LARGEST << FRACTION:
        raise ValueError(f"exponential of a magnitude above {LARGEST}")
    argument = x >> _HALVINGS
    term = total = ONE
    n = 1
    while term not in (0, -1):
        term = (term * argument >> FRACTION) // n
        total += term
        n += 1
    for _ in range(_HALVINGS):
        total = total * total >> FRACTION
    return total


def _twice_artanh(x: int) -> int:
    """``2 artanh(x) = log((1 + x) / (1 - x))`` by its series, for ``x`` from 0 to 1/3."""
    square = x * x >> FRACTION
    power, total, n = x, 0, 1
    while power:
        total += power // n
        power = power * square >> FRACTION
        n += 2
    return 2 * total


@cache
def log_of_two() -> int:
    """The natural logarithm of 2."""
    return _twice_artanh(ONE // 3)


def logarithm(x: int) -> int:
    """Natural logarithm of ``x`` above 0: that of its power of two and of the rest, 1 to 2.

    Near 1 the error is below 2**-180 in absolute terms.
    """
    power = x.bit_length() - 1 - FRACTION
    rest = x >> power if power >= 0 else x << -power
    return power * log_of_two() + _twice_artanh(((rest - ONE) << FRACTION) // (rest + ONE))


@cache
def log_of_ten() -> int:
    """The natural logarithm of 10."""
    return logarithm(10 * ONE)


def shortened(x: int) -> tuple[int, int]:
    """``x`` as ``m * 2**e`` of at most 60 bits; the lowest is set where bits were dropped."""
    drop = max(abs(x).bit_length() - 60, 0)
    kept = x >> drop
    return kept | int(kept << drop != x), drop - FRACTION
