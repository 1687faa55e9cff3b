"""Features of every committed stream are those of libopus' portable path, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dredref.arithmetic.carrier import HARDWARE
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.metrics import compare_features
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.dequantize import network_rows
from dredref.rdovae.tests.inputs import extremes, payloads, streams
from dredref.spec.tables import VERSIONS, quantizer_tables
from dredref.streams import open_stream

pytestmark = pytest.mark.peer


def packets_of(name: str) -> list[bytes]:
    """Packets of a committed stream that are not lost."""
    with open_stream(streams(int(name[1:3]))[0].with_name(name)) as stream:
        return [record.packet for record in stream if record.packet]


@pytest.mark.parametrize(("version", "build"), [(12, "peer_161_c"), (10, "peer_152_c")])
def test_every_stream(version: int, build: str, request: pytest.FixtureRequest) -> None:
    peer: Peer = request.getfixturevalue(build)
    count, none = 0, np.zeros((0, 20), np.float32)
    for path in streams(version):
        theirs = peer.decode(peer.parse(packets_of(path.name)))
        ours = decode_payloads(payloads(path.name))
        given, expected = (np.concatenate([none, *rows]) for rows in (ours, theirs))
        np.testing.assert_array_equal(given, expected, path.name)
        count += len(given)
    assert count > 50_000


@pytest.mark.parametrize("version", VERSIONS)
def test_extremes(version: int, peer_161_c: Peer, peer_152_c: Peer) -> None:
    """Integers up to 1050, at the coarsest scale, and 26 chunks of noise."""
    peer = {12: peer_161_c, 10: peer_152_c}[version]
    found = {name: one for name, one in extremes(version).items() if str(1 << 20) not in name}
    batch = [replace(payload, chunks=payload.chunks[:26]) for payload in found.values()]
    tables = quantizer_tables(version)
    chunks = [chunk for payload in batch for chunk in payload.chunks]
    latents = network_rows(
        np.array([chunk.latents for chunk in chunks], np.int32),
        np.array([chunk.level for chunk in chunks], np.int64),
        *(tables.latent, HARDWARE),
        with_level=version >= 12,
    )
    states = network_rows(
        np.array([payload.state for payload in batch], np.int32),
        np.array([payload.q0 for payload in batch], np.int64),
        *(tables.state, HARDWARE),
    )
    assert np.abs(latents).max() > 200_000
    counts = np.array([len(payload.chunks) for payload in batch])
    padded = np.zeros((len(batch), 26, latents.shape[1]), np.float32)
    padded[np.arange(26) < counts[:, np.newaxis]] = latents
    theirs = peer.features(states, padded, counts.tolist())
    np.testing.assert_array_equal(np.concatenate(decode_payloads(batch)), np.concatenate(theirs))


def test_default_build_is_farther_off(peer_161: Peer) -> None:
    """The vector code of libopus divides less finely: near by upstream's metric, but not equal."""
    name = "v12-frame-20ms.bit"
    theirs = np.concatenate(peer_161.decode(peer_161.parse(packets_of(name))))
    found = compare_features(theirs, np.concatenate(decode_payloads(payloads(name))))
    assert 0.01 < found.total < 0.5
    assert found.max < 0.15
    assert found.pitch < 0.02
