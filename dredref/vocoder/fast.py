"""The fast form: the same numbers packed in binary32, buffers made once, products through BLAS.

It follows :func:`dredref.vocoder.network.subframe` operation by operation, and differs in what
changes no bit: what :mod:`dredref.vocoder.fast_parts` says; the condition's share of the first
layer's sums, sums of integers and exact in any order, is computed for a whole run at once;
and the history is one line that each subframe adds to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Carried, constant
from dredref.model.weights import Model
from dredref.vocoder import emphasis
from dredref.vocoder.engine import Engine
from dredref.vocoder.fast_parts import (
    HALF,
    KIND,
    ONE,
    Bytes,
    Dense,
    Gate,
    Scaled,
    Tangent,
    Unit,
    clip_to_one,
    logistic,
    scalar,
)
from dredref.vocoder.network import GAIN_FLOOR, SignalState
from dredref.vocoder.period import repetition
from dredref.vocoder.sizes import (
    CONDITION,
    GRU_SIZES,
    HISTORY,
    MARGIN,
    PREDICTION,
    SIGNAL_HIDDEN,
    SIGNAL_INPUT,
    SUBFRAME,
    SUBFRAMES,
)
from dredref.vocoder.weights import Weights

HEARD = PREDICTION + SUBFRAME
"""Numbers taken from the history: a prediction and the last subframe."""
TAIL = 2 * SUBFRAME
"""Inputs that the units and the output layer share: gated prediction and last subframe."""
GATES = len(GRU_SIZES) + 1
"""Uses of the prediction, each gated: by the units and by the output layer."""


class FastEngine(Engine[Carried]):
    """The vocoder in binary32."""

    def __init__(self, model: Model) -> None:
        """Make the layers of ``model``."""
        super().__init__(model, KIND)
        self._signals: dict[int, Signal] = {}

    def _signal(
        self, state: SignalState[Carried], conditions: Carried, gains: Carried, periods: Integers
    ) -> tuple[Carried, SignalState[Carried]]:
        streams = len(gains)
        if streams not in self._signals:
            self._signals = {streams: Signal(self.weights, streams)}
        return self._signals[streams].run(state, conditions, gains, periods)

    def _deemphasize(self, signal: Carried, memory: Carried) -> tuple[Carried, Carried]:
        """Number by number for one stream, else a row of all streams at a time."""
        coefficient = constant(emphasis.COEFFICIENT, signal)
        speech = np.array(signal.T, order="C")
        if len(signal) == 1:
            number, last = np.float32(coefficient), memory[0]
            for index, sample in enumerate(speech[:, 0]):
                last = sample + number * last
                speech[index, 0] = last
            return speech.T, np.array([last], np.float32)
        decayed, before = np.empty_like(memory), memory
        for row in speech:
            np.multiply(before, coefficient, decayed)
            np.add(row, decayed, row)
            before = row
        return speech.T, before.copy()


class Signal:
    """The signal network for a number of streams.

    The inputs of the three units and of the output layer lie one after the other, each at the end
    of a stretch of equal length, so that what they share, their last 80, is one array.
    """

    def __init__(self, weights: Weights[Carried], streams: int) -> None:
        """Make the buffers."""

        def empty(*shape: int) -> Carried:
            return np.empty((streams, *shape), np.float32)

        by_time = weights.signal.matrix.carried.reshape(2, SIGNAL_INPUT, SIGNAL_HIDDEN)
        self._condition_matrices = np.ascontiguousarray(by_time[:, :CONDITION])
        self._heard_matrix = by_time[:, CONDITION:].reshape(-1, SIGNAL_HIDDEN)
        self._heard = empty(HEARD)
        self._heard_bytes = Bytes(streams, HEARD)
        self._heard_rows = empty(2 * HEARD)
        self._heard_before, self._heard_now = np.split(self._heard_rows, 2, axis=1)
        self._first = Dense(weights.signal, streams)
        self._first_gate = Gate(weights.signal_gate, streams)

        self._pitch_weights = np.ascontiguousarray(weights.pitch_gates.weights.T)
        self._pitch_bias = weights.pitch_gates.bias
        self._products = empty(GATES, SIGNAL_HIDDEN)
        self._sums = self._products[:, :, -1]
        self._gates = empty(GATES)
        self._gates_tangent = Tangent(streams, GATES)
        self._gated = empty(GATES, SUBFRAME)
        self._gated_bytes = Bytes(streams, GATES, SUBFRAME)

        layers = zip(weights.gru_inputs, weights.gru_recurrent, weights.gru_gates, strict=True)
        self._units = [Unit(*parts, streams) for parts in layers]
        self._skip = Dense(weights.skip, streams)
        self._skip_gate = Gate(weights.skip_gate, streams)
        self._output = Scaled(weights.output, streams)
        self._output_tangent = Tangent(streams, SUBFRAME)
        self._views(np.zeros((streams, GATES, self._skip.layer.inputs), np.float32))

    def _views(self, room: Carried) -> None:
        """Name the parts of the buffers: of the inputs' ``room``, and those that are read often."""
        stretch = room.shape[2]
        tails = room[:, :, stretch - TAIL :]
        self._gated_rows, self._past_rows = np.split(tails, 2, axis=2)
        self._past = self._heard_now[:, None, PREDICTION:]
        self._middle = self._heard[:, None, MARGIN : MARGIN + SUBFRAME]
        self._first_column = self._first_gate.out[:, None, :]
        self._gates_column = self._gates[:, :, None]
        inputs = [unit.fed.inputs for unit in self._units]
        self._unit_rows = [room[:, k, stretch - size :] for k, size in enumerate(inputs)]
        self._fed_rows = [rows[:, :-TAIL] for rows in self._unit_rows]
        self._skip_rows = room[:, GATES - 1]
        ends = np.cumsum((*GRU_SIZES, SIGNAL_HIDDEN))
        *self._skip_parts, self._skip_first, _ = np.split(self._skip_rows, ends, axis=1)

    def run(
        self, state: SignalState[Carried], conditions: Carried, gains: Carried, periods: Integers
    ) -> tuple[Carried, SignalState[Carried]]:
        """Samples before de-emphasis and the new state; see ``Engine``."""
        streams, count = gains.shape
        line = np.empty((streams, HISTORY + SUBFRAME * count), np.float32)
        line[:, :HISTORY] = state.history
        flat = line.reshape(-1)
        places = _places(periods, line.shape[1])
        gains = np.ascontiguousarray(gains.T)[..., None]
        scales = ONE / (scalar(GAIN_FLOOR) + gains)
        shares = self._shares(state.convolution, conditions)
        for unit, start in zip(self._units, state.units, strict=True):
            unit.open(start)
        heard = self._heard
        heard[:] = state.convolution[:, CONDITION:]
        self._heard_bytes(heard, self._heard_now)

        for index in range(count):
            flat.take(places[index], out=heard, mode="clip")
            np.multiply(heard, scales[index], heard)
            clip_to_one(heard)
            self._feed(shares[index])
            at = HISTORY + SUBFRAME * index
            np.multiply(self._subframe(), gains[index], line[:, at : at + SUBFRAME])

        units = tuple(unit.state.copy() for unit in self._units)
        convolution = np.concatenate([conditions[:, -1], heard], axis=1)
        return line[:, HISTORY:], SignalState(line[:, -HISTORY:].copy(), convolution, units)

    def _feed(self, share: Carried) -> None:
        """From what is heard to the inputs of the units: first layer, gates, gated prediction."""
        layer = self._first.layer
        self._heard_before[:] = self._heard_now
        self._heard_bytes(self._heard, self._heard_now)
        np.matmul(self._heard_rows, self._heard_matrix, layer.out)
        np.add(layer.out, share, layer.out)
        first = self._first.finish(layer.scale())
        self._first_gate(first, self._first.rows)

        gates = self._gates
        np.multiply(self._pitch_weights, self._first_column, self._products)
        np.add.accumulate(self._products, 2, None, self._products)
        np.add(self._sums, self._pitch_bias, gates)
        np.multiply(gates, HALF, gates)
        self._gates_tangent(gates)
        logistic(gates)
        np.multiply(self._gates_column, self._middle, self._gated)
        self._gated_bytes(self._gated, self._gated_rows)
        self._past_rows[:] = self._past

    def _subframe(self) -> Carried:
        """From the units to the output: 40 samples before the gain."""
        fed = self._first_gate.rows
        self._skip_first[:] = fed
        for index, unit in enumerate(self._units):
            self._fed_rows[index][:] = fed
            fed = unit(self._unit_rows[index])
            self._skip_parts[index][:] = fed
        last = self._skip(self._skip_rows)
        self._skip_gate(last, self._skip.rows)
        samples = self._output(self._skip_gate.rows)
        self._output_tangent(samples)
        return samples

    def _shares(self, convolution: Carried, conditions: Carried) -> Carried:
        """The conditions' share of the first layer's sums: [subframes, streams, 192]."""
        given = np.concatenate([convolution[:, None, :CONDITION], conditions], axis=1)
        rows = np.empty_like(given)
        Bytes(*given.shape)(given, rows)
        before, now = self._condition_matrices
        shares = rows[:, :-1] @ before
        shares += rows[:, 1:] @ now
        return np.ascontiguousarray(shares.swapaxes(0, 1))


def _places(periods: Integers, length: int) -> NDArray[np.intp]:
    """Where each subframe reads the flattened lines: [subframes, streams, 84]."""
    streams, frames = periods.shape
    table = repetition()
    past = np.tile(np.arange(HISTORY - SUBFRAME, HISTORY), (len(table), 1))
    table = np.concatenate([table, past], axis=1)
    by_frame = table[periods.T] + length * np.arange(streams)[:, None]
    starts = SUBFRAME * np.arange(SUBFRAMES * frames)[:, None, None]
    places: NDArray[np.intp] = np.repeat(by_frame, SUBFRAMES, axis=0) + starts
    return places
