"""Which pitch the scores tell at their edges, and the networks that are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dredref.analysis.pitch_network import CANDIDATES, PitchNetwork, pitch_of
from dredref.model import packaged
from dredref.model.container import RawModel
from dredref.model.weights import Model
from dredref.spec.errors import InputError


@pytest.mark.parametrize("best", [0, 1, 2, 90, 177, 178, 179])
def test_the_mean_ends_where_candidates_do(best: int) -> None:
    """Against the mean in float64, on either carrier."""
    scores = np.full((1, CANDIDATES), -3, np.float32)
    near = range(max(0, best - 2), min(CANDIDATES, best + 3))
    scores[0, list(near)] = [0.5 - abs(place - best) / 8 for place in near]
    weights = {place: np.exp(0.5 - abs(place - best) / 8) for place in near}
    mean = sum(place * weight for place, weight in weights.items()) / sum(weights.values())
    assert float(pitch_of(scores)[0]) == pytest.approx(mean / 60 - 1.5, abs=1e-6)
    bits = pitch_of(scores.view(np.int32))
    np.testing.assert_array_equal(bits.view(np.float32), pitch_of(scores))


def test_which_score_is_best() -> None:
    """The first of equal ones; the lowest pitch where nothing exceeds -1."""
    scores = np.full((4, CANDIDATES), -9, np.float32)
    scores[0, [50, 120]] = 9
    scores[1, 150] = -1
    scores[2, 150] = np.nextafter(np.float32(-1), np.float32(0))
    scores[3, 100:103] = [-0.5, 0, -0.25]
    places = 60 * (pitch_of(scores).astype(np.float64) + 1.5)
    assert places[:3] == pytest.approx([50, 1, 150], abs=0.01)
    assert 100.5 < places[3] < 101.5


def test_models_of_another_kind_are_refused() -> None:
    """And one whose scores could pass what the exponential takes."""
    carrier = np.dtype(np.float32)
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        PitchNetwork(packaged("fargan"), 1, carrier)
    layers = [layer.raw for layer in packaged("pitch").layers.values()]
    place = [layer.name for layer in layers].index("dense_final_upsampler")
    scale = layers[place].arrays["scale"]
    arrays = {**layers[place].arrays, "scale": replace(scale, q=scale.q - 1)}
    layers[place] = replace(layers[place], arrays=arrays)
    with pytest.raises(InputError, match="scores could pass 64"):
        PitchNetwork(Model(RawModel("loud", None, {}, tuple(layers))), 1, carrier)
