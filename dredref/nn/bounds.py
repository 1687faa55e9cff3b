"""How large the outputs of layers can get: no number may reach 2**128, whatever the weights.

Compiled rules do not look for it, so a model of which it cannot be said is refused when it is read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dredref.spec.errors import InputError

Q = 40
"""Fractional bits of bounds."""
LARGEST_ACTIVATION = 128
"""No activation of 8 bits is larger: 127, and one more for the rounding of what it is made of."""
LARGEST_SUM = 1 << 24
"""Integer sums stay within 24 bits, so that taking one for a number rounds nothing."""
LARGEST_OUTPUT = 1 << 20
"""What outputs of layers that take 8 bits stay below."""
LARGEST_INPUT = 1 << 20
"""Where features, latents and states saturate before the first layers."""
LARGEST_FIRST = 1 << 24
"""What first layers stay below: the tangent takes fifth powers of it, below 2**120."""


def of_int8(weights: NDArray[np.int8], scale: NDArray[np.int32], bias: NDArray[np.int32]) -> int:
    """Bound of a layer's outputs, Q40, for inputs of magnitude up to 1; arrays of bits.

    Raises:
        ValueError: if a sum could pass 24 bits.
    """
    sums = np.abs(weights.astype(np.int64)).sum(axis=1) * LARGEST_ACTIVATION
    if sums.max(initial=0) > LARGEST_SUM:
        raise ValueError(f"sums reach {sums.max()}, past {LARGEST_SUM}")
    return int((sums.astype(object) * magnitudes(scale) + magnitudes(bias)).max())


def of_floats(weights: NDArray[np.int32], bias: NDArray[np.int32], inputs: Sequence[int]) -> int:
    """Bound of the outputs of weights [inputs, outputs], Q40, for inputs up to these, Q40."""
    products = magnitudes(weights) * np.array(inputs, object)[:, None]
    return int((products.sum(axis=0) // (1 << Q) + 1 + magnitudes(bias)).max())


def magnitudes(bits: NDArray[np.int32]) -> NDArray[np.object_]:
    """Magnitudes in Q40 of numbers given by their bits, rounded up, as integers of any length."""
    exponent, fraction = (bits >> 23) & 0xFF, bits & 0x7FFFFF
    size = (fraction | np.where(exponent > 0, 1 << 23, 0)).astype(object)
    e = np.maximum(exponent, 1) - 150 + Q
    up, down = np.maximum(e, 0).astype(object), np.maximum(-e, 0).astype(object)
    found: NDArray[np.object_] = -((-size << up) >> down)
    return found


def check(reach: int, limit: int, what: str) -> None:
    """Refuse what could reach ``limit``; ``reach`` is a bound in Q40.

    Raises:
        InputError: ``model.layer``.
    """
    if reach >= limit << Q:
        raise InputError("model.layer", f"{what}: outputs could reach {limit}")
