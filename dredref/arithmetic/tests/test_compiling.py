"""Instructions on 32 bits, and what is kept of compiled functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import compiling
from dredref.arithmetic.compiling import i32, kernel, leading_zeros, left, right, right_unsigned

Words = NDArray[np.int32]


@kernel
def shifts(x: Words, n: int, out: Words) -> None:
    for i in range(x.size):
        out[i, 0] = left(x[i], i32(n))
        out[i, 1] = right(x[i], i32(n))
        out[i, 2] = right_unsigned(x[i], i32(n))
        out[i, 3] = leading_zeros(x[i])


@pytest.mark.parametrize("n", [0, 1, 13, 30, 31])
def test_instructions(n: int) -> None:
    x = np.array([0, 1, -1, 5, -5, 1 << 30, -(1 << 31), (1 << 31) - 1, 0x12345678], np.int32)
    out = np.empty((x.size, 4), np.int32)
    shifts(x, n, out)
    for value, (up, down, unsigned, zeros) in zip(x.tolist(), out.tolist(), strict=True):
        bits = value % (1 << 32)
        assert up % (1 << 32) == (bits << n) % (1 << 32)
        assert down == value >> n
        assert unsigned % (1 << 32) == bits >> n
        assert zeros == 32 - bits.bit_length()


def doubled(x: int) -> int:
    """Something to compile."""
    return 2 * x


def test_without_a_place_to_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no directory can be written, functions are compiled all the same."""

    def refuse(_function: Any) -> Any:
        raise RuntimeError("no locator available")

    monkeypatch.setattr(compiling, "_Cache", refuse)
    compiled: Any = kernel(doubled)
    assert compiled(21) == 42
    assert compiled.stats.cache_path is None


def test_what_is_kept_holds_for_one_state_of_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of a module that rules come from makes a function compiled anew."""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))

    def hits() -> int:
        compiled: Any = kernel(doubled)
        assert compiled(21) == 42
        return sum(compiled.stats.cache_hits.values())

    assert (hits(), hits()) == (0, 1)
    monkeypatch.setattr(compiling, "_sources", lambda _folder: "changed")
    assert (hits(), hits()) == (0, 1)
