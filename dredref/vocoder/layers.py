"""Layers of the vocoder on numbers of 24 significant bits, of either kind.

Features stand last, any number of batch dimensions before.
"""

from __future__ import annotations

from typing import Generic

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.products import BYTE, ExactMatrix
from dredref.arithmetic.significand import (
    BITS,
    N,
    Significands,
    constant,
    from_integers,
    sum_in_order,
)
from dredref.arithmetic.significand_functions import sigmoid, tanh, to_bytes


class ByteLayer(Generic[N]):
    """Weights of 8 bits, inputs rounded to 8 bits, a scale for each output.

    ``scale * sum + bias``; the sum is that of integers and stays within 24 bits, so that taking it
    for a number rounds nothing, and BLAS may carry it in float32.
    """

    scale: N
    bias: N | None

    def __init__(self, weights: Integers, scale: N, bias: N | None = None) -> None:
        """Weights [outputs, inputs], scales [outputs] and biases [outputs] or None for zeros.

        Raises:
            ValueError: if a sum could pass 24 bits.
        """
        self.matrix = ExactMatrix(weights, BYTE)
        self.scale = scale
        self.bias = bias
        if self.matrix.bound > 1 << BITS:
            raise ValueError(f"sums reach {self.matrix.bound}, past 2**{BITS}")

    def __call__(self, x: N) -> N:
        """Rows of inputs within -1..1 to rows of outputs."""
        rows = to_bytes(x)
        if not isinstance(x, Significands):
            rows = rows.astype(np.float32)
        y: N = from_integers(self.matrix(rows), x) * self.scale
        if self.bias is None:
            return y
        biased: N = y + self.bias
        return biased


class RealLayer(Generic[N]):
    """Weights of 24 significant bits: products are rounded and added in the order of inputs.

    The bias comes last.
    """

    weights: N
    bias: N

    def __init__(self, weights: N, bias: N) -> None:
        """Weights [outputs, inputs] and biases [outputs]."""
        self.weights = weights
        self.bias = bias

    def __call__(self, x: N) -> N:
        """Rows of inputs to rows of outputs."""
        y: N = sum_in_order(self.weights * x[..., None, :]) + self.bias
        return y


def glu(layer: ByteLayer[N], x: N) -> N:
    """Gated linear unit: ``x * sigmoid(layer(x))``."""
    return x * sigmoid(layer(x))


def gru(inputs: ByteLayer[N], recurrent: ByteLayer[N], state: N, x: N) -> N:
    """One step of a gated recurrent unit: the new state.

    Both layers give update gate z, reset gate r and candidate h, one after the other; r scales
    the recurrent half of h after the product. ``state' = z * state + (1 - z) * h``.
    """
    size = state.shape[-1]
    fed, own = inputs(x), recurrent(state)
    gates = sigmoid(fed[..., : 2 * size] + own[..., : 2 * size])
    z, r = gates[..., :size], gates[..., size:]
    h = tanh(fed[..., 2 * size :] + own[..., 2 * size :] * r)
    return z * state + (constant("1", z) - z) * h
