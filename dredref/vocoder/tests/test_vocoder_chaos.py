"""Why the vocoder's rounding is part of its definition: small errors do not stay small."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.metrics import compare_audio
from dredref.vocoder import Vocoder, vocoder
from dredref.vocoder.tests.inputs import clips

VECTORS = clips()["librivox-2"][np.newaxis, :250]


@cache
def speech_with_error(bits: int) -> NDArray[np.int16]:
    """Speech of a clip by a vocoder whose layers err by a factor of ``1 + 2**-bits``."""
    spoilt = Vocoder(form="binary32")
    weights = spoilt._engine.weights
    layers = (weights.signal, weights.signal_gate, weights.skip, weights.skip_gate, weights.output)
    for layer in (*layers, *weights.gru_inputs, *weights.gru_recurrent, *weights.gru_gates):
        layer.scale = layer.scale * np.float32(1 + 2.0**-bits)
    speech: NDArray[np.int16] = spoilt.speak(VECTORS)[0]
    return speech


@pytest.mark.parametrize("bits", [22, 16])
def test_small_errors_weigh_as_much_as_larger_ones(bits: int) -> None:
    """An error of 2**-22 ends at the distance that one of 2**-10 ends at, within a factor of two.

    libopus' two builds, whose divisions differ by 2**-12, stand at that distance too.
    """
    exact = vocoder().speak(VECTORS)[0]
    small, larger = (compare_audio(exact, speech_with_error(n)).err4 for n in (bits, 10))
    assert small > larger / 2
    assert larger > 0.04
