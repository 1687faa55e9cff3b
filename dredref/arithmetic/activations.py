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

from dredref.arithmetic.fixed import (
    ONE,
    Fixed,
    Q,
    divide,
    round_shift,
    saturate,
)

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


def _fraction(x: Fixed) -> tuple[Fixed, Fixed]:
    """``x * numerator`` in Q48 and the denominator in Q24, both divided by 1024; ``|x| <= LIMIT``.

    Magnitudes: ``u`` 2**28.8; ``N2 * u`` 2**50.1, ``p * u`` 2**52.6 and with ``N0`` 2**52.97;
    ``D2 * u`` 2**49.4 and with ``D1`` 2**50.6, ``q * u`` 2**52.3; ``x * numerator`` 2**52.4.
    """
    u = round_shift(x * x, Q)
    p = round_shift(u * N2 + (N1 << 29), 29)  # Q56 -> Q27
    q = round_shift(u * D2 + (D1 << 26), 27)  # Q51 -> Q24
    numerator = round_shift(p * u + (N0 << 27), 27)  # Q51 -> Q24
    denominator = round_shift(q * u + (D0 << Q), Q)  # Q48 -> Q24
    return x * numerator, denominator


def tanh(x: Fixed) -> Fixed:
    """Rational hyperbolic tangent, Q24 in and out; the result is within ``ONE``."""
    return saturate(divide(*_fraction(saturate(x, LIMIT))), ONE)


def sigmoid(x: Fixed) -> Fixed:
    """``1/2 + tanh(x/2) / 2``, Q24 in and out; the result is from 0 to ``ONE``.

    ``x / 2`` is rounded to Q24; the half of the quotient is taken in the division, so that it is
    rounded once.
    """
    numerator, denominator = _fraction(saturate(round_shift(x, 1), LIMIT))
    return np.clip(divide(numerator, 2 * denominator) + ONE // 2, 0, ONE)
