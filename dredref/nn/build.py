"""Layers made of a model's arrays, on either carrier, with their bounds checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiling import LANES
from dredref.model.weights import Layer, Model
from dredref.nn import bounds
from dredref.nn.layers import Network
from dredref.spec.errors import InputError


def padded(size: int) -> int:
    """The width of rows that a layer of ``size`` inputs reads."""
    return size + -size % LANES


class Builder:
    """Collects layers, each of which gets the next number."""

    def __init__(self, model: Model, carrier: np.dtype[Any]) -> None:
        """Take layers of ``model``, for arrays of the carrier's type."""
        self.model = model
        self._carrier = carrier
        self._weights: list[NDArray[np.int8]] = []
        self._floats: list[NDArray[np.int32]] = []
        self._scale: list[NDArray[np.int32]] = []
        self._bias: list[NDArray[np.int32]] = []
        self._table: list[tuple[int, int, int, int]] = []

    def int8(self, name: str, inputs: int | None = None, outputs: int | None = None) -> None:
        """Add the layer ``name`` of 8-bit weights, of a shape if that is given.

        Raises:
            InputError: ``model.layer`` if there is none of that shape, its numbers do not fit, or
                its outputs could get too large.
        """
        layer = self._layer(name, "bytes", inputs, outputs)
        try:
            matrix, scale = layer.matrix, layer.bits("scale")
            has_bias = "bias" in layer.raw.arrays
            bias = layer.bits("bias") if has_bias else np.zeros(len(matrix), np.int32)
            weights = np.zeros((len(matrix), padded(matrix.shape[1])), np.int8)
            weights[:, : matrix.shape[1]] = matrix
            reach = bounds.of_int8(weights, scale, bias)
        except (KeyError, ValueError) as error:
            raise InputError("model.layer", f"{self.model.name}, layer {name}: {error}") from error
        bounds.check(reach, bounds.LARGEST_OUTPUT, f"{self.model.name}, layer {name}")
        start = sum(part.size for part in self._weights)
        self._add(weights.shape[1], start, scale, bias)
        self._weights.append(weights)

    def floating(
        self, name: str, inputs: int | None = None, outputs: int | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Add the layer ``name`` of binary32 weights; the bits of weights and biases.

        Raises:
            InputError: ``model.layer`` if there is none.
        """
        layer = self._layer(name, "wide", inputs, outputs)
        weights, bias = layer.bits("wide"), layer.bits("bias")
        start = sum(part.size for part in self._floats)
        self._add(weights.shape[0], start, np.zeros_like(bias), bias)
        self._floats.append(weights)
        return weights, bias

    def first(
        self,
        name: str,
        inputs: int | None = None,
        outputs: int | None = None,
        largest: int = bounds.LARGEST_INPUT,
    ) -> None:
        """Add the layer ``name``, which takes what came from outside and saturates at ``largest``.

        Raises:
            InputError: as :meth:`floating`, or if its outputs could get too large.
        """
        weights, bias = self.floating(name, inputs, outputs)
        reach = bounds.of_floats(weights, bias, [largest << bounds.Q] * len(weights))
        bounds.check(reach, bounds.LARGEST_FIRST, f"{self.model.name}, layer {name}")

    def int8_if_there(self, name: str) -> None:
        """Add the layer ``name``; without outputs if this model does not have it."""
        if name in self.model.layers:
            self.int8(name)
        else:
            nothing = np.zeros(0, np.int32)
            self._add(0, 0, nothing, nothing)

    def network(self) -> Network:
        """The layers so far."""

        def joined(parts: list[NDArray[np.int32]]) -> NDArray[Any]:
            flat = [part.reshape(-1) for part in parts]
            return np.concatenate([np.zeros(0, np.int32), *flat]).view(self._carrier)

        weights = np.concatenate(
            [np.zeros(0, np.int8), *(part.reshape(-1) for part in self._weights)]
        )
        return Network(
            weights,
            joined(self._floats),
            joined(self._scale),
            joined(self._bias),
            np.array(self._table, np.int64),
        )

    def _layer(self, name: str, role: str, inputs: int | None, outputs: int | None) -> Layer:
        """The layer, of the right kind and shape."""
        layer = self.model.layer(name, role)
        if inputs is not None and (layer.inputs, layer.outputs) != (inputs, outputs):
            raise InputError(
                "model.layer", f"model {self.model.name} has no {name} {inputs}x{outputs}"
            )
        return layer

    def _add(
        self, inputs: int, start: int, scale: NDArray[np.int32], bias: NDArray[np.int32]
    ) -> None:
        first = sum(part.size for part in self._bias)
        self._table.append((inputs, bias.size, start, first))
        self._scale.append(scale)
        self._bias.append(bias)
