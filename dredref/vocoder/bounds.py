"""Bounds of the vocoder's numbers, and the models that they refuse.

No layer gives a number of 2**20 or more, and no gain is above ``e**64``, below 2**93. What the past
is divided by is at least 10**-5, so that quotients stay below 2**110 before they are clipped;
de-emphasis adds three bits to samples, full scale 15. So no number reaches 2**127, whatever
features there are.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dredref.nn import bounds
from dredref.spec.errors import InputError
from dredref.vocoder import sizes

LARGEST_FEATURE = 1 << 16
"""Where features saturate."""
LARGEST_EXPONENT = 64
"""Largest magnitude of a gain's logarithm, which the exponential takes."""

Bits: TypeAlias = NDArray[np.int32]
FloatBits: TypeAlias = tuple[Bits, Bits]
"""Bits of a layer's weights and biases."""


def check_bounds(
    model: str, embedding: Bits, vectors: FloatBits, gain: FloatBits, gates: FloatBits
) -> None:
    """Refuse layers of binary32 weights whose outputs are not bounded as the module says.

    Raises:
        InputError: ``model.layer``.
    """
    one = 1 << bounds.Q
    embedded = list(bounds.magnitudes(embedding).max(axis=0))
    given = [LARGEST_FEATURE * one] * sizes.FEATURES + embedded
    for what, layer, inputs in (
        ("features", vectors, given),
        ("pitch gates", gates, [one] * sizes.SIGNAL_HIDDEN),
    ):
        bounds.check(bounds.of_floats(*layer, inputs), bounds.LARGEST_OUTPUT, f"{model}, {what}")
    if bounds.of_floats(*gain, [one] * sizes.CONDITION) > LARGEST_EXPONENT * one:
        raise InputError("model.layer", f"{model}: gains may pass e**{LARGEST_EXPONENT}")
