"""Loss like that of real traces: a small recurrent network, drawn from packet by packet.

The network says from the past losses how likely the next one is; a random number decides. Weights
and structure are those of libopus (dnn/lossgen.c, dnn/lossgen_data.c, BSD-3-Clause, see
LICENSE.libopus), and so is every result for the same random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import numpy as np

from dredref.floatlayers import FloatLayer, Gru, sigmoid, tanh
from dredref.model.container import read_model
from dredref.model.weights import Model

WARM_UP = 1000
"""Packets that are drawn and dropped at the start: the network begins in no real state."""


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
        self._first = FloatLayer(network(), "lossgen_dense_in")
        self._last = FloatLayer(network(), "lossgen_dense_out")
        self._units = [Gru(network(), f"lossgen_gru{number}") for number in (1, 2)]
        self._states = [np.zeros(unit.size, np.float32) for unit in self._units]
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
