"""From the encoder network's values to coded integers.

Source: libopus 1.6.1 dnn/dred_encoder.c (dred_encode_latents).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.carrier import Arithmetic, carrier_of
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.functions import clip, tanh
from dredref.arithmetic.number import (
    Numbers,
    add,
    div,
    floor,
    from_bits,
    from_int,
    load,
    mul,
    sub,
)
from dredref.spec.tables import QuantizerTable

VALUE_LIMIT = nearest("1048576")
"""Values saturate at 2**20, where the decoder's do; the packaged networks stay below 2**10."""
SOFTNESS = nearest("0.1")
"""Added to the dead zone's width, so that its slope stays finite."""
UNIT = nearest(Fraction(1, 256))
"""What scales and widths of dead zones count."""
HALF = nearest("0.5")


@kernel
def _quantize(
    values: Numbers,
    levels: NDArray[np.int64],
    scale: NDArray[np.int32],
    dead_zone: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """The integers of values [rows, dimension], those that take no symbol included."""
    for row in range(values.shape[0]):
        level = levels[row]
        for i in range(values.shape[1]):
            value = load(values, (row, i))
            unit = from_bits(value, UNIT)
            width = mul(from_int(value, dead_zone[level, i]), unit)
            limited = clip(value, from_bits(value, VALUE_LIMIT))
            x = mul(mul(limited, from_int(value, scale[level, i])), unit)
            slope = div(x, add(width, from_bits(value, SOFTNESS)))
            pulled = sub(x, mul(width, tanh(slope)))
            out[row, i] = floor(add(from_bits(value, HALF), pulled))


def quantize(
    values: NDArray[np.float32],
    levels: Integers,
    table: QuantizerTable,
    arithmetic: Arithmetic | None = None,
) -> Integers:
    """Coded integers [..., rows, dimension].

    A value is scaled, ``x = value * scale / 256``; the dead zone of width ``d`` pulls it towards
    zero, ``x - d * tanh(x / (d + 0.1))``; and ``floor(1/2 + x)`` rounds it. Each operation rounds
    to 24 significant bits, that last sum included. Values that take no symbol at their level are 0.

    Args:
        values: latents or initial states [..., rows, dimension].
        levels: quantizer level of each row, broadcast against [..., rows].
        table: the tables of the vector.
        arithmetic: what carries the numbers; results are the same.
    """
    # Copies, as arrays that cannot be written to are another type to the compiler.
    of_rows = np.array(np.broadcast_to(levels, values.shape[:-1]))
    rows = np.array(values, order="C").reshape(-1, values.shape[-1]).view(carrier_of(arithmetic))
    out = np.empty(rows.shape, np.int64)
    scale, dead_zone = table.scale.astype(np.int32), table.dead_zone.astype(np.int32)
    _quantize(rows, of_rows.reshape(-1), scale, dead_zone, out)
    return np.where(table.coded[levels], out.reshape(values.shape), 0)
