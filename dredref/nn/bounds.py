"""How large the outputs of layers can get: no number may reach 2**128, whatever the weights.

Compiled rules do not look for it, so a model of which it cannot be said is refused when it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.significand import from_words
from dredref.spec.errors import InputError

if TYPE_CHECKING:
    from dredref.nn.portable import ByteLayer, RealLayer

Q = 40
"""Fractional bits of bounds."""
LARGEST_OUTPUT = 1 << 20
"""What outputs of layers that take 8 bits stay below."""
LARGEST_INPUT = 1 << 20
"""Where features, latents and states saturate before the first layers."""
LARGEST_FIRST = 1 << 24
"""What first layers stay below: the tangent takes fifth powers of it, below 2**120."""


def of_bytes(layer: ByteLayer[Any]) -> int:
    """Bound of a layer's outputs, Q40, for inputs of magnitude up to 1."""
    sums = np.abs(layer.matrix.integers).sum(axis=0).astype(object) * layer.matrix.limit
    return int((sums * magnitudes(layer.scale_words) + magnitudes(layer.bias_words)).max())


def of_reals(layer: RealLayer[Any], inputs: Sequence[int]) -> int:
    """Bound of a layer's outputs, Q40, for inputs up to these magnitudes, Q40."""
    products = magnitudes(layer.weight_words) * np.array(inputs, object)[:, None]
    return int((products.sum(axis=0) // (1 << Q) + 1 + magnitudes(layer.bias_words)).max())


def magnitudes(words: NDArray[np.int32]) -> NDArray[np.object_]:
    """Magnitudes in Q40, rounded up, as integers of any length."""
    pairs = from_words(words)
    up = np.maximum(pairs.e + Q, 0).astype(object)
    down = np.maximum(-pairs.e - Q, 0).astype(object)
    found: NDArray[np.object_] = -((-np.abs(pairs.m).astype(object) << up) >> down)
    return found


def check(reach: int, limit: int, what: str) -> None:
    """Refuse what could reach ``limit``; ``reach`` is a bound in Q40.

    Raises:
        InputError: ``model.layer``.
    """
    if reach >= limit << Q:
        raise InputError("model.layer", f"{what}: outputs could reach {limit}")
