"""Sums of products in stated orders: of weights with pieces of a signal, and with chosen rows.

Frames stand in columns.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import Carried, N, Words, numbers, words_of
from dredref.arithmetic.significand_arrays import sum_of_products


def sliding_sums(weights: N, signal: N, start: N) -> N:
    """``start[i] + weights[0] signal[i] + weights[1] signal[i + 1] + ...``, from left to right.

    Args:
        weights: [weights, columns]; each frame has its own.
        signal: [weights + sums - 1, columns].
        start: [sums, columns].
    """
    if isinstance(weights, Packed):
        return _slide(weights, signal, start)
    count = start.shape[0]
    terms = ((weights[k], signal[k : k + count]) for k in range(weights.shape[0]))
    sums: N = sum_of_products(terms, start)
    return sums


def chosen_sums(weights: Words, places: Integers, x: N) -> N:
    """``weights[0, i] x[places[0, i]] + weights[1, i] x[places[1, i]] + ...``, from left to right.

    Args:
        weights: words [terms, sums].
        places: rows of ``x`` [terms, sums].
        x: [rows, columns].
    """
    if isinstance(x, Packed):
        return _choose(weights, places, x)
    shares = numbers(weights[..., None], x)
    sums: N = sum_of_products((shares[k], x[places[k]]) for k in range(len(places)))
    return sums


def _choose(weights: Words, places: Integers, x: Carried) -> Carried:
    """The sums in compiled integers, from words of columns."""
    from dredref.analysis.compiled import choose

    sums = np.zeros((weights.shape[1], x.shape[1]), np.int32)
    choose(np.array(weights), np.array(places), words_of(x), sums)
    return pack_words(sums)


def _slide(weights: Carried, signal: Carried, start: Carried) -> Carried:
    """The sums in compiled integers, frame by frame."""
    from dredref.analysis.compiled import slide

    sums = _rows(start)
    slide(_rows(weights), _rows(signal), sums)
    return pack_words(sums.T)


def _rows(columns: Carried) -> Words:
    """Words of columns, as rows in memory."""
    return np.array(words_of(columns).T, order="C")
