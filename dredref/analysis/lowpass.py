"""The low-pass filter that voicing is measured behind: second-order elliptic, 1200 Hz.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (biquad), whose recursion is

    y = x + m0;  m0' = m1 + (b0 - a0) * x - a0 * m0;  m1' = (b1 - a1) * x - a1 * m0

that is, ``(1 + b0 z^-1 + b1 z^-2) / (1 + a0 z^-1 + a1 z^-2)``. Its poles have a magnitude of 0.841,
so the response falls below 2**-39 within one frame. Here the recursion is run once, on exact
integers, and its response is the filter: without feedback there is no rounding noise to build up,
and a frame is one product with a constant matrix.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from dredref.analysis.prediction import RESIDUAL_LIMIT
from dredref.analysis.tables import FRAME, Int
from dredref.arithmetic.fixed import Q, round_shift
from dredref.arithmetic.wide import WideMatrix

ZEROS = (-14251574, 16777216)
"""b0 and b1: -0.84946 and 1 as single-precision numbers, Q24."""

POLES = (-25873822, 11875081)
"""a0 and a1: -1.54220 and 0.70781 as single-precision numbers, Q24."""

TAPS = FRAME
"""Length of the response that is kept."""

_FINE = 64


@cache
def response() -> tuple[int, ...]:
    """The impulse response [160], Q24, halves up; computed with 64 fractional bits."""
    b0, b1 = (b << (_FINE - Q) for b in ZEROS)
    a0, a1 = (a << (_FINE - Q) for a in POLES)
    x, m0, m1 = 1 << _FINE, 0, 0
    taps = []
    for _ in range(TAPS):
        taps.append((x + m0 + (1 << (_FINE - Q - 1))) >> (_FINE - Q))
        m0, m1 = (
            m1 + ((b0 - a0) * x - a0 * m0 >> _FINE),
            (b1 - a1) * x - a1 * m0 >> _FINE,
        )
        x = 0
    return tuple(taps)


@cache
def _matrix() -> WideMatrix:
    """The filter as a matrix from 159 past and 160 present samples to 160 results, Q24."""
    matrix = np.zeros((TAPS - 1 + FRAME, FRAME), np.int64)
    taps = np.array(response()[::-1], np.int64)
    for n in range(FRAME):
        matrix[n : n + TAPS, n] = taps
    return WideMatrix(matrix, RESIDUAL_LIMIT.bit_length())


def lowpass(framed: Int) -> Int:
    """Filtered frames [..., frames, 160] of frames that have the 159 samples before in front."""
    return _matrix().multiply(framed, Q)


PRESENCE = 11744051
"""0.7 as a single-precision number, Q24."""


def emphasise(residual: Int) -> Int:
    """``e[n] + 0.7 * e[n-1]``: the excitation [..., n] of a residual [..., n + 1]."""
    return residual[..., 1:] + round_shift(residual[..., :-1] * PRESENCE, Q)
