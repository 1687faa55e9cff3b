"""What no speech has stays in range, and why rounding is part of the vocoder's definition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.metrics import compare_audio
from dredref.vocoder import Vocoder, VocoderState, vocoder
from dredref.vocoder.tests.inputs import clips, extremes


def check(state: VocoderState) -> None:
    """Every number of a state is one, and those that are bounded keep their bounds."""
    for numbers in state.arrays():
        assert np.isfinite(numbers).all()
    for bounded in (state.frames, state.convolution, *state.units):
        assert np.abs(bounded).max() <= 1
    assert 1 <= state.period.min() <= state.period.max() <= 511


@pytest.mark.parametrize("name", ["silence", "square"])
def test_extreme_features(name: str) -> None:
    """Every kind of extreme at once, after silence and after a square wave at full scale."""
    made = extremes()
    vectors = np.stack(list(made.values()))
    square = np.where(np.arange(320) // 20 % 2, -32768, 32767).astype(np.int16)
    samples = np.tile(square if name == "square" else 0 * square, (len(vectors), 1))
    state = vocoder().start(vectors[:, :5], samples)
    check(state)
    speech, state = vocoder().synthesize(state, vectors)
    check(state)
    assert np.abs(speech.astype(int)).max() <= 32767
    peaks = dict(zip(made, np.abs(speech.astype(int))[:, 4800:].max(axis=1), strict=True))
    assert peaks["silence"] <= 1
    assert peaks["loud"] > 10_000


def speech_with_error(bits: int) -> NDArray[np.int16]:
    """Speech of a clip by a vocoder whose layers err by a factor of ``1 + 2**-bits``."""
    spoilt = Vocoder(arithmetic="hardware")
    network = spoilt._engine._network
    scale = network.scale * np.float32(1 + 2.0**-bits)
    spoilt._engine._network = network._replace(scale=scale)
    speech: NDArray[np.int16] = spoilt.utterance(clips()["librivox-2"][np.newaxis, :250])[0]
    return speech


def test_small_errors_weigh_as_much_as_larger_ones() -> None:
    """An error of 2**-22 ends at the distance that one of 2**-10 ends at, within a factor of two.

    libopus' two builds, whose divisions differ by 2**-12, stand at that distance too.
    """
    exact = vocoder("hardware").utterance(clips()["librivox-2"][np.newaxis, :250])[0]
    small, larger = (compare_audio(exact, speech_with_error(bits)).err4 for bits in (22, 10))
    assert larger > 0.04
    assert small > larger / 2
