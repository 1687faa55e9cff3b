"""The quantizer: its formula, its forms, its edges, libopus."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import FORMS, Carried, Words
from dredref.arithmetic.significand_functions import tanh
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.rdovae.quantize import quantize
from dredref.spec.dred import parse_payload
from dredref.spec.tables import LATENT_DIM, STATE_DIM, VERSIONS, quantizer_tables


def words(values: Carried) -> Words:
    """Numbers as words."""
    return np.ascontiguousarray(values, np.float32).view(np.int32)


def draw(seed: int, rows: int, dimension: int, size: float = 8) -> Carried:
    """Values of any size, small ones and exact halves among them."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, size, (rows, dimension)).astype(np.float32)
    values[::5] = np.round(values[::5] * 2) / 2
    values[::7] /= 1 << 12
    return values


def test_quantizer_is_its_formula() -> None:
    """Against float64, away from where its rounding falls."""
    table = quantizer_tables(12).latent
    values = draw(5, 160, 25)
    levels = np.repeat(np.arange(16), 10)
    got = quantize(words(values), levels, table)
    width = table.dead_zone[levels] / 256
    x = values.astype(np.float64) * table.scale[levels] / 256
    u = np.clip(x / (width + np.float32(0.1)), -5.2, 5.2)
    tangent = u * (952.52801514 + 96.39235687 * u**2 + 0.60863042 * u**4)
    tangent /= 952.72399902 + 413.36801147 * u**2 + 11.88600922 * u**4
    exact = x - width * np.clip(tangent, -1, 1)
    clear = np.abs(exact + 0.5 - np.round(exact + 0.5)) > 1e-5
    expected = np.where(table.coded[levels], np.floor(exact + 0.5), 0)
    np.testing.assert_array_equal(got[clear], expected[clear])
    assert clear.mean() > 0.95


@pytest.mark.parametrize("version", VERSIONS)
def test_integers_define_the_result(version: int) -> None:
    tables = quantizer_tables(version)
    for table in (tables.latent, tables.state):
        values = words(draw(version, 320, table.dimension, 300))
        levels = np.tile(np.arange(16), 20)
        defined = quantize(values, levels, table, "pairs")
        for form in FORMS:
            np.testing.assert_array_equal(quantize(values, levels, table, form), defined)
        assert np.abs(defined).max() > 500


def test_the_last_sum_is_rounded() -> None:
    """A value just below 1/2 that becomes 1, as its sum with 1/2 has no room for the difference."""
    table = quantizer_tables(12).latent
    found = 0
    for level in range(16):
        place = int(np.flatnonzero(table.coded[level])[0])
        scale = np.float32(table.scale[level, place]) / np.float32(256)
        width = np.float32(table.dead_zone[level, place]) / np.float32(256)

        def at(near: Words, place: int = place, level: int = level) -> Integers:
            rows = np.zeros((len(near), table.dimension), np.int32)
            rows[:, place] = near
            return quantize(rows, np.full(len(rows), level), table)[:, place]

        low, high = words(np.array([0.01, 500.0])).tolist()
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if at(np.array([middle]))[0] < 1 else (low, middle)
        near = np.arange(high - 4, high + 4, dtype=np.int32)
        x = near.view(np.float32) * scale
        pulled = x - width * tanh(x / (width + np.float32(0.1)))
        np.testing.assert_array_equal(at(near), np.floor(np.float32(0.5) + pulled))
        found += int((at(near) != np.floor(0.5 + pulled.astype(np.float64))).sum())
    assert found > 0


def test_quantizer_saturates() -> None:
    """At 2**20; nothing becomes nothing."""
    table = quantizer_tables(12).latent
    levels = np.array([0])
    for form in FORMS:
        extreme = np.full((1, 25), 1e30, np.float32)
        top = quantize(words(extreme), levels, table, form)
        limit = quantize(words(np.full((1, 25), 1 << 20)), levels, table, form)
        np.testing.assert_array_equal(top, limit)
        assert (1 << 18) < top.max() <= 1 << 20
        nothing = quantize(np.zeros((1, 25), np.int32), levels, table, form)
        np.testing.assert_array_equal(nothing, 0)


@pytest.mark.peer
@pytest.mark.parametrize(("version", "build"), [(12, "peer_161_c"), (10, "peer_152_c")])
@pytest.mark.parametrize("q0", range(16))
def test_quantizer_is_libopus_s(
    version: int, build: str, q0: int, request: pytest.FixtureRequest
) -> None:
    peer: Peer = request.getfixturevalue(build)
    latents = draw(q0, 60, LATENT_DIM[version])
    states = draw(q0 + 100, 60, STATE_DIM[version])
    tables = quantizer_tables(version)

    def coded(rows: Carried, table: str) -> Integers:
        return quantize(words(rows), np.full(len(rows), q0), getattr(tables, table))

    for first in range(0, 40, 5):
        written = peer.write_payload(
            *(latents[first:], states[first:]), q0=q0, dQ=0, qmax=15, max_chunks=10, max_bytes=990
        )
        payload = parse_payload(written, version)
        chunks = np.array([chunk.latents for chunk in payload.chunks])
        assert len(chunks) >= 4
        expected = coded(latents[first::2][: len(chunks)], "latent")
        np.testing.assert_array_equal(expected, chunks)
        np.testing.assert_array_equal(coded(states[first : first + 1], "state")[0], payload.state)
