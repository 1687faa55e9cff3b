"""The approximate logarithm that levels and cepstra are measured with.

A number is ``2**k * u`` with ``u`` from 1 to 2; the eighth that ``u`` lies in brings it to 1..1.125
by a factor whose logarithm is known, and a polynomial does the rest: for ``k`` of 0 it errs by less
than 3e-7. Source: libopus 1.6.1 celt/mathops.h (its form for FLOAT_APPROX, which is the usual one).
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.significand import N, constant, from_integers, nearest, numbers, words_of

EIGHTHS = tuple(
    nearest(numeral)
    for numeral in (
        *("1", "0.888888896", "0.8", "0.727272749", "0.666666687", "0.615384638", "0.571428597"),
        "0.533333361",
    )
)
"""Factor of each eighth: ``1 / (1 + k/8)``."""

LOGARITHMS = tuple(
    nearest(numeral)
    for numeral in (
        *("0", "0.169925004", "0.321928084", "0.459431618", "0.584962487", "0.700439692"),
        *("0.807354927", "0.906890571"),
    )
)
"""What the factor takes away: ``log2(1 + k/8)``."""

MIDDLE = "1.0625"
"""Where the polynomial is centred."""

POLYNOMIAL = ("0.0874628424", "1.35782957", "-0.638977051", "0.401971251", "-0.284154445")
"""Coefficients, the constant first."""

LOG10_2 = "0.3010299957"
"""What makes it decimal."""


def log2(x: N) -> N:
    """Logarithm to base 2 of numbers of at least ``2**-126``."""
    words = words_of(x)
    power = (words >> 23) - 127
    eighth = (words >> 20) & 7
    mantissa = numbers((words & 0x7FFFFF) | (127 << 23), x)
    u = mantissa * numbers(np.array(EIGHTHS, np.int32)[eighth], x) - constant(MIDDLE, x)
    *lower, highest = POLYNOMIAL
    total = constant(highest, x)
    for coefficient in reversed(lower):
        total = constant(coefficient, x) + u * total
    whole = from_integers(power.astype(np.int64), x)
    known = numbers(np.array(LOGARITHMS, np.int32)[eighth], x)
    with_power: N = whole + total
    logarithm: N = with_power + known
    return logarithm


def log10(x: N) -> N:
    """Decimal logarithm."""
    return constant(LOG10_2, x) * log2(x)
