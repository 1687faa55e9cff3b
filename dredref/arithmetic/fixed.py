"""Integers in arrays: their two carriers, rounding, saturation and lengths.

The format Qn holds the integer ``round(value * 2**n)``; halves go up, ``floor(value + 1/2)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

EXACT = 1 << 53
"""Every integer of at most this magnitude is a float64, and so is every sum within it."""
EXACT_32 = 1 << 24
"""The same for float32."""

Fixed = NDArray[Any]
"""An array of integers: ``int64``, or ``float32`` or ``float64`` that carries integers."""
Integers = NDArray[np.int64]
"""Integers as themselves."""

_POWERS = np.int64(1) << np.arange(63)
"""Powers of two, for finding the length of an integer."""


def round_shift(x: Integers, bits: int) -> Integers:
    """``floor(x / 2**bits + 1/2)``, for ``bits`` of at least 1."""
    return (x + (1 << (bits - 1))) >> bits


def saturate(x: Integers, limit: int) -> Integers:
    """``x``, no further from zero than ``limit``."""
    return np.clip(x, -limit, limit)


def bit_length(x: Integers) -> Integers:
    """Bits of ``x >= 0``: the least n with ``x < 2**n``; 0 for 0."""
    return np.searchsorted(_POWERS, x, side="right")
