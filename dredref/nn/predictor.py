"""A network that goes on from step to step: dense, two recurrent units, dense.

libopus has two of this kind, one that predicts features and one that draws losses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.number import Numbers
from dredref.model.weights import Model
from dredref.nn import bounds
from dredref.nn.build import Builder
from dredref.nn.layers import Network, float_linear, gru, round_all, tanh_all

State = tuple[Numbers, Numbers]
"""States of the two recurrent units [1, n]; never changed in place."""
FIRST, INPUTS, RECURRENT, INPUTS_2, RECURRENT_2, LAST = range(6)
"""Numbers of the layers."""
LARGEST_INPUT = 1 << 16
"""Where inputs saturate."""


@kernel
def step(network: Network, x: Numbers, first: Numbers, second: Numbers, out: Numbers) -> None:
    """One step of rows.

    Args:
        network: the layers.
        x: inputs [rows, ...].
        first: state of the first unit [rows, n]; updated.
        second: that of the second; updated.
        out: outputs [rows, ...], filled.
    """
    rows, widest = x.shape[0], 0
    for k in range(network.table.shape[0]):
        widest = max(widest, network.table[k, 0], network.table[k, 1])
    sums = np.empty((rows, widest), np.int32)
    fed, own = np.empty((rows, widest), x.dtype), np.empty((rows, widest), x.dtype)
    given, first_int = np.zeros((rows, widest), np.int16), np.zeros((rows, widest), np.int16)
    second_int = np.zeros((rows, widest), np.int16)
    float_linear(network, FIRST, x, fed)
    tanh_all(fed, network.table[FIRST, 1], given, 0)
    round_all(first, first.shape[1], first_int, 0)
    round_all(second, second.shape[1], second_int, 0)
    gru(network, INPUTS, RECURRENT, given, sums, fed, own, first, first_int)
    gru(network, INPUTS_2, RECURRENT_2, first_int, sums, fed, own, second, second_int)
    float_linear(network, LAST, second, out)


class Predictor:
    """The layers of a network of this kind, on one carrier."""

    def __init__(
        self, model: Model, prefix: str, inputs: int, outputs: int, carrier: np.dtype[Any]
    ) -> None:
        """Take the layers of ``model`` whose names begin with ``prefix``.

        Raises:
            InputError: ``model.layer`` if one is missing, does not fit the one before, or its
                outputs could get too large.
        """
        names = [f"{prefix}_gru{unit}" for unit in (1, 2)]
        given = model.layer(f"{prefix}_dense_in", "wide").outputs
        builder = Builder(model, carrier)
        builder.first(f"{prefix}_dense_in", inputs, given, LARGEST_INPUT)
        self._sizes = [model.layer(f"{name}_recurrent", "bytes").inputs for name in names]
        for name, size in zip(names, self._sizes, strict=True):
            builder.int8(f"{name}_input", given, 3 * size)
            builder.int8(f"{name}_recurrent", size, 3 * size)
            given = size
        weights, bias = builder.floating(f"{prefix}_dense_out", given, outputs)
        reach = bounds.of_floats(weights, bias, [1 << bounds.Q] * given)
        bounds.check(reach, bounds.LARGEST_OUTPUT, f"{model.name}, layer {prefix}_dense_out")
        self._network, self._outputs = builder.network(), outputs
        self.carrier = carrier

    def start(self) -> State:
        """The state before the first step."""
        first, second = (np.zeros((1, size), self.carrier) for size in self._sizes)
        return first, second

    def step(self, state: State, x: Numbers) -> tuple[State, Numbers]:
        """The state after one step, and the outputs of inputs within +-2**16."""
        first, second = (unit.copy() for unit in state)
        out = np.empty((1, self._outputs), self.carrier)
        step(self._network, x[None], first, second, out)
        return (first, second), out[0]
