"""Functions that networks and analysis take of numbers, each written once over the operations.

The order of operations is part of each definition; every one of them rounds.
"""

from __future__ import annotations

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import scalar
from dredref.arithmetic.number import (
    Number,
    add,
    choose,
    clip_to_one,
    div,
    floor_half_up,
    from_bits,
    halve,
    less,
    mul,
    neg,
)

TANH_NUMERATOR = ("952.52801514", "96.39235687", "0.60863042")
"""Coefficients of 1, u and u**2; see :func:`tanh`."""
TANH_DENOMINATOR = ("952.72399902", "413.36801147", "11.88600922")
"""The same below the line."""
_N0, _N1, _N2 = map(nearest, TANH_NUMERATOR)
_D0, _D1, _D2 = map(nearest, TANH_DENOMINATOR)
ONE, _HALF, _INT8 = map(nearest, ("1", "0.5", "127"))


@scalar
def tanh(x: Number) -> Number:
    """Rational hyperbolic tangent ``x * (N0 + N1 u + N2 u u) / (D0 + D1 u + D2 u u)``, u = x x.

    Evaluated from the highest coefficient down, then times ``x``, then divided, then clipped to
    -1..1. For magnitudes of ``x`` below 2**24.
    """
    u = mul(x, x)
    above = add(mul(add(mul(from_bits(x, _N2), u), from_bits(x, _N1)), u), from_bits(x, _N0))
    below = add(mul(add(mul(from_bits(x, _D2), u), from_bits(x, _D1)), u), from_bits(x, _D0))
    return clip_to_one(div(mul(above, x), below))


@scalar
def sigmoid(x: Number) -> Number:
    """``1/2 + tanh(x/2) / 2``."""
    return add(from_bits(x, _HALF), halve(tanh(halve(x))))


@scalar
def to_int8(x: Number) -> int:
    """What layers of 8-bit weights take of ``x`` within -1..1: ``floor(127 x + 1/2)``, -127..127.

    ``127 x`` is rounded, the sum is not.
    """
    return floor_half_up(mul(from_bits(x, _INT8), x))


@scalar
def clip(x: Number, limit: Number) -> Number:
    """``x``, no further from zero than a limit."""
    negative = neg(limit)
    raised = choose(negative, x, less(x, negative))
    return choose(limit, raised, less(limit, raised))
