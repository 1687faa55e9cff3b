"""The period that a pitch feature stands for: ``floor(1/2 + 256 / 2**(pitch + 1.5))`` samples.

No power is computed: the period is ``p`` or longer up to a pitch of ``7.5 - log2(2 p - 1)``, and
comparing numbers is comparing integers.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic import elementary
from dredref.arithmetic.binary32 import nearest, value_of


def period_of(pitch: NDArray[np.float32], shortest: int, longest: int) -> NDArray[np.int64]:
    """Period in samples at 16 kHz, no shorter and no longer than given."""
    return np.maximum(longest - np.searchsorted(_highest(longest), in_order(pitch)), shortest)


def in_order(numbers: NDArray[np.float32]) -> NDArray[np.int32]:
    """Integers that stand in the order of the numbers; those of both zeros are equal."""
    bits = numbers.view(np.int32)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


@cache
def _highest(longest: int) -> NDArray[np.int32]:
    """The highest pitch of each period, from the longest down to 1, as integers in order."""
    places = []
    for period in range(longest, 0, -1):
        odd = elementary.fine(Fraction(2 * period - 1))
        end = Fraction(15, 2) - Fraction(elementary.logarithm(odd), elementary.log_of_two())
        bits = nearest(end)
        place = int(in_order(np.array(bits, np.int32).view(np.float32)))
        places.append(place - (value_of(bits) > end))
    return np.array(places, np.int32)
