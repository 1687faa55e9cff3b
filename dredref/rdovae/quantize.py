"""From the encoder network's values to coded integers.

Source: libopus 1.6.1 dnn/dred_encoder.c (dred_encode_latents).
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.activations import LIMIT as TANH_LIMIT
from dredref.arithmetic.activations import tanh
from dredref.arithmetic.fixed import Integers, Q, round_shift, saturate
from spec.tables import QuantizerTable

VALUE_LIMIT = 1 << (10 + Q)
"""Values saturate at 1024, far beyond what the network gives."""

SOFTNESS = 13421773
"""0.1 as a single-precision number, Q27: keeps the dead zone's slope finite."""

_SCALE_Q = 8
"""Fractional bits of scales and dead zones."""


def quantize(values: Integers, levels: Integers, table: QuantizerTable) -> Integers:
    """Coded integers [..., rows, dimension].

    A value is scaled, ``x = value * scale / 256``; the dead zone of width ``d`` pulls it towards
    zero, ``x - d * tanh(x / (d + 0.1))``; it is rounded, halves up. Values that take no symbol at
    their level are 0.

    Args:
        values: latents or initial states [..., rows, dimension], Q24.
        levels: quantizer level of each row, broadcast against [..., rows].
        table: the tables of the vector.
    """
    scale = table.scale[levels].astype(np.int64)
    width = table.dead_zone[levels].astype(np.int64)
    scaled = saturate(values, VALUE_LIMIT) * scale  # Q32
    divisor = (width << (27 - _SCALE_Q)) + SOFTNESS  # Q27
    # Q32 * 2**19 / Q27 is Q24; beyond the tangent's limit its value does not change.
    steepness = saturate(((scaled << 19) + (divisor >> 1)) // divisor, 2 * TANH_LIMIT)
    pulled = scaled - width * tanh(steepness)  # Q32
    coded = table.coded[levels]
    integers: Integers = np.where(coded, round_shift(pulled, Q + _SCALE_Q), 0)
    return integers
