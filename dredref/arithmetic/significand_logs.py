"""Exponentials and logarithms of numbers of 24 significant bits, correctly rounded and fast.

The definition of each function is the exact real result, rounded once to 24 significant bits: it
is computed on integers (:mod:`dredref.arithmetic.elementary`), one number at a time.

The form that runs by default estimates the result in compiled integers
(:mod:`dredref.arithmetic.compiled_logs`), with a proven error; an estimate counts only where that
error cannot change what it rounds to. The few others, about one in 2**20, are computed as the
definition says.

Binary32 is served by estimates in binary64 with functions of the platform, whose last bits differ
between machines. Their error is far below ``MARGIN``; an estimate counts only where moving it by
``MARGIN`` either way does not change what it rounds to, which leaves about one in 2**15 to the
definition. So the words are the same in every form and on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic import elementary
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import (
    Carried,
    N,
    Significands,
    Words,
    carry,
    from_words,
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

    def approach(words: Words) -> Words:
        found: Words = _compiled().estimated_exponentials(words)
        return found

    return _evaluate(approach, np.exp, elementary.exponential, x)


def power_of_ten(x: N, factor: N) -> N:
    """``10**x * factor``, for magnitudes of ``x`` of at most 27.

    Raises:
        ValueError: for larger ones.
    """

    def approach(words: Words, factors: Words) -> Words:
        found: Words = _compiled().estimated_powers_of_ten(words, factors)
        return found

    def estimate(arguments: Estimates, factors: Estimates) -> Estimates:
        products: Estimates = np.power(10.0, arguments) * factors
        return products

    def define(argument: int, weight: int) -> int:
        scaled = argument * elementary.log_of_ten() >> elementary.FRACTION
        return elementary.exponential(scaled) * weight >> elementary.FRACTION

    return _evaluate(approach, estimate, define, x, factor)


def softplus(x: N, full: int) -> N:
    """``log(1 + e**x) / log(1 + e**full)``, for magnitudes of at most 64."""

    def approach(words: Words) -> Words:
        found: Words = _compiled().estimated_softpluses(words, _whole(full))
        return found

    def estimate(arguments: Estimates) -> Estimates:
        ratio: Estimates = np.log1p(np.exp(arguments)) / np.log1p(np.exp(np.float64(full)))
        return ratio

    def define(argument: int) -> int:
        return (_log_of_raised(argument) << elementary.FRACTION) // _whole(full)

    return _evaluate(approach, estimate, define, x)


def _log_of_raised(argument: int) -> int:
    return elementary.logarithm(elementary.ONE + elementary.exponential(argument))


@cache
def _whole(full: int) -> int:
    """What :func:`softplus` divides by."""
    return _log_of_raised(full << elementary.FRACTION)


def _compiled() -> Any:
    """The compiled estimates, loaded when first needed."""
    from dredref.arithmetic import compiled_logs

    return compiled_logs


def _evaluate(
    approach: Callable[..., Words],
    estimate: Callable[..., Estimates],
    define: Callable[..., int],
    *operands: N,
) -> N:
    """A function of each number, or of numbers side by side.

    It is as defined for pairs; for words, estimated in integers by ``approach``, and for binary32
    by ``estimate``; both are guarded.
    """
    first = operands[0]
    if isinstance(first, Significands):
        return from_words(_defined(define, *map(words_of, operands)))
    if isinstance(first, Packed):
        return pack_words(_decided(approach, define, *map(words_of, operands)))
    return _guarded(estimate, define, *operands)


def _decided(approach: Callable[..., Words], define: Callable[..., int], *operands: Words) -> Words:
    """Words estimated in integers, or else defined."""
    words = approach(*operands)
    doubtful = words == _compiled().UNDECIDED
    if doubtful.any():
        spread = np.broadcast_arrays(*operands)
        words[doubtful] = _defined(define, *(x[doubtful] for x in spread))
    return words


def _guarded(
    estimate: Callable[..., Estimates], define: Callable[..., int], *operands: Carried
) -> Carried:
    """Binary32 numbers estimated in binary64, or else defined."""
    arguments = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in operands))
    estimates = estimate(*(np.clip(x, -_LIMIT, _LIMIT) for x in arguments))
    low = (estimates * (1 - MARGIN)).astype(np.float32)
    high = (estimates * (1 + MARGIN)).astype(np.float32)
    doubtful = (low != high) | np.any([np.abs(x) > _LIMIT for x in arguments], axis=0)
    if doubtful.any():
        words = (settle(x[doubtful].astype(np.float32)) for x in arguments)
        low[doubtful] = carry(_defined(define, *words))
    return low


def _defined(define: Callable[..., int], *operands: Words) -> Words:
    """The definition, number by number."""
    pairs = [from_words(words) for words in np.broadcast_arrays(*operands)]
    shape = pairs[0].shape
    rows = zip(*map(_fine, pairs), strict=True)
    fine = [elementary.shortened(define(*row)) for row in rows]
    m = np.array([part[0] for part in fine], np.int64).reshape(shape)
    e = np.array([part[1] for part in fine], np.int64).reshape(shape)
    return to_words(rounded(m, e))


def _fine(x: Significands) -> list[int]:
    """Numbers in the working format, one after the other."""
    fraction = elementary.FRACTION
    pairs = zip(x.m.flat, x.e.flat, strict=True)
    return [(int(m) << (fraction + int(e)) if e > -fraction else 0) for m, e in pairs]
