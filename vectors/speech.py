"""The speech clips that come with the project, and how samples and features become bytes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

AUDIO = Path(__file__).parent / "audio"
SPEECH_RATE = 16_000
READ = ("librivox-1", "librivox-2", "librivox-3")
CLIPS = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")


ENCODER_SPEECH = ("read", "words", "silence-100", "silence-240", "silence-400")
"""Recordings for encoders; those named after silence hold so many milliseconds of it."""

LEVEL_RATES = (8_000, 12_000, 24_000)
"""Rates that an encoder raises before it filters down to 16 kHz."""
LEVELS = {"quiet": 1, "loud": 4}
"""Levels of one recording, and what its samples are multiplied by."""
LEVEL_STEP = 2
"""Units of 2.5 ms between the features of these recordings."""


@cache
def read_clip(name: str) -> NDArray[np.int16]:
    """Samples of a clip, 16 kHz mono."""
    samples, rate = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")
    assert rate == SPEECH_RATE, name
    samples.setflags(write=False)
    return np.asarray(samples, np.int16)


@cache
def read_aloud() -> NDArray[np.int16]:
    """The three read clips one after the other, twice: long speech from any place in them."""
    return np.concatenate([read_clip(name) for name in READ] * 2)


def words() -> NDArray[np.int16]:
    """Two seconds that begin and end within speech."""
    return read_clip("librivox-2")[SPEECH_RATE // 2 : 5 * SPEECH_RATE // 2]


def steady() -> NDArray[np.int16]:
    """1.2 s of speech without a pause."""
    return read_clip("librivox-1")[3 * SPEECH_RATE // 5 : 9 * SPEECH_RATE // 5]


def synthetic() -> NDArray[np.int16]:
    """The two synthetic clips one after the other."""
    return np.concatenate([read_clip("espeak-1"), read_clip("espeak-2")])


def encoder_speech(name: str) -> NDArray[np.int16]:
    """A recording for encoders, 16 kHz, that begins within speech: silence cannot be placed."""
    if name == "words":
        return words()
    begun = read_clip("librivox-1")[2 * SPEECH_RATE :]
    if name == "read":
        return begun[: 3 * SPEECH_RATE]
    pause = np.zeros(int(name.partition("-")[2]) * SPEECH_RATE // 1000, np.int16)
    part = 6 * SPEECH_RATE // 5
    return np.concatenate([begun[:part], pause, words()[:part]])


def pcm_bytes(samples: NDArray[np.int16]) -> bytes:
    """Samples as vectors hold them."""
    return samples.astype("<i2").tobytes()


def feature_bytes(features: NDArray[np.floating[Any]]) -> bytes:
    """Feature vectors as vectors hold them: little-endian float32."""
    return features.astype("<f4").tobytes()
