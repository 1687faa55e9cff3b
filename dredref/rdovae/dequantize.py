"""From coded integers to the decoder network's inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel, least, most
from dredref.arithmetic.functions import clip
from dredref.arithmetic.number import Numbers, div, from_bits, from_int, mul, store
from dredref.spec.tables import QuantizerTable

COUNT_LIMIT = (1 << 24) - 1
"""Where a coded integer saturates."""
INPUT_LIMIT = nearest("1048576")
"""Where an input of the network saturates, 2**20.

The weights of an output of the first layers add up to less than 2**4, so that their results stay
below 2**24, and their fifth powers in the tangent below 2**120: no number reaches 2**127.
"""
UNIT = nearest("256")
"""What scales count in."""
LEVEL_STEPS, LEVEL_STEP = 8, nearest("0.125")
"""The extra input that tells a chunk's level counts in eighths, from -1."""


@kernel
def dequantize(
    values: NDArray[np.int32], levels: NDArray[np.int64], scale: NDArray[np.int32], out: Numbers
) -> None:
    """``value * 256 / scale``; a scale of 0 counts as 1.

    Args:
        values: coded integers [rows, dimension].
        levels: quantizer level of each row [rows].
        scale: scales of each level [levels, dimension].
        out: receives the inputs [rows, dimension or more].
    """
    for row in range(values.shape[0]):
        of_level = scale[levels[row]]
        for i in range(values.shape[1]):
            count = from_int(out, least(most(values[row, i], -COUNT_LIMIT), COUNT_LIMIT))
            divisor = from_int(out, most(of_level[i], 1))
            x = div(mul(count, from_bits(count, UNIT)), divisor)
            store(out, (row, i), clip(x, from_bits(x, INPUT_LIMIT)))


@kernel
def append_level(levels: NDArray[np.int64], out: Numbers) -> None:
    """Fill the last column [rows, dimension + 1] with ``level / 8 - 1``."""
    for row in range(levels.size):
        steps = from_int(out, levels[row] - LEVEL_STEPS)
        store(out, (row, out.shape[1] - 1), mul(steps, from_bits(steps, LEVEL_STEP)))


def network_rows(
    values: NDArray[np.int32],
    levels: NDArray[np.int64],
    table: QuantizerTable,
    carrier: np.dtype[Any],
    *,
    with_level: bool = False,
) -> NDArray[Any]:
    """Inputs of the network for coded integers [rows, dimension], a column more ``with_level``."""
    rows, dimension = values.shape
    out = np.empty((rows, dimension + with_level), carrier)
    dequantize(values, levels, table.scale.astype(np.int32), out)
    if with_level:
        append_level(levels, out)
    return out
