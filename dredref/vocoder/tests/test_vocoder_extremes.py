"""What no speech has stays in range; what makes no sense is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dredref.arithmetic.significand import carry, from_words
from dredref.model import packaged
from dredref.model.container import RawModel
from dredref.model.weights import Model
from dredref.spec.errors import InputError, UsageError
from dredref.vocoder import Vocoder, VocoderState, vocoder
from dredref.vocoder.synthesis import FEATURE_LIMIT, feature_words
from dredref.vocoder.tests.inputs import clips, extremes

LOUDEST = 32767


def check(state: VocoderState) -> None:
    """Every number of a state is one, and those that are bounded keep their bounds."""
    for words in state.arrays()[1:]:
        from_words(words)
    for bounded in (state.frames, state.convolution, *state.units):
        assert np.abs(carry(bounded)).max() <= 1
    assert state.period.min() >= 1
    assert state.period.max() <= 511


@pytest.mark.parametrize("name", extremes())
def test_extreme_features(name: str) -> None:
    """Speech of every kind of extreme, after silence."""
    vectors = extremes()[name][None]
    speech = vocoder().speak(vectors)
    assert speech.shape == (1, 60 * 160)
    _, state = vocoder().synthesize(vocoder().start(vectors[:, :5]), vectors)
    check(state)


def test_what_the_extremes_sound_like() -> None:
    """Silence stays silent, and what is loud saturates without passing the limit."""
    made = extremes()
    assert np.abs(vocoder().speak(made["silence"][None])).max() <= 1
    loud = vocoder().speak(made["loud"][None]).astype(int)
    assert 10000 < np.abs(loud).max() <= LOUDEST


def test_loudest_samples_to_go_on_from() -> None:
    """A square wave at full scale, into every kind of extreme."""
    square = np.where(np.arange(320) // 20 % 2, -32768, 32767).astype(np.int16)
    vectors = np.stack(list(extremes().values()))
    samples = np.tile(square, (len(vectors), 1))
    state = vocoder().start(vectors[:, :5], samples)
    check(state)
    speech, state = vocoder().synthesize(state, vectors)
    check(state)
    assert np.abs(speech.astype(int)).max() <= LOUDEST


def test_ten_seconds() -> None:
    """A thousand frames of speech, and of one frame held."""
    speech = clips()["librivox-1"]
    vectors = np.stack([np.resize(speech, (1000, 20)), np.repeat(speech[300:301], 1000, axis=0)])
    state = vocoder().start(vectors[:, :5])
    out, state = vocoder().synthesize(state, vectors)
    check(state)
    energy = np.sqrt((out.reshape(2, 100, 1600).astype(np.float64) ** 2).mean(axis=2))
    assert energy[0].max() > 1000
    assert energy[1].max() < 4 * energy[1].min()


def test_features_saturate() -> None:
    """Beyond 2**16 nothing changes; within, float32 keeps its bits."""
    vectors = np.zeros((1, 1, 20))
    vectors[0, 0, :4] = 1e300, -1e39, 0.1, 65535.5
    words = feature_words(vectors)
    expected = np.array([FEATURE_LIMIT, -FEATURE_LIMIT, 0.1, 65535.5], np.float32)
    np.testing.assert_array_equal(words[0, 0, :4], expected.view(np.int32))


@pytest.mark.parametrize(
    ("shape", "value", "code"),
    [
        ((1, 5, 19), 0, "features.shape"),
        ((5, 20), 0, "features.shape"),
        ((1, 4, 20), 0, "features.shape"),
        ((1, 5, 20), np.nan, "features.not_finite"),
        ((1, 5, 20), np.inf, "features.not_finite"),
    ],
)
def test_refused_features(shape: tuple[int, ...], value: float, code: str) -> None:
    """Wrong shapes and what is no number."""
    with pytest.raises(UsageError) as caught:
        vocoder().start(np.full(shape, value))
    assert caught.value.code == code


def test_refused_calls() -> None:
    """Too few samples or vectors, and a batch of another size."""
    vectors = np.zeros((2, 5, 20))
    with pytest.raises(UsageError, match="320"):
        vocoder().start(vectors, np.zeros((2, 319), np.int16))
    with pytest.raises(UsageError, match="streams"):
        vocoder().synthesize(vocoder().start(vectors), vectors[:1])
    with pytest.raises(UsageError, match="follow"):
        vocoder().resume(vectors, np.zeros((2, 320), np.int16))
    with pytest.raises(UsageError, match="no feature vector"):
        vocoder().speak(np.zeros((1, 0, 20)))


def scaled_model(name: str, role: str, factor: int) -> Model:
    """The packaged model with the numbers of one array multiplied."""
    layers = [layer.raw for layer in packaged("fargan").layers.values()]
    place = [layer.name for layer in layers].index(name)
    found = layers[place]
    numbers = found.arrays[role]
    arrays = {**found.arrays, role: type(numbers)(numbers.mantissa * factor, numbers.q)}
    layers[place] = dataclasses.replace(found, arrays=arrays)
    return Model(RawModel("fargan", None, {}, tuple(layers)))


@pytest.mark.parametrize(
    ("name", "role", "factor"),
    [
        ("sig_net_cond_gain_dense", "wide", 4),
        ("cond_net_fdense1", "wide", 8),
        ("cond_net_pembed", "wide", 1 << 22),
        ("sig_net_gru2_recurrent", "scale", 1 << 16),
    ],
)
def test_models_without_bounds_are_refused(name: str, role: str, factor: int) -> None:
    """Numbers of 24 bits, but so large that what they give is not bounded any more."""
    Vocoder(scaled_model(name, role, 2))
    with pytest.raises(InputError) as caught:
        Vocoder(scaled_model(name, role, factor))
    assert caught.value.code == "model.layer"


def test_other_models_are_refused() -> None:
    """A model without the layers, and one with numbers too long."""
    with pytest.raises(InputError) as caught:
        Vocoder(packaged("pitch"))
    assert caught.value.code == "model.layer"
    with pytest.raises(InputError, match="binary32") as caught:
        Vocoder(scaled_model("cond_net_fconv1", "scale", 3**5))
    assert caught.value.code == "model.layer"
