"""The encoder network and the quantizer: cuts, batches, extremes, digests, libopus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref.analysis.analyser import FeatureAnalyser, from_int16
from dredref.arithmetic.fixed import Integers
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.rdovae.quantize import quantize
from spec.dred import parse_payload
from spec.tables import LATENT_DIM, STATE_DIM, quantizer_tables
from tools.libopus.peer import Peer

AUDIO = Path(__file__).parents[3] / "vectors" / "audio"
ONE = 1 << 24


@pytest.fixture(scope="module")
def features() -> Integers:
    """Two streams of 100 vectors, Q24."""
    rows = []
    for name in ("librivox-1", "espeak-1"):
        pcm, _ = soundfile.read(AUDIO / f"{name}.flac", dtype="int16", start=8000, frames=16000)
        rows.append(pcm)
    return FeatureAnalyser(2).analyse(from_int16(np.stack(rows)))


@pytest.mark.parametrize("version", [10, 12])
def test_cutting_into_calls_and_batches_changes_nothing(version: int, features: Integers) -> None:
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
        RdovaeEncoder().encode(np.zeros((1, 3, 20), np.int64))


@pytest.mark.parametrize("version", [10, 12])
def test_extreme_features_stay_in_range(version: int) -> None:
    rng = np.random.default_rng(4)
    wild = rng.choice([-(1 << 40), 0, 1 << 40], (1, 20, 20))
    latents, states = RdovaeEncoder(version).encode(wild)
    assert np.abs(latents).max() < 1 << 33
    assert np.abs(states).max() < 1 << 33


def test_quantizer_is_its_formula() -> None:
    rng = np.random.default_rng(5)
    table = quantizer_tables(12).latent
    values = rng.normal(0, 8, (160, 25))
    levels = np.repeat(np.arange(16), 10)
    got = quantize(np.round(values * ONE).astype(np.int64), levels, table)
    width = table.dead_zone[levels] / 256
    x = np.round(values * ONE) / ONE * table.scale[levels] / 256
    u = np.clip(x / (width + np.float32(0.1)), -5.2, 5.2)
    tangent = u * (952.52801514 + 96.39235687 * u**2 + 0.60863042 * u**4)
    tangent /= 952.72399902 + 413.36801147 * u**2 + 11.88600922 * u**4
    exact = x - width * np.clip(tangent, -1, 1)
    clear = np.abs(exact + 0.5 - np.round(exact + 0.5)) > 1e-6
    expected = np.where(table.coded[levels], np.floor(exact + 0.5), 0)
    np.testing.assert_array_equal(got[clear], expected[clear])
    assert clear.mean() > 0.99


def test_quantizer_saturates() -> None:
    table = quantizer_tables(12).latent
    extreme = np.full((1, 25), 1 << 60)
    top = quantize(extreme, np.array([0]), table)
    assert (top <= 1024).all()
    np.testing.assert_array_equal(quantize(np.zeros((1, 25), np.int64), np.array([0]), table), 0)


@pytest.mark.peer
@pytest.mark.parametrize(("version", "name"), [(12, "peer_161_c"), (10, "peer_152_c")])
def test_network_follows_libopus_on_the_same_features(
    version: int, name: str, features: Integers, request: pytest.FixtureRequest
) -> None:
    """The same until the first 8-bit rounding falls otherwise, and never far from it then."""
    peer: Peer = request.getfixturevalue(name)
    ours = RdovaeEncoder(version).encode(features[:1])
    for mine, theirs in zip(ours, peer.rdovae_encode(features[0] / ONE), strict=True):
        error = np.abs(mine[0] / ONE - theirs)
        assert error[:6].max() < 1e-4
        assert error.max() < 4
        assert np.sqrt((error**2).mean()) < 0.02 * np.sqrt((theirs**2).mean())


@pytest.mark.peer
@pytest.mark.parametrize(("version", "name"), [(12, "peer_161_c"), (10, "peer_152_c")])
@pytest.mark.parametrize("q0", [0, 5, 9, 14])
def test_quantizer_is_libopus_s(
    version: int, name: str, q0: int, request: pytest.FixtureRequest
) -> None:
    peer: Peer = request.getfixturevalue(name)
    rng = np.random.default_rng(q0)
    latents = rng.normal(0, 8, (40, LATENT_DIM[version])).astype(np.float32)
    states = rng.normal(0, 8, (40, STATE_DIM[version])).astype(np.float32)
    payload = parse_payload(
        peer.write_payload(latents, states, q0=q0, dQ=0, qmax=15, max_chunks=10, max_bytes=990),
        version,
    )
    tables = quantizer_tables(version)

    def coded(rows: np.ndarray, table: str) -> Integers:
        values = np.round(rows.astype(np.float64) * ONE).astype(np.int64)
        return quantize(values, np.full(len(rows), q0), getattr(tables, table))

    chunks = np.array([chunk.latents for chunk in payload.chunks])
    assert len(chunks) >= 4
    np.testing.assert_array_equal(coded(latents[::2][: len(chunks)], "latent"), chunks)
    np.testing.assert_array_equal(coded(states[:1], "state")[0], payload.state)
