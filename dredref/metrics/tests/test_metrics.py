"""The metrics on signals whose distance is known, and what must never pass for close."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.metrics import compare_audio, compare_features
from dredref.metrics.audio import RATE
from dredref.metrics.features import PITCH, VOICING, features_from_bytes
from dredref.spec.errors import InputError


def features(frames: int = 50) -> NDArray[np.float64]:
    """Arbitrary features, the second half voiced."""
    rows = np.random.default_rng(1).normal(size=(frames, 20))
    rows[:, VOICING] = np.where(np.arange(frames) < frames // 2, 0.0, 0.5)
    return rows


def speech(seconds: float = 1.0) -> NDArray[np.float64]:
    """A buzz of 125 Hz with a moving formant."""
    time = np.arange(int(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 125 * k * time) / k for k in range(1, 20))
    return np.asarray(np.rint(4000 * buzz * (1.2 + np.sin(6 * time))))


def test_equal_features_are_at_zero() -> None:
    result = compare_features(features(), features())
    assert result.measures == {"total": 0.0, "max": 0.0, "pitch": 0.0}
    assert result.first_difference() is None
    assert result.first_over(0.0) is None


def test_feature_figures_by_hand() -> None:
    candidate = features()
    candidate[:, 3] += 0.3
    candidate[:, 7] -= 0.4
    candidate[:, PITCH] += np.where(np.arange(50) < 25, 9.0, 0.1)
    result = compare_features(features(), candidate)
    assert result.total == pytest.approx(0.5)
    assert result.max == pytest.approx(0.4)
    assert result.pitch == pytest.approx(0.1)
    assert result.worst_dimension == PITCH


def test_feature_places() -> None:
    candidate = features()
    candidate[11, 4] += 0.01
    candidate[30, 6] -= 0.7
    candidate[40, PITCH] += 5.0
    result = compare_features(features(), candidate)
    first = result.first_difference()
    assert first is not None
    assert (first.frame, first.index) == (11, 4)
    over = result.first_over(0.5)
    assert over is not None
    assert (over.frame, over.index, over.limit) == (30, 6, 0.5)
    assert result.worst_frame == 30
    assert str(over).startswith("features[30][6]: expected ")


@pytest.mark.parametrize("poison", [math.nan, math.inf])
@pytest.mark.parametrize("column", [0, PITCH, VOICING])
def test_poisoned_features_never_pass(poison: float, column: int) -> None:
    candidate = features()
    candidate[40, column] = poison
    result = compare_features(features(), candidate)
    assert not result.within({"total": 1e9, "max": 1e9, "pitch": 1e9})


def test_pitch_is_not_judged_in_silence() -> None:
    quiet = features()
    quiet[:, VOICING] = 0.0
    result = compare_features(quiet, quiet)
    assert math.isnan(result.pitch)
    assert result.within({"total": 0.1, "max": 0.1, "pitch": 0.1})


def test_feature_shapes_are_checked() -> None:
    for other in (features(49), features()[:, :19], np.zeros((0, 20))):
        with pytest.raises(InputError, match=r"metrics\.shape"):
            compare_features(features(), other)
    assert features_from_bytes(bytes(169)).shape == (2, 20)


def test_equal_audio_is_at_zero() -> None:
    result = compare_audio(speech(), speech())
    assert result.measures == {"err4": 0.0, "err16": 0.0, "pitch": 0.0}
    assert result.judges_pitch
    assert result.first_difference() is None


def test_audio_finds_the_bad_place() -> None:
    candidate = speech(2.0)
    candidate[16000:16160] += np.random.default_rng(2).normal(0, 6000, 160)
    result = compare_audio(speech(2.0), candidate)
    assert abs(result.worst_frame - 99) <= 3
    first = result.first_difference()
    assert first is not None
    assert first.index == 16000
    over = result.first_over(result.frame_error.max() / 2)
    assert over is not None
    assert over.frame is not None
    assert 95 <= over.frame <= result.worst_frame
    assert result.err16 > result.err4


def test_audio_errors_shrink_with_the_root_of_the_length() -> None:
    """The reason why a threshold is stated with a length."""
    noise = np.random.default_rng(3).normal(0, 200, 4 * RATE)
    tone = np.tile(speech(1.0), 4)
    once = compare_audio(tone[:RATE], tone[:RATE] + noise[:RATE])
    four = compare_audio(tone, tone + noise)
    assert four.err4 == pytest.approx(once.err4 / 2, rel=0.1)


def test_octave_jump_shows_as_pitch_error() -> None:
    time = np.arange(RATE) / RATE
    buzz = 8000 * sum(np.sin(2 * np.pi * 187.5 * k * time) / k for k in range(1, 10))
    assert compare_audio(speech(), np.asarray(buzz)).pitch > 0.3


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_poisoned_audio_never_passes(poison: float) -> None:
    candidate = speech()
    candidate[8000] = poison
    result = compare_audio(speech(), candidate)
    assert not result.within({"err4": 1e9})
    assert not result.within({"err16": 1e9})
    assert not result.within({"pitch": 1e9})


def test_audio_lengths() -> None:
    with pytest.raises(InputError, match=r"metrics\.length"):
        compare_audio(speech(), speech()[:-1])
    with pytest.raises(InputError, match=r"metrics\.length"):
        compare_audio(speech()[:639], speech()[:639])
    longer = np.concatenate([speech(), np.ones(100)])
    assert compare_audio(speech(), longer).candidate.size == speech().size
    for samples in (640, 1279, 1280):
        compare_audio(speech()[:samples], speech()[:samples])
