"""Filters of the residual: the emphasis before the correlation and the low-pass before voicing.

Source: libopus 1.6.1 dnn/lpcnet_enc.c (biquad, compute_frame_features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import (
    Carried,
    N,
    Significands,
    concatenate,
    constant,
    words_of,
)
from dredref.arithmetic.significand_arrays import arranged

PRESENCE = "0.7"
"""Weight of the sample before in the excitation."""

ZEROS = ("-0.84946", "1")
"""b0 and b1 of ``(1 + b0 z^-1 + b1 z^-2) / (1 + a0 z^-1 + a1 z^-2)``: elliptic, 1200 Hz."""

POLES = ("-1.54220", "0.70781")
"""a0 and a1."""

TRACE = "1e-30"
"""What libopus adds in the recursion, to fix the order of its sums; it shows in silence alone."""


def emphasise(signal: N) -> N:
    """``e[n] + 0.7 e[n-1]``: the excitation [streams, n] of a residual [streams, n + 1]."""
    excitation: N = signal[:, 1:] + constant(PRESENCE, signal) * signal[:, :-1]
    return excitation


@dataclass(slots=True)
class Lowpass(Generic[N]):
    """A second-order recursive filter with the memory of several streams [streams]."""

    first: N
    second: N

    def __call__(self, x: N) -> N:
        """Filter signals [streams, samples].

        ``y = x + m0``, then ``m0' = ((b0 - a0) x + m1) - a0 m0`` and
        ``m1' = ((b1 - a1) x + trace) - a1 m0``.
        """
        b0, b1 = (constant(numeral, x) for numeral in ZEROS)
        a0, a1 = (constant(numeral, x) for numeral in POLES)
        into_first = arranged((b0 - a0) * x, np.transpose)
        into_second = arranged((b1 - a1) * x + constant(TRACE, x), np.transpose)
        memory = self._recur(into_first, into_second, a0, a1)
        return x + arranged(memory, np.transpose)

    def _recur(self, into_first: N, into_second: N, a0: N, a1: N) -> N:
        """``m0`` before every sample [samples, streams]; the memory moves on."""
        if isinstance(into_first, Packed):
            return _compiled(self, into_first, into_second, a0, a1)
        if not isinstance(into_first, Significands):
            return _rows(self, into_first, into_second, a0, a1)
        before = []
        for index in range(into_first.shape[0]):
            before.append(self.first[None])
            first = into_first[index] + self.second - a0 * self.first
            self.second = into_second[index] - a1 * self.first
            self.first = first
        return concatenate(before, axis=0)


def _compiled(
    filter_: Lowpass[Carried], into_first: Carried, into_second: Carried, a0: Carried, a1: Carried
) -> Carried:
    """The recursion on words, stream by stream."""
    from dredref.analysis.compiled import recur

    into = np.stack((words_of(into_first), words_of(into_second)))
    poles = np.stack((words_of(a0), words_of(a1)))
    memory = np.stack((words_of(filter_.first), words_of(filter_.second)))
    before = np.empty(into.shape[1:], np.int32)
    recur(into, poles, memory, before)
    filter_.first, filter_.second = pack_words(memory[0]), pack_words(memory[1])
    return pack_words(before)


def _rows(
    filter_: Lowpass[Carried], into_first: Carried, into_second: Carried, a0: Carried, a1: Carried
) -> Carried:
    """The recursion in binary32: number by number for one stream, else a row of all at a time."""
    before = np.empty_like(into_first)
    if into_first.shape[1] == 1:
        x0, x1 = np.float32(a0), np.float32(a1)
        first, second = filter_.first[0], filter_.second[0]
        pairs = zip(into_first[:, 0], into_second[:, 0], strict=True)
        for index, (one, other) in enumerate(pairs):
            before[index, 0] = first
            first, second = one + second - x0 * first, other - x1 * first
        filter_.first, filter_.second = np.array([first]), np.array([second])
        return before
    first, second = filter_.first, filter_.second
    for row, one, other in zip(before, into_first, into_second, strict=True):
        row[:] = first
        first, second = one + second - a0 * first, other - a1 * first
    filter_.first, filter_.second = first, second
    return before
