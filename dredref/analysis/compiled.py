"""Loops of the analysis that take one step after the other, compiled.

What they compute, and in which order, say the functions that call them; how functions are compiled
says :mod:`dredref.arithmetic.compiling`. Arrays hold words of 24-bit numbers.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.compiled import add, div, in_order, mul, neg, pack, sub, unpack
from dredref.arithmetic.compiling import i32, kernel, scalar
from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words


@kernel
def recur(into: Words, poles: Words, memory: Words, before: Words) -> None:
    """The recursion of a second-order filter.

    Args:
        into: what goes into both memories [2, samples, streams].
        poles: the coefficients a0 and a1 [2].
        memory: both memories [2, streams]; they move on.
        before: receives the first memory before every sample [samples, streams].
    """
    a0, a1 = unpack(poles[0]), unpack(poles[1])
    for stream in range(memory.shape[1]):
        first, second = unpack(memory[0, stream]), unpack(memory[1, stream])
        for index in range(before.shape[0]):
            before[index, stream] = pack(first)
            one, other = unpack(into[0, index, stream]), unpack(into[1, index, stream])
            last = first
            first = sub(add(one, second), mul(a0, last))
            second = sub(other, mul(a1, last))
        memory[0, stream], memory[1, stream] = pack(first), pack(second)


@kernel
def slide(weights: Words, signal: Words, sums: Words) -> None:
    """Sums of products of a row of weights with each piece of a signal, one after the other.

    Args:
        weights: [frames, weights].
        signal: [frames, weights + sums - 1]; sum ``i`` is of what begins at ``i``.
        sums: what sums begin with [frames, sums]; receives them.
    """
    frames, size = sums.shape
    m, e = np.empty(signal.shape[1], np.int32), np.empty(signal.shape[1], np.int32)
    total_m, total_e = np.empty(size, np.int32), np.empty(size, np.int32)
    for frame in range(frames):
        for i in range(m.size):
            m[i], e[i] = unpack(signal[frame, i])
        for i in range(size):
            total_m[i], total_e[i] = unpack(sums[frame, i])
        for k in range(weights.shape[1]):
            weight = unpack(weights[frame, k])
            for i in range(size):
                product = mul(weight, (m[k + i], e[k + i]))
                total_m[i], total_e[i] = add((total_m[i], total_e[i]), product)
        for i in range(size):
            sums[frame, i] = pack((total_m[i], total_e[i]))


@kernel
def choose(weights: Words, places: Integers, x: Words, sums: Words) -> None:
    """Sums of products of weights with chosen rows, the first term first; zero added is nothing.

    Args:
        weights: [terms, sums].
        places: rows of ``x`` [terms, sums].
        x: [rows, columns].
        sums: zeros; receives the sums [sums, columns].
    """
    for i in range(sums.shape[0]):
        total = sums[i]
        for k in range(places.shape[0]):
            row, weight = x[places[k, i]], unpack(weights[k, i])
            for column in range(total.size):
                product = mul(weight, unpack(row[column]))
                total[column] = pack(add(unpack(total[column]), product))


@scalar
def larger(x: int, y: int) -> int:
    """The word of the larger of two numbers."""
    return x if in_order(x) > in_order(y) else y


@kernel
def floor_levels(levels: Words, limits: Words) -> None:
    """Raise levels [bands, columns] to floors that follow the lower bands.

    ``limits``: the span below the loudest, the decay from band to band, and what both begin with.
    """
    span, decay = unpack(limits[0]), unpack(limits[1])
    for column in range(levels.shape[1]):
        loudest = follow = limits[2]
        for band in range(levels.shape[0]):
            lowest, fallen = pack(sub(unpack(loudest), span)), pack(sub(unpack(follow), decay))
            level = larger(lowest, larger(fallen, levels[band, column]))
            loudest, follow = larger(loudest, level), larger(fallen, level)
            levels[band, column] = level


@kernel
def predict(correlations: Words, stop: int, lpc: Words) -> None:
    """Levinson's recursion.

    Args:
        correlations: at lags 0..16 [frames, 17].
        stop: the word of the part of the energy at which it ends.
        lpc: zeros [frames, 16]; receives the coefficients.
    """
    order_limit = lpc.shape[1]
    before = np.zeros(order_limit, np.int32)
    for frame in range(lpc.shape[0]):
        ac, found = correlations[frame], lpc[frame]
        error = unpack(ac[0])
        least = in_order(pack(mul(unpack(i32(stop)), error)))
        for order in range(order_limit):
            known = unpack(i32(0))
            for k in range(order):
                before[k] = found[k]
                known = add(known, mul(unpack(found[k]), unpack(ac[order - k])))
            reflection = div(neg(add(known, unpack(ac[order + 1]))), error)
            for k in range(order):
                mirrored = mul(reflection, unpack(before[order - 1 - k]))
                found[k] = pack(add(unpack(before[k]), mirrored))
            found[order] = pack(reflection)
            error = sub(error, mul(mul(reflection, reflection), error))
            if in_order(pack(error)) < least:
                break
