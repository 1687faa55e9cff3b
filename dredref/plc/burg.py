"""Linear prediction by Burg's method, in binary64: coefficients that whiten a short signal.

Source: libopus 1.6.1 dnn/burg.c (silk_burg_analysis), for one block of samples. Products of two
samples that meet alone are rounded to binary32, all others are of binary64.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiling import kernel

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

ORDER = 16
CONDITION = float(np.float32(1e-5))
"""Part of the energy that is added to it, so that every matrix can be solved."""
LEAST_ENERGY = float(np.float32(1e-9))
LEAST_GAIN = float(np.float32(1e-3))
"""Least inverse of the prediction gain: there the recursion ends."""


@kernel
def inner_product(x: Doubles, first: int, second: int, count: int) -> float:
    """Sum of products of two parts of ``x``, four by four."""
    total = 0.0
    whole = count - count % 4
    for i in range(0, whole, 4):
        a, b = first + i, second + i
        four = x[a] * x[b] + x[a + 1] * x[b + 1] + x[a + 2] * x[b + 2] + x[a + 3] * x[b + 3]
        total += four
    for i in range(whole, count):
        total += x[first + i] * x[second + i]
    return total


@kernel
def burg(single: Floats, coefficients: Floats) -> np.float32:
    """Return the residual energy of a signal; ``coefficients`` [ORDER] receives its predictor."""
    x, size = single.astype(np.float64), single.size
    energy = inner_product(x, 0, 0, size)
    first, last = np.zeros(ORDER), np.zeros(ORDER)
    for n in range(1, ORDER + 1):
        first[n - 1] = last[n - 1] = inner_product(x, 0, n, size - n)
    forward, backward = np.zeros(ORDER + 1), np.zeros(ORDER + 1)
    forward[0] = backward[0] = energy + CONDITION * energy + LEAST_ENERGY
    predictor = np.zeros(ORDER)
    inverse_gain, ended = 1.0, False
    for n in range(ORDER):
        end = size - n
        one, two = x[n], x[end - 1]
        for k in range(n):
            first[k] -= np.float64(single[n] * single[n - k - 1])
            last[k] -= np.float64(single[end - 1] * single[end + k])
            one += x[n - k - 1] * predictor[k]
            two += x[end + k] * predictor[k]
        for k in range(n + 1):
            forward[k] -= one * x[n - k]
            backward[k] -= two * x[end + k - 1]
        one, two = first[n], last[n]
        for k in range(n):
            one += last[n - k - 1] * predictor[k]
            two += first[n - k - 1] * predictor[k]
        forward[n + 1], backward[n + 1] = one, two
        above, behind, before = two, backward[0], forward[0]
        for k in range(n):
            above += backward[n - k] * predictor[k]
            behind += backward[k + 1] * predictor[k]
            before += forward[k + 1] * predictor[k]
        reflection = -2.0 * above / (before + behind)
        gain = inverse_gain * (1.0 - reflection * reflection)
        ended = gain <= LEAST_GAIN
        if ended:
            reflection = sqrt(1.0 - LEAST_GAIN / inverse_gain)
            reflection = -reflection if above > 0 else reflection
            gain = LEAST_GAIN
        inverse_gain = gain
        for k in range((n + 1) >> 1):
            one, two = predictor[k], predictor[n - k - 1]
            predictor[k], predictor[n - k - 1] = one + reflection * two, two + reflection * one
        predictor[n] = reflection
        if ended:
            break
        for k in range(n + 2):
            one = forward[k]
            forward[k] += reflection * backward[n - k + 1]
            backward[n - k + 1] += reflection * one
    for k in range(ORDER):
        coefficients[k] = np.float32(-predictor[k])
    if ended:
        left = (energy - inner_product(x, 0, 0, ORDER)) * inverse_gain
    else:
        left, squares = forward[0], 1.0
        for k in range(ORDER):
            left += forward[k + 1] * predictor[k]
            squares += predictor[k] * predictor[k]
        left -= CONDITION * energy * squares
    rounded = np.float32(left)
    return rounded if rounded > 0 else np.float32(0)
