"""Layers on numbers of 24 significant bits, many rows at once.

They round as libopus' portable path does, operation by operation (see
:mod:`dredref.arithmetic.significand`), on any kind of number: pairs of integers, which define the
result, words, on which compiled loops run (:mod:`dredref.nn.compiled_layers`), or binary32. Rows
stand first, features last.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Fixed, Integers
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.products import BYTE, ExactMatrix
from dredref.arithmetic.significand import (
    BITS,
    Carried,
    N,
    Significands,
    Words,
    concatenate,
    constant,
    from_integers,
    numbers,
    words_of,
)
from dredref.arithmetic.significand_rows import sigmoid, tanh, to_bytes
from dredref.model.weights import Model
from dredref.nn import bounds
from dredref.spec.errors import InputError


def _compiled() -> Any:
    """The compiled loops, loaded when first needed."""
    from dredref.nn import compiled_layers

    return compiled_layers


BLOCK_ROWS = 256
"""Rows of a layer of real weights that are worked on at once, so that sums stay in cache."""


class ByteLayer(Generic[N]):
    """Weights of 8 bits, inputs rounded to 8 bits, a scale for each output: ``scale * sum + bias``.

    The sum is one of integers and within 24 bits, so that taking it for a number rounds nothing.
    """

    scale: N
    bias: N | None
    one: N

    def __init__(self, weights: Integers, scale: N, bias: N | None = None) -> None:
        """Weights [outputs, inputs], scales [outputs], biases [outputs] or None for zeros.

        Raises:
            ValueError: if a sum could pass 24 bits.
        """
        self.outputs, self.inputs = weights.shape
        self.matrix = ExactMatrix(weights, BYTE + 1)
        self.scale = scale
        self.bias = bias
        self.one = constant("1", scale)
        self.scale_words = words_of(scale)
        self.bias_words = np.zeros_like(self.scale_words) if bias is None else words_of(bias)
        if self.matrix.bound > 1 << BITS:
            raise ValueError(f"sums reach {self.matrix.bound}, past 2**{BITS}")

    @cached_property
    def words_and_bytes(self) -> tuple[NDArray[np.int16], Words, Words]:
        """Weights [inputs, outputs] with zeros up to a multiple of four inputs, scales, biases."""
        rows = self.inputs + -self.inputs % 4
        weights = np.zeros((rows, self.outputs), np.int16)
        weights[: self.inputs] = self.matrix.integers
        return weights, self.scale_words, self.bias_words

    def of_sums(self, sums: Fixed) -> N:
        """The outputs of sums of products [rows, outputs], which may be overwritten."""
        if isinstance(self.scale, Significands):
            scaled: N = from_integers(sums, self.scale) * self.scale
            biased: N = scaled if self.bias is None else scaled + self.bias
            return biased
        if isinstance(self.scale, Packed):
            return pack_words(_compiled().scaled(sums, self.scale_words, self.bias_words))
        out: N = np.multiply(sums, self.scale, out=sums)
        if self.bias is not None:
            out += self.bias
        return out

    def of_bytes(self, rows: Fixed) -> N:
        """The outputs of inputs that are rounded to 8 bits already."""
        return self.of_sums(self.matrix(rows))

    def __call__(self, x: N) -> N:
        """Rows of inputs within -1..1 to rows of outputs."""
        return self.of_bytes(to_bytes(x))


class RealLayer(Generic[N]):
    """Weights of 24 significant bits: products are rounded and added in the order of inputs.

    The bias comes last.
    """

    weights: N
    bias: N

    def __init__(self, weights: N, bias: N) -> None:
        """Weights [inputs, outputs] and biases [outputs]."""
        self.weights = weights
        self.bias = bias
        self.weight_words, self.bias_words = words_of(weights), words_of(bias)

    def __call__(self, x: N) -> N:
        """Rows of inputs to rows of outputs."""
        if isinstance(x, Significands):
            total: N = x[:, :1] * self.weights[:1]
            for index in range(1, x.shape[1]):
                here = slice(index, index + 1)
                total = total + x[:, here] * self.weights[here]
            biased: N = total + self.bias
            return biased
        if isinstance(self.weights, Packed):
            return pack_words(
                _compiled().real_rows(x.view(np.ndarray), self.weight_words, self.bias_words)
            )
        blocks = (x[k : k + BLOCK_ROWS] for k in range(0, max(len(x), 1), BLOCK_ROWS))
        return np.concatenate([_real_rows(self.weights, self.bias, rows) for rows in blocks])


def _real_rows(weights: Carried, bias: Carried, x: Carried) -> Carried:
    """:class:`RealLayer` on binary32, with rows last so that inner loops are long."""
    columns = np.ascontiguousarray(x.T)
    total = weights[0][:, np.newaxis] * columns[0]
    product = np.empty_like(total)
    for weight, column in zip(weights[1:], columns[1:], strict=True):
        np.multiply(weight[:, np.newaxis], column, out=product)
        total += product
    total += bias[:, np.newaxis]
    rows: Carried = total.T
    return rows


def gru_step(fed: N, recurrent: ByteLayer[N], state: N) -> N:
    """One step of a gated recurrent unit: the new state.

    ``fed``, the input layer's outputs, and the recurrent layer's give update gate z, reset gate r
    and candidate h, one after the other; r scales the recurrent half of h after the product.
    ``state' = z * state + (1 - z) * h``.
    """
    size = recurrent.inputs
    own = recurrent(state)
    gates = sigmoid(fed[:, : 2 * size] + own[:, : 2 * size])
    z, r = gates[:, :size], gates[:, size:]
    h = tanh(fed[:, 2 * size :] + own[:, 2 * size :] * r)
    new: N = z * state + (recurrent.one - z) * h
    return new


def gru_states(
    fed: N, recurrent: ByteLayer[N], state: N, sizes: Sequence[int] | None = None
) -> tuple[N, N]:
    """Every state of a gated recurrent unit [rows, size], and those after the last step.

    Args:
        fed: the input layer's outputs, step after step.
        recurrent: the recurrent layer.
        state: the states before the first step.
        sizes: rows of each step, never rising: those of the first so many states; as many as there
            are states if None.
    """
    if sizes is None:
        sizes = [state.shape[0]] * (fed.shape[0] // max(state.shape[0], 1))
    if isinstance(state, Packed):
        layer = recurrent.words_and_bytes
        words = _compiled().gru_states(fed.view(np.ndarray), layer, words_of(state), sizes)
        states = pack_words(words)
        return states[state.shape[0] :], states[
            len(states) - (sizes[-1] if sizes else len(state)) :
        ]
    found, start = [], 0
    for size in sizes:
        state = gru_step(fed[start : start + size], recurrent, state[:size])
        found.append(state)
        start += size
    return concatenate(found, axis=0) if found else state[:0], state


def byte_layer(model: Model, name: str, like: N) -> ByteLayer[N]:
    """The layer ``name``, for numbers of the kind of ``like``.

    Raises:
        InputError: ``model.layer`` if there is none with 8-bit weights, its numbers do not fit, or
            its outputs could get too large.
    """
    layer = model.layer(name, "bytes")
    bias = layer.words("bias") if "bias" in layer.raw.arrays else None
    try:
        made = ByteLayer(
            layer.matrix,
            numbers(layer.words("scale"), like),
            numbers(bias, like) if bias is not None and bias.any() else None,
        )
    except (KeyError, ValueError) as error:
        raise InputError("model.layer", f"{model.name}, layer {name}: {error}") from error
    bounds.check(bounds.of_bytes(made), bounds.LARGEST_OUTPUT, f"{model.name}, layer {name}")
    return made


def real_layer(model: Model, name: str, like: N) -> RealLayer[N]:
    """The layer ``name``, for numbers of the kind of ``like``.

    Raises:
        InputError: ``model.layer`` if there is none with weights that are no 8-bit integers.
    """
    layer = model.layer(name, "wide")
    return RealLayer(numbers(layer.words("wide"), like), numbers(layer.words("bias"), like))


def first_layer(model: Model, name: str, like: N) -> RealLayer[N]:
    """The layer ``name``, which takes what came from outside and saturates.

    Raises:
        InputError: as :func:`real_layer`, or if its outputs could get too large.
    """
    layer = real_layer(model, name, like)
    inputs = [bounds.LARGEST_INPUT << bounds.Q] * layer.weights.shape[0]
    reach = bounds.of_reals(layer, inputs)
    bounds.check(reach, bounds.LARGEST_FIRST, f"{model.name}, layer {name}")
    return layer
