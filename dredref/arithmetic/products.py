"""Products of matrices of integers, exact by bound.

BLAS sums in an order of its own choosing. Where every partial sum stays an integer that the type
holds exactly, the order does not matter and neither does fused multiplication: the sum is the
integer sum. The bound is the sum of magnitudes, computed from the weights when a layer is built.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import EXACT, EXACT_32, Fixed, Integers

BYTE = 127
"""Largest magnitude of a rounded activation: 127 * 1.0."""


def largest_sum(weights: Integers, limit: int) -> int:
    """Largest magnitude that ``x @ weights.T`` and its partial sums reach for ``|x| <= limit``."""
    return int(np.abs(weights).sum(axis=1).max(initial=0)) * limit


class ExactMatrix:
    """A matrix of integers, outputs by inputs, that multiplies rows of integers exactly.

    ``limit`` bounds the magnitude of the rows' elements. The BLAS type is float32 where every
    sum stays within 2**24, else float64 within 2**53. Sums given as ``int32`` must stay within it.

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
        """``rows @ weights.T``: ``int64`` of ``int64``, ``int32`` of ``int16``, by BLAS, and
        carriers of carriers, float32 or float64.
        """
        if rows.dtype == np.int64:
            sums: Integers = rows @ self.integers
            return sums
        carried: Fixed = np.matmul(rows.astype(self.type, copy=False), self.carried)
        return carried.astype(np.int32) if rows.dtype == np.int16 else carried
