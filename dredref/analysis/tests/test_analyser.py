"""The whole analysis: the same bits however it is cut, extremes, and libopus."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref.analysis.analyser import FeatureAnalyser, from_int16
from dredref.analysis.tables import Int
from dredref.metrics.features import compare_features
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


def extremes() -> Int:
    """Silence, full-scale square at the Nyquist rate, noise past the limits, one impulse, DC."""
    n = np.arange(160 * 12)
    rng = np.random.default_rng(11)
    rows = np.zeros((5, n.size))
    rows[1] = np.where(n % 2, -65536, 65536)
    rows[2] = rng.choice([-1e6, 1e6], n.size)
    rows[3, 700] = -65536
    rows[4] = 65536
    return np.round(rows * 2**14).astype(np.int64)


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


DIGESTS = {
    "speech": "cccae1a863856d15921095798fb3ddc88eebb4caac42df49bc7af92348a78383",
    "extremes": "19ffc472093dc1a1c54ff996cf5325f7868dc4ed02a89a70ae78587459469c2d",
}
"""SHA-256 of the features as little-endian int32, Q24."""


@pytest.mark.parametrize("name", DIGESTS)
def test_digest_of_features(name: str, speech: Int) -> None:
    pcm = speech if name == "speech" else extremes()
    features = FeatureAnalyser(len(pcm)).analyse(pcm)
    assert hashlib.sha256(features.astype("<i4").tobytes()).hexdigest() == DIGESTS[name]


@pytest.mark.peer
@pytest.mark.parametrize("name", CLIPS)
def test_features_of_speech_are_libopus_c_s(name: str, peer_161_c: Peer) -> None:
    pcm = clip(name)
    theirs = peer_161_c.analysis(pcm).features[:, :20]
    ours = FeatureAnalyser().analyse(from_int16(pcm[None]))[0] / 2**24
    found = compare_features(theirs, ours)
    assert found.within({"total": 0.02, "max": 0.02, "pitch": 0.001}), found.measures
