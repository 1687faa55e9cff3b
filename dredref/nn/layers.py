"""Layers of the networks: one text for both carriers, many rows at once.

A row is what one stream or packet gives to a layer. Layers round as libopus' portable path does,
operation by operation. What an 8-bit layer takes was rounded to 8 bits where it was made
(:func:`~dredref.arithmetic.functions.to_int8`) and lies in an ``int16`` array, whose rows may be
wider than the layer's inputs: weights are zero there.

Loops are short and read few arrays each: compilers then prove that those do not overlap, and run
many numbers at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiling import dot, kernel, loop, scalar
from dredref.arithmetic.functions import ONE, sigmoid, tanh, to_int8
from dredref.arithmetic.number import (
    Number,
    Numbers,
    add,
    from_bits,
    from_int,
    load,
    mul,
    scratch,
    store,
    sub,
)

Int8: TypeAlias = NDArray[np.int16]
"""Activations rounded to 8 bits, -127..127 [rows, width]."""
Sums: TypeAlias = NDArray[np.int32]
"""Scratch: integer sums of products, at least [rows, outputs]."""


class Network(NamedTuple):
    """The layers of a network, one after the other in a few arrays; a layer is named by its number.

    A layer of 8-bit weights gives ``scale * sum + bias``. The sum is one of integers within 24
    bits, so that taking it for a number rounds nothing. A layer of binary32 weights adds its
    products in the order of the inputs, and the bias last.
    """

    weights: NDArray[np.int8]
    """8-bit weights: [outputs, inputs] of each layer, inputs padded to a multiple of 32."""
    floats: Numbers
    """Other weights: [inputs, outputs] of each layer."""
    scale: Numbers
    bias: Numbers
    """One for each output."""
    table: NDArray[np.int64]
    """Inputs, outputs, where the weights begin and where the outputs do [layers, 4]."""


class Layer(NamedTuple):
    """One layer, as loops work on it."""

    inputs: int
    outputs: int
    start: int
    scale: Numbers
    bias: Numbers


@scalar
def layer_of(network: Network, number: int) -> Layer:
    """A layer of a network."""
    row = network.table[number]
    ends = row[3], row[3] + row[1]
    scale, bias = network.scale[ends[0] : ends[1]], network.bias[ends[0] : ends[1]]
    return Layer(row[0], row[1], row[2], scale, bias)


@loop
def products(network: Network, number: int, x: Int8, sums: Sums) -> None:
    """Integer sums of products of each row with each output's weights."""
    row_of_table = network.table[number]
    size, outputs, start = row_of_table[0], row_of_table[1], row_of_table[2]
    rows = x.shape[0]
    whole = rows - rows % 4
    for row in range(0, whole, 4):
        four = (row, row + 1, row + 2, row + 3)
        even = outputs - outputs % 2
        for o in range(0, even, 2):
            at = start + o * size
            a, b, c, d, e, f, g, h = dot(network.weights, (at, at + size), size, x, four)
            sums[row, o], sums[row + 1, o], sums[row + 2, o], sums[row + 3, o] = a, b, c, d
            p = o + 1
            sums[row, p], sums[row + 1, p], sums[row + 2, p], sums[row + 3, p] = e, f, g, h
        for o in range(even, outputs):
            a, b, c, d = dot(network.weights, (start + o * size,), size, x, four)
            sums[row, o], sums[row + 1, o], sums[row + 2, o], sums[row + 3, o] = a, b, c, d
    for row in range(whole, rows):
        of_row, end = sums[row], outputs - outputs % 4
        for o in range(0, end, 4):
            at = start + o * size
            runs = (at, at + size, at + 2 * size, at + 3 * size)
            of_row[o], of_row[o + 1], of_row[o + 2], of_row[o + 3] = dot(
                network.weights, runs, size, x, (row,)
            )
        for o in range(end, outputs):
            of_row[o] = dot(network.weights, (start + o * size,), size, x, (row,))[0]


@scalar
def scaled(layer: Layer, sums: Any, o: int) -> Number:
    """Output ``o`` of a layer, of a row of sums."""
    product = mul(from_int(layer.scale, sums[o]), load(layer.scale, o))
    return add(product, load(layer.bias, o))


@loop
def linear(network: Network, number: int, x: Int8, sums: Sums, out: Numbers) -> None:
    """Outputs [rows, outputs] of rows."""
    products(network, number, x, sums)
    layer = layer_of(network, number)
    for row in range(x.shape[0]):
        of_row, to = sums[row], out[row]
        for o in range(layer.outputs):
            store(to, o, scaled(layer, of_row, o))


@loop
def dense(
    network: Network, number: int, x: Int8, sums: Sums, out: Numbers, rounded: Int8, at: int
) -> None:
    """``tanh`` of a layer's outputs, also rounded to 8 bits from column ``at`` on."""
    products(network, number, x, sums)
    layer = layer_of(network, number)
    for row in range(x.shape[0]):
        of_row, to, to_int = sums[row], out[row], rounded[row, at:]
        for o in range(layer.outputs):
            y = tanh(scaled(layer, of_row, o))
            store(to, o, y)
            to_int[o] = to_int8(y)


@loop
def float_linear(network: Network, number: int, x: Numbers, out: Numbers) -> None:
    """Outputs [rows, outputs] of rows of a layer of binary32 weights."""
    layer = layer_of(network, number)
    total = scratch(out, layer.outputs)
    for row in range(x.shape[0]):
        of_row, to = x[row], out[row]
        for o in range(layer.outputs):
            store(total, o, from_int(total, 0))
        for i in range(layer.inputs):
            start = layer.start + i * layer.outputs
            factor, weights = load(of_row, i), network.floats[start : start + layer.outputs]
            for o in range(layer.outputs):
                store(total, o, add(load(total, o), mul(factor, load(weights, o))))
        for o in range(layer.outputs):
            store(to, o, add(load(total, o), load(layer.bias, o)))


@kernel
def tanh_all(x: Numbers, size: int, rounded: Int8, at: int) -> None:
    """``tanh`` of the first numbers of rows in place, also rounded from column ``at`` on."""
    for row in range(x.shape[0]):
        of_row, to_int = x[row], rounded[row, at:]
        for i in range(size):
            y = tanh(load(of_row, i))
            store(of_row, i, y)
            to_int[i] = to_int8(y)


@loop
def round_all(x: Numbers, size: int, rounded: Int8, at: int) -> None:
    """The first numbers of rows, within -1..1, rounded to 8 bits from column ``at`` on."""
    for row in range(rounded.shape[0]):
        of_row, to_int = x[row], rounded[row, at:]
        for i in range(size):
            to_int[i] = to_int8(load(of_row, i))


@loop
def copy(x: Int8, start: int, size: int, out: Int8, at: int) -> None:
    """Some activations of rows, from column ``start`` on, copied to column ``at`` of ``out``.

    ``out`` may be ``x`` itself where ``at`` comes first.
    """
    for row in range(x.shape[0]):
        for i in range(size):
            out[row, at + i] = x[row, start + i]


@loop
def glu(
    network: Network,
    number: int,
    x: Numbers,
    x_int: Int8,
    sums: Sums,
    out: Numbers,
    rounded: Int8,
    at: int,
) -> None:
    """Gated linear unit: ``x * sigmoid(layer(x))``, also rounded from column ``at`` on.

    ``x`` comes as numbers and as activations.
    """
    linear(network, number, x_int, sums, out)
    for row in range(x_int.shape[0]):
        of_row, to, to_int = x[row], out[row], rounded[row, at:]
        for o in range(network.table[number, 1]):
            y = mul(load(of_row, o), sigmoid(load(to, o)))
            store(to, o, y)
            to_int[o] = to_int8(y)


@loop
def gru(
    network: Network,
    inputs: int,
    recurrent: int,
    x: Int8,
    sums: Sums,
    fed: Numbers,
    own: Numbers,
    state: Numbers,
    state_int: Int8,
) -> None:
    """One step of a gated recurrent unit; the state, in both forms, is updated.

    The layers of inputs and of the state each give update gate z, reset gate r and candidate h, one
    after the other; r scales the state's half of h after the product.
    ``state' = z * state + (1 - z) * h``. ``fed`` and ``own`` are scratch, at least [rows, 3 n].
    """
    n = state.shape[1]
    linear(network, inputs, x, sums, fed)
    linear(network, recurrent, state_int, sums, own)
    for row in range(x.shape[0]):
        gates, to = fed[row], own[row]
        for i in range(2 * n):
            store(to, i, sigmoid(add(load(gates, i), load(to, i))))
        z, r, own_h = own[row, :n], own[row, n : 2 * n], own[row, 2 * n :]
        fed_h, of_row, to_int = fed[row, 2 * n :], state[row], state_int[row]
        for i in range(n):
            h = tanh(add(load(fed_h, i), mul(load(own_h, i), load(r, i))))
            store(fed_h, i, h)
        one = from_bits(z, ONE)
        for i in range(n):
            kept = mul(load(z, i), load(of_row, i))
            new = add(kept, mul(sub(one, load(z, i)), load(fed_h, i)))
            store(of_row, i, new)
            to_int[i] = to_int8(new)
