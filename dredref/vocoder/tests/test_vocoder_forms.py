"""All forms leave the same bits, however the work is cut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

from dredref.arithmetic.significand import Form
from dredref.arithmetic.tests.floating import look_for_floats
from dredref.vocoder import Vocoder, VocoderState, compiled, compiled_layers, vocoder
from dredref.vocoder.tests.inputs import clips, extremes

SPEECH = clips()["librivox-1"]


@pytest.fixture(scope="module")
def definition() -> Vocoder:
    """The vocoder in pairs of integers."""
    return Vocoder(form="pairs")


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
    """Voiced speech from a state that speech has left; the compiled form goes on where it stops."""
    _, state = vocoder().synthesize(vocoder().start(SPEECH[None, :5]), SPEECH[None, 5:120])
    defined, left = definition.synthesize(state, SPEECH[None, 120:126])
    spoken, also_left = vocoder().synthesize(state, SPEECH[None, 120:126])
    assert np.abs(spoken.astype(int)).max() > 1000
    np.testing.assert_array_equal(spoken, defined)
    assert same(left, also_left)
    further, _ = vocoder().synthesize(left, SPEECH[None, 126:130])
    whole, _ = vocoder().synthesize(state, SPEECH[None, 120:130])
    np.testing.assert_array_equal(np.concatenate([defined, further], axis=1), whole)


def test_extremes(definition: Vocoder) -> None:
    """All the vectors that no speech has, as one batch."""
    vectors = np.stack([made[28:33] for made in extremes().values()])
    start = vocoder().start(vectors)
    defined, left = definition.synthesize(start, vectors[:, 1:4])
    spoken, also_left = vocoder().synthesize(start, vectors[:, 1:4])
    np.testing.assert_array_equal(spoken, defined)
    assert same(left, also_left)


def test_floating_point_unit() -> None:
    """The specification on the machine's binary32: two seconds of each clip and the extremes.

    It shares with the compiled form neither code nor arithmetic.
    """
    floating = Vocoder(form="binary32")
    vectors = np.stack([np.resize(made, (200, 20)) for made in clips().values()])
    for batch in (vectors, np.stack(list(extremes().values()))):
        samples = real_samples(len(batch))
        start = floating.start(batch[:, :5], samples)
        assert same(start, vocoder().start(batch[:, :5], samples))
        expected, left = floating.synthesize(start, batch)
        speech, also_left = vocoder().synthesize(start, batch)
        np.testing.assert_array_equal(speech, expected)
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


def test_threads_that_use_one_vocoder() -> None:
    """Several threads use one vocoder; its compiled functions let each other run."""
    starts = [vocoder().start(SPEECH[None, at : at + 5]) for at in range(0, 200, 50)]
    jobs = [(start, SPEECH[None, 50 * k : 50 * k + 100]) for k, start in enumerate(starts)]
    alone = [vocoder().synthesize(*job) for job in jobs]
    with ThreadPoolExecutor(len(jobs)) as pool:
        together = list(pool.map(lambda job: vocoder().synthesize(*job), jobs))
    for (one, state), (other, also) in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
        assert same(state, also)


@pytest.mark.parametrize("workers", [2, 5])
def test_streams_shared_over_threads(workers: int) -> None:
    """A batch that threads share."""
    vectors = np.stack([SPEECH[at : at + 30] for at in range(0, 210, 70)])
    state = vocoder().start(vectors[:, :5], real_samples(3))
    shared = Vocoder(workers=workers)
    assert same(shared.start(vectors[:, :5], real_samples(3)), state)
    speech, left = vocoder().synthesize(state, vectors)
    together, also_left = shared.synthesize(state, vectors)
    np.testing.assert_array_equal(together, speech)
    assert same(left, also_left)


def test_layouts() -> None:
    """Vectors from the last to the first, by columns, and read only: nothing is compiled again."""
    vectors = SPEECH[None, :30]
    speech = vocoder().speak(vectors)
    before = {kernel: list(kernel.signatures) for kernel in kernels()}
    backwards = np.ascontiguousarray(vectors[:, ::-1])[:, ::-1]
    frozen = vectors.copy()
    frozen.flags.writeable = False
    for other in (backwards, np.asfortranarray(vectors), frozen, vectors.astype(np.float64)):
        np.testing.assert_array_equal(vocoder().speak(other), speech)
    assert {kernel: list(kernel.signatures) for kernel in kernels()} == before
    assert len(before) > 8


def kernels() -> list[Any]:
    """The compiled functions of the vocoder."""
    found = (*vars(compiled).values(), *vars(compiled_layers).values())
    return [
        value
        for value in found
        if isinstance(value, Dispatcher) and not value.targetoptions.get("forceinline")
    ]


@pytest.mark.parametrize("form", ["integers", "pairs"])
def test_nothing_floats(form: Form) -> None:
    """No function of the project holds or returns a float between features and samples."""
    speaker = Vocoder(form=form)
    state = vocoder().start(SPEECH[None, 100:105], real_samples(1))
    words = SPEECH[None, 105:106].view(np.int32)
    with look_for_floats() as look:
        speaker._engine.run(state, words)
        speaker._engine.start(real_samples(1), SPEECH[None, 105:110].view(np.int32))
    assert look.seen > (10_000 if form == "pairs" else 100)
    assert not look.found
