"""The whole analysis: the same bits however it is cut and on either carrier, and libopus'."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dredref.analysis import analyser
from dredref.analysis.analyser import BLOCK, FeatureAnalyser
from dredref.arithmetic.carrier import Arithmetic
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.payload.tests.digests import extremes
from dredref.spec.errors import InputError, UsageError

AUDIO = Path(__file__).parents[3] / "vectors" / "audio"
CLIPS = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")
Pcm = NDArray[np.int16]


def clip(name: str) -> Pcm:
    pcm, rate = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")
    assert rate == 16000
    whole: Pcm = pcm[: len(pcm) // 160 * 160]
    return whole


@pytest.fixture(scope="module")
def speech() -> Pcm:
    """Three streams of 120 frames: more than a block."""
    assert BLOCK < 3 * 120
    return np.stack([clip(name)[16000 : 16000 + 19200] for name in CLIPS[:3]])


def test_cutting_into_calls_and_batches_changes_nothing(speech: Pcm) -> None:
    whole = FeatureAnalyser(3).analyse(speech)
    assert whole.shape == (3, 120, 20)
    pieces = FeatureAnalyser(3)
    cuts = np.split(speech, [160, 160, 480, 3200], axis=1)
    joined = np.concatenate([pieces.analyse(cut) for cut in cuts], axis=1)
    np.testing.assert_array_equal(joined, whole)
    for stream in range(3):
        alone = FeatureAnalyser(1).analyse(speech[stream : stream + 1])
        np.testing.assert_array_equal(alone[0], whole[stream])


def test_carriers_give_the_same(speech: Pcm) -> None:
    """Every stage, of speech and of extremes."""
    for version, pcm in ((12, speech.astype(np.int64) << 14), (12, extremes()), (10, extremes())):
        integer, hardware = (
            FeatureAnalyser(len(pcm), arithmetic=one, version=version).stages(pcm)
            for one in ("integer", "hardware")
        )
        for one, other in zip(astuple(integer), astuple(hardware), strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_is_refused() -> None:
    """A part of a frame, and other versions; no samples have no features."""
    with pytest.raises(UsageError, match="whole number of frames"):
        FeatureAnalyser().analyse(np.zeros((1, 200), np.int16))
    assert FeatureAnalyser(2).analyse(np.zeros((2, 0), np.int16)).shape == (2, 0, 20)
    with pytest.raises(UsageError, match="version 11"):
        FeatureAnalyser(version=11)


def test_extremes_stay_in_range() -> None:
    stages = FeatureAnalyser(5, arithmetic="integer").stages(extremes())
    features = stages.features
    assert (np.abs(features[..., 18]) <= 1.5).all()
    assert (np.abs(features[..., 19]) <= 0.5).all()
    assert (np.abs(features[..., :18]) < 50).all()
    assert (stages.period >= 32).all()
    assert (stages.period <= 256).all()
    quiet = np.full(18, 0.0)
    quiet[0] = -2 * np.sqrt(18) - 4
    np.testing.assert_allclose(features[0, :, :18], np.tile(quiet, (12, 1)), atol=3e-6)


@pytest.mark.parametrize("arithmetic", ["integer", "hardware"])
def test_residuals_past_the_limit_are_refused(
    arithmetic: Arithmetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit that numbers rest on is looked at; extremes stay far below."""
    pcm = extremes()[1:2, : 160 * 3]
    FeatureAnalyser(arithmetic=arithmetic).analyse_q14(pcm)
    monkeypatch.setattr(analyser, "RESIDUAL_LIMIT", 1 << 12)
    with pytest.raises(InputError, match="4096"):
        FeatureAnalyser(arithmetic=arithmetic).analyse_q14(pcm)


def test_samples_saturate_at_twice_full_scale() -> None:
    loud = extremes()[1:3]
    limit = 65536 << 14
    np.testing.assert_array_equal(
        FeatureAnalyser(2).analyse_q14(loud * 3),
        FeatureAnalyser(2).analyse_q14(np.sign(loud) * limit),
    )


def assert_libopus(pcm: Pcm, peer: Peer, version: int = 12) -> None:
    """Features, prediction and what the pitch network sees are libopus', bit for bit."""
    theirs = peer.analysis(pcm)
    ours = FeatureAnalyser(version=version).stages(pcm[None].astype(np.int64) << 14)
    np.testing.assert_array_equal(ours.features[0], theirs.features[:, :20])
    np.testing.assert_array_equal(ours.lpc[0], theirs.features[:, 20:36])
    np.testing.assert_array_equal(ours.phases[0], theirs.spectrum)
    np.testing.assert_array_equal(ours.correlations[0], theirs.correlation)


@pytest.mark.peer
@pytest.mark.parametrize("name", CLIPS)
def test_features_of_speech_are_libopus_c_s(name: str, peer_161_c: Peer, peer_152_c: Peer) -> None:
    assert_libopus(clip(name), peer_161_c)
    assert_libopus(clip(name), peer_152_c, 10)


N = np.arange(16000)
NOISE = np.random.Generator(np.random.PCG64(5)).integers(-32768, 32768, N.size)
SIGNALS = {
    "silence": N * 0,
    "constant": N * 0 + 32767,
    "square": np.where(N // 40 % 2, 32767, -32768),
    "nyquist": np.where(N % 2, 32767, -32768),
    "noise": NOISE,
    "least": NOISE & 1,
    "impulses": np.where(N % 4000 == 2000, 32767, 0),
    "one": np.where(N == 5000, 1, 0),
    "tone": 32767 * np.sin(2 * np.pi * 440 / 16000 * N),
    "burst": np.where(N % 8000 < 4000, NOISE, 0),
}


@pytest.mark.peer
@pytest.mark.parametrize("name", SIGNALS)
def test_features_of_extremes_are_libopus_c_s(
    name: str, peer_161_c: Peer, peer_152_c: Peer
) -> None:
    assert_libopus(SIGNALS[name].astype(np.int16), peer_161_c)
    assert_libopus(SIGNALS[name].astype(np.int16), peer_152_c, 10)
