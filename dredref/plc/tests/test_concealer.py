"""Neural concealment against libopus' plain C build, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.arithmetic.carrier import INTEGER, Arithmetic, carrier_of, using
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.conformance.adapters.reference import answer
from dredref.plc import cepstra
from dredref.plc.cepstra import burg_cepstra
from dredref.plc.concealer import QUEUE, PacketLossConcealer
from dredref.spec.errors import UsageError
from dredref.vectors.answers import conceal_script
from dredref.vectors.model import Audio, PlcInput
from dredref.vectors.suite import load_suite
from dredref.vocoder.sizes import FRAME
from tools.compare_plc import CARRIERS, SCRIPTS, material, play, vectors
from tools.encoder.material import clip


@pytest.mark.peer
@pytest.mark.parametrize("arithmetic", CARRIERS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_samples_are_libopus_own(name: str, arithmetic: Arithmetic, peer_161_c: Peer) -> None:
    features = vectors(peer_161_c)
    due, _ = peer_161_c.plc(SCRIPTS[name], material(), features)
    with using(arithmetic):
        np.testing.assert_array_equal(play(SCRIPTS[name], material(), features), due)


@pytest.mark.parametrize("arithmetic", CARRIERS)
def test_vectors_are_given_to_the_sample(arithmetic: Arithmetic) -> None:
    """What the suite allows others to miss by a little, either carrier gives exactly."""
    vectors = list(load_suite().vectors(["plc"]))
    assert len(vectors) == 14
    for vector in vectors:
        given, due = vector.input, vector.expected
        assert isinstance(given, PlcInput)
        assert isinstance(due, Audio)
        told = given.features.read() if given.features else b""
        with using(arithmetic):
            spoken = conceal_script(given.steps, given.samples.read(), told)
        assert spoken == due.pcm.read(), vector.id


def test_the_reference_conceals_on_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    carriers = []

    def note(carrier: np.dtype) -> None:
        carriers.append(carrier)
        raise UsageError("noted", "")

    monkeypatch.setattr(cepstra, "burg", lambda _, __, out: note(out.dtype))
    heard = np.ones(3 * FRAME, "<i2").tobytes().hex()
    answer("plc", {"steps": "uuuc", "samples": heard})
    assert carriers == [INTEGER]


@pytest.mark.peer
def test_burg_cepstra_are_libopus_own(peer_161_c: Peer) -> None:
    draw = np.random.default_rng(5)
    time = np.arange(8000)
    signals = [
        *(clip("librivox-1")[16_000:48_000], np.zeros(1600)),
        *(8000 * np.sin(0.1 * time), 32767 * np.sign(np.sin(0.02 * time))),
        *(draw.normal(0, 3, 8000), draw.normal(0, 9000, 8000)),
    ]
    samples = np.clip(np.round(np.concatenate(signals)), -32768, 32767).astype(np.int16)
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    due = peer_161_c.burg_cepstra(frames)
    for arithmetic in CARRIERS:
        carrier = carrier_of(arithmetic)
        found = np.array([burg_cepstra(frame, carrier) for frame in frames]).view(np.float32)
        np.testing.assert_array_equal(found, due)


def test_a_preview_changes_nothing() -> None:
    samples = material()
    frames = samples[: 30 * FRAME].reshape(-1, FRAME)
    one, other = PacketLossConcealer(), PacketLossConcealer()
    for frame in frames[:20]:
        one.update(frame)
        other.update(frame)
    np.testing.assert_array_equal(one.conceal(), other.conceal())
    ahead = one.preview()
    one.preview(np.zeros(20, np.float32))
    second = one.conceal()
    np.testing.assert_array_equal(ahead, second)
    np.testing.assert_array_equal(second, other.conceal())


def test_predicted_speech_fades() -> None:
    samples = material()
    speech = play("u" * 20 + "c" * 30, samples[: 50 * FRAME], np.zeros((0, 20), np.float32))
    levels = np.sqrt(np.mean(speech.reshape(-1, FRAME).astype(float) ** 2, axis=1))
    assert levels[-1] < 3
    assert levels[0] > 30 * max(levels[-1], 1)


def test_what_is_refused() -> None:
    concealer = PacketLossConcealer()

    def code(call: object, *given: object) -> str:
        assert callable(call)
        with pytest.raises(UsageError) as caught:
            call(*given)
        return caught.value.code

    assert code(concealer.update, np.zeros(80, np.int16)) == "samples.shape"
    assert code(concealer.update, np.zeros(160, np.float32)) == "samples.shape"
    assert code(concealer.add_features, np.zeros(19, np.float32)) == "features.shape"
    bad = np.full(20, np.nan, np.float32)
    assert code(concealer.add_features, bad) == "features.not_finite"
    for _ in range(QUEUE):
        concealer.add_features(np.zeros(20, np.float32))
    assert code(concealer.add_features, np.zeros(20, np.float32)) == "features.queue"
    concealer.clear()
    concealer.add_features(np.full(20, 1e30, np.float32))
    assert concealer.conceal().shape == (FRAME,)
