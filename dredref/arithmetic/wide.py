"""Products of wide integers with a constant matrix, exact although BLAS carries them.

A float64 holds every integer below 2**53 exactly. If no partial sum of a product can reach 2**53,
then a BLAS product of integers in float64 is exact in whatever order, and on however many threads,
it is summed. Operands that are too wide for that are cut into limbs, each limb's product is exact
by that rule, and the limbs are put together again in int64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EXACT = 1 << 53
"""Below this every integer is a float64."""

_ROOM = 1 << 62
"""Results stay below this in magnitude, so that rounding cannot overflow an int64."""


class WideMatrix:
    """A constant integer matrix that wide integer vectors are multiplied with.

    Vectors are rows: the result is ``x @ matrix``.
    """

    def __init__(self, matrix: NDArray[np.int64], bits: int) -> None:
        """Prepare ``matrix`` [inputs, outputs] for inputs of magnitude at most ``2**bits``.

        Raises:
            ValueError: if the matrix is too large for even one-bit limbs to be exact.
        """
        self._reach = int(np.abs(matrix).sum(axis=0).max(initial=1))
        """Largest sum of magnitudes in a column: what an input of ones could reach."""
        self._limb = (_EXACT // self._reach).bit_length() - 1
        if self._limb < 1:
            raise ValueError("matrix too large for an exact product")
        self._bits = bits
        self._limbs = max(1, -(-bits // self._limb))
        self._matrix = matrix.astype(np.float64)

    def multiply(self, x: NDArray[np.int64], shift: int = 0) -> NDArray[np.int64]:
        """``x @ matrix / 2**shift``, halves rounded up; exact for every input in range.

        Args:
            x: integers [..., inputs], magnitudes at most ``2**bits``.
            shift: bits to drop from the result.

        Raises:
            ValueError: if a result could leave the int64 range.
        """
        if self._reach << self._bits >= _ROOM << shift:
            raise ValueError("product does not fit; drop more bits")
        rest = x
        total: NDArray[np.int64] = np.zeros((), np.int64)
        for index in range(self._limbs):
            last = index == self._limbs - 1
            limb = rest if last else rest & ((1 << self._limb) - 1)
            part = (limb.astype(np.float64) @ self._matrix).astype(np.int64)
            weight = index * self._limb
            before = min(shift, max(0, weight - self._limb))
            dropped = min(shift, weight)
            carry = total >> (dropped - before) if index else np.int64(1 << shift >> 1)
            total = (part << (weight - dropped)) + carry
            rest = rest >> self._limb
        return total >> (shift - dropped)
