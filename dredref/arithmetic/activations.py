"""Hyperbolic tangent and logistic function of the networks, on Q24.

The networks were trained and are run with a rational tangent, not the exact one (they differ by up
to 0.001), so the rational one is what a decoder has to compute::

    tanh(x) = x * (N0 + N1*u + N2*u*u) / (D0 + D1*u + D2*u*u),   u = x*x,   clipped to -1..1
    sigmoid(x) = (1 + tanh(x / 2)) / 2

The six coefficients are float32 numbers; divided by 1024 each is an integer in the format given
with it, exactly. The fraction passes 1 at ``x = 5.2053``, so the argument is clipped at 5.20703125
first: ``u`` stays below 27.12, the denominator below 20.41, and the sums of both carriers in
range. The result differs from the exact fraction by less than 2 in Q24 (a test measures it).
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.fixed import ONE, Fixed, Integers, Q, divide, is_carrier, round_shift

N0 = 15606219
"""952.5280151367188 / 1024, Q24."""
N1 = 12634339
"""96.3923568725586 / 1024, Q27."""
N2 = 2552781
"""0.6086304187774658 / 1024, Q32."""
D0 = 15609430
"""952.7239990234375 / 1024, Q24."""
D1 = 13545243
"""413.3680114746094 / 1024, Q25."""
D2 = 1557923
"""11.886009216308594 / 1024, Q27."""

LIMIT = 5332 << (Q - 10)
"""5.20703125 in Q24: beyond it, the fraction is above 1."""
BLOCK = 16384
"""Elements that a carrier is worked on at once, so that its passes stay in cache."""


def tanh(x: Fixed) -> Fixed:
    """Rational hyperbolic tangent, Q24 in and out; the result is within ``ONE``."""
    if is_carrier(x):
        return _carried(x, halved=False)
    return np.clip(divide(*_fraction(np.clip(x, -LIMIT, LIMIT))), -ONE, ONE)


def sigmoid(x: Fixed) -> Fixed:
    """``1/2 + tanh(x/2) / 2``, Q24 in and out; the result is from 0 to ``ONE``.

    ``x / 2`` is rounded to Q24; the half of the quotient is taken in the division, so that it is
    rounded once.
    """
    if is_carrier(x):
        return _carried(x, halved=True)
    numerator, denominator = _fraction(np.clip(round_shift(x, 1), -LIMIT, LIMIT))
    centred: Integers = divide(numerator, 2 * denominator) + ONE // 2
    return np.clip(centred, 0, ONE)


def _fraction(x: Integers) -> tuple[Integers, Integers]:
    """``x * numerator`` in Q48 and the denominator in Q24, both divided by 1024; ``|x| <= LIMIT``.

    Magnitudes: ``u`` 2**28.8; ``N2 * u`` 2**50.1 and with ``N1`` 2**52.8; ``p * u`` 2**52.6 and
    with ``N0`` 2**52.97; ``D2 * u`` 2**49.4 and with ``D1`` 2**50.6; ``q * u`` 2**52.3 and with
    ``D0`` 2**52.4; ``x * numerator`` 2**52.4.
    """
    u = round_shift(x * x, Q)
    p = round_shift(u * N2 + (N1 << 29), 29)  # Q56 -> Q27
    q = round_shift(u * D2 + (D1 << 26), 27)  # Q51 -> Q24
    numerator = round_shift(p * u + (N0 << 27), 27)  # Q51 -> Q24
    denominator = round_shift(q * u + (D0 << Q), Q)  # Q48 -> Q24
    return x * numerator, denominator


def _carried(x: Fixed, *, halved: bool) -> Fixed:
    """:func:`tanh`, or :func:`sigmoid` if ``halved``, of a carrier, a block at a time."""
    columns = x.flags.f_contiguous and not x.flags.c_contiguous
    flat_in = x.reshape(-1, order="F" if columns else "C")
    flat_out = np.empty_like(flat_in)
    scratch = np.empty((4, min(BLOCK, x.size)))
    for start in range(0, x.size, BLOCK):
        stop = min(start + BLOCK, x.size)
        _carried_block(flat_in[start:stop], flat_out[start:stop], scratch, halved)
    return flat_out.reshape(x.shape, order="F" if columns else "C")


def _carried_block(x: Fixed, out: Fixed, scratch: Fixed, halved: bool) -> None:
    """The steps of the definition on float64 that carries integers.

    Each line of :func:`_fraction` becomes one sum of products and one floor. Scaling by a power of
    two is exact, and is moved into the constants; halves are added together with the coefficient
    that is added anyway; the magnitudes given there are those of the sums before a floor, all
    within 2**53. The quotient is that of :func:`~dredref.arithmetic.fixed.divide`: below 2**24
    with a denominator below 2**28.4, or half of it with twice the denominator. Where the fraction
    is above 1, its quotient is at least ``ONE`` either way, and clipped to it.
    """
    y, v, p, q = scratch[:, : x.size]
    if halved:
        np.multiply(x, 0.5, out=y)
        y += 0.5
        np.floor(y, out=y)
        np.maximum(y, -LIMIT, out=y)
    else:
        np.maximum(x, -LIMIT, out=y)
    np.minimum(y, LIMIT, out=y)
    np.multiply(y, y, out=v)
    v *= 2.0**-Q
    v += 0.5
    np.floor(v, out=v)  # u, Q24
    np.multiply(v, N2 * 2.0**-29, out=p)
    p += N1 + 0.5
    np.floor(p, out=p)
    np.multiply(v, D2 * 2.0**-27, out=q)
    q += D1 * 0.5 + 0.5
    np.floor(q, out=q)
    v *= 2.0**-27
    p *= v
    p += N0 + 0.5
    np.floor(p, out=p)
    v *= 8.0
    q *= v
    q += D0 + 0.5
    np.floor(q, out=q)
    p *= y
    if halved:
        q *= 2.0
    p /= q
    p += 0.5 + (ONE // 2 if halved else 0)
    np.floor(p, out=p)
    np.maximum(p, 0 if halved else -ONE, out=p)
    np.minimum(p, ONE, out=out)
