"""Layers on Q24: against exact sums, and both carriers against each other."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.activations import sigmoid, tanh
from dredref.arithmetic.fixed import ONE, carry, multiply, settle
from dredref.nn.layers import (
    HALF_LIMIT,
    WIDE_LIMIT,
    ByteLinear,
    WideLinear,
    dense,
    gru_step,
    linear,
)

RNG = np.random.default_rng(11)


def byte_layer(inputs: int, outputs: int, q: int = 41) -> ByteLinear:
    """A layer with weights, scales and biases of all sizes."""
    return ByteLinear(
        RNG.integers(-127, 128, (outputs, inputs)),
        RNG.integers(1, 1 << 28, outputs),
        q,
        RNG.integers(-(1 << q), 1 << q, outputs),
    )


def activations(*shape: int) -> NDArray[np.int64]:
    """Q24 numbers within -1..1."""
    return RNG.integers(-ONE, ONE + 1, shape)


def test_byte_layer_is_the_rounded_exact_sum() -> None:
    """Against fractions."""
    layer, x = byte_layer(12, 5), activations(7, 12)
    found = layer(x)
    np.testing.assert_array_equal(found, layer(carry(x)))
    weights = layer.weights.integers.T.tolist()
    for row, outputs in zip(x.tolist(), found.tolist(), strict=True):
        rounded = [math.floor(Fraction(127 * value, ONE) + Fraction(1, 2)) for value in row]
        for k, output in enumerate(outputs):
            total = sum(w * b for w, b in zip(weights[k], rounded, strict=True))
            exact = Fraction(int(layer.scale[k]) * total + int(layer.bias[k]), 1 << (layer.q - 24))
            assert output == math.floor(exact + Fraction(1, 2))


@pytest.mark.parametrize("q", [25, 30, 36])
def test_wide_layer_is_the_rounded_exact_sum(q: int) -> None:
    """Against whole numbers of any size; inputs of any size, saturated."""
    weights = RNG.integers(-(1 << 31), 1 << 31, (6, 50))
    bias = RNG.integers(-(1 << q), 1 << q, 6)
    layer = WideLinear(weights, q, bias)
    x = RNG.integers(-(1 << 36), 1 << 36, (9, 50)) >> RNG.integers(0, 30, (9, 50))
    found = layer(x)
    np.testing.assert_array_equal(found, layer(carry(x)))
    limited = np.clip(x, -WIDE_LIMIT, WIDE_LIMIT)
    for row, outputs in zip(limited.tolist(), found.tolist(), strict=True):
        for k, output in enumerate(outputs):
            total = sum(w * v for w, v in zip(weights[k].tolist(), row, strict=True))
            exact = Fraction(total, 1 << q) + Fraction(int(bias[k]) << 24, 1 << (q + 8))
            assert output == math.floor(exact + Fraction(1, 2))


def test_sums_that_could_be_inexact_are_refused() -> None:
    """Both kinds check their bound when they are made."""
    weights = np.full((1, 1000), 127)
    with pytest.raises(ValueError, match="past 2"):
        ByteLinear(weights, np.array([1 << 31]), 40)
    with pytest.raises(ValueError, match="past 2"):
        WideLinear(np.full((1, 5000), 1 << 31), 30)


def test_layers_without_bias() -> None:
    """The same as a bias of zero."""
    weights, scale, x = RNG.integers(-127, 128, (4, 8)), np.full(4, 99999), activations(3, 8)
    zero = np.zeros(4, np.int64)
    np.testing.assert_array_equal(
        ByteLinear(weights, scale, 39)(x), ByteLinear(weights, scale, 39, zero)(x)
    )
    np.testing.assert_array_equal(
        WideLinear(weights, 30)(x), WideLinear(weights, 30, zero)(x)
    )  # fmt: skip


def test_dense_and_gru_on_both_carriers() -> None:
    """Made of their parts, element for element."""
    layer = byte_layer(16, 8)
    feed, own = byte_layer(10, 48), byte_layer(16, 48)
    x, y, state = activations(5, 16), activations(5, 10), activations(5, 16)
    for kind in (settle, carry):
        a, fed, s = kind(x), feed(kind(y)), kind(state)
        np.testing.assert_array_equal(dense(layer, a), tanh(layer(a)))
        np.testing.assert_array_equal(dense(layer, a, linear), layer(a))
        new = gru_step(fed, own, s)
        recurrent = own(s)
        z, r = (sigmoid(fed[:, k : k + 16] + recurrent[:, k : k + 16]) for k in (0, 16))
        half = np.clip(recurrent[:, 32:], -HALF_LIMIT, HALF_LIMIT)
        h = tanh(fed[:, 32:] + multiply(half, r))
        total = settle(z) * settle(s) + (ONE - settle(z)) * settle(h)
        np.testing.assert_array_equal(settle(new), (total + (1 << 23)) >> 24)
        assert new.dtype == s.dtype


def test_recurrence_stays_within_one() -> None:
    """States cannot leave -1..1, however long the unit runs on the largest inputs."""
    feed, own = byte_layer(10, 48), byte_layer(16, 48)
    state = np.full((2, 16), float(ONE))
    for _ in range(300):
        state = gru_step(feed(carry(RNG.choice([-ONE, ONE], (2, 10)))), own, state)
        assert np.abs(state).max() <= ONE
