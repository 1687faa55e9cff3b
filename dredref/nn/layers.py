"""Linear layers, dense layers and gated recurrent units on Q24.

Arrays are Q24 with the features last and any number of batch dimensions before; results have the
carrier of the arguments. A linear layer's result is rounded once, halves up, from the exact sum of
products, bias included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from dredref.arithmetic.activations import sigmoid, tanh
from dredref.arithmetic.fixed import (
    EXACT,
    Fixed,
    Integers,
    Q,
    floor_shift,
    multiply,
    round_shift,
    saturate,
)
from dredref.arithmetic.products import BYTE, ExactMatrix, to_bytes

Activation = Callable[[Fixed], Fixed]
"""A function of each element, Q24."""

WIDE_LIMIT = 1 << 34
"""Where inputs of layers with wide weights saturate: 1024 in Q24."""
HALF_LIMIT = (1 << 29) - 1
"""Where the recurrent half of a candidate saturates: just below 32 in Q24."""
LIMB = 12
"""Bits of the parts that a wide input is split into."""


def linear(x: Fixed) -> Fixed:
    """The activation that changes nothing."""
    return x


class Linear(Protocol):
    """An affine map, ``weights @ x + bias``."""

    inputs: int
    outputs: int

    def __call__(self, x: Fixed) -> Fixed:
        """Q24 rows of ``inputs`` to Q24 rows of ``outputs``."""


class ByteLinear:
    """A layer with 8-bit weights, a scale for each output and inputs rounded to 8 bits.

    ``y = scale * sum(weights * bytes) + bias``; the sum is an integer, scale and bias share a
    format, and only the final rounding to Q24 loses anything.
    """

    def __init__(
        self, weights: Integers, scale: Integers, q: int, bias: Integers | None = None
    ) -> None:
        """Weights of outputs by inputs; ``scale`` and ``bias`` of each output in Qq, q from 25.

        Raises:
            ValueError: if a scaled sum could pass 2**53.
        """
        self.outputs, self.inputs = weights.shape
        self.q = q
        self.weights = ExactMatrix(weights, BYTE + 1)
        self.scale = scale.astype(np.int64)
        self.bias = np.zeros_like(self.scale) if bias is None else bias.astype(np.int64)
        reach = np.abs(weights.astype(np.int64)).sum(axis=1) * (BYTE + 1) * np.abs(self.scale)
        self.bound = int((reach + np.abs(self.bias)).max()) + (1 << (q - Q - 1))
        if self.bound > EXACT:
            raise ValueError(f"a scaled sum reaches {self.bound}, past 2**53")
        self._scale = self.scale * 2.0 ** (Q - q)
        self._bias = self.bias * 2.0 ** (Q - q) + 0.5

    def of_bytes(self, rows: Fixed) -> Fixed:
        """The layer on inputs that are rounded to 8 bits already (``int64`` or float32)."""
        return self.of_sums(self.weights(rows))

    def of_sums(self, sums: Fixed) -> Fixed:
        """Scaled and biased sums of products, Q24.

        Carrier: the scaled sum and the bias are integers within ``bound``; both are moved by the
        same power of two, and the half is added with the bias.
        """
        if sums.dtype == np.int64:
            return round_shift(sums * self.scale + self.bias, self.q - Q)
        y = sums.astype(np.float64)
        y *= self._scale
        y += self._bias
        return np.floor(y, out=y)

    def __call__(self, x: Fixed) -> Fixed:
        """Q24 rows of ``inputs`` to Q24 rows of ``outputs``."""
        return self.of_bytes(to_bytes(x))


class WideLinear:
    """A layer with weights of up to 31 bits and Q24 inputs, both unrounded.

    A product has up to 65 bits, so an input x is split into three limbs of 12 bits, ``high * 2**24
    + middle * 2**12 + low``, that are multiplied apart; ``floor`` nests, so the shifts below give
    the rounded exact sum. Inputs saturate at 1024.
    """

    def __init__(self, weights: Integers, q: int, bias: Integers | None = None) -> None:
        """Weights of outputs by inputs in Qq, q from 25; ``bias`` of each output in Q(q + 8).

        Raises:
            ValueError: if a sum could pass 2**53.
        """
        self.outputs, self.inputs = weights.shape
        self.q = q
        self.matrix = ExactMatrix(weights, 1 << LIMB)
        half = 1 << (q - LIMB - 1)
        self.bias = half + (0 if bias is None else bias.astype(np.int64) << (LIMB - 8))
        self.bound = 2 * self.matrix.bound + int(np.abs(self.bias).max())
        if self.bound > EXACT:
            raise ValueError(f"a sum reaches {self.bound}, past 2**53")

    def __call__(self, x: Fixed) -> Fixed:
        """Q24 rows of ``inputs`` to Q24 rows of ``outputs``."""
        x = saturate(x, WIDE_LIMIT)
        upper = floor_shift(x, LIMB)
        high = floor_shift(upper, LIMB)
        low, middle = x - upper * (1 << LIMB), upper - high * (1 << LIMB)
        total = floor_shift(self.matrix(low), LIMB) + self.matrix(middle) + self.bias
        total = floor_shift(total, LIMB) + self.matrix(high)
        return floor_shift(total, self.q - 2 * LIMB)


def dense(layer: Linear, x: Fixed, activation: Activation = tanh) -> Fixed:
    """``activation(layer(x))``."""
    return activation(layer(x))


def gru_step(fed: Fixed, recurrent: Linear, state: Fixed) -> Fixed:
    """One step of a gated recurrent unit: the new state.

    ``fed``, the input layer's result, and the recurrent layer's give update gate z, reset gate r
    and candidate h, one after the other; r scales the recurrent half of h after the product. That
    half saturates at 32, so that its product with r stays within 2**53. ``state' = z * state + (1 -
    z) * h`` is computed as ``h + z * (state - h)``: the same integer before its one rounding.
    """
    size = recurrent.inputs
    own = recurrent(state)
    gates = sigmoid(fed[..., : 2 * size] + own[..., : 2 * size])
    z, r = gates[..., :size], gates[..., size:]
    h = tanh(fed[..., 2 * size :] + multiply(saturate(own[..., 2 * size :], HALF_LIMIT), r))
    return h + multiply(z, state - h)
