"""Layers on words, compiled: what follows the sums of products of 8-bit integers.

Each function is the loop of a layer of :mod:`dredref.nn.portable`, with the operations of
:mod:`dredref.arithmetic.compiled` in the order that is written there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiled import (
    ONE,
    ZERO,
    Number,
    add,
    mul,
    pack,
    sigmoid,
    sub,
    tanh,
    to_byte,
    unpack,
    whole,
)
from dredref.arithmetic.compiled_arrays import flat
from dredref.arithmetic.compiling import i32, kernel, scalar
from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words

Bytes = NDArray[np.int16]
"""Weights or rounded activations of 8 bits."""
Layer = tuple[Bytes, Words, Words]
"""Weights [inputs, outputs], scales and biases."""


@scalar
def _output(total: int, scale: int, bias: int) -> Number:
    """``scale * sum + bias`` of words."""
    return add(mul(whole(total), unpack(scale)), unpack(bias))


@scalar
def next_state(z: Number, r: Number, fed: Number, own: Number, before: Number) -> Number:
    """A unit's new state of its gates and of its candidate's two halves; see ``gru_step``."""
    h = tanh(add(fed, mul(own, r)))
    return add(mul(z, before), mul(sub(ONE, z), h))


@kernel
def _scaled(sums: Words, scale: Words, bias: Words, out: Words) -> None:
    for row in range(out.shape[0]):
        for o in range(out.shape[1]):
            out[row, o] = pack(_output(sums[row, o], scale[o], bias[o]))


@kernel
def _real_rows(x: Words, weights: Words, bias: Words, out: Words) -> None:
    total, exponent = np.empty_like(bias), np.empty_like(bias)
    for row in range(out.shape[0]):
        for o in range(total.size):
            total[o], exponent[o] = i32(0), ZERO
        for i in range(weights.shape[0]):
            factor = unpack(x[row, i])
            for o in range(total.size):
                product = mul(factor, unpack(weights[i, o]))
                total[o], exponent[o] = add((total[o], exponent[o]), product)
        for o in range(total.size):
            out[row, o] = pack(add((total[o], exponent[o]), unpack(bias[o])))


@scalar
def _add_up(weights: Bytes, x: Bytes, sums: Words) -> None:
    """Integer sums of products; weights [inputs, outputs], a multiple of four inputs.

    Outputs are what runs side by side, as inputs are few.
    """
    for o in range(sums.size):
        sums[o] = 0
    for i in range(0, x.size, 4):
        a, b, c, d = i32(x[i]), i32(x[i + 1]), i32(x[i + 2]), i32(x[i + 3])
        for o in range(sums.size):
            one = i32(i32(a * i32(weights[i, o])) + i32(b * i32(weights[i + 1, o])))
            two = i32(i32(c * i32(weights[i + 2, o])) + i32(d * i32(weights[i + 3, o])))
            sums[o] = i32(sums[o] + i32(one + two))


@kernel
def _gru_states(
    fed: Words, weights: Bytes, scale: Words, bias: Words, before: Integers, states: Words
) -> None:
    """Fill the last rows of ``states``, one for each of ``fed``, each from row ``before``.

    Weights [inputs, 3 n]: as many inputs as states, and zeros up to a multiple of four.
    """
    size = states.shape[1]
    first = states.shape[0] - fed.shape[0]
    state, rounded = np.empty(size, np.int32), np.zeros(len(weights), np.int16)
    sums, gates = np.empty(3 * size, np.int32), np.empty(2 * size, np.int32)
    for row in range(fed.shape[0]):
        for i in range(size):
            state[i] = states[before[row], i]
        for i in range(size):
            rounded[i] = to_byte(unpack(state[i]))
        _add_up(weights, rounded, sums)
        for i in range(2 * size):
            own = _output(sums[i], scale[i], bias[i])
            gates[i] = pack(sigmoid(add(unpack(fed[row, i]), own)))
        for i in range(size):
            c = 2 * size + i
            z, r = unpack(gates[i]), unpack(gates[size + i])
            own = _output(sums[c], scale[c], bias[c])
            new = next_state(z, r, unpack(fed[row, c]), own, unpack(state[i]))
            states[first + row, i] = pack(new)


def rows_of(x: Words) -> Words:
    """``x`` as loops take it: contiguous and not locked."""
    return flat(x, x.shape).reshape(x.shape)


def check(what: str, *pairs: tuple[int, int]) -> None:
    """Loops look at no bounds: sizes that must be equal are compared before.

    Raises:
        ValueError: if two are not.
    """
    if any(one != other for one, other in pairs):
        raise ValueError(f"{what}: sizes {pairs} do not fit")


def scaled(sums: Words, scale: Words, bias: Words) -> Words:
    """``scale * sum + bias`` of integer sums [rows, outputs] of at most 24 bits.

    Raises:
        ValueError: if sizes do not fit.
    """
    check("scales", (sums.shape[1], scale.size), (sums.shape[1], bias.size))
    out = np.empty(sums.shape, np.int32)
    _scaled(rows_of(sums), scale, bias, out)
    return out


def real_rows(x: Words, weights: Words, bias: Words) -> Words:
    """Sums of rounded products of ``x`` [rows, inputs] and weights [inputs, outputs], bias last.

    Raises:
        ValueError: if sizes do not fit.
    """
    check("weights", (x.shape[1], weights.shape[0]), (bias.size, weights.shape[1]))
    out = np.empty((x.shape[0], bias.size), np.int32)
    _real_rows(rows_of(x), weights, bias, out)
    return out


def gru_states(fed: Words, layer: Layer, state: Words, sizes: Sequence[int]) -> Words:
    """States before the first step [count, n] and after every row [count + rows, n].

    Args:
        fed: what the input layer gives [rows, 3 n], step after step.
        layer: the recurrent layer's weights [inputs, 3 n], scales and biases; as many inputs as
            states, and zeros up to a multiple of four.
        state: the states before the first step.
        sizes: rows of each step, never rising, at most as many as there are states.

    Raises:
        ValueError: if sizes do not fit.
    """
    count, n = state.shape
    weights, scale, bias = layer
    check("weights", (len(weights), n + -n % 4), (weights.shape[1], 3 * n), (scale.size, 3 * n))
    check("steps", (fed.shape[0], sum(sizes)), (fed.shape[1], 3 * n), (bias.size, 3 * n))
    falling = [count, *sizes]
    check("states", *zip(falling, sorted(falling, reverse=True), strict=True))
    states = np.empty((count + len(fed), n), np.int32)
    states[:count] = state
    _gru_states(rows_of(fed), weights, scale, bias, _before(count, sizes), states)
    return states


def _before(count: int, sizes: Sequence[int]) -> Integers:
    """The row of all states, ``count`` first ones and then step after step, that each follows."""
    lengths = np.array(sizes, np.int64)
    starts = np.cumsum(lengths) - lengths
    of_step = np.concatenate(([0], count + starts))[: len(lengths)]
    before: Integers = np.arange(lengths.sum()) + np.repeat(of_step - starts, lengths)
    return before
