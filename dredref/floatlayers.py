"""Layers of small networks in the machine's float32, one row at a time.

Every operation is one of float32 and stands in libopus' order (its portable path), so results are
libopus' to the last bit: sums of 8-bit products are exact, whoever adds them up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.model.weights import Model

Floats = NDArray[np.float32]

NUMERATOR = tuple(np.float32(value) for value in (952.52801514, 96.39235687, 0.60863042))
DENOMINATOR = tuple(np.float32(value) for value in (952.72399902, 413.36801147, 11.88600922))
ONE, HALF, BYTE = np.float32(1), np.float32(0.5), np.float32(127)


class FloatLayer:
    """Weights of float32; products are added one after the other, the bias last."""

    def __init__(self, model: Model, name: str) -> None:
        """Take the layer ``name``.

        Raises:
            InputError: ``model.layer``.
        """
        layer = model.layer(name, "wide")
        weights = layer.bits("wide").view(np.float32)
        self._weights = weights.reshape(layer.inputs, layer.outputs)
        self._bias = layer.bits("bias").view(np.float32)

    def __call__(self, x: Floats) -> Floats:
        """Return the outputs of one row."""
        sums: Floats = np.add.accumulate(self._weights * x[:, None], axis=0)[-1]
        return sums + self._bias


class Int8Layer:
    """Weights of 8 bits, inputs within -1..1 rounded to 8 bits, a scale and a bias."""

    def __init__(self, model: Model, name: str) -> None:
        """Take the layer ``name``.

        Raises:
            InputError: ``model.layer``.
        """
        layer = model.layer(name, "bytes")
        self._weights = layer.matrix.astype(np.float32)
        self._scale = layer.bits("scale").view(np.float32)
        self._bias = layer.bits("bias").view(np.float32)

    def __call__(self, x: Floats) -> Floats:
        """Return the outputs of one row."""
        rounded = np.floor(0.5 + (BYTE * x).astype(np.float64)).astype(np.float32)
        return (self._weights @ rounded) * self._scale + self._bias


class Gru:
    """A gated recurrent unit, gates in the order z, r, h."""

    def __init__(self, model: Model, name: str) -> None:
        """Take the layers ``name_input`` and ``name_recurrent``.

        Raises:
            InputError: ``model.layer``.
        """
        self._fed = Int8Layer(model, f"{name}_input")
        self._own = Int8Layer(model, f"{name}_recurrent")
        self.size = model.layers[f"{name}_recurrent"].inputs

    def __call__(self, x: Floats, state: Floats) -> Floats:
        """Return the state after one step."""
        fed, own, size = self._fed(x), self._own(state), self.size
        gates = sigmoid(fed[: 2 * size] + own[: 2 * size])
        z, r = gates[:size], gates[size:]
        candidate = tanh(fed[2 * size :] + own[2 * size :] * r)
        return z * state + (ONE - z) * candidate


def tanh(x: Floats) -> Floats:
    """Libopus' rational approximation."""
    square = x * x
    top = (NUMERATOR[2] * square + NUMERATOR[1]) * square + NUMERATOR[0]
    bottom = (DENOMINATOR[2] * square + DENOMINATOR[1]) * square + DENOMINATOR[0]
    clipped: Floats = np.clip(top * x / bottom, -ONE, ONE)
    return clipped


def sigmoid(x: Floats) -> Floats:
    """The logistic function by :func:`tanh`."""
    return HALF + HALF * tanh(HALF * x)
