"""The approximate logarithms that levels and cepstra are measured with, one of each DRED version.

A number is ``2**k * u`` with ``u`` from 1 to 2; the eighth that ``u`` lies in brings it near 1 by a
factor whose logarithm is known, and a polynomial does the rest. Source: libopus celt/mathops.h (its
form for FLOAT_APPROX, which is the usual one): 1.6.1 for version 12, where it errs by less than
3e-7 for ``k`` of 0, and 1.5.2 for version 10, which has one polynomial for all eighths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from dredref.analysis.tables import Bits
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import scalar
from dredref.arithmetic.number import Number, add, from_bits, from_int, mul, sub, to_bits
from dredref.spec.errors import UsageError

EIGHTHS = 8
"""Parts of an octave."""
TERMS = 5
"""Coefficients of the polynomial."""


@dataclass(frozen=True, slots=True)
class Approximation:
    """Numerals of a logarithm to base 2."""

    coefficients: tuple[str, ...]
    """Of the polynomial, the highest first."""
    middle: str
    """Where the polynomial is centred."""
    field: int = 127
    """The exponent's field of numbers whose ``k`` counts as 0."""
    factors: tuple[str, ...] = ("1",) * EIGHTHS
    """Factor of each eighth."""
    logarithms: tuple[str, ...] = ("0",) * EIGHTHS
    """What the factor takes away."""


APPROXIMATIONS: Mapping[int, Approximation] = {
    12: Approximation(
        ("-0.284154445", "0.401971251", "-0.638977051", "1.35782957", "0.0874628424"),
        "1.0625",
        factors=(
            *("1", "0.888888896", "0.8", "0.727272749", "0.666666687", "0.615384638"),
            *("0.571428597", "0.533333361"),
        ),
        logarithms=(
            *("0", "0.169925004", "0.321928084", "0.459431618", "0.584962487", "0.700439692"),
            *("0.807354927", "0.906890571"),
        ),
    ),
    10: Approximation(
        ("0", "0.16541097", "-0.33951290", "0.95909232", "-0.41445418"), "1.5", field=126
    ),
}
"""By DRED version. Factors are ``1 / (1 + k/8)``, what they take away is ``log2(1 + k/8)``; in
version 10, 1 of the logarithm is added with the power."""

LOG10_2 = nearest("0.3010299957")
"""What makes it decimal."""
FACTORS, LOGARITHMS, MIDDLE, FIELD, COEFFICIENTS = 0, EIGHTHS, 2 * EIGHTHS, 17, 18
"""Places in the table of an approximation."""


@cache
def log_table(version: int) -> Bits:
    """An approximation as :func:`log2` reads it: bits, and the field as it is [23].

    Raises:
        UsageError: ``dred.version.unknown``.
    """
    if version not in APPROXIMATIONS:
        raise UsageError("dred.version.unknown", f"no analysis for DRED version {version}")
    about = APPROXIMATIONS[version]
    first = map(nearest, (*about.factors, *about.logarithms, about.middle))
    return np.array([*first, about.field, *map(nearest, about.coefficients)], np.int32)


@scalar
def log2(x: Number, table: Bits) -> Number:
    """Logarithm to base 2 of a number of at least ``2**-126``."""
    bits = to_bits(x)
    eighth = (bits >> 20) & 7
    mantissa = from_bits(x, (bits & 0x7FFFFF) | (127 << 23))
    u = sub(mul(mantissa, from_bits(x, table[FACTORS + eighth])), from_bits(x, table[MIDDLE]))
    total = from_bits(x, table[COEFFICIENTS])
    for k in range(COEFFICIENTS + 1, COEFFICIENTS + TERMS):
        total = add(from_bits(x, table[k]), mul(u, total))
    with_power = add(from_int(x, (bits >> 23) - table[FIELD]), total)
    return add(with_power, from_bits(x, table[LOGARITHMS + eighth]))


@scalar
def log10(x: Number, table: Bits) -> Number:
    """Decimal logarithm."""
    return mul(from_bits(x, LOG10_2), log2(x, table))
