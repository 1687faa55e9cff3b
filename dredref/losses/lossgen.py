"""Loss like that of real traces: a small recurrent network, drawn from packet by packet.

The network says from the past losses how likely the next one is; a random number decides. Weights
and structure are those of libopus (dnn/lossgen.c, dnn/lossgen_data.c, BSD-3-Clause, see
LICENSE.libopus), and so is every result for the same random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from importlib.resources import files

import numpy as np

from dredref.arithmetic.binary32 import nearest, value_of
from dredref.arithmetic.carrier import Arithmetic, carrier_of
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.functions import sigmoid
from dredref.arithmetic.number import Numbers, from_bits, less, load
from dredref.model.container import read_model
from dredref.model.weights import Model
from dredref.nn.predictor import Predictor

WARM_UP = 1000
"""Packets that are drawn and dropped at the start: the network begins in no real state."""
NOT_LOST, LOST = nearest("0"), nearest("1")
HUNDREDTH = value_of(nearest("0.01"))
"""What percentages are multiplied by."""


@kernel
def is_lost(outputs: Numbers, chance: int) -> bool:
    """Whether a number, given by its bits, is below the likelihood of a loss."""
    return less(from_bits(outputs, chance), sigmoid(load(outputs, 0)))


@cache
def network() -> Model:
    """Return the packaged network."""
    data = files("dredref.losses").joinpath("data", "lossgen.bin").read_bytes()
    return Model(read_model(data, "lossgen"))


class LossGenerator:
    """Draws losses of one stream."""

    def __init__(
        self,
        loss: float | Fraction,
        chance: Callable[[], float],
        arithmetic: Arithmetic | None = None,
    ) -> None:
        """Start a stream.

        Args:
            loss: the part of packets that is to be lost, 0 to 1.
            chance: gives random numbers from 0 to 1, taken as float32, one for each packet.
            arithmetic: the carrier; that of the process if None. It changes no result.
        """
        self._loss, self._chance = nearest(Fraction(loss)), chance
        self._lost = False
        self._predictor = Predictor(network(), "lossgen", 2, 1, carrier_of(arithmetic))
        self._state = self._predictor.start()
        for _ in range(WARM_UP):
            self.sample()

    @classmethod
    def of_percent(cls, percent: float, chance: Callable[[], float]) -> LossGenerator:
        """A generator that loses ``percent`` of the packets, rounded as opus_demo rounds it."""
        return cls(value_of(nearest(Fraction(percent))) * HUNDREDTH, chance)

    def sample(self) -> bool:
        """Return whether the next packet is lost."""
        known = np.array([LOST if self._lost else NOT_LOST, self._loss], np.int32)
        self._state, outputs = self._predictor.step(
            self._state, known.view(self._predictor.carrier)
        )
        self._lost = bool(is_lost(outputs, nearest(Fraction(self._chance()))))
        return self._lost
