"""Tangent, logistic function and 8-bit rounding of large arrays of 24-bit numbers.

The functions are those of :mod:`dredref.arithmetic.significand_functions`. Pairs of integers are
handed on to them; words are worked on by one compiled loop; binary32 is worked on a block at a
time, so that the passes stay in cache. All take the same operations in the same order, and tests
hold them equal, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dredref.arithmetic import significand_functions as definition
from dredref.arithmetic.fixed import Fixed
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import BINARY32, Carried, N, Significands, constant

BLOCK = 16384
"""Elements of a block."""

_KIND = BINARY32
_N0, _N1, _N2 = (constant(text, _KIND) for text in definition.TANH_NUMERATOR)
_D0, _D1, _D2 = (constant(text, _KIND) for text in definition.TANH_DENOMINATOR)
_ONE, _MINUS_ONE, _HALF = (constant(text, _KIND) for text in ("1", "-1", "0.5"))
_STEP = constant("254", _KIND)

Block = Callable[[Carried, Carried, Carried], None]
"""Works on a block: input, output, scratch [2, elements]."""


def tanh(x: N) -> N:
    """Rational hyperbolic tangent; for magnitudes of ``x`` below 2**24."""
    if isinstance(x, Significands):
        return definition.tanh(x)
    if isinstance(x, Packed):
        return pack_words(_compiled().tanh_of(x.view(np.ndarray)))
    return _in_blocks(x, _tanh_block)


def sigmoid(x: N) -> N:
    """``1/2 + tanh(x/2) / 2``."""
    if isinstance(x, Significands):
        return definition.sigmoid(x)
    if isinstance(x, Packed):
        return pack_words(_compiled().sigmoid_of(x.view(np.ndarray)))
    return _in_blocks(x, _sigmoid_block)


def to_bytes(x: N) -> Fixed:
    """``floor(127 x + 1/2)`` of the rounded ``127 x``: int64, int16 for words, or binary32.

    For ``x`` within -1..1 but for its rounding. Binary32: ``254 x`` is exactly twice the rounded
    ``127 x``, and ``floor((floor(2 y) + 1) / 2)`` is ``floor(y + 1/2)``.
    """
    if isinstance(x, Significands):
        return definition.to_bytes(x)
    if isinstance(x, Packed):
        found: Fixed = _compiled().bytes_of(x.view(np.ndarray))
        return found
    y = x * _STEP
    np.floor(y, out=y)
    y += _ONE
    y *= _HALF
    rounded: Fixed = np.floor(y, out=y)
    return rounded


def _compiled() -> Any:
    """The compiled operations on arrays, loaded when first needed."""
    from dredref.arithmetic import compiled_arrays

    return compiled_arrays


def _tanh_block(x: Carried, out: Carried, scratch: Carried) -> None:
    u, denominator = scratch[:, : x.size]
    np.multiply(x, x, out=u)
    np.multiply(u, _D2, out=denominator)
    denominator += _D1
    denominator *= u
    denominator += _D0
    np.multiply(u, _N2, out=out)
    out += _N1
    out *= u
    out += _N0
    out *= x
    out /= denominator
    np.minimum(out, _ONE, out=out)
    np.maximum(out, _MINUS_ONE, out=out)


def _sigmoid_block(x: Carried, out: Carried, scratch: Carried) -> None:
    half = scratch[2, : x.size]
    np.multiply(x, _HALF, out=half)
    _tanh_block(half, out, scratch[:2])
    out *= _HALF
    out += _HALF


def _in_blocks(x: Carried, block: Block) -> Carried:
    """``block`` on all of ``x``."""
    flat = x.reshape(-1)
    out = np.empty_like(flat)
    scratch = np.empty((3, min(BLOCK, flat.size)), np.float32)
    rows = scratch if block is _sigmoid_block else scratch[:2]
    for start in range(0, flat.size, BLOCK):
        span = slice(start, min(start + BLOCK, flat.size))
        block(flat[span], out[span], rows)
    return out.reshape(x.shape)
