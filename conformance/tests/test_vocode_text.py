"""The algorithm of ``vocode`` as PROTOCOL.md words it gives the vectors' samples exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dredref.vectors.model import Audio, VocodeInput
from dredref.vectors.suite import load_suite
from dredref.vocoder import vocoder

TEXT = Path(__file__).parents[1] / "PROTOCOL.md"
LITERAL = """\
state = continuation from 320 samples of zero and the vectors v[0], v[0], v[0], v[0], v[0]
out = []
for v in v[1], v[2], ..., v[n-1], v[n-1], v[n-1]:
    out += synthesize(state, v)            # 160 samples each: n + 1 frames
answer = out[80 : 80 + 160 * n]
"""


def test_the_text_says_the_algorithm() -> None:
    assert LITERAL in TEXT.read_text("utf-8")


@pytest.mark.parametrize("name", ["vocoder.synthetic", "vocoder.decoded"])
def test_the_text_taken_literally_gives_the_vector(name: str) -> None:
    vector = load_suite().find(name)
    assert isinstance(vector.input, VocodeInput)
    assert isinstance(vector.expected, Audio)
    v = np.frombuffer(vector.input.features.read(), "<f4").reshape(-1, 20)
    n = len(v)
    state = vocoder().start(np.repeat(v[:1], 5, axis=0)[np.newaxis], np.zeros((1, 320), np.int16))
    spoken = np.concatenate([v[1:], v[n - 1 : n], v[n - 1 : n]])
    out, _ = vocoder().synthesize(state, spoken[np.newaxis])
    answer = out[0, 80 : 80 + 160 * n]
    assert answer.astype("<i2").tobytes() == vector.expected.pcm.read()
