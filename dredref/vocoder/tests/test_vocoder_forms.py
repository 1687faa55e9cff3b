"""The integer form and the fast form leave the same bits, however the work is cut."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.tests.floating import look_for_floats
from dredref.vocoder import Vocoder, VocoderState, vocoder
from dredref.vocoder.tests.inputs import clips, extremes

SPEECH = clips()["librivox-1"]


@pytest.fixture(scope="module")
def definition() -> Vocoder:
    """The vocoder in integers."""
    return Vocoder(form="integers")


def same(a: VocoderState, b: VocoderState) -> bool:
    """Whether two states are the same, integer for integer."""
    return all(np.array_equal(x, y) for x, y in zip(a.arrays(), b.arrays(), strict=True))


def real_samples(count: int) -> NDArray[np.int16]:
    """Something to go on from: [count, 320]."""
    return np.random.default_rng(3).integers(-9000, 9000, (count, 320)).astype(np.int16)


def test_start(definition: Vocoder) -> None:
    """Going on from real samples, of two streams at once."""
    vectors = np.stack([SPEECH[100:105], SPEECH[200:205]])
    assert same(
        definition.start(vectors, real_samples(2)), vocoder().start(vectors, real_samples(2))
    )


def test_speech(definition: Vocoder) -> None:
    """Voiced speech from a state that speech has left; the fast form goes on where it stops."""
    _, state = vocoder().synthesize(vocoder().start(SPEECH[None, :5]), SPEECH[None, 5:120])
    defined, left = definition.synthesize(state, SPEECH[None, 120:126])
    fast, also_left = vocoder().synthesize(state, SPEECH[None, 120:126])
    assert np.abs(fast.astype(int)).max() > 1000
    np.testing.assert_array_equal(fast, defined)
    assert same(left, also_left)
    further, _ = vocoder().synthesize(left, SPEECH[None, 126:130])
    whole, _ = vocoder().synthesize(state, SPEECH[None, 120:130])
    np.testing.assert_array_equal(np.concatenate([defined, further], axis=1), whole)


def test_extremes(definition: Vocoder) -> None:
    """All the vectors that no speech has, as one batch."""
    vectors = np.stack([made[28:33] for made in extremes().values()])
    start = vocoder().start(vectors)
    defined, left = definition.synthesize(start, vectors[:, 1:4])
    fast, also_left = vocoder().synthesize(start, vectors[:, 1:4])
    np.testing.assert_array_equal(fast, defined)
    assert same(left, also_left)


def test_batch_and_one_by_one() -> None:
    """Sixteen streams at once, each as if alone."""
    vectors = np.stack([SPEECH[at : at + 40] for at in range(0, 640, 40)])
    start = vocoder().start(vectors[:, :5], real_samples(16))
    together, left = vocoder().synthesize(start, vectors)
    for index in range(16):
        only = slice(index, index + 1)
        begun = vocoder().start(vectors[only, :5], real_samples(16)[only])
        assert same(begun, start.stream(index))
        alone, after = vocoder().synthesize(begun, vectors[only])
        np.testing.assert_array_equal(alone, together[only])
        assert same(after, left.stream(index))


@pytest.mark.parametrize("size", [1, 7, 100])
def test_one_call_and_chunk_by_chunk(size: int) -> None:
    """The state carries all that later speech depends on."""
    vectors = SPEECH[None, :210]
    start = vocoder().start(vectors[:, :5])
    whole, left = vocoder().synthesize(start, vectors)
    state, parts = start, []
    for first in range(0, 210, size):
        part, state = vocoder().synthesize(state, vectors[:, first : first + size])
        parts.append(part)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    assert same(state, left)


def test_a_run_leaves_the_state_it_started_from() -> None:
    """A state may be used twice."""
    start = vocoder().start(SPEECH[None, :5])
    before = [array.copy() for array in start.arrays()]
    first, left = vocoder().synthesize(start, SPEECH[None, 5:25])
    kept = [array.copy() for array in left.arrays()]
    second, _ = vocoder().synthesize(start, SPEECH[None, 5:25])
    vocoder().synthesize(left, SPEECH[None, 60:80])
    np.testing.assert_array_equal(first, second)
    assert all(map(np.array_equal, before, start.arrays()))
    assert all(map(np.array_equal, kept, left.arrays()))


def test_nothing_floats_in_the_integer_form(definition: Vocoder) -> None:
    """No function of the project holds or returns a float between features and samples."""
    state = vocoder().start(SPEECH[None, 100:105], real_samples(1))
    words = SPEECH[None, 105:106].view(np.int32)
    engine = definition._engine
    with look_for_floats() as look:
        engine.run(state, words)
    assert look.seen > 10_000
    assert not look.found
