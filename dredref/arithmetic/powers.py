"""Powers of two and logarithms to base two, on Q24.

Both split off what is exact and look up the rest: an integer part, six bits of mantissa from a
table, and a short series for what remains. The tables are computed from integers when the module
is imported, so they are the same on every machine.
"""

from __future__ import annotations

from math import isqrt as _isqrt

import numpy as np

from dredref.arithmetic.fixed import Integers, Q, bit_length

TABLE_BITS = 6
"""Leading bits of a fraction that a table resolves."""
_TABLE = 1 << TABLE_BITS
_WORK = 30
"""Fractional bits of tables and series."""
_FINE = 96
"""Fractional bits while a table is made."""


def _powers() -> Integers:
    """``2**(i / 64)`` for i from 0 to 63, Q30, by repeated square roots."""
    roots = []
    root = 2 << _FINE
    for _ in range(TABLE_BITS):
        root = _isqrt(root << _FINE)
        roots.append(root)
    table = []
    for i in range(_TABLE):
        value = 1 << _FINE
        for bit, root in enumerate(roots):
            if i >> (TABLE_BITS - 1 - bit) & 1:
                value = value * root >> _FINE
        table.append((value + (1 << (_FINE - _WORK - 1))) >> (_FINE - _WORK))
    return np.array(table, dtype=np.int64)


def _logarithm(value: int) -> int:
    """``log2(value)`` for ``1 <= value < 2``, ``_FINE`` fractional bits in, 40 out, bit by bit."""
    result = 0
    for _ in range(40):
        value = value * value >> _FINE
        result <<= 1
        if value >> (_FINE + 1):
            value >>= 1
            result += 1
    return result


def _logarithms() -> Integers:
    """``log2(1 + i / 64)``, Q30."""
    fine = [_logarithm((1 << _FINE) + (i << (_FINE - TABLE_BITS))) for i in range(_TABLE)]
    return np.array([(value + (1 << 9)) >> 10 for value in fine], dtype=np.int64)


POWERS = _powers()
"""``2**(i / 64)``, Q30."""
LOGARITHMS = _logarithms()
"""``log2(1 + i / 64)``, Q30."""

LN2 = 744261118
"""ln 2, Q30."""
INVERSE_LN2 = 1549082005
"""1 / ln 2, Q30."""


def _half_up(x: Integers, bits: int) -> Integers:
    return (x + (1 << (bits - 1))) >> bits


def exp2_parts(x: Integers) -> tuple[Integers, Integers]:
    """``2**x`` for Q24 ``x``: a mantissa from 1 to 2 in Q30 (error below 6 in Q30) and an exponent.

    The value is ``mantissa * 2**(exponent - 30)``. With ``t = ln 2 * r`` for the ``r`` below 1/64
    that is left, ``2**r`` is ``1 + t + t**2/2 + t**3/6 + t**4/24``.
    """
    exponent = x >> Q
    fraction = x & ((1 << Q) - 1)
    low = fraction & ((1 << (Q - TABLE_BITS)) - 1)
    t = _half_up(low * LN2, Q)
    series = t + (_half_up(t * t, 31))
    cube = _half_up(_half_up(t * t, _WORK) * t, _WORK)
    series += cube // 6 + _half_up(cube * t, _WORK) // 24
    table = POWERS[fraction >> (Q - TABLE_BITS)]
    return table + _half_up(table * series, _WORK), exponent


def exp2(x: Integers, q: int = Q) -> Integers:
    """``2**x`` for Q24 ``x``, in Qq, halves up; 0 where it is less; needs ``x + q`` below 62."""
    mantissa, exponent = exp2_parts(x)
    shift = exponent + (q - _WORK)
    right = np.clip(-shift, 0, 62)
    rounded = (mantissa + np.where(right > 0, 1 << np.maximum(right - 1, 0), 0)) >> right
    return np.where(shift >= 0, mantissa << np.clip(shift, 0, 31), rounded)


def log2(x: Integers, q: int = 0) -> Integers:
    """``log2(x * 2**-q)`` for integers ``x > 0`` below 2**62, Q24, error below 1 in Q24.

    With ``m = c * (1 + r)``, ``c`` the table's node below the mantissa, ``r`` below 1/64:
    ``ln(1 + r)`` is ``r - r**2/2 + r**3/3 - r**4/4``.
    """
    length = bit_length(x) - 1
    mantissa = np.where(
        length <= _WORK,
        x << np.clip(_WORK - length, 0, _WORK),
        x >> np.clip(length - _WORK, 0, 62),
    )
    index = (mantissa >> (_WORK - TABLE_BITS)) - _TABLE
    node = (_TABLE + index) << (_WORK - TABLE_BITS)
    r = ((mantissa - node) << _WORK) // node
    square = _half_up(r * r, _WORK)
    cube = _half_up(square * r, _WORK)
    series = r - _half_up(square, 1) + cube // 3 - _half_up(_half_up(cube * r, _WORK), 2)
    fine = LOGARITHMS[index] + _half_up(series * INVERSE_LN2, _WORK)
    return ((length - q) << Q) + _half_up(fine, _WORK - Q)


def exp(x: Integers, q: int = Q) -> Integers:
    """``e**x`` for Q24 ``x`` of magnitude below 2**5, in Qq: ``2**(x / ln 2)``.

    The product's rounding to Q24 costs a relative error of up to 2**-25.5.
    """
    return exp2(_half_up(x * INVERSE_LN2, _WORK), q)
