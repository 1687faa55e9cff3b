"""The tables against what they are for, and against libopus' own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.analysis import tables
from dredref.analysis.logarithm import log2, log_table
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.number import Numbers, load, store
from dredref.conformance.adapters.libopus.peer import Peer


def floats(bits: NDArray[np.int32]) -> NDArray[np.float64]:
    return bits.view(np.float32).astype(np.float64)


def test_window_and_cosines_keep_the_power() -> None:
    """Overlapping frames add up to it, and the transform is orthonormal."""
    window, matrix = floats(tables.window()), floats(tables.cosines()) / 3
    np.testing.assert_allclose(window[:160] ** 2 + window[160:] ** 2, 1, atol=2e-7)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(18), atol=2e-7)


def test_every_bin_is_shared_out_completely() -> None:
    places, weights = tables.band_shares()
    total = np.zeros((160, 18))
    np.add.at(total, (places, np.arange(18)), floats(weights))
    np.testing.assert_allclose(total.sum(axis=1), 1, atol=1e-7)
    assert (np.count_nonzero(total, axis=1) <= 2).all()
    assert total[28, 7] == total[0, 0] == 1


@pytest.mark.peer
def test_tables_are_libopus_s(peer_161_c: Peer, peer_152_c: Peer) -> None:
    """Those of both versions, as which they are one."""
    for peer in (peer_161_c, peer_152_c):
        theirs = peer.analysis_tables()
        np.testing.assert_array_equal(floats(tables.window())[:160], theirs.half_window)
        np.testing.assert_array_equal(floats(tables.twiddles()).T, theirs.twiddles)
        np.testing.assert_array_equal(floats(tables.cosines()), theirs.cosines)


@kernel
def logarithms(x: Numbers, table: NDArray[np.int32], out: Numbers) -> None:
    """Of each number."""
    for i in range(out.size):
        store(out, i, log2(load(x, i), table))


@pytest.mark.parametrize(("version", "most"), [(12, 3e-7), (10, 9e-4)])
def test_logarithms_err_as_much_as_is_said(version: int, most: float) -> None:
    """From 1 to 2: neither less than half of that."""
    x = np.linspace(1, 2, 20_000, endpoint=False, dtype=np.float32)
    found = np.empty_like(x)
    logarithms(x, log_table(version), found)
    error = np.abs(found - np.log2(x.astype(np.float64))).max()
    assert most / 2 < error < most
