"""Pieces of the fast form: functions and layers on binary32 numbers, with buffers made once.

Each does, operation by operation, what its namesake in :mod:`dredref.nn.portable` does. A factor
of two is exact, so the argument of a logistic function is halved where it is made, by a halved
scale, and ``ceil(floor(254 x) / 2)`` stands for ``floor(127 x + 1/2)``.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.significand import Carried, constant
from dredref.arithmetic.significand_functions import TANH_DENOMINATOR, TANH_NUMERATOR
from dredref.nn.portable import ByteLayer

KIND: Carried = np.zeros(0, np.float32)
"""What constants are made like."""


def scalar(text: str) -> Carried:
    """A constant as an array without dimensions, which numpy takes quickest."""
    return constant(text, KIND)


ONE, HALF = scalar("1"), scalar("0.5")
_MINUS_ONE = scalar("-1")
_STEP = scalar("254")


def clip_to_one(x: Carried) -> None:
    """Clip to -1..1, in place."""
    np.minimum(x, ONE, out=x)
    np.maximum(x, _MINUS_ONE, out=x)


def logistic(tangent: Carried) -> None:
    """The logistic function, in place, from the tangent of half its argument."""
    np.multiply(tangent, HALF, tangent)
    np.add(tangent, HALF, tangent)


class Tangent:
    """The rational tangent of arrays of one shape."""

    def __init__(self, *shape: int) -> None:
        """Make the buffers."""
        self._square = np.empty((2, *shape), np.float32)
        self._fraction = np.empty((2, *shape), np.float32)
        self._squares = self._square[0], self._square[1]
        self._above, self._below = self._fraction[0], self._fraction[1]
        pairs = zip(TANH_NUMERATOR, TANH_DENOMINATOR, strict=True)
        self._coefficients = [
            np.stack([np.full(shape, scalar(text)) for text in pair]) for pair in pairs
        ]

    def __call__(self, x: Carried) -> None:
        """In place; numerator and denominator are evaluated side by side."""
        square, fraction = self._square, self._fraction
        c0, c1, c2 = self._coefficients
        np.multiply(x, x, self._squares[0])
        np.multiply(x, x, self._squares[1])
        np.multiply(c2, square, fraction)
        np.add(fraction, c1, fraction)
        np.multiply(fraction, square, fraction)
        np.add(fraction, c0, fraction)
        np.multiply(self._above, x, x)
        np.divide(x, self._below, x)
        clip_to_one(x)


class Bytes:
    """Rounding to 8 bits of arrays of one shape."""

    def __init__(self, *shape: int) -> None:
        """Make the buffer."""
        self._work = np.empty(shape, np.float32)

    def __call__(self, x: Carried, out: Carried) -> None:
        """``floor(127 x + 1/2)``, where ``127 x`` is rounded."""
        work = self._work
        np.multiply(x, _STEP, work)
        np.floor(work, work)
        np.multiply(work, HALF, work)
        np.ceil(work, out)


class Scaled:
    """A layer whose inputs are rounded already and whose first ``halved`` outputs are halved."""

    def __init__(self, layer: ByteLayer[Carried], streams: int, halved: int = 0) -> None:
        """Make the buffers."""
        self.matrix = layer.matrix.carried
        self.inputs, self.outputs = self.matrix.shape
        factor = np.where(np.arange(self.outputs) < halved, HALF, ONE)
        self._scale = np.tile(layer.scale * factor, (streams, 1))
        self._bias = None if layer.bias is None else layer.bias * factor
        self.out = np.empty((streams, self.outputs), np.float32)

    def __call__(self, rows: Carried) -> Carried:
        """The buffer, filled with the outputs."""
        np.matmul(rows, self.matrix, self.out)
        return self.scale()

    def scale(self) -> Carried:
        """The outputs of the sums that are in the buffer."""
        out = self.out
        np.multiply(out, self._scale, out)
        if self._bias is not None:
            np.add(out, self._bias, out)
        return out


class Dense:
    """The tangent of a layer, and its rounding for the next."""

    def __init__(self, layer: ByteLayer[Carried], streams: int) -> None:
        """Make the buffers."""
        self.layer = Scaled(layer, streams)
        self._tangent = Tangent(streams, self.layer.outputs)
        self._to_bytes = Bytes(streams, self.layer.outputs)
        self.rows = np.empty((streams, self.layer.outputs), np.float32)

    def __call__(self, rows: Carried) -> Carried:
        """The outputs; ``self.rows`` holds them rounded."""
        return self.finish(self.layer(rows))

    def finish(self, out: Carried) -> Carried:
        """The same from the layer's outputs."""
        self._tangent(out)
        self._to_bytes(out, self.rows)
        return out


class Gate:
    """A gated linear unit, ``x * sigmoid(layer(x))``, and its rounding for the next layer."""

    def __init__(self, layer: ByteLayer[Carried], streams: int) -> None:
        """Make the buffers."""
        outputs = layer.matrix.carried.shape[1]
        self._layer = Scaled(layer, streams, halved=outputs)
        self._tangent = Tangent(streams, outputs)
        self._to_bytes = Bytes(streams, outputs)
        self.out = self._layer.out
        self.rows = np.empty((streams, outputs), np.float32)

    def __call__(self, x: Carried, rows: Carried) -> Carried:
        """The outputs for ``x``, also given rounded; ``self.rows`` holds them rounded."""
        out = self._layer(rows)
        self._tangent(out)
        logistic(out)
        np.multiply(out, x, out)
        self._to_bytes(out, self.rows)
        return out


class Unit:
    """A recurrent unit and the gate on its state."""

    def __init__(
        self,
        inputs: ByteLayer[Carried],
        recurrent: ByteLayer[Carried],
        gate: ByteLayer[Carried],
        streams: int,
    ) -> None:
        """Make the buffers."""
        size = recurrent.matrix.carried.shape[0]
        self.size = size
        self.fed = Scaled(inputs, streams, halved=2 * size)
        self._own = Scaled(recurrent, streams, halved=2 * size)
        self._fed_gates, self._fed_candidate = np.split(self.fed.out, [2 * size], axis=1)
        self._own_gates, self._own_candidate = np.split(self._own.out, [2 * size], axis=1)
        self._gates = np.empty((streams, 2 * size), np.float32)
        self._keep, self._reset = np.split(self._gates, 2, axis=1)
        self._rest = np.empty((streams, size), np.float32)
        self._candidate = np.empty((streams, size), np.float32)
        self._gates_tangent = Tangent(streams, 2 * size)
        self._tangent = Tangent(streams, size)
        self._to_bytes = Bytes(streams, size)
        self._rows = np.empty((streams, size), np.float32)
        self.state = np.empty((streams, size), np.float32)
        self.gate = Gate(gate, streams)

    def open(self, state: Carried) -> None:
        """Go on from ``state``."""
        self.state[:] = state
        self._to_bytes(self.state, self._rows)

    def __call__(self, rows: Carried) -> Carried:
        """One step: the gate's output, rounded to 8 bits."""
        state, gates, candidate = self.state, self._gates, self._candidate
        self.fed(rows)
        self._own(self._rows)
        np.add(self._fed_gates, self._own_gates, gates)
        self._gates_tangent(gates)
        logistic(gates)
        np.multiply(self._own_candidate, self._reset, candidate)
        np.add(candidate, self._fed_candidate, candidate)
        self._tangent(candidate)
        np.multiply(self._keep, state, state)
        np.subtract(ONE, self._keep, self._rest)
        np.multiply(self._rest, candidate, candidate)
        np.add(state, candidate, state)
        self._to_bytes(state, self._rows)
        self.gate(state, self._rows)
        return self.gate.rows
