"""The encoder network: carriers, cuts, batches, extremes, libopus."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.analysis.analyser import FeatureAnalyser
from dredref.arithmetic.values import Features
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.model import packaged
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.spec.errors import InputError, UsageError
from dredref.spec.tables import LATENT_DIM, STATE_DIM, VERSIONS
from tools.encoder.material import CLIPS, clip


@pytest.fixture(scope="module")
def features() -> Features:
    """Two streams of 100 vectors."""
    rows = [clip(name)[8000:24000] for name in ("librivox-1", "espeak-1")]
    return FeatureAnalyser(2).analyse(np.stack(rows))


def wild(vectors: int) -> Features:
    """Features far past any of speech, and past where they saturate."""
    rng = np.random.default_rng(4)
    sizes = [0, 1, -1, 3, -40, 65536, -65536, 2e6, -1e30]
    return rng.choice(sizes, (1, vectors, 20)).astype(np.float32)


@pytest.mark.parametrize("version", VERSIONS)
def test_carriers_give_the_same(version: int, features: Features) -> None:
    """Speech and extremes; these stay in range."""
    for given in (features, wild(40)):
        integer = RdovaeEncoder(version, len(given), arithmetic="integer").encode(given)
        hardware = RdovaeEncoder(version, len(given), arithmetic="hardware").encode(given)
        for one, other in zip(integer, hardware, strict=True):
            np.testing.assert_array_equal(one.view(np.int32), other.view(np.int32))
            assert np.abs(one).max() < 1024


@pytest.mark.parametrize("version", VERSIONS)
def test_cutting_into_calls_and_batches_changes_nothing(version: int, features: Features) -> None:
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


def test_what_is_refused() -> None:
    """An odd number of vectors, and a decoder's layers."""
    with pytest.raises(UsageError, match="whole number of steps"):
        RdovaeEncoder().encode(np.zeros((1, 3, 20), np.float32))
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        RdovaeEncoder(model=packaged("rdovae-decoder-v12"))


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
        ours = RdovaeEncoder(version).encode(whole[np.newaxis])
        for mine, theirs in zip(ours, peer.rdovae_encode(whole), strict=True):
            np.testing.assert_array_equal(mine[0], theirs)
