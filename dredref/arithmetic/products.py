"""Products of matrices of integers, exact by bound.

BLAS sums in an order of its own choosing. Where every partial sum stays an integer that the type
holds exactly, the order does not matter and neither does fused multiplication: the sum is the
integer sum. The bound is the sum of magnitudes, computed from the weights when a layer is built.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import EXACT, EXACT_32, Fixed, Integers, Q, is_carrier

BYTE = 127
"""Largest magnitude of a rounded activation: 127 * 1.0."""
BYTE_MIN, BYTE_MAX = -128, 127
"""Where a rounded activation saturates."""


def largest_sum(weights: Integers, limit: int) -> int:
    """Largest magnitude that ``x @ weights.T`` and its partial sums reach for ``|x| <= limit``."""
    return int(np.abs(weights).sum(axis=1).max(initial=0)) * limit


class ExactMatrix:
    """A matrix of integers, outputs by inputs, that multiplies rows of integers exactly.

    ``limit`` bounds the magnitude of the rows' elements. The BLAS type is float32 where every
    sum stays within 2**24, else float64 within 2**53.

    Raises:
        ValueError: if a sum could pass 2**53.
    """

    def __init__(self, weights: Integers, limit: int) -> None:
        """Choose the narrowest type that is exact."""
        bound = largest_sum(weights, limit)
        if bound > EXACT:
            raise ValueError(f"sums reach {bound}, past 2**53")
        self.limit = limit
        self.bound = bound
        self.integers = np.ascontiguousarray(weights.T.astype(np.int64))
        self.type = np.dtype(np.float32 if bound <= EXACT_32 else np.float64)
        self.carried: NDArray[np.floating] = np.ascontiguousarray(weights.T.astype(self.type))

    def __call__(self, rows: Fixed) -> Fixed:
        """``rows @ weights.T``; rows of float32 or float64 carriers give carriers of that type."""
        if rows.dtype == np.int64:
            sums: Integers = rows @ self.integers
            return sums
        carried: Fixed = np.matmul(rows.astype(self.type, copy=False), self.carried)
        return carried


def to_bytes(x: Fixed) -> Fixed:
    """Q24 to the 8 bits that integer layers take: ``floor(127 * x + 1/2)``, saturated.

    Same kind as ``x``, but that a carrier is narrowed to float32, which holds 8 bits exactly.
    Magnitudes of ``x`` stay below 2**45; past 8 bits narrowing may round, but not into their range.
    """
    if is_carrier(x):
        y = x * (BYTE * 2.0**-Q)
        y += 0.5
        narrow = np.floor(y, out=y).astype(np.float32)
        np.maximum(narrow, BYTE_MIN, out=narrow)
        return np.minimum(narrow, BYTE_MAX, out=narrow)
    rounded: Integers = (x * BYTE + (1 << (Q - 1))) >> Q
    return np.clip(rounded, BYTE_MIN, BYTE_MAX)
