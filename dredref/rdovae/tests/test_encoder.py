"""The encoder network: its forms, cuts, batches, extremes, libopus."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.analysis.analyser import FeatureAnalyser, from_int16
from dredref.arithmetic.significand import PACKED, Form, Words
from dredref.arithmetic.tests.floating import look_for_floats
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.model import packaged
from dredref.rdovae.encoder import Network, RdovaeEncoder
from dredref.spec.errors import InputError
from dredref.spec.tables import LATENT_DIM, STATE_DIM, VERSIONS
from tools.encoder.material import CLIPS, clip


@pytest.fixture(scope="module")
def features() -> Words:
    """Two streams of 100 vectors."""
    rows = [clip(name)[8000:24000] for name in ("librivox-1", "espeak-1")]
    return FeatureAnalyser(2).analyse(from_int16(np.stack(rows)))


def wild(vectors: int) -> Words:
    """Features far past any of speech, and past where they saturate."""
    rng = np.random.default_rng(4)
    sizes = [0, 1, -1, 3, -40, 65536, -65536, 2e6, -1e30]
    return rng.choice(sizes, (1, vectors, 20)).astype(np.float32).view(np.int32)


@pytest.mark.parametrize("version", VERSIONS)
def test_integers_define_the_result(version: int, features: Words) -> None:
    """Speech and extremes: all forms give the same words."""
    for given in (features[:, 40:52], wild(12)):
        defined = RdovaeEncoder(version, len(given), form="pairs").encode(given)
        for form in ("integers", "binary32"):
            found = RdovaeEncoder(version, len(given), form=form).encode(given)
            for one, other in zip(defined, found, strict=True):
                assert one.dtype == other.dtype == np.int32
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("form", ["integers", "pairs"])
def test_nothing_floats_in_integer_forms(form: Form, features: Words) -> None:
    """But the product of matrices that BLAS carries."""
    encoder = RdovaeEncoder(12, 2, form=form)
    with look_for_floats() as look:
        encoder.encode(features[:, :4])
    assert look.seen > (5000 if form == "pairs" else 1000)
    carried = {"dredref.arithmetic.products.__call__: carried"}
    assert look.found == (carried if form == "integers" else set())


@pytest.mark.parametrize("version", VERSIONS)
def test_cutting_into_calls_and_batches_changes_nothing(version: int, features: Words) -> None:
    latents, states = RdovaeEncoder(version, 2).encode(features)
    assert latents.shape == (2, 50, LATENT_DIM[version])
    assert states.shape == (2, 50, STATE_DIM[version])
    pieces = RdovaeEncoder(version, 2)
    parts = [pieces.encode(cut) for cut in np.split(features, [2, 2, 4, 34], axis=1)]
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts], axis=1), latents)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts], axis=1), states)
    alone = RdovaeEncoder(version, 1).encode(features[1:])
    np.testing.assert_array_equal(alone[0][0], latents[1])
    np.testing.assert_array_equal(alone[1][0], states[1])


def test_an_odd_number_of_vectors_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of steps"):
        RdovaeEncoder().encode(np.zeros((1, 3, 20), np.int32))


def test_a_model_of_another_kind() -> None:
    """The encoder refuses a decoder's layers."""
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        RdovaeEncoder(model=packaged("rdovae-decoder-v12"))


@pytest.mark.parametrize("version", VERSIONS)
def test_extreme_features_stay_in_range(version: int) -> None:
    for found in RdovaeEncoder(version).encode(wild(40)):
        assert np.abs(found.view(np.float32)).max() < 1024


@pytest.mark.parametrize("version", VERSIONS)
def test_weights_leave_room(version: int) -> None:
    """What the saturation of features rests on; a convolution's halves add up within 24 bits."""
    layer = packaged(f"rdovae-encoder-v{version}").layers["enc_dense1"]
    assert int(np.abs(layer.matrix).sum(axis=1).max()) < 16 << layer.q
    network = Network(packaged(f"rdovae-encoder-v{version}"), 1, PACKED)
    for stage in network.stages:
        halves = np.concatenate((stage.earlier.integers, stage.now.integers))
        np.testing.assert_array_equal(halves, stage.conv.matrix.integers)
        assert stage.conv.matrix.bound <= 1 << 24


@pytest.mark.peer
@pytest.mark.parametrize(("version", "build"), [(12, "peer_161_c"), (10, "peer_152_c")])
def test_network_is_libopus_s(
    version: int, build: str, peer_161_c: Peer, request: pytest.FixtureRequest
) -> None:
    """Latents and states bit for bit, from libopus' own features and from noise."""
    peer: Peer = request.getfixturevalue(build)
    noise = np.random.default_rng(3).normal(0, 2, (400, 20)).astype(np.float32)
    given = [peer_161_c.analysis(clip(name)).features[:, :20] for name in CLIPS]
    for features in (*given, noise):
        whole = np.ascontiguousarray(features[: len(features) // 2 * 2])
        ours = RdovaeEncoder(version).encode(whole[np.newaxis].view(np.int32))
        for mine, theirs in zip(ours, peer.rdovae_encode(whole), strict=True):
            np.testing.assert_array_equal(mine[0].view(np.float32), theirs)
