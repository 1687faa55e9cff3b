"""Features of every committed stream are those of libopus' portable path, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dredref.arithmetic.significand import BINARY32, PACKED
from dredref.conformance.adapters.libopus.peer import DredBatch, Peer
from dredref.metrics import compare_features
from dredref.rdovae.decoder import decode_payloads, packaged_decoder
from dredref.rdovae.dequantize import latent_rows, network_inputs, state_rows
from dredref.rdovae.tests.inputs import extremes, payloads, streams
from dredref.spec.tables import VERSIONS
from dredref.streams import open_stream


def decoded(batch: DredBatch, version: int) -> np.ndarray:
    """Features of what libopus parsed, all packets in one batch."""
    counts = np.where(batch.summary["found"] == 1, batch.summary["nb_chunks"], 0).astype(np.int64)
    has = np.arange(batch.levels.shape[1]) < counts[:, np.newaxis]
    first = batch.summary["q0"].astype(np.int64)
    states = state_rows(batch.states.astype(np.int64), first, version, PACKED)
    levels = batch.levels[has].astype(np.int64)
    latents = latent_rows(batch.latents[has].astype(np.int64), levels, version, PACKED)
    return packaged_decoder(version)(states, latents, counts).view(np.float32)


def compare(paths: list[Path], peer: Peer, version: int) -> int:
    """Compare every stream; returns the vectors compared."""
    count = 0
    for path in paths:
        with open_stream(path) as stream:
            packets = [record.packet for record in stream if record.packet]
        batch = peer.parse(packets)
        theirs = np.concatenate(peer.decode(batch))
        ours = decoded(batch, version)
        assert ours.shape == theirs.shape
        differs = np.argwhere(ours != theirs)
        assert not len(differs), f"{path.name}: first at vector, dimension {differs[0]}"
        count += len(ours)
    return count


@pytest.mark.peer
def test_version_12(peer_161_c: Peer) -> None:
    """Against libopus 1.6.1."""
    assert compare(streams(12), peer_161_c, 12) > 100_000


@pytest.mark.peer
def test_version_10(peer_152_c: Peer) -> None:
    """Against libopus 1.5.2."""
    assert compare(streams(10), peer_152_c, 10) > 50_000


@pytest.mark.peer
@pytest.mark.parametrize("version", VERSIONS)
def test_extremes(version: int, peer_161_c: Peer, peer_152_c: Peer) -> None:
    """Integers up to 1050, at the coarsest scale, and 26 chunks of noise."""
    peer = {12: peer_161_c, 10: peer_152_c}[version]
    found = {name: one for name, one in extremes(version).items() if str(1 << 20) not in name}
    batch = [replace(payload, chunks=payload.chunks[:26]) for payload in found.values()]
    states, latents, counts = network_inputs(batch, version, BINARY32)
    assert np.abs(latents).max() > 200_000
    padded = np.zeros((len(batch), 26, latents.shape[1]), np.float32)
    padded[np.arange(26) < counts[:, np.newaxis]] = latents
    theirs = peer.features(states, padded, counts.tolist())
    np.testing.assert_array_equal(np.concatenate(decode_payloads(batch)), np.concatenate(theirs))


@pytest.mark.peer
def test_from_the_stream_on(peer_161_c: Peer) -> None:
    """The project's own parse feeds the same integers to the network."""
    name = "v12-frame-60ms.bit"
    with open_stream(streams(12)[0].with_name(name)) as stream:
        packets = [record.packet for record in stream if record.packet]
    theirs = [rows for rows in peer_161_c.decode(peer_161_c.parse(packets)) if len(rows)]
    ours = decode_payloads(payloads(name))
    np.testing.assert_array_equal(np.concatenate(ours), np.concatenate(theirs))


@pytest.mark.peer
def test_default_build_is_farther_off(peer_161: Peer) -> None:
    """The vector code of libopus divides less finely: near by upstream's metric, but not equal."""
    batch = payloads("v12-frame-20ms.bit")
    with open_stream(streams(12)[0].with_name("v12-frame-20ms.bit")) as stream:
        packets = [record.packet for record in stream if record.packet]
    theirs = np.concatenate(peer_161.decode(peer_161.parse(packets)))
    found = compare_features(theirs, np.concatenate(decode_payloads(batch)))
    assert 0.01 < found.total < 0.5
    assert found.max < 0.15
    assert found.pitch < 0.02
