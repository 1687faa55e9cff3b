"""Layers on 24 significant bits: all kinds of number, and against rounded fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.significand import (
    PACKED,
    Carried,
    Significands,
    from_words,
    nearest,
    numbers,
    to_words,
    words_of,
)
from dredref.arithmetic.significand_rows import to_bytes
from dredref.model import packaged
from dredref.nn.portable import ByteLayer, RealLayer, byte_layer, gru_states, gru_step, real_layer
from dredref.spec.errors import InputError

RNG = np.random.default_rng(21)


def reals(*shape: int, size: float = 1.0) -> Carried:
    """Numbers within ``-size..size``."""
    return RNG.uniform(-size, size, shape).astype(np.float32)


def pairs(x: Carried) -> Significands:
    """The same numbers as pairs of integers."""
    return from_words(x.view(np.int32))


def words(x: Carried) -> Carried:
    """The same numbers as words."""
    return numbers(x.view(np.int32), PACKED)


def rounded(value: Fraction) -> Fraction:
    """A value on 24 significant bits."""
    return Fraction(float(np.array(nearest(value), np.int32).view(np.float32)))


def byte_layers(
    inputs: int, outputs: int
) -> tuple[ByteLayer[Carried], ByteLayer[Significands], ByteLayer[Carried], NDArray[np.int64]]:
    """One layer in binary32, in pairs and in words, and its weights."""
    weights = RNG.integers(-127, 128, (outputs, inputs))
    scale, bias = reals(outputs, size=0.001), reals(outputs)
    return (
        ByteLayer(weights, scale, bias),
        ByteLayer(weights, pairs(scale), pairs(bias)),
        ByteLayer(weights, words(scale), words(bias)),
        weights,
    )


def test_byte_layer() -> None:
    """Scale times the integer sum, rounded, plus bias, rounded."""
    packed, defined, compiled, weights = byte_layers(20, 6)
    x = reals(5, 20)
    found = packed(x)
    np.testing.assert_array_equal(to_words(defined(pairs(x))), found.view(np.int32))
    np.testing.assert_array_equal(words_of(compiled(words(x))), found.view(np.int32))
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
    found = ByteLayer(weights, scale)(x)
    np.testing.assert_array_equal(found, ByteLayer(weights, scale, zero)(x))
    compiled = ByteLayer(weights, words(scale))
    np.testing.assert_array_equal(words_of(compiled(words(x))), found.view(np.int32))
    with pytest.raises(ValueError, match="past 2"):
        ByteLayer(np.full((1, 2000), 127), reals(1))


@pytest.mark.parametrize("rows", [0, 1, 5, 300])
def test_real_layer(rows: int) -> None:
    """Products rounded and added in the order of inputs, bias last; blocks change nothing."""
    weights, bias, x = reals(9, 4), reals(4), reals(rows, 9, size=60)
    packed, defined = RealLayer(weights, bias), RealLayer(pairs(weights), pairs(bias))
    found = packed(x)
    assert found.shape == (rows, 4)
    compiled = RealLayer(words(weights), words(bias))(words(x))
    np.testing.assert_array_equal(words_of(compiled).view(np.float32), found)
    np.testing.assert_array_equal(
        to_words(defined(pairs(x))), np.ascontiguousarray(found).view(np.int32)
    )
    for row, outputs in zip(x[:2].tolist(), found[:2].tolist(), strict=True):
        total = Fraction(0)
        for value, weight in zip(row, weights[:, 3].tolist(), strict=True):
            total = rounded(total + rounded(Fraction(value) * Fraction(weight)))
        assert Fraction(outputs[3]) == rounded(total + Fraction(float(bias[3])))


def test_gru_step() -> None:
    """All kinds, and bounds of the state however long it runs."""
    packed, defined, compiled, _ = byte_layers(8, 24)
    fed, state = reals(3, 24, size=6), reals(3, 8)
    found = gru_step(fed, packed, state)
    np.testing.assert_array_equal(
        to_words(gru_step(pairs(fed), defined, pairs(state))), found.view(np.int32)
    )
    in_words = gru_step(words(fed), compiled, words(state))
    np.testing.assert_array_equal(words_of(in_words), found.view(np.int32))
    for _ in range(300):
        state = gru_step(reals(3, 24, size=60), packed, state)
        assert np.abs(to_bytes(state)).max() <= 127


def test_gru_states() -> None:
    """Step after step, two rows each; no step leaves the state as it is."""
    packed, defined, compiled, _ = byte_layers(8, 24)
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
    of_words, last_words = gru_states(words(fed), compiled, words(state))
    np.testing.assert_array_equal(words_of(of_words), states.view(np.int32))
    np.testing.assert_array_equal(words_of(last_words), last.view(np.int32))
    for layer, kind in ((packed, np.asarray), (compiled, words)):
        none, same = gru_states(kind(fed[:0]), layer, kind(state))
        assert none.shape == (0, 8)
        np.testing.assert_array_equal(words_of(same), state.view(np.int32))


@pytest.mark.parametrize("size", [5, 8])
def test_fewer_and_fewer_rows(size: int) -> None:
    """Steps of fewer rows go on from the first of those before; sizes need not be round."""
    packed, _, compiled, _ = byte_layers(size, 3 * size)
    fed, state, sizes = reals(9, 3 * size, size=6), reals(4, size), (4, 2, 2, 1)
    states, last = gru_states(fed, packed, state, sizes)
    of_words, last_words = gru_states(words(fed), compiled, words(state), sizes)
    np.testing.assert_array_equal(words_of(of_words), states.view(np.int32))
    np.testing.assert_array_equal(words_of(last_words), last.view(np.int32))
    alone, _ = gru_states(fed[[0, 4, 6, 8]], packed, state[:1])
    np.testing.assert_array_equal(states[[0, 4, 6, 8]], alone)


def test_sizes_that_do_not_fit() -> None:
    """Compiled loops look at no bounds, so what calls them does."""
    layer, real = byte_layers(8, 24)[2], RealLayer(words(reals(9, 4)), words(reals(4)))
    fed, state = words(reals(4, 24)), words(reals(2, 8))
    for sizes in ((2, 1), (2, 3), (1, 2, 1), (3, 1)):
        with pytest.raises(ValueError, match="do not fit"):
            gru_states(fed, layer, state, sizes)
    with pytest.raises(ValueError, match="do not fit"):
        gru_states(fed[:, :23], layer, state)
    with pytest.raises(ValueError, match="do not fit"):
        gru_states(fed, layer, state[:, :7])
    with pytest.raises(ValueError, match="do not fit"):
        real(words(reals(3, 8)))
    with pytest.raises(ValueError, match="do not fit"):
        layer.of_sums(np.zeros((3, 23), np.int32))


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
