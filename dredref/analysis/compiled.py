"""Loops of the analysis that take one step after the other, compiled.

What they compute, and in which order, say the functions that call them; how functions are compiled
says :mod:`dredref.arithmetic.compiling`. Arrays hold words of 24-bit numbers.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.compiled import add, mul, pack, sub, unpack
from dredref.arithmetic.compiling import kernel
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
