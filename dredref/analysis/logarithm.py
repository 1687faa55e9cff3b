"""The approximate logarithm that levels and cepstra are measured with.

A number is ``2**k * u`` with ``u`` from 1 to 2; the eighth that ``u`` lies in brings it to 1..1.125
by a factor whose logarithm is known, and a polynomial does the rest: for ``k`` of 0 it errs by less
than 3e-7. Source: libopus 1.6.1 celt/mathops.h (its form for FLOAT_APPROX, which is the usual one).
"""

from __future__ import annotations

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import scalar
from dredref.arithmetic.number import Number, add, from_bits, from_int, mul, sub, to_bits

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

MIDDLE = nearest("1.0625")
"""Where the polynomial is centred."""

HIGHEST, *_LOWER = map(
    nearest, ("-0.284154445", "0.401971251", "-0.638977051", "1.35782957", "0.0874628424")
)
LOWER = tuple(_LOWER)
"""Coefficients of the polynomial, the highest first."""

LOG10_2 = nearest("0.3010299957")
"""What makes it decimal."""
ONE_FIELD = 127
"""The exponent's field of numbers from 1 to below 2."""


@scalar
def log2(x: Number) -> Number:
    """Logarithm to base 2 of a number of at least ``2**-126``."""
    bits = to_bits(x)
    eighth = (bits >> 20) & 7
    mantissa = from_bits(x, (bits & 0x7FFFFF) | (ONE_FIELD << 23))
    u = sub(mul(mantissa, from_bits(x, EIGHTHS[eighth])), from_bits(x, MIDDLE))
    total = from_bits(x, HIGHEST)
    for coefficient in LOWER:
        total = add(from_bits(x, coefficient), mul(u, total))
    with_power = add(from_int(x, (bits >> 23) - ONE_FIELD), total)
    return add(with_power, from_bits(x, LOGARITHMS[eighth]))


@scalar
def log10(x: Number) -> Number:
    """Decimal logarithm."""
    return mul(from_bits(x, LOG10_2), log2(x))
