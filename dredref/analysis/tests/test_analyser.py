"""The whole analysis: the same bits however it is cut and in either form, and libopus'."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dredref.analysis import analyser
from dredref.analysis.analyser import BLOCK, FeatureAnalyser, Stages, from_int16, to_float32
from dredref.analysis.tables import Int
from dredref.arithmetic.significand import FORMS, Form, settle
from dredref.arithmetic.tests.floating import look_for_floats
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.payload.tests.digests import extremes
from dredref.spec.errors import InputError

AUDIO = Path(__file__).parents[3] / "vectors" / "audio"
CLIPS = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")


def clip(name: str) -> NDArray[np.int16]:
    pcm, rate = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")
    assert rate == 16000
    whole: NDArray[np.int16] = pcm[: len(pcm) // 160 * 160]
    return whole


def same(x: Stages, y: Stages) -> None:
    for one, other in zip(astuple(x), astuple(y), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def speech() -> Int:
    """Three streams of 120 frames, Q14: more than a block."""
    assert BLOCK < 3 * 120
    return from_int16(np.stack([clip(name)[16000 : 16000 + 19200] for name in CLIPS[:3]]))


def test_cutting_into_calls_and_batches_changes_nothing(speech: Int) -> None:
    whole = FeatureAnalyser(3).analyse(speech)
    assert whole.shape == (3, 120, 20)
    assert whole.dtype == np.int32
    pieces = FeatureAnalyser(3)
    cuts = np.split(speech, [160, 160, 480, 3200], axis=1)
    joined = np.concatenate([pieces.analyse(cut) for cut in cuts], axis=1)
    np.testing.assert_array_equal(joined, whole)
    for stream in range(3):
        alone = FeatureAnalyser(1).analyse(speech[stream : stream + 1])
        np.testing.assert_array_equal(alone[0], whole[stream])


def test_frame_by_frame(speech: Int) -> None:
    whole = FeatureAnalyser().analyse(speech[:1, : 160 * 20])
    one = FeatureAnalyser()
    frames = [one.analyse(frame) for frame in np.split(speech[:1, : 160 * 20], 20, axis=1)]
    np.testing.assert_array_equal(np.concatenate(frames, axis=1), whole)


def test_pairs_give_the_same(speech: Int) -> None:
    """Every stage of a few frames, in one call and in two."""
    few = speech[:2, 6400 : 6400 + 160 * 4]
    exact = FeatureAnalyser(2, form="pairs")
    first, second = exact.stages(few[:, :320]), exact.stages(few[:, 320:])
    parts = zip(astuple(first), astuple(second), strict=True)
    joined = Stages(*(np.concatenate(pair, axis=1) for pair in parts))
    same(joined, FeatureAnalyser(2).stages(few))


def test_binary32_gives_the_same(speech: Int) -> None:
    same(FeatureAnalyser(3, form="binary32").stages(speech), FeatureAnalyser(3).stages(speech))


def test_every_form_gives_the_same_at_extremes() -> None:
    whole = extremes()
    same(FeatureAnalyser(5, form="binary32").stages(whole), FeatureAnalyser(5).stages(whole))
    part = whole[:, : 160 * 6]
    same(FeatureAnalyser(5, form="pairs").stages(part), FeatureAnalyser(5).stages(part))


@pytest.mark.parametrize("form", ["integers", "pairs"])
def test_integers_are_integers_all_the_way(form: Form, speech: Int) -> None:
    whole = FeatureAnalyser(form=form)
    with look_for_floats() as look:
        whole.analyse(speech[:1, 6400 : 6400 + 160])
    assert look.seen > (5000 if form == "pairs" else 3000)
    assert look.found <= {"dredref.arithmetic.products.__call__: carried"}


def test_part_of_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of frames"):
        FeatureAnalyser().analyse(np.zeros((1, 200), np.int64))


def test_no_samples_no_features() -> None:
    assert FeatureAnalyser(2).analyse(np.zeros((2, 0), np.int64)).shape == (2, 0, 20)


def test_extremes_stay_in_range() -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        stages = FeatureAnalyser(5, form="binary32").stages(extremes())
    features = to_float32(stages.features)
    assert (features[..., 18] >= -1.5).all()
    assert (features[..., 18] <= 1.5).all()
    assert (np.abs(features[..., 19]) <= 0.5).all()
    assert (np.abs(features[..., :18]) < 50).all()
    assert (stages.period >= 32).all()
    assert (stages.period <= 256).all()
    quiet = np.full(18, 0.0)
    quiet[0] = -2 * np.sqrt(18) - 4
    np.testing.assert_allclose(features[0, :, :18], np.tile(quiet, (12, 1)), atol=3e-6)


@pytest.mark.parametrize("form", FORMS)
def test_residuals_past_the_limit_are_refused(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit that numbers rest on is looked at; extremes stay far below."""
    pcm = extremes()[1:2, : 160 * 3]
    FeatureAnalyser(form=form).analyse(pcm)
    monkeypatch.setattr(analyser, "RESIDUAL_LIMIT", 1 << 12)
    with pytest.raises(InputError, match="4096"):
        FeatureAnalyser(form=form).analyse(pcm)


def test_samples_saturate_at_twice_full_scale() -> None:
    loud = extremes()[1:3]
    limit = 65536 << 14
    np.testing.assert_array_equal(
        FeatureAnalyser(2).analyse(loud * 3), FeatureAnalyser(2).analyse(np.sign(loud) * limit)
    )


def assert_libopus(pcm: NDArray[np.int16], peer: Peer) -> None:
    """Features, prediction and what the pitch network sees are libopus', bit for bit."""
    theirs = peer.analysis(pcm)
    ours = FeatureAnalyser().stages(from_int16(pcm[None]))
    for name, words in (("features", ours.features), ("lpc", ours.lpc)):
        columns = slice(20) if name == "features" else slice(20, 36)
        wanted = settle(np.ascontiguousarray(theirs.features[:, columns]))
        np.testing.assert_array_equal(words[0], wanted, err_msg=name)
    np.testing.assert_array_equal(ours.phases[0], settle(theirs.spectrum), err_msg="phases")
    np.testing.assert_array_equal(ours.correlations[0], settle(theirs.correlation))


@pytest.mark.peer
@pytest.mark.parametrize("name", CLIPS)
def test_features_of_speech_are_libopus_c_s(name: str, peer_161_c: Peer) -> None:
    assert_libopus(clip(name), peer_161_c)


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
def test_features_of_extremes_are_libopus_c_s(name: str, peer_161_c: Peer) -> None:
    assert_libopus(SIGNALS[name].astype(np.int16), peer_161_c)
