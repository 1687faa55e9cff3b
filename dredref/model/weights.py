"""Weights as matrices: how libopus lays them out, and the layers made from them.

An integer layer is stored in blocks of 8 outputs by 4 inputs: blocks of one group of 8 outputs
follow each other by rising input, groups by rising output; within a block, the 4 inputs of output 0
come first, then those of output 1. A dense layer has every block. A sparse one has an index: for
each group of 8 outputs the number of its blocks, then the first input of each. A layer with wide
weights is stored input by input, all outputs of input 0 first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words, rounded, to_words
from dredref.model.container import Quantity, RawLayer, RawModel
from dredref.nn.layers import ByteLinear, Linear, WideLinear
from spec.errors import InputError

ROWS, COLUMNS = 8, 4
"""Outputs and inputs of a block."""
BITS = 31
"""Bits that a layer's arithmetic has for a weight or a scale."""
FINEST = 36
"""Finest format of a weight that is no 8-bit integer."""
FINEST_SCALE = 45
"""Finest format of a scale."""


def dense_matrix(blocks: NDArray[np.integer[Any]], inputs: int, outputs: int) -> Integers:
    """Outputs by inputs from the blocks of a dense layer."""
    shaped = blocks.reshape(outputs // ROWS, inputs // COLUMNS, ROWS, COLUMNS)
    return shaped.transpose(0, 2, 1, 3).reshape(outputs, inputs).astype(np.int64)


def sparse_matrix(
    blocks: NDArray[np.integer[Any]], index: NDArray[np.integer[Any]], inputs: int, outputs: int
) -> Integers:
    """Outputs by inputs from the blocks of a sparse layer; the rest is 0.

    Raises:
        ValueError: if the index does not fit the blocks or the layer.
    """
    matrix = np.zeros((outputs, inputs), dtype=np.int64)
    shaped = blocks.reshape(-1, ROWS, COLUMNS)
    entries = iter(index.tolist())
    block = 0
    for first in range(0, outputs, ROWS):
        for _ in range(next(entries, 0)):
            column = next(entries, -1)
            if column < 0 or column % COLUMNS or column + COLUMNS > inputs:
                raise ValueError(f"index entry {column} is not a column of {inputs} inputs")
            if block >= len(shaped):
                raise ValueError("index names more blocks than there are")
            matrix[first : first + ROWS, column : column + COLUMNS] = shaped[block]
            block += 1
    if block != len(shaped) or next(entries, None) is not None:
        raise ValueError("index does not fit the blocks")
    return matrix


@dataclass(frozen=True)
class Layer:
    """One layer of a network: its numbers and the map they make."""

    raw: RawLayer

    @property
    def name(self) -> str:
        """The name in libopus."""
        return self.raw.name

    @property
    def inputs(self) -> int:
        """Length of an input row."""
        return self.raw.inputs

    @property
    def outputs(self) -> int:
        """Length of an output row."""
        return self.raw.outputs

    @cached_property
    def wide(self) -> Quantity:
        """Weights that are no 8-bit integers, 31 bits, as the file orders them."""
        return narrowed(self.raw.arrays["wide"], FINEST)

    @property
    def q(self) -> int:
        """Format of :attr:`matrix`: 0 for 8-bit weights."""
        return self.wide.q if "wide" in self.raw.arrays else 0

    @cached_property
    def matrix(self) -> Integers:
        """Weights, outputs by inputs, in Qq; of a 2-D convolution outputs, inputs, time, height."""
        arrays = self.raw.arrays
        if "wide" in arrays:
            weights = self.wide.mantissa.astype(np.int64)
            return weights if self.raw.kind == "conv2d" else weights.T
        blocks = arrays["bytes"].mantissa
        if self.raw.kind == "sparse":
            index = arrays["index"].mantissa
            return sparse_matrix(blocks, index, self.inputs, self.outputs)
        return dense_matrix(blocks, self.inputs, self.outputs)

    def bias(self, q: int) -> Integers | None:
        """Bias of each output in Qq, halves up; None where there is none."""
        return in_format(self.raw.arrays["bias"], q) if "bias" in self.raw.arrays else None

    def words(self, role: str) -> Words:
        """An array of the file as binary32 words, exactly, in the file's order.

        Raises:
            InputError: ``model.layer`` if there is none or a number has more than 24 bits.
        """
        if role not in self.raw.arrays:
            raise InputError("model.layer", f"layer {self.name} has no {role}")
        m, q = self.raw.arrays[role].mantissa.astype(np.int64), self.raw.arrays[role].q
        pairs = rounded(m, np.full_like(m, -q))
        if np.any(pairs.m << np.maximum(pairs.e + q, 0) != m):
            raise InputError("model.layer", f"layer {self.name}: {role} is no array of binary32")
        return to_words(pairs)

    @cached_property
    def linear(self) -> Linear:
        """The affine map on Q24.

        Raises:
            TypeError: for a 2-D convolution.
        """
        if self.raw.kind == "conv2d":
            raise TypeError(f"{self.name} is a 2-D convolution")
        if "wide" in self.raw.arrays:
            return WideLinear(self.matrix, self.q, self.bias(self.q + 8))
        scale = narrowed(self.raw.arrays["scale"], FINEST_SCALE)
        return ByteLinear(self.matrix, scale.mantissa.astype(np.int64), scale.q, self.bias(scale.q))


def in_format(quantity: Quantity, q: int) -> Integers:
    """The numbers in Qq, halves up where bits are lost.

    Raises:
        ValueError: if a number has more than 62 bits then.
    """
    mantissa = quantity.mantissa.astype(np.int64)
    shift = q - quantity.q
    if shift < 0:
        return (mantissa + (1 << (-shift - 1))) >> -shift
    if int(np.abs(mantissa).max(initial=0)) >> max(62 - shift, 0):
        raise ValueError(f"no room for Q{q}")
    return mantissa << shift


def narrowed(quantity: Quantity, finest: int) -> Quantity:
    """The numbers in ``finest``, or the next coarser format in which they have 31 bits."""
    largest = int(np.abs(quantity.mantissa).max(initial=0))
    q = min(finest, quantity.q + BITS - largest.bit_length())
    return Quantity(in_format(quantity, q), q)


class Model:
    """A network's layers by name.

    ``model["dec_gru1_input"]`` is the affine map of that layer, ready to be called;
    ``model.layers`` holds the weights themselves.
    """

    def __init__(self, raw: RawModel) -> None:
        """Take the layers of ``raw``; matrices are made on first use."""
        self.name = raw.name
        self.dred_version = raw.dred_version
        self.provenance = raw.provenance
        self.layers: Mapping[str, Layer] = MappingProxyType(
            {layer.name: Layer(layer) for layer in raw.layers}
        )

    def layer(self, name: str, role: str) -> Layer:
        """Layer ``name``, which has an array ``role``.

        Raises:
            InputError: ``model.layer`` if there is none.
        """
        layer = self.layers.get(name)
        if layer is None or role not in layer.raw.arrays:
            raise InputError("model.layer", f"model {self.name} has no layer {name} with {role}")
        return layer

    def __getitem__(self, name: str) -> Linear:
        """The affine map of layer ``name`` on Q24.

        Raises:
            InputError: ``model.layer`` if the model has no such layer or its numbers do not fit.
        """
        if name not in self.layers:
            raise InputError("model.layer", f"model {self.name} has no layer {name}")
        try:
            return self.layers[name].linear
        except (ValueError, KeyError) as error:
            raise InputError("model.layer", f"{self.name}, layer {name}: {error}") from error
