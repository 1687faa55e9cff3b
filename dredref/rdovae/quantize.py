"""From the encoder network's values to coded integers.

Source: libopus 1.6.1 dnn/dred_encoder.c (dred_encode_latents).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import (
    KINDS,
    Form,
    N,
    Words,
    clip,
    constant,
    floor,
    from_integers,
    numbers,
)
from dredref.arithmetic.significand_rows import tanh
from dredref.spec.tables import QuantizerTable

VALUE_LIMIT = "1048576"
"""Values saturate at 2**20, where the decoder's do; the packaged networks stay below 2**10."""

SOFTNESS = "0.1"
"""Added to the dead zone's width, so that its slope stays finite."""

UNIT = Fraction(1, 256)
"""What scales and widths of dead zones count."""


def quantize(
    values: Words, levels: Integers, table: QuantizerTable, form: Form = "integers"
) -> Integers:
    """Coded integers [..., rows, dimension].

    A value is scaled, ``x = value * scale / 256``; the dead zone of width ``d`` pulls it towards
    zero, ``x - d * tanh(x / (d + 0.1))``; and ``floor(1/2 + x)`` rounds it. Each operation rounds
    to 24 significant bits, that last sum included. Values that take no symbol at their level are 0.

    Args:
        values: latents or initial states [..., rows, dimension], binary32 words.
        levels: quantizer level of each row, broadcast against [..., rows].
        table: the tables of the vector.
        form: how numbers are held; results are the same.
    """
    given: Any = numbers(values, KINDS[form])
    whole = _rounded(given, levels, table)
    return np.where(table.coded[levels], whole, 0)


def _rounded(values: N, levels: Integers, table: QuantizerTable) -> Integers:
    """The integers, those that take no symbol included."""
    unit, limit = constant(UNIT, values), constant(VALUE_LIMIT, values)
    scale = from_integers(table.scale[levels].astype(np.int64), values)
    width = from_integers(table.dead_zone[levels].astype(np.int64), values) * unit
    x = clip(values, -limit, limit) * scale * unit
    pulled = x - width * tanh(x / (width + constant(SOFTNESS, values)))
    return floor(constant("0.5", values) + pulled)
