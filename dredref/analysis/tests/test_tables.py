"""The tables against their definitions in float64, and against libopus' own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.analysis import tables
from dredref.arithmetic.significand import Words, carry, settle
from dredref.conformance.adapters.libopus.peer import Peer


def floats(words: Words) -> NDArray[np.float64]:
    return carry(words).astype(np.float64)


def test_window_keeps_the_power_of_overlapping_frames() -> None:
    window = floats(tables.window())
    np.testing.assert_allclose(window[:160] ** 2 + window[160:] ** 2, 1, atol=2e-7)
    n = np.arange(160)
    rise = np.sin(np.pi / 2 * np.sin(np.pi / 2 * (n + 0.5) / 160) ** 2)
    np.testing.assert_allclose(window[:160], rise, rtol=2**-24)
    np.testing.assert_array_equal(window, window[::-1])


def test_twiddle_factors_are_a_turn() -> None:
    re, im = floats(tables.twiddles())
    np.testing.assert_allclose(re + 1j * im, np.exp(-2j * np.pi * np.arange(320) / 320), atol=6e-8)
    for (part, place), numeral in tables.TWIDDLE_RESIDUES.items():
        assert (re, im)[part][place] == np.float32(numeral)


def test_cosine_transform_is_orthonormal() -> None:
    matrix = floats(tables.cosines()) / 3
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(18), atol=2e-7)
    np.testing.assert_allclose(matrix[:, 0], np.sqrt(1 / 18), rtol=2**-24)


def test_every_bin_is_shared_out_completely() -> None:
    bands, lower, upper = tables.band_slopes()
    assert bands.tolist() == sorted(bands.tolist())
    np.testing.assert_array_equal(carry(lower) + carry(upper), np.ones(160, np.float32))
    places, weights = tables.band_shares()
    total = np.zeros((160, 18))
    np.add.at(total, (places, np.arange(18)), floats(weights))
    np.testing.assert_allclose(total.sum(axis=1), 1, atol=1e-7)
    assert (np.count_nonzero(total, axis=1) <= 2).all()
    assert total[28, 7] == total[0, 0] == 1
    for column, weight in zip(places.T, weights.T, strict=True):
        inside = column[weight != 0]
        assert (np.diff(inside) == 1).all()


@pytest.mark.peer
def test_tables_are_libopus_s(peer_161_c: Peer) -> None:
    theirs = peer_161_c.analysis_tables()
    np.testing.assert_array_equal(tables.window()[:160], settle(theirs.half_window))
    np.testing.assert_array_equal(tables.twiddles().T, settle(theirs.twiddles))
    np.testing.assert_array_equal(tables.cosines(), settle(theirs.cosines))
