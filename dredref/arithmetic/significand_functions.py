"""Functions on numbers of 24 significant bits: tangent, logistic function, 8 bits.

Each function takes either kind of number (see :mod:`dredref.arithmetic.significand`) and rounds
after every operation, in the order written.
"""

from __future__ import annotations

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import (
    N,
    clip,
    constant,
    floor_half_up,
)

TANH_NUMERATOR = ("952.52801514", "96.39235687", "0.60863042")
"""Coefficients of 1, u and u**2; see :func:`tanh`."""
TANH_DENOMINATOR = ("952.72399902", "413.36801147", "11.88600922")
"""The same below the line."""


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
    fraction: N = numerator * x / denominator
    return clip(fraction, -one, one)


def sigmoid(x: N) -> N:
    """``1/2 + tanh(x/2) / 2``; both halvings are exact."""
    half = constant("0.5", x)
    raised: N = half + half * tanh(half * x)
    return raised


def to_bytes(x: N) -> Integers:
    """What integer layers take: ``floor(127 x + 1/2)`` of the rounded ``127 x``, -127..127.

    For ``x`` within -1..1.
    """
    product: N = constant("127", x) * x
    return floor_half_up(product)
