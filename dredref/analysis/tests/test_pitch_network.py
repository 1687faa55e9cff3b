"""The pitch network: its forms, cuts and batches, edges of the mean, libopus."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dredref.analysis.pitch_network import (
    CANDIDATES,
    Convolution,
    PitchNetwork,
    pitch_of,
)
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import (
    BINARY32,
    PACKED,
    PAIRS,
    Carried,
    Significands,
    from_words,
    nearest,
    settle,
    to_words,
    words_of,
)
from dredref.arithmetic.significand_functions import tanh
from dredref.arithmetic.tests.floating import look_for_floats
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.model import packaged
from dredref.model.container import Quantity, RawLayer, RawModel
from dredref.model.weights import Model
from dredref.spec.errors import InputError
from tools.encoder.material import CLIPS, clip


def pairs(x: Carried) -> Significands:
    """The same numbers as pairs of integers."""
    return from_words(settle(x))


def packed(x: Carried) -> Packed:
    """The same numbers as words."""
    return pack_words(settle(x))


def draw(streams: int, frames: int) -> tuple[Carried, Carried]:
    """Phases and correlations of any kind, ends of their range included."""
    rng = np.random.default_rng(streams)
    phases = rng.uniform(-1, 1, (streams, frames, 88)).astype(np.float32)
    correlations = rng.uniform(-1, 1, (streams, frames, 224)).astype(np.float32)
    phases[:, ::5] = np.sign(phases[:, ::5])
    correlations[:, ::7] = np.sign(correlations[:, ::7])
    return phases, correlations


def rounded(value: Fraction) -> Fraction:
    """A value on 24 significant bits."""
    return Fraction(float(np.array(nearest(value), np.int32).view(np.float32)))


def test_integers_define_the_result() -> None:
    phases, correlations = draw(2, 5)
    given = pairs(phases), pairs(correlations)
    with look_for_floats() as look:
        defined = PitchNetwork(packaged("pitch"), 2, PAIRS).pitch(*given)
    assert look.seen > 1000
    assert not look.found
    for form, like in ((packed, PACKED), (np.asarray, BINARY32)):
        network: PitchNetwork[Any] = PitchNetwork(packaged("pitch"), 2, like)
        found = network.pitch(form(phases), form(correlations))
        np.testing.assert_array_equal(to_words(defined), words_of(found))


def test_cutting_into_calls_and_batches_changes_nothing() -> None:
    phases, correlations = map(packed, draw(3, 40))
    whole = words_of(PitchNetwork(packaged("pitch"), 3, PACKED).scores(phases, correlations))
    assert whole.shape == (3, 40, CANDIDATES)
    pieces = PitchNetwork(packaged("pitch"), 3, PACKED)
    cuts = [1, 2, 20]
    parts = [
        words_of(pieces.scores(*cut))
        for cut in zip(
            np.split(phases, cuts, axis=1), np.split(correlations, cuts, axis=1), strict=True
        )
    ]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    alone = PitchNetwork(packaged("pitch"), 1, PACKED).scores(phases[2:], correlations[2:])
    np.testing.assert_array_equal(words_of(alone)[0], whole[2])


def test_convolution_adds_channel_by_channel() -> None:
    """Against rounded fractions, edges included."""
    layer = Convolution(packaged("pitch"), "conv2d_2", BINARY32)
    x = np.random.default_rng(1).uniform(-1, 1, (1, 3, 4, 6)).astype(np.float32)
    found = layer(x)[0, 0, 0]
    compiled = Convolution(packaged("pitch"), "conv2d_2", PACKED)(packed(x))[0, 0, 0]
    np.testing.assert_array_equal(words_of(compiled), words_of(found))
    wide = np.pad(x[0], ((0, 0), (0, 0), (1, 1))).tolist()
    weights = layer.weights[0].tolist()
    for lag in range(6):
        total = Fraction(0)
        for channel in range(4):
            own = Fraction(0)
            for time in range(3):
                for step in range(3):
                    value = Fraction(wide[time][channel][lag + step])
                    own = rounded(own + rounded(Fraction(weights[channel][time][step]) * value))
            total = rounded(total + own)
        total = rounded(total + Fraction(float(layer.bias[0, 0])))
        rounded_sum: Carried = np.array([float(total)], np.float32)
        assert found[lag] == tanh(rounded_sum)[0]


@pytest.mark.parametrize("best", [0, 1, 2, 90, 177, 178, 179])
def test_the_mean_ends_where_candidates_do(best: int) -> None:
    """Against the mean in float64."""
    scores = np.full((1, 1, CANDIDATES), -3, np.float32)
    near = range(max(0, best - 2), min(CANDIDATES, best + 3))
    scores[0, 0, list(near)] = [0.5 - abs(place - best) / 8 for place in near]
    weights = {place: np.exp(0.5 - abs(place - best) / 8) for place in near}
    mean = sum(place * weight for place, weight in weights.items()) / sum(weights.values())
    assert float(pitch_of(scores)[0, 0]) == pytest.approx(mean / 60 - 1.5, abs=1e-6)
    for found in (words_of(pitch_of(pairs(scores))), words_of(pitch_of(packed(scores)))):
        np.testing.assert_array_equal(found, words_of(pitch_of(scores)))


def test_which_score_is_best() -> None:
    """The first of equal ones; none where nothing exceeds -1."""
    scores = np.full((4, CANDIDATES), -9, np.float32)
    scores[0, [50, 120]] = 9
    scores[1, 150] = -1
    scores[2, 150] = np.nextafter(np.float32(-1), np.float32(0))
    scores[3, 100:103] = [-0.5, 0, -0.25]
    places = 60 * (pitch_of(scores).astype(np.float64) + 1.5)
    assert places[0] == pytest.approx(50, abs=0.01)
    assert places[1] == pytest.approx(1, abs=0.01)
    assert places[2] == pytest.approx(150, abs=0.01)
    assert 100.5 < places[3] < 101.5


def test_models_of_another_kind_are_refused() -> None:
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        PitchNetwork(packaged("fargan"), 1, PACKED)
    known = packaged("pitch")
    loud = []
    for layer in known.layers.values():
        arrays = dict(layer.raw.arrays)
        if layer.name == "dense_final_upsampler":
            scale = arrays["scale"]
            arrays["scale"] = Quantity(scale.mantissa, scale.q - 1)
        loud.append(
            RawLayer(layer.name, layer.raw.kind, layer.inputs, layer.outputs, arrays)
        )  # fmt: skip
    with pytest.raises(InputError, match="scores could pass 64"):
        PitchNetwork(Model(RawModel("loud", None, {}, tuple(loud))), 1, PACKED)


@pytest.mark.peer
@pytest.mark.parametrize("name", CLIPS)
def test_pitch_is_libopus_s(name: str, peer_161_c: Peer) -> None:
    """Bit for bit, from libopus' own phase and correlation features."""
    analysis = peer_161_c.analysis(clip(name))
    network = PitchNetwork(packaged("pitch"), 1, PACKED)
    seen = analysis.spectrum[np.newaxis], analysis.correlation[np.newaxis]
    pitch = network.pitch(*map(packed, seen))
    np.testing.assert_array_equal(words_of(pitch)[0], settle(analysis.features[:, 18]))
