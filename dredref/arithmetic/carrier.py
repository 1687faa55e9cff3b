"""Which carrier a computation runs on, and whether this machine's floats can be one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.number import (
    Numbers,
    add,
    div,
    floor_half_up,
    from_bits64,
    from_int,
    load,
    mul,
    narrow,
    sqrt,
    store,
    sub,
    widen,
)

Arithmetic = Literal["integer", "hardware"]
"""``integer`` is normative; ``hardware`` gives the same bits faster, where nothing refuses it."""

INTEGER: np.dtype[Any] = np.dtype(np.int32)
HARDWARE: np.dtype[Any] = np.dtype(np.float32)


_chosen: list[Arithmetic] = ["hardware"]


def use(arithmetic: Arithmetic) -> None:
    """Choose what this process computes on where a call does not say so."""
    _chosen[0] = arithmetic


@contextmanager
def using(arithmetic: Arithmetic) -> Iterator[None]:
    """Compute on a carrier where calls within do not say so."""
    before = _chosen[0]
    use(arithmetic)
    try:
        yield
    finally:
        use(before)


def in_use(arithmetic: Arithmetic | None = None) -> Arithmetic:
    """Return what is computed on: what a call says, else this process, or integers if refused."""
    wanted = arithmetic or _chosen[0]
    return "integer" if wanted == "integer" or refusal() else "hardware"


def carrier_of(arithmetic: Arithmetic | None = None) -> np.dtype[Any]:
    """Return the type of arrays of numbers."""
    return INTEGER if in_use(arithmetic) == "integer" else HARDWARE


@kernel
def _probe(x: Numbers, y: Numbers, out: Numbers) -> None:
    """Every operation of each pair of numbers, and a product and a sum that must not be fused."""
    for i in range(x.size):
        a, b = load(x, i), load(y, i)
        store(out, (0, i), add(a, b))
        store(out, (1, i), sub(a, b))
        store(out, (2, i), mul(a, b))
        store(out, (3, i), div(a, add(b, from_int(b, 4))))
        store(out, (4, i), add(mul(a, b), a))
        root = sqrt(add(mul(widen(a), widen(a)), from_bits64(a, 0x3FF0000000000000)))
        store(out, (5, i), narrow(div(widen(b), root)))
        store(out, (6, i), from_int(a, floor_half_up(a)))


OPERATIONS = "sum", "difference", "product", "quotient", "product and sum", "root", "floor"
"""Rows of the probe."""
OPERANDS = (
    *("1", "3", "-7", "0.1", "1.00000012", "16777215", "-0.333333343", "1234.5678"),
    *("1.2e-38", "-2.8e-45", "3e-42", "-2.5e-20", "1.17549435e-38", "0.85", "-8388607.5", "0.5"),
)
"""Numbers whose pairs ask about rounding, halves, and what lies below the smallest normal one."""


@cache
def refusal() -> str:
    """Why this machine's floats do not carry the numbers, or the empty string.

    Every operation is done on both carriers, on pairs that ask about the rounding to even, about
    numbers below ``2**-126`` (which some machines flush to zero) and about fused operations.
    """
    operands = np.array([nearest(text) for text in OPERANDS], np.int32)
    x, y = np.repeat(operands, len(operands)), np.tile(operands, len(operands))
    expected: NDArray[np.int32] = np.empty((len(OPERATIONS), x.size), np.int32)
    found = np.empty((len(OPERATIONS), x.size), np.float32)
    _probe(x, y, expected)
    _probe(x.view(np.float32), y.view(np.float32), found)
    differ = (without_negative_zeros(found).view(np.int32) != expected).any(axis=1)
    names = [name for name, bad in zip(OPERATIONS, differ, strict=True) if bad]
    return f"{', '.join(names)} rounded otherwise than IEEE 754 says" if names else ""


def without_negative_zeros(numbers: Numbers) -> NDArray[np.float32]:
    """Numbers of either carrier as ``float32``; the integers know no zero below zero."""
    floats: NDArray[np.float32] = numbers.view(np.float32)
    floats += np.float32(0)
    return floats
