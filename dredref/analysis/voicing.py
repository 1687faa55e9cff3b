"""Voicing: how well the low-passed signal repeats after one pitch period.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

import numpy as np

from dredref.analysis.sums import inner_product
from dredref.analysis.tables import FRAME, MAX_PERIOD, Int
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.logs import softplus
from dredref.arithmetic.number import (
    Numbers,
    add,
    div,
    from_bits,
    load,
    mul,
    narrow,
    sqrt,
    store,
    sub,
    widen,
)

SHARPNESS = 5
"""Slope of the soft clipping: ``log(1 + exp(5 c)) / log(1 + exp(5))``."""
FIVE, ONE, HALF = nearest(str(SHARPNESS)), nearest("1"), nearest("0.5")


@kernel
def correlate(framed: Numbers, period: Int, out: Numbers) -> None:
    """``5 <x, y> / sqrt(1 + <x, x> <y, y>)`` [frames]; y lies one period before x.

    Root and quotient have 53 bits.

    Args:
        framed: each frame with the 256 samples before it [frames, 416].
        period: in samples [frames], from 32 to 256.
        out: filled.
    """
    for frame in range(out.size):
        start = MAX_PERIOD - period[frame]
        now, then = framed[frame, MAX_PERIOD:], framed[frame, start : start + FRAME]
        energies = mul(inner_product(now, now), inner_product(then, then))
        length = sqrt(widen(add(from_bits(out, ONE), energies)))
        correlation = narrow(div(widen(inner_product(now, then)), length))
        store(out, frame, mul(from_bits(out, FIVE), correlation))


@kernel
def subtract_half(x: Numbers) -> None:
    """Take 1/2 from numbers."""
    for i in range(x.size):
        store(x, i, sub(load(x, i), from_bits(x, HALF)))


def voicing(framed: Numbers, period: Int) -> Numbers:
    """The voicing feature [frames]: the correlation, softly clipped, less 1/2."""
    raised = np.empty(len(framed), framed.dtype)
    correlate(framed, period, raised)
    feature = softplus(raised, SHARPNESS)
    subtract_half(feature)
    return feature
