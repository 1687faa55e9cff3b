"""Layers on words, compiled: what follows the sums of products of 8-bit integers.

Each function is the loop of a layer of :mod:`dredref.nn.portable`, with the operations of
:mod:`dredref.arithmetic.compiled` in the order that is written there.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.compiled import ONE, add, mul, pack, sigmoid, sub, tanh, unpack, whole
from dredref.arithmetic.compiled_arrays import flat
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.significand import Words


@kernel
def _scaled(sums: Words, scale: Words, bias: Words, out: Words) -> None:
    for row in range(out.shape[0]):
        for o in range(out.shape[1]):
            product = mul(whole(sums[row, o]), unpack(scale[o]))
            out[row, o] = pack(add(product, unpack(bias[o])))


@kernel
def _real_rows(x: Words, weights: Words, bias: Words, out: Words) -> None:
    total = np.empty_like(bias)
    for row in range(out.shape[0]):
        for o in range(total.size):
            total[o] = pack(mul(unpack(x[row, 0]), unpack(weights[0, o])))
        for i in range(1, weights.shape[0]):
            for o in range(total.size):
                product = mul(unpack(x[row, i]), unpack(weights[i, o]))
                total[o] = pack(add(unpack(total[o]), product))
        for o in range(total.size):
            out[row, o] = pack(add(unpack(total[o]), unpack(bias[o])))


@kernel
def _gru_step(fed: Words, own: Words, state: Words, out: Words) -> None:
    size = out.shape[1]
    gates = np.empty(2 * size, np.int32)
    for row in range(out.shape[0]):
        for i in range(gates.size):
            gates[i] = pack(sigmoid(add(unpack(fed[row, i]), unpack(own[row, i]))))
        for i in range(size):
            z, r = unpack(gates[i]), unpack(gates[size + i])
            reset = mul(unpack(own[row, 2 * size + i]), r)
            h = tanh(add(unpack(fed[row, 2 * size + i]), reset))
            kept = mul(z, unpack(state[row, i]))
            out[row, i] = pack(add(kept, mul(sub(ONE, z), h)))


def rows_of(x: Words) -> Words:
    """``x`` as loops take it: contiguous and not locked."""
    return flat(x, x.shape).reshape(x.shape)


def scaled(sums: Words, scale: Words, bias: Words) -> Words:
    """``scale * sum + bias`` of integer sums [rows, outputs] of at most 24 bits."""
    out = np.empty(sums.shape, np.int32)
    _scaled(rows_of(sums), scale, bias, out)
    return out


def real_rows(x: Words, weights: Words, bias: Words) -> Words:
    """Sums of rounded products of ``x`` [rows, inputs] and weights [inputs, outputs], bias last."""
    out = np.empty((x.shape[0], bias.size), np.int32)
    _real_rows(rows_of(x), weights, bias, out)
    return out


def gru_step(fed: Words, own: Words, state: Words) -> Words:
    """The new state [rows, n] of what the input's and the recurrent layer give [rows, 3 n]."""
    out = np.empty(state.shape, np.int32)
    _gru_step(rows_of(fed), rows_of(own), rows_of(state), out)
    return out
