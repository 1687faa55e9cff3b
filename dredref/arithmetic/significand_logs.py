"""Exponentials and logarithms of numbers of 24 significant bits, correctly rounded and fast.

The definition of each function is the exact real result, rounded once to 24 significant bits: it
is computed on integers (:mod:`dredref.arithmetic.elementary`), one number at a time.

The fast form estimates the result in binary64 with functions of the platform, whose last bits
differ between machines. Their error is far below ``MARGIN``; an estimate counts only where moving
it by ``MARGIN`` either way does not change what it rounds to. The few others, about one in 2**15,
are computed as the definition says. So the words are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic import elementary
from dredref.arithmetic.significand import (
    N,
    Significands,
    Words,
    carry,
    from_words,
    nearest,
    rounded,
    settle,
    to_words,
    words_of,
)

Estimates = NDArray[np.float64]
"""Results in binary64, within a relative error of ``MARGIN``."""

MARGIN = 2.0**-40
"""Relative error that estimates are allowed; platforms stay below 2**-48."""

_LIMIT = 64.0
"""Estimates are taken of arguments no larger; what is beyond is left to the definition."""


def exp(x: N) -> N:
    """``e**x``, for magnitudes of at most 64.

    Raises:
        ValueError: for larger ones.
    """
    return _evaluate(x, np.exp, elementary.exponential)


def power_of_ten(x: N, factor: str) -> N:
    """``10**x`` times a factor that is rounded to 24 bits first, for magnitudes up to 27."""
    exact = _rounded(factor)

    def estimate(arguments: Estimates) -> Estimates:
        powers: Estimates = np.power(10.0, arguments) * float(exact)
        return powers

    def define(argument: int) -> int:
        scaled = argument * elementary.log_of_ten() >> elementary.FRACTION
        return elementary.exponential(scaled) * exact.numerator // exact.denominator

    return _evaluate(x, estimate, define)


def softplus(x: N, full: int) -> N:
    """``log(1 + e**x) / log(1 + e**full)``, for magnitudes of at most 64."""

    def estimate(arguments: Estimates) -> Estimates:
        ratio: Estimates = np.log1p(np.exp(arguments)) / np.log1p(np.exp(np.float64(full)))
        return ratio

    def define(argument: int) -> int:
        return (_log_of_raised(argument) << elementary.FRACTION) // _whole(full)

    return _evaluate(x, estimate, define)


def _log_of_raised(argument: int) -> int:
    return elementary.logarithm(elementary.ONE + elementary.exponential(argument))


@cache
def _whole(full: int) -> int:
    """What :func:`softplus` divides by."""
    return _log_of_raised(full << elementary.FRACTION)


@cache
def _rounded(numeral: str) -> Fraction:
    """A constant as 24 significant bits hold it."""
    pair = from_words(np.array([nearest(numeral)], np.int32))
    return int(pair.m[0]) * Fraction(2) ** int(pair.e[0])


def _evaluate(x: N, estimate: Callable[[Estimates], Estimates], define: Callable[[int], int]) -> N:
    """A function of each number: as defined for pairs, by guarded estimates for binary32."""
    if isinstance(x, Significands):
        return from_words(_defined(words_of(x), define))
    arguments = x.astype(np.float64)
    estimates = estimate(np.clip(arguments, -_LIMIT, _LIMIT))
    low = (estimates * (1 - MARGIN)).astype(np.float32)
    high = (estimates * (1 + MARGIN)).astype(np.float32)
    doubtful = (low != high) | (np.abs(arguments) > _LIMIT)
    if doubtful.any():
        low[doubtful] = carry(_defined(settle(x[doubtful]), define))
    return low


def _defined(words: Words, define: Callable[[int], int]) -> Words:
    """The definition, number by number."""
    pairs = from_words(words)
    fine = [
        elementary.shortened(define(_fine(int(m), int(e))))
        for m, e in zip(pairs.m.flat, pairs.e.flat, strict=True)
    ]
    m = np.array([part[0] for part in fine], np.int64).reshape(pairs.shape)
    e = np.array([part[1] for part in fine], np.int64).reshape(pairs.shape)
    return to_words(rounded(m, e))


def _fine(m: int, e: int) -> int:
    """``m * 2**e`` in the working format."""
    shift = elementary.FRACTION + e
    return m << shift if shift >= 0 else m >> -shift
