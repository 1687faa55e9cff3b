"""Voicing: how well the low-passed signal repeats after one pitch period.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (compute_frame_features).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from dredref.analysis.tables import FRAME, MAX_PERIOD, MIN_PERIOD, Int, fraction_of
from dredref.arithmetic import elementary
from dredref.arithmetic.significand import N, constant, from_words, nearest
from dredref.arithmetic.significand_arrays import arranged, inner_product, ordered
from dredref.arithmetic.significand_logs import softplus
from dredref.arithmetic.significand_wide import narrow, root, widen

SHARPNESS = 5
"""Slope of the soft clipping: ``log(1 + exp(5 c)) / log(1 + exp(5))``."""


@cache
def _highest_pitches() -> Int:
    """The highest pitch of periods 256, 255 ... 33, as integers in the order of numbers.

    A period is at least ``p`` up to a pitch of ``8 - log2(p - 1/2) - 3/2``.
    """
    highest = []
    for period in range(MAX_PERIOD, MIN_PERIOD, -1):
        logarithm = Fraction(
            elementary.logarithm(elementary.fine(period - Fraction(1, 2))), elementary.log_of_two()
        )
        end = Fraction(13, 2) - logarithm
        word = nearest(end)
        place = int(ordered(from_words(np.array(word, np.int32))))
        highest.append(place - (fraction_of(word) > end))
    return np.array(highest, np.int64)


def period_of(pitch: N) -> Int:
    """Period in samples at 16 kHz: ``floor(1/2 + 256 / 2**(pitch + 3/2))``, within 32..256."""
    return MAX_PERIOD - np.searchsorted(_highest_pitches(), ordered(pitch))


def correlation(framed: N, period: Int) -> N:
    """``<x, y> / sqrt(1 + <x, x> <y, y>)`` [columns]; y lies one period before x.

    Root and quotient have 53 bits.

    Args:
        framed: each frame with the 256 samples before it [416, columns].
        period: in samples [columns], from 32 to 256.
    """
    now = framed[MAX_PERIOD:]
    places = MAX_PERIOD - period + np.arange(FRAME)[:, None]
    then = arranged(framed, lambda part: np.take_along_axis(part, places, axis=0))
    energies = inner_product(now, now) * inner_product(then, then)
    length = root(widen(constant("1", framed) + energies))
    found: N = narrow(widen(inner_product(now, then)) / length)
    return found


def voicing(framed: N, period: Int) -> N:
    """The voicing feature [columns]: the correlation, softly clipped, less 1/2."""
    raised = constant(str(SHARPNESS), framed) * correlation(framed, period)
    feature: N = softplus(raised, SHARPNESS) - constant("0.5", framed)
    return feature
