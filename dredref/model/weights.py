"""Weights as matrices: how libopus lays them out.

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
from dredref.model.container import RawLayer, RawModel
from dredref.spec.errors import InputError

ROWS, COLUMNS = 8, 4
"""Outputs and inputs of a block."""


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
    """One layer of a network: its numbers, and what they are as a matrix."""

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

    @property
    def q(self) -> int:
        """Format of :attr:`matrix`: 0 for 8-bit weights."""
        return self.raw.arrays["wide"].q if "wide" in self.raw.arrays else 0

    @cached_property
    def matrix(self) -> Integers:
        """Weights, outputs by inputs, in Qq; of a 2-D convolution outputs, inputs, time, height.

        Raises:
            ValueError: if the index of a sparse layer does not fit.
        """
        arrays = self.raw.arrays
        if "wide" in arrays:
            weights = arrays["wide"].mantissa.astype(np.int64)
            return weights if self.raw.kind == "conv2d" else weights.T
        blocks = arrays["bytes"].mantissa
        if self.raw.kind == "sparse":
            index = arrays["index"].mantissa
            return sparse_matrix(blocks, index, self.inputs, self.outputs)
        return dense_matrix(blocks, self.inputs, self.outputs)

    def bits(self, role: str) -> NDArray[np.int32]:
        """An array of the file as the bits of binary32 numbers, exactly, in the file's order.

        Raises:
            InputError: ``model.layer`` if there is none or a number has more than 24 bits.
        """
        if role not in self.raw.arrays:
            raise InputError("model.layer", f"layer {self.name} has no {role}")
        array = self.raw.arrays[role]
        exact = np.ldexp(array.mantissa.astype(np.float64), -array.q)
        found = exact.astype(np.float32)
        if np.any(found != exact):
            raise InputError("model.layer", f"layer {self.name}: {role} is no array of binary32")
        return found.view(np.int32)


class Model:
    """A network's layers by name."""

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
