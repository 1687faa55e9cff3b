"""The quantizer: its last sum, its saturation, libopus."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.rdovae.quantize import quantize
from dredref.spec.dred import parse_payload
from dredref.spec.tables import LATENT_DIM, STATE_DIM, quantizer_tables

Values = NDArray[np.float32]


def draw(seed: int, rows: int, dimension: int) -> Values:
    """Values of any size, small ones and exact halves among them."""
    values = np.random.default_rng(seed).normal(0, 8, (rows, dimension)).astype(np.float32)
    values[::5] = np.round(values[::5] * 2) / 2
    values[::7] /= 1 << 12
    return values


def test_the_last_sum_is_rounded() -> None:
    """A value just below 1/2 that becomes 1, as its sum with 1/2 has no room for the difference.

    Where there is no dead zone, what is rounded is the scaled value.
    """
    table, half = quantizer_tables(12).state, np.float32(0.5)
    below, tried = np.nextafter(half, np.float32(0)), 0
    for level, place in np.argwhere((table.dead_zone == 0) & table.coded):
        scale = np.float32(table.scale[level, place])
        near = half / scale * np.float32(256) + np.arange(-4, 5) * np.float32(2**-24)
        scaled = near.astype(np.float32) * scale / np.float32(256)
        values = np.zeros((len(near), table.dimension), np.float32)
        values[:, place] = near
        for arithmetic in ("integer", "hardware"):
            found = quantize(values, np.full(len(near), level), table, arithmetic)[:, place]
            np.testing.assert_array_equal(found, scaled >= below)
        tried += int((scaled == below).sum())
    assert tried > 0


def test_values_saturate() -> None:
    """At 2**20; nothing becomes nothing."""
    table = quantizer_tables(12).latent
    for arithmetic in ("integer", "hardware"):
        values = np.repeat(np.array([[1e30], [1 << 20], [0]], np.float32), 25, axis=1)
        top, limit, nothing = quantize(values, np.zeros(3, np.int64), table, arithmetic)
        np.testing.assert_array_equal(top, limit)
        assert (1 << 18) < top.max() <= 1 << 20
        assert not nothing.any()


@pytest.mark.peer
@pytest.mark.parametrize("version", [12, 10])
def test_quantizer_is_libopus_s(version: int, peer_161_c: Peer, peer_152_c: Peer) -> None:
    """At every level."""
    peer = {12: peer_161_c, 10: peer_152_c}[version]
    tables = quantizer_tables(version)
    for q0 in range(16):
        latents = draw(q0, 60, LATENT_DIM[version])
        states = draw(q0 + 100, 60, STATE_DIM[version])

        def coded(rows: Values, name: str, q0: int = q0) -> Integers:
            return quantize(rows, np.full(len(rows), q0), getattr(tables, name))

        for first in range(0, 40, 10):
            given = latents[first:], states[first:]
            written = peer.write_payload(*given, q0=q0, dQ=0, qmax=15, max_chunks=10, max_bytes=990)
            payload = parse_payload(written, version)
            chunks = np.array([chunk.latents for chunk in payload.chunks])
            assert len(chunks) >= 4
            np.testing.assert_array_equal(coded(given[0][::2][: len(chunks)], "latent"), chunks)
            np.testing.assert_array_equal(coded(given[1][:1], "state")[0], payload.state)
