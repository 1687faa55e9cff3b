"""Compiled layers and networks beside the specification that they follow, in pairs of integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.significand import (
    PACKED,
    PAIRS,
    Significands,
    Words,
    from_words,
    nearest,
    numbers,
    to_words,
)
from dredref.arithmetic.significand_functions import sigmoid, tanh, to_bytes
from dredref.arithmetic.significand_logs import exp
from dredref.model import packaged
from dredref.nn.portable import ByteLayer, RealLayer, gru_step
from dredref.vocoder import compiled, compiled_layers, emphasis, network
from dredref.vocoder.compiled_engine import CompiledEngine
from dredref.vocoder.compiled_layers import Eight, Real, eight_bits, real_weights
from dredref.vocoder.engine import Engine
from dredref.vocoder.period import repetition
from dredref.vocoder.sizes import GRU_SIZES

RNG = np.random.default_rng(31)


def words(*shape: int, size: float = 1.0) -> Words:
    """Numbers of all magnitudes up to ``size``, zeros and the finest among them."""
    exponents = np.where(RNG.random(shape) < 0.8, RNG.integers(-12, 0, shape), -140)
    found = np.ldexp(RNG.uniform(-size, size, shape), exponents).astype(np.float32)
    found[RNG.random(shape) < 0.05] = 0
    whole: Words = (found + np.float32(0)).view(np.int32)
    whole[RNG.random(shape) < 0.05] = nearest("1")
    return whole


def byte_layers(inputs: int, outputs: int, bias: bool) -> tuple[Eight, ByteLayer[Significands]]:
    """A layer in both forms."""
    weights = RNG.integers(-127, 128, (outputs, inputs))
    scale, added = words(outputs, size=0.01), words(outputs)
    packed = ByteLayer(weights, *(numbers(x, PACKED) for x in (scale, added)[: 1 + bias]))
    return eight_bits(packed), ByteLayer(
        weights, *(numbers(x, PAIRS) for x in (scale, added)[: 1 + bias])
    )


def activations(x: Words) -> NDArray[np.int16]:
    """Words within -1..1 as activations."""
    return to_bytes(from_words(x)).astype(np.int16)


def room(size: int) -> tuple[Words, Words, NDArray[np.int16]]:
    """Scratch, and outputs as words and as activations."""
    return np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int16)


def test_split() -> None:
    """Words and what they are split into are the same numbers."""
    x = words(500)
    m, e = compiled_layers.split(x).astype(np.int64)
    e = np.where(m == 0, 0, e)
    np.testing.assert_array_equal(np.ldexp(m.astype(np.float64), e), x.view(np.float32))


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (2, 7), (80, 1), (192, 4), (32, 64)])
def test_real(inputs: int, outputs: int) -> None:
    """Sums by rising input, the bias last."""
    weights, bias, x = words(inputs, outputs), words(outputs), words(inputs, size=30)
    layer = RealLayer(from_words(weights), from_words(bias))
    out = np.empty(outputs, np.int32)
    compiled_layers.real(Real(weights, bias), x, out)
    np.testing.assert_array_equal(out, to_words(layer(from_words(x[None])))[0])
    carried = RealLayer(numbers(weights, PACKED), numbers(bias, PACKED))
    assert all(map(np.array_equal, real_weights(carried), (weights, bias)))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (7, 5), (64, 33), (328, 192)])
def test_dense(inputs: int, outputs: int, bias: bool) -> None:
    """The tangent of a layer of 8-bit weights, with a bias and without."""
    layer, defined = byte_layers(inputs, outputs, bias)
    x = words(inputs)
    sums, out, rounded = room(outputs)
    compiled_layers.dense(layer, activations(x), sums, out, rounded)
    expected = to_words(tanh(defined(from_words(x[None]))))[0]
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(rounded, activations(expected))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("size", [1, 40, 160])
def test_glu(size: int, bias: bool) -> None:
    """The gated linear unit."""
    layer, defined = byte_layers(size, size, bias)
    x = words(size)
    sums, out, rounded = room(size)
    compiled_layers.glu(layer, x, activations(x), sums, out, rounded)
    pairs = from_words(x[None])
    expected = to_words(pairs * sigmoid(defined(pairs)))[0]
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(rounded, activations(expected))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("inputs", "size"), [(3, 1), (272, 160), (30, 33)])
def test_gru(inputs: int, size: int, bias: bool) -> None:
    """Three steps of a recurrent unit."""
    fed, defined_fed = byte_layers(inputs, 3 * size, bias)
    own, defined_own = byte_layers(size, 3 * size, bias)
    state = words(size)
    rounded = activations(state)
    expected = from_words(state[None])
    scratch = [np.empty(3 * size, np.int32) for _ in range(3)]
    for _ in range(3):
        x = words(inputs)
        compiled_layers.gru(fed, own, activations(x), state, rounded, *scratch)
        expected = gru_step(defined_fed(from_words(x[None])), defined_own, expected)
        np.testing.assert_array_equal(state, to_words(expected)[0])
        np.testing.assert_array_equal(rounded, activations(state))


def test_deemphasize() -> None:
    """The recursion, through the finest numbers too."""
    line, memory = words(400), words(1)
    pairs = from_words(line[None]), from_words(memory)
    speech, last = emphasis.deemphasize(*pairs)
    compiled.deemphasize(line, memory)
    np.testing.assert_array_equal(line, to_words(speech)[0])
    np.testing.assert_array_equal(memory, to_words(last))


@pytest.fixture(scope="module")
def engines() -> tuple[CompiledEngine, Engine[Significands]]:
    """The compiled engine and the one that defines it."""
    return CompiledEngine(packaged("fargan")), Engine(packaged("fargan"), PAIRS)


def test_condition(engines: tuple[CompiledEngine, Engine[Significands]]) -> None:
    """Conditions, gains and memory of a run, for any features."""
    memory, features = words(1, 2, 64), words(1, 7, 20, size=300)
    rows = RNG.integers(32, 256, (1, 7))
    expected = network.condition(engines[1].weights, from_words(memory), from_words(features), rows)
    conditions, exponents = np.empty((28, 80), np.int32), np.empty(28, np.int32)
    given = engines[0]._conditioning, memory[0], features[0], rows[0] - 32
    compiled.condition(*given, conditions, exponents)
    gains = to_words(exp(from_words(exponents)))
    for found, defined in zip((conditions, gains, memory[0]), expected, strict=True):
        np.testing.assert_array_equal(found, to_words(defined)[0])


@pytest.mark.parametrize("period", [1, 2, 43, 44, 255, 256, 511])
def test_speak(engines: tuple[CompiledEngine, Engine[Significands]], period: int) -> None:
    """Two subframes from a state that no speech leaves, for short and long periods."""
    line = np.concatenate([words(256, size=4), np.zeros(80, np.int32)])
    convolution = words(164)
    first, second, third = (words(size) for size in GRU_SIZES)
    units = first, second, third
    conditions, gains = words(2, 80), words(2) & 0x7FFFFFFF
    state: Any = network.SignalState(
        from_words(line[None, :256]),
        from_words(convolution[None]),
        tuple(from_words(unit[None]) for unit in units),
    )
    expected = []
    for condition, gain in zip(conditions, gains, strict=True):
        given = from_words(condition[None]), from_words(gain[None]), np.array([period])
        samples, state = network.subframe(engines[1].weights, state, *given)
        expected.append(to_words(samples)[0])
    places = np.tile(repetition()[period], (2, 1))
    compiled.speak(engines[0]._network, line, convolution, units, conditions, gains, places)
    np.testing.assert_array_equal(line[256:], np.concatenate(expected))
    np.testing.assert_array_equal(convolution, to_words(state.convolution)[0])
    for found, defined in zip(units, state.units, strict=True):
        np.testing.assert_array_equal(found, to_words(defined)[0])
