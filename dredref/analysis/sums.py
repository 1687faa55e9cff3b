"""Sums of products in stated orders: of a signal's pieces, of chosen rows, of two signals."""

from __future__ import annotations

from dredref.analysis.tables import Bits, Int
from dredref.arithmetic.compiling import kernel, scalar
from dredref.arithmetic.number import (
    Number,
    Numbers,
    add,
    from_bits,
    from_int,
    load,
    mul,
    scratch,
    store,
)


@kernel
def sliding_sums(weights: Numbers, signal: Numbers, sums: Numbers) -> None:
    """``sums[i] + weights[0] signal[i] + weights[1] signal[i + 1] + ...``, from left to right.

    Args:
        weights: [frames, weights].
        signal: [frames, weights + sums - 1]; sum ``i`` is of what begins at ``i``.
        sums: what sums begin with [frames, sums]; receives them.
    """
    frames, size = sums.shape
    moving, total = scratch(sums, signal.shape[1]), scratch(sums, size)
    for frame in range(frames):
        given, out = signal[frame], sums[frame]
        for i in range(given.size):
            store(moving, i, load(given, i))
        for i in range(size):
            store(total, i, load(out, i))
        for k in range(weights.shape[1]):
            weight = load(weights, (frame, k))
            for i in range(size):
                store(total, i, add(load(total, i), mul(weight, load(moving, k + i))))
        for i in range(size):
            store(out, i, load(total, i))


@kernel
def chosen_sums(weights: Bits, places: Int, x: Numbers, sums: Numbers) -> None:
    """``weights[0, i] x[places[0, i]] + weights[1, i] x[places[1, i]] + ...``, left to right.

    Args:
        weights: bits [terms, sums].
        places: rows of ``x`` [terms, sums].
        x: [rows, columns].
        sums: filled, [sums, columns].
    """
    total = scratch(sums, x.shape[1])
    for i in range(sums.shape[0]):
        for column in range(x.shape[1]):
            store(total, column, from_int(total, 0))
        for k in range(places.shape[0]):
            row, weight = x[places[k, i]], from_bits(sums, weights[k, i])
            for column in range(row.size):
                product = mul(weight, load(row, column))
                store(total, column, add(load(total, column), product))
        out = sums[i]
        for column in range(out.size):
            store(out, column, load(total, column))


@scalar
def inner_product(x: Numbers, y: Numbers) -> Number:
    """The sum of products of two signals, from the first sample on."""
    total = from_int(x, 0)
    for i in range(x.size):
        total = add(total, mul(load(x, i), load(y, i)))
    return total
