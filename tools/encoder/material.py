"""Speech for comparisons: the project's clips, at any rate, with silences between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

AUDIO = Path(__file__).parents[2] / "vectors" / "audio"
CLIPS = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")
SILENCES_MS = (20, 60, 100, 240, 400, 1000)
"""Silences of :func:`interrupted`."""

Samples = NDArray[np.int16]


def clip(name: str) -> Samples:
    """A clip at 16 kHz, a whole number of 20 ms."""
    pcm, rate = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")
    assert rate == 16_000
    whole: Samples = pcm[: len(pcm) // 320 * 320]
    return whole


def at_rate(pcm: Samples, rate: int) -> Samples:
    """A clip of 16 kHz at another rate, through its spectrum; end and start are quiet."""
    if rate == 16_000:
        return pcm
    length = len(pcm) * rate // 16_000
    spectrum = np.fft.rfft(pcm.astype(np.float64))
    wanted = np.zeros(length // 2 + 1, np.complex128)
    kept = min(len(spectrum), len(wanted))
    wanted[:kept] = spectrum[:kept]
    out = np.fft.irfft(wanted, length) * (length / len(pcm))
    result: Samples = np.clip(np.round(out), -32768, 32767).astype(np.int16)
    return result


def interrupted(silences_ms: tuple[float, ...] = SILENCES_MS) -> Samples:
    """Stretches of speech of 0.6 s with silences of stated lengths between them, at 16 kHz."""
    speech = clip("librivox-1")
    parts = []
    for index, silence in enumerate((*silences_ms, 0)):
        start = 24_000 + 9_600 * index
        parts.append(speech[start : start + 9_600])
        parts.append(np.zeros(int(silence * 16), np.int16))
    joined: Samples = np.concatenate(parts)
    return joined
