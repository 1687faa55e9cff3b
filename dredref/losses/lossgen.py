"""Loss like that of real traces: a small recurrent network, drawn from packet by packet.

The network says from the past losses how likely the next one is; a random number decides. Weights
and structure are those of libopus (dnn/lossgen.c, dnn/lossgen_data.c, BSD-3-Clause, see
LICENSE.libopus), and so is every result for the same random numbers: operations are single ones of
float32, in libopus' order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from dredref.model.container import read_model
from dredref.model.weights import Model

Floats = NDArray[np.float32]

WARM_UP = 1000
"""Packets that are drawn and dropped at the start: the network begins in no real state."""
NUMERATOR = tuple(np.float32(value) for value in (952.52801514, 96.39235687, 0.60863042))
DENOMINATOR = tuple(np.float32(value) for value in (952.72399902, 413.36801147, 11.88600922))
ONE, HALF, BYTE = np.float32(1), np.float32(0.5), np.float32(127)


@cache
def network() -> Model:
    """Return the packaged network."""
    data = files("dredref.losses").joinpath("data", "lossgen.bin").read_bytes()
    return Model(read_model(data, "lossgen"))


class LossGenerator:
    """Draws losses of one stream."""

    def __init__(self, loss: float | np.float32, chance: Callable[[], float]) -> None:
        """Start a stream.

        Args:
            loss: the part of packets that is to be lost, 0 to 1.
            chance: gives random numbers from 0 to 1, taken as float32, one for each packet.
        """
        self._loss, self._chance = np.float32(loss), chance
        self._lost = False
        layers = network().layers
        self._first = _FloatLayer(network(), "lossgen_dense_in")
        self._last = _FloatLayer(network(), "lossgen_dense_out")
        self._units = [_Gru(network(), f"lossgen_gru{number}") for number in (1, 2)]
        self._states = [
            np.zeros(layers[f"lossgen_gru{number}_recurrent"].inputs, np.float32)
            for number in (1, 2)
        ]
        for _ in range(WARM_UP):
            self.sample()

    @classmethod
    def of_percent(cls, percent: float, chance: Callable[[], float]) -> LossGenerator:
        """A generator that loses ``percent`` of the packets, rounded as opus_demo rounds it."""
        return cls(np.float32(percent) * np.float32(0.01), chance)

    def sample(self) -> bool:
        """Return whether the next packet is lost."""
        given = tanh(self._first(np.array([self._lost, self._loss], np.float32)))
        for number, unit in enumerate(self._units):
            given = self._states[number] = unit(given, self._states[number])
        likely = sigmoid(self._last(given))[0]
        self._lost = bool(np.float32(self._chance()) < likely)
        return self._lost


class _FloatLayer:
    """Weights of float32; products are added one after the other, the bias last."""

    def __init__(self, model: Model, name: str) -> None:
        layer = model.layers[name]
        weights = layer.words("wide").view(np.float32)
        self._weights = weights.reshape(layer.inputs, layer.outputs)
        self._bias = layer.words("bias").view(np.float32)

    def __call__(self, x: Floats) -> Floats:
        sums: Floats = np.add.accumulate(self._weights * x[:, None], axis=0)[-1]
        return sums + self._bias


class _ByteLayer:
    """Weights of 8 bits, exact sums, a scale and a bias."""

    def __init__(self, model: Model, name: str) -> None:
        layer = model.layers[name]
        self._weights = layer.matrix
        self._scale = layer.words("scale").view(np.float32)
        self._bias = layer.words("bias").view(np.float32)

    def __call__(self, x: Floats) -> Floats:
        rounded = np.floor(0.5 + (BYTE * x).astype(np.float64)).astype(np.int64)
        sums = (self._weights @ rounded).astype(np.float32)
        return sums * self._scale + self._bias


class _Gru:
    """A gated recurrent unit, gates in the order z, r, h."""

    def __init__(self, model: Model, name: str) -> None:
        self._fed = _ByteLayer(model, f"{name}_input")
        self._own = _ByteLayer(model, f"{name}_recurrent")

    def __call__(self, x: Floats, state: Floats) -> Floats:
        fed, own, size = self._fed(x), self._own(state), len(state)
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
