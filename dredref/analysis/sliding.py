"""Sums of products of weights with every piece of a signal: prediction and correlation.

Frames stand in columns. Each frame has weights of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import Carried, N, words_of
from dredref.arithmetic.significand_arrays import sum_of_products


def sliding_sums(weights: N, signal: N, start: N) -> N:
    """``start[i] + weights[0] signal[i] + weights[1] signal[i + 1] + ...``, from left to right.

    Args:
        weights: [weights, columns].
        signal: [weights + sums - 1, columns].
        start: [sums, columns].
    """
    if isinstance(weights, Packed):
        return _compiled(weights, signal, start)
    count = start.shape[0]
    terms = ((weights[k], signal[k : k + count]) for k in range(weights.shape[0]))
    sums: N = sum_of_products(terms, start)
    return sums


def _compiled(weights: Carried, signal: Carried, start: Carried) -> Carried:
    """The sums in compiled integers, frame by frame."""
    from dredref.analysis.compiled import slide

    sums = _rows(start)
    slide(_rows(weights), _rows(signal), sums)
    return pack_words(sums.T)


def _rows(columns: Carried) -> NDArray[np.int32]:
    """Words of columns, as rows in memory."""
    return np.array(words_of(columns).T, order="C")
