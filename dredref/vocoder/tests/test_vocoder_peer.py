"""The vocoder beside libopus 1.6.1: sample for sample its portable path.

libopus' two builds differ from each other by the figures of the project's yardstick; this vocoder
differs from the portable one by nothing, so it is nearer to it than the other build on every
clip, and as near to the original.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.metrics import compare_audio
from dredref.vocoder import vocoder
from dredref.vocoder.sizes import FRAME
from dredref.vocoder.synthesis import LEAD
from dredref.vocoder.tests.inputs import Vectors, clips, extremes

pytestmark = pytest.mark.peer
AUDIO = Path(__file__).parents[3] / "vectors" / "audio"
Pcm = NDArray[np.int16]


def rounded(samples: NDArray[np.float32]) -> Pcm:
    """Upstream's rounding of float samples."""
    limited = np.clip(np.float32(32768) * samples, -32767, 32767).astype(np.float64)
    pcm: Pcm = np.floor(limited + 0.5).astype(np.int16)
    return pcm


@cache
def own_speech(name: str) -> Pcm:
    """What this vocoder makes of a clip's vectors."""
    speech: Pcm = vocoder().utterance(clips()[name][None])[0]
    return speech


@cache
def portable_speech(name: str, peer: Peer) -> Pcm:
    """What libopus' portable path makes of them."""
    return spoken(peer, clips()[name])


def spoken(peer: Peer, vectors: Vectors) -> Pcm:
    """What ``fargan_demo -fargan-synthesis`` makes of vectors."""
    following = np.concatenate([vectors[1:], vectors[-1:], vectors[-1:]])
    start = np.repeat(vectors[:1], 5, axis=0)
    return rounded(peer.fargan(following, start_features=start).pcm)[LEAD:-LEAD]


def original(name: str, length: int) -> Pcm:
    """The clip that vectors were made of."""
    samples: Pcm = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")[0]
    return samples[:length]


@pytest.mark.parametrize("name", clips())
def test_speech_is_that_of_the_portable_path(name: str, peer_161_c: Peer) -> None:
    """Every sample of every clip."""
    np.testing.assert_array_equal(own_speech(name), portable_speech(name, peer_161_c))


@pytest.mark.parametrize("name", clips())
def test_nearer_than_the_other_build(name: str, peer_161_c: Peer, peer_161: Peer) -> None:
    """Upstream's metric: this against portable, default against portable, all against original."""
    own, portable = own_speech(name), portable_speech(name, peer_161_c)
    default = spoken(peer_161, clips()[name])
    near, far = compare_audio(portable, own), compare_audio(portable, default)
    assert far.err4 > 0
    assert near.err4 <= far.err4
    assert near.err16 <= far.err16
    assert near.pitch <= far.pitch
    heard = original(name, len(own))
    assert compare_audio(heard, own).err4 <= 1.03 * compare_audio(heard, portable).err4


@pytest.mark.parametrize("name", clips())
def test_going_on_from_real_samples(name: str, peer_161_c: Peer) -> None:
    """A second of speech that goes on from the clip, and the states of the recurrent units."""
    vectors = clips()[name][100:205]
    samples = original(name, 102 * FRAME)[-320:]
    peer = peer_161_c.fargan(
        vectors[5:], start=samples.astype(np.float32) / 32768, start_features=vectors[:5]
    )
    state = vocoder().start(vectors[None, :5], samples[None])
    speech, state = vocoder().synthesize(state, vectors[None, 5:])
    np.testing.assert_array_equal(speech[0], rounded(peer.pcm))
    units = np.concatenate(state.units, axis=1)[0]
    np.testing.assert_array_equal(units, peer.states[-1])
    assert state.period[0] == peer.periods[-1]


@pytest.mark.parametrize("name", sorted({*extremes()} - {"beyond", "huge"}))
def test_extremes_that_libopus_takes(name: str, peer_161_c: Peer) -> None:
    """All but periods that libopus reads out of bounds for, and magnitudes that overflow it."""
    vectors = extremes()[name]
    np.testing.assert_array_equal(
        vocoder().utterance(vectors[None])[0], spoken(peer_161_c, vectors)
    )


@pytest.mark.parametrize("name", clips())
def test_speech_is_speech(name: str) -> None:
    """It has the loudness, frame by frame, and the pitch of what its vectors were made of."""
    own = own_speech(name)
    heard = original(name, len(own))
    found = compare_audio(heard, own)
    assert found.err4 < 0.7
    assert found.pitch < 0.2
    levels = [
        np.log((x[: len(x) // 320 * 320].reshape(-1, 320).astype(float) ** 2).mean(axis=1) + 100)
        for x in (heard, own)
    ]
    assert np.corrcoef(*levels)[0, 1] > 0.95
    backwards = compare_audio(heard, np.ascontiguousarray(own[::-1]))
    assert backwards.err4 > 1.5 * found.err4
