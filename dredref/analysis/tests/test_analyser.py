"""The whole analysis: the same bits however it is cut, extremes, and libopus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref.analysis.analyser import FeatureAnalyser, from_int16
from dredref.analysis.tables import Int
from dredref.metrics.features import compare_features
from dredref.payload.tests.digests import extremes
from tools.libopus.peer import Peer

AUDIO = Path(__file__).parents[3] / "vectors" / "audio"
CLIPS = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")


def clip(name: str) -> np.ndarray:
    pcm, rate = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")
    assert rate == 16000
    whole: np.ndarray = pcm[: len(pcm) // 160 * 160]
    return whole


@pytest.fixture(scope="module")
def speech() -> Int:
    """Three streams of 60 frames, Q14."""
    return from_int16(np.stack([clip(name)[16000 : 16000 + 9600] for name in CLIPS[:3]]))


def test_cutting_into_calls_and_batches_changes_nothing(speech: Int) -> None:
    whole = FeatureAnalyser(3).analyse(speech)
    assert whole.shape == (3, 60, 20)
    pieces = FeatureAnalyser(3)
    cuts = np.split(speech, [160, 160, 480, 3200], axis=1)
    joined = np.concatenate([pieces.analyse(cut) for cut in cuts], axis=1)
    np.testing.assert_array_equal(joined, whole)
    for stream in range(3):
        alone = FeatureAnalyser(1).analyse(speech[stream : stream + 1])
        np.testing.assert_array_equal(alone[0], whole[stream])


def test_part_of_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of frames"):
        FeatureAnalyser().analyse(np.zeros((1, 200), np.int64))


def test_extremes_stay_in_range() -> None:
    stages = FeatureAnalyser(5).stages(extremes())
    features = stages.features / 2**24
    assert (features[..., 18] >= -1.5).all()
    assert (features[..., 18] <= 1.5).all()
    assert (np.abs(features[..., 19]) <= 0.5).all()
    assert (np.abs(features[..., :18]) < 50).all()
    assert (stages.period >= 32).all()
    assert (stages.period <= 256).all()
    quiet = np.full(18, 0.0)
    quiet[0] = -2 * np.sqrt(18) - 4
    np.testing.assert_allclose(features[0, :, :18], np.tile(quiet, (12, 1)), atol=1e-6)


@pytest.mark.peer
@pytest.mark.parametrize("name", CLIPS)
def test_features_of_speech_are_libopus_c_s(name: str, peer_161_c: Peer) -> None:
    pcm = clip(name)
    theirs = peer_161_c.analysis(pcm).features[:, :20]
    ours = FeatureAnalyser().analyse(from_int16(pcm[None]))[0] / 2**24
    found = compare_features(theirs, ours)
    assert found.within({"total": 0.02, "max": 0.02, "pitch": 0.001}), found.measures
