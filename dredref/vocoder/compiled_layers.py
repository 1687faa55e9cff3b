"""Layers of the vocoder as compiled functions of integers, one row at a time.

They round as their namesakes in :mod:`dredref.nn.portable` do, operation by operation; a layer,
its function and the rounding for the next layer are one loop, so that nothing between them is
stored. Numbers in arrays are binary32 words; numbers in the loops are pairs of integers
(:mod:`dredref.arithmetic.compiled`). Rounded activations, -127..127, are held as ``int16``, as the
weights are: processors add up products of such pairs in one instruction.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiled import (
    Number,
    add,
    mul,
    pack,
    sigmoid,
    tanh,
    to_byte,
    unpack,
    whole,
)
from dredref.arithmetic.compiling import kernel, part, scalar
from dredref.arithmetic.significand import Words, words_of
from dredref.nn.compiled_layers import next_state
from dredref.nn.portable import ByteLayer, RealLayer

Bytes: TypeAlias = NDArray[np.int16]
"""Weights or rounded activations, -127..127."""
IntegerArray = TypeVar("IntegerArray", Bytes, Words)
"""Either kind of array."""


class Eight(NamedTuple):
    """A layer of 8-bit weights. Its integer sums stay within 24 bits, as ByteLayer checks."""

    weights: Bytes
    """[outputs, inputs]."""
    scale: Words
    """``m`` and ``e`` of each output's scale, [2, outputs]."""
    bias: Words
    """The same of its bias, or [2, 0] where there is none."""


class Real(NamedTuple):
    """A layer of weights of 24 significant bits."""

    weights: Words
    """[inputs, outputs]."""
    bias: Words


@kernel
def split(words: Words) -> Words:
    """``m`` and ``e`` of words, [2, words]."""
    parts = np.empty((2, words.size), np.int32)
    for index in range(words.size):
        parts[0, index], parts[1, index] = unpack(words[index])
    return parts


@kernel
def real(layer: Real, x: Words, out: Words) -> None:
    """Outputs of a real layer: products rounded and added in the order of inputs, then the bias."""
    for o in range(out.size):
        out[o] = pack(mul(unpack(x[0]), unpack(layer.weights[0, o])))
    for i in range(1, x.size):
        factor = unpack(x[i])
        for o in range(out.size):
            out[o] = pack(add(unpack(out[o]), mul(factor, unpack(layer.weights[i, o]))))
    for o in range(out.size):
        out[o] = pack(add(unpack(out[o]), unpack(layer.bias[o])))


@kernel
def add_up(weights: Bytes, x: Bytes, sums: Words) -> None:
    """Integer sums of products, one for each row of the weights."""
    for o in range(weights.shape[0]):
        total = np.int32(0)
        for i in range(weights.shape[1]):
            total = np.int32(total + np.int32(weights[o, i]) * np.int32(x[i]))
        sums[o] = total


@scalar
def output(layer: Eight, sums: Words, o: int) -> Number:
    """Output ``o`` of a layer: ``scale * sum + bias``."""
    scaled = mul(whole(sums[o]), (layer.scale[0, o], layer.scale[1, o]))
    if layer.bias.shape[1] == 0:
        return scaled
    return add(scaled, (layer.bias[0, o], layer.bias[1, o]))


@part
def put(x: IntegerArray, row: IntegerArray, start: int) -> None:
    """Copy ``x`` to ``row`` from ``start`` on; both may be of one array, ``x`` further on."""
    for index in range(x.size):
        row[start + index] = x[index]


@kernel
def round_all(x: Words, rounded: Bytes) -> None:
    """Numbers within -1..1 as activations."""
    for index in range(x.size):
        rounded[index] = to_byte(unpack(x[index]))


@kernel
def dense(layer: Eight, x: Bytes, sums: Words, out: Words, rounded: Bytes) -> None:
    """``tanh(layer(x))``, also rounded; ``sums`` is scratch."""
    add_up(layer.weights, x, sums)
    for o in range(layer.weights.shape[0]):
        y = tanh(output(layer, sums, o))
        out[o] = pack(y)
        rounded[o] = to_byte(y)


@kernel
def glu(
    layer: Eight, x: Words, activations: Bytes, sums: Words, out: Words, rounded: Bytes
) -> None:
    """Gated linear unit, ``x * sigmoid(layer(x))``, also rounded; ``x`` comes in both forms."""
    add_up(layer.weights, activations, sums)
    for o in range(layer.weights.shape[0]):
        y = mul(unpack(x[o]), sigmoid(output(layer, sums, o)))
        out[o] = pack(y)
        rounded[o] = to_byte(y)


@kernel
def gru(
    fed_layer: Eight,
    own_layer: Eight,
    x: Bytes,
    state: Words,
    activations: Bytes,
    fed: Words,
    own: Words,
    gates: Words,
) -> None:
    """One step of a gated recurrent unit; its state, held in both forms, is updated.

    ``fed``, ``own`` and ``gates`` are scratch. See :func:`dredref.nn.portable.gru_step`.
    """
    size = state.size
    add_up(fed_layer.weights, x, fed)
    add_up(own_layer.weights, activations, own)
    for i in range(2 * size):
        gates[i] = pack(sigmoid(add(output(fed_layer, fed, i), output(own_layer, own, i))))
    for i in range(size):
        c = i + 2 * size
        z, r = unpack(gates[i]), unpack(gates[size + i])
        halves = output(fed_layer, fed, c), output(own_layer, own, c)
        new = next_state(z, r, halves[0], halves[1], unpack(state[i]))
        state[i] = pack(new)
        activations[i] = to_byte(new)


def eight_bits(layer: ByteLayer[Any]) -> Eight:
    """A layer in compiled form."""
    weights = np.ascontiguousarray(layer.matrix.integers.T.astype(np.int16))
    nothing = np.zeros(0, np.int32)
    bias = nothing if layer.bias is None else words_of(layer.bias)
    return Eight(weights, split(words_of(layer.scale)), split(bias))


def real_weights(layer: RealLayer[Any]) -> Real:
    """A layer in compiled form."""
    return Real(words_of(layer.weights), words_of(layer.bias))
