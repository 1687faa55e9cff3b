"""Layers on 24 significant bits: both kinds of number, and against rounded fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.significand import (
    Carried,
    Significands,
    from_words,
    nearest,
    to_words,
)
from dredref.arithmetic.significand_rows import to_bytes
from dredref.model import packaged
from dredref.nn.portable import ByteLayer, RealLayer, byte_layer, gru_states, gru_step, real_layer
from spec.errors import InputError

RNG = np.random.default_rng(21)
PACKED: Carried = np.zeros(0, np.float32)


def reals(*shape: int, size: float = 1.0) -> Carried:
    """Numbers within ``-size..size``."""
    return RNG.uniform(-size, size, shape).astype(np.float32)


def pairs(x: Carried) -> Significands:
    """The same numbers as pairs of integers."""
    return from_words(x.view(np.int32))


def rounded(value: Fraction) -> Fraction:
    """A value on 24 significant bits."""
    return Fraction(float(np.array(nearest(value), np.int32).view(np.float32)))


def both_byte_layers(
    inputs: int, outputs: int
) -> tuple[ByteLayer[Carried], ByteLayer[Significands], NDArray[np.int64]]:
    """One layer in both kinds, and its weights."""
    weights = RNG.integers(-127, 128, (outputs, inputs))
    scale, bias = reals(outputs, size=0.001), reals(outputs)
    return (
        ByteLayer(weights, scale, bias),
        ByteLayer(weights, pairs(scale), pairs(bias)),
        weights,
    )


def test_byte_layer() -> None:
    """Scale times the integer sum, rounded, plus bias, rounded."""
    packed, defined, weights = both_byte_layers(20, 6)
    x = reals(5, 20)
    found = packed(x)
    np.testing.assert_array_equal(to_words(defined(pairs(x))), found.view(np.int32))
    rows = to_bytes(x).astype(np.int64)
    assert packed.bias is not None
    for k in range(6):
        scale, bias = (Fraction(float(part[k])) for part in (packed.scale, packed.bias))
        total = int(rows[0] @ weights[k])
        assert Fraction(float(found[0, k])) == rounded(rounded(scale * total) + bias)


def test_byte_layer_without_bias() -> None:
    """No bias is a bias of zero; sums past 24 bits are refused."""
    weights, scale, x = RNG.integers(-127, 128, (6, 20)), reals(6), reals(5, 20)
    zero = np.zeros(6, np.float32)
    np.testing.assert_array_equal(
        ByteLayer(weights, scale)(x), ByteLayer(weights, scale, zero)(x)
    )  # fmt: skip
    with pytest.raises(ValueError, match="past 2"):
        ByteLayer(np.full((1, 2000), 127), reals(1))


@pytest.mark.parametrize("rows", [0, 1, 5, 300])
def test_real_layer(rows: int) -> None:
    """Products rounded and added in the order of inputs, bias last; blocks change nothing."""
    weights, bias, x = reals(9, 4), reals(4), reals(rows, 9, size=60)
    packed, defined = RealLayer(weights, bias), RealLayer(pairs(weights), pairs(bias))
    found = packed(x)
    assert found.shape == (rows, 4)
    np.testing.assert_array_equal(
        to_words(defined(pairs(x))), np.ascontiguousarray(found).view(np.int32)
    )
    for row, outputs in zip(x[:2].tolist(), found[:2].tolist(), strict=True):
        total = Fraction(0)
        for value, weight in zip(row, weights[:, 3].tolist(), strict=True):
            total = rounded(total + rounded(Fraction(value) * Fraction(weight)))
        assert Fraction(outputs[3]) == rounded(total + Fraction(float(bias[3])))


def test_gru_step() -> None:
    """Both kinds, and bounds of the state however long it runs."""
    packed, defined, _ = both_byte_layers(8, 24)
    fed, state = reals(3, 24, size=6), reals(3, 8)
    found = gru_step(fed, packed, state)
    np.testing.assert_array_equal(
        to_words(gru_step(pairs(fed), defined, pairs(state))), found.view(np.int32)
    )
    for _ in range(300):
        state = gru_step(reals(3, 24, size=60), packed, state)
        assert np.abs(to_bytes(state)).max() <= 127


def test_gru_states() -> None:
    """Step after step, two rows each; no step leaves the state as it is."""
    packed, defined, _ = both_byte_layers(8, 24)
    fed, state = reals(10, 24, size=6), reals(2, 8)
    states, last = gru_states(fed, packed, state)
    expected = state
    for step in range(5):
        rows = slice(2 * step, 2 * step + 2)
        expected = gru_step(fed[rows], packed, expected)
        np.testing.assert_array_equal(states[rows], expected)
    np.testing.assert_array_equal(last, expected)
    of_pairs, last_pairs = gru_states(pairs(fed), defined, pairs(state))
    np.testing.assert_array_equal(to_words(of_pairs), states.view(np.int32))
    np.testing.assert_array_equal(to_words(last_pairs), last.view(np.int32))
    none, same = gru_states(fed[:0], packed, state)
    assert none.shape == (0, 8)
    np.testing.assert_array_equal(same, state)


def test_layers_of_models() -> None:
    """A layer by name; one of another kind, or none, is refused."""
    model = packaged("rdovae-decoder-v12")
    assert byte_layer(model, "dec_glu1", PACKED).bias is None
    assert byte_layer(model, "dec_conv1", PACKED).bias is not None
    assert real_layer(model, "dec_dense1", PACKED).weights.shape == (26, 96)
    for name in ("dec_dense1", "none"):
        with pytest.raises(InputError, match=r"\[model.layer\]"):
            byte_layer(model, name, PACKED)
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        real_layer(model, "dec_glu1", PACKED)
