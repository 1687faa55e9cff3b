"""Fixed-point numbers: the format Q24, its two carriers, rounding and saturation.

See :mod:`dredref.arithmetic` for what a carrier is. Functions here take and return arrays of either
kind; ``EXACT`` bounds what the fast one may hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Q = 24
"""Fractional bits of activations, preactivations, states and features."""
ONE = 1 << Q
"""1.0 in Q24."""
EXACT = 1 << 53
"""Every integer of at most this magnitude is a float64, and so is every sum within it."""
EXACT_32 = 1 << 24
"""The same for float32."""

Fixed = NDArray[Any]
"""An array of integers: ``int64``, or ``float64`` that carries integers."""
Integers = NDArray[np.int64]
"""Integers as themselves."""


_POWERS = np.int64(1) << np.arange(63)
"""Powers of two, for finding the length of an integer."""


def is_carrier(x: Fixed) -> bool:
    """Whether ``x`` carries its integers in float64; ``int64`` is the other kind.

    Raises:
        TypeError: for any other type of element.
    """
    if x.dtype == np.float64:
        return True
    if x.dtype == np.int64:
        return False
    raise TypeError(f"neither int64 nor a float64 carrier: {x.dtype}")


def carry(x: Fixed) -> Fixed:
    """``x`` as float64 that carries integers; for magnitudes of at most 2**53."""
    return x.astype(np.float64)


def settle(x: Fixed) -> Integers:
    """``x`` as int64."""
    return x.astype(np.int64)


def round_shift(x: Fixed, bits: int) -> Fixed:
    """``floor(x / 2**bits + 1/2)``, for ``bits`` of at least 1.

    Carrier: ``x * 2**-bits`` only moves the exponent, and adding 1/2 is exact while ``|x| +
    2**(bits - 1)`` is below 2**53, so the floor is that of the exact sum.
    """
    if is_carrier(x):
        y = x * 2.0**-bits
        y += 0.5
        return np.floor(y, out=y)
    return (x + (1 << (bits - 1))) >> bits


def floor_shift(x: Fixed, bits: int) -> Fixed:
    """``floor(x / 2**bits)``."""
    return np.floor(x * 2.0**-bits) if is_carrier(x) else x >> bits


def multiply(x: Fixed, y: Fixed) -> Fixed:
    """Product of two Q24 arrays, Q24, halves up; needs ``|x * y|`` below 2**53 - 2**23."""
    y = x * y
    if not is_carrier(y):
        return (y + (1 << (Q - 1))) >> Q
    y *= 2.0**-Q
    y += 0.5
    return np.floor(y, out=y)


def saturate(x: Fixed, limit: int) -> Fixed:
    """``x``, no further from zero than ``limit``."""
    return np.minimum(np.maximum(x, -limit), limit)


def divide(numerator: Fixed, denominator: Fixed) -> Fixed:
    """``floor(numerator / denominator + 1/2)`` for positive denominators.

    Exact for quotients below 2**k in magnitude with denominators below ``2**(53 - k)``, k up to 50.

    Carrier: a quotient that is no half lies at least ``1 / (2 * denominator)``, more than
    ``2**(k - 54)``, from every half. The float64 quotient errs by at most ``2**(k - 54)``, half the
    spacing of float64 there, and halves are float64 themselves, so it lies on the right side of
    each. Adding 1/2 leaves it there, and the floor is the exact one.
    """
    if is_carrier(numerator):
        y = numerator / denominator
        y += 0.5
        return np.floor(y, out=y)
    quotient: Integers = (2 * numerator + denominator) // (2 * denominator)
    return quotient


def isqrt(x: Integers) -> Integers:
    """``floor(sqrt(x))`` for ``0 <= x < 2**62``, bit by bit from the top."""
    remainder = np.asarray(x, dtype=np.int64).copy()
    root = np.zeros_like(remainder)
    for shift in range(30, -1, -1):
        trial = (root << (shift + 1)) + (1 << (2 * shift))
        fits = remainder >= trial
        remainder -= np.where(fits, trial, 0)
        root += fits.astype(np.int64) << shift
    return root


def bit_length(x: Integers) -> Integers:
    """Bits of ``x >= 0``: the least n with ``x < 2**n``; 0 for 0."""
    return np.searchsorted(_POWERS, x, side="right")
