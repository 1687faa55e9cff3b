"""Functions on numbers of 24 significant bits: tangent, logistic function, exponential, 8 bits.

Each function takes either kind of number (see :mod:`dredref.arithmetic.significand`) and rounds
after every operation, in the order written.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import (
    N,
    Words,
    clip,
    constant,
    floor_half_up,
    from_words,
    numbers,
    rounded,
    to_words,
    words_of,
)

TANH_NUMERATOR = ("952.52801514", "96.39235687", "0.60863042")
"""Coefficients of 1, u and u**2; see :func:`tanh`."""
TANH_DENOMINATOR = ("952.72399902", "413.36801147", "11.88600922")
"""The same below the line."""

_FINE = 192
"""Fractional bits in which the exponential is computed."""
_HALVINGS = 8
"""Times the exponential's argument is halved before its series."""


def tanh(x: N) -> N:
    """Rational hyperbolic tangent ``x * (N0 + N1 u + N2 u u) / (D0 + D1 u + D2 u u)``, u = x x.

    Evaluated from the highest coefficient down, then times ``x``, then divided, then clipped to
    -1..1. For magnitudes of ``x`` below 2**20.
    """
    n0, n1, n2 = (constant(text, x) for text in TANH_NUMERATOR)
    d0, d1, d2 = (constant(text, x) for text in TANH_DENOMINATOR)
    one = constant("1", x)
    u = x * x
    numerator = (n2 * u + n1) * u + n0
    denominator = (d2 * u + d1) * u + d0
    return clip(numerator * x / denominator, -one, one)


def sigmoid(x: N) -> N:
    """``1/2 + tanh(x/2) / 2``; both halvings are exact."""
    half = constant("0.5", x)
    return half + half * tanh(half * x)


def to_bytes(x: N) -> Integers:
    """What integer layers take: ``floor(127 x + 1/2)`` of the rounded ``127 x``, -127..127.

    For ``x`` within -1..1.
    """
    return floor_half_up(constant("127", x) * x)


def exp(x: N) -> N:
    """Exponential, correctly rounded; for magnitudes of at most 64."""
    pairs = from_words(words_of(x))
    fine = [_exp_fine(int(m), int(e)) for m, e in zip(pairs.m.flat, pairs.e.flat, strict=True)]
    m = np.array([part[0] for part in fine], np.int64).reshape(pairs.shape)
    e = np.array([part[1] for part in fine], np.int64).reshape(pairs.shape)
    words: Words = to_words(rounded(m, e))
    return numbers(words, x)


def _exp_fine(m: int, e: int) -> tuple[int, int]:
    """``exp(m * 2**e)`` on about 60 bits, the lowest set where bits were dropped.

    The argument is halved eight times, its series summed on 192 fractional bits, and the sum
    squared eight times: a relative error below 2**-90. No exponential but ``exp(0)`` lies on a
    rounding boundary, and among the 2**32 arguments none is to be expected within 2**-60 of one.

    Raises:
        ValueError: for magnitudes above 64.
    """
    shift = _FINE - _HALVINGS + e
    argument = m << shift if shift >= 0 else m >> -shift
    if abs(argument) > 64 << (_FINE - _HALVINGS):
        raise ValueError("exponential of a magnitude above 64")
    term = total = 1 << _FINE
    n = 1
    while term not in (0, -1):
        term = (term * argument >> _FINE) // n
        total += term
        n += 1
    for _ in range(_HALVINGS):
        total = total * total >> _FINE
    drop = total.bit_length() - 60
    if drop <= 0:
        return total, -_FINE
    kept = total >> drop
    return kept | int(kept << drop != total), drop - _FINE
