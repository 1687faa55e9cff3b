"""Linear prediction by Burg's method, in binary64: coefficients that whiten a short signal.

Source: libopus 1.6.1 dnn/burg.c (silk_burg_analysis), for one block of samples. Products of two
samples that meet alone are rounded to binary32, all others are of binary64.
"""

from __future__ import annotations

from dredref.arithmetic.binary32 import nearest, value_of
from dredref.arithmetic.binary64 import nearest64
from dredref.arithmetic.compiling import kernel, loop
from dredref.arithmetic.number import (
    Number,
    Numbers,
    Numbers64,
    add,
    choose,
    div,
    from_bits64,
    from_int,
    less,
    load,
    mul,
    narrow,
    neg,
    sqrt,
    store,
    sub,
    widen,
    zeros64,
)

ORDER = 16
CONDITION = nearest64(value_of(nearest("0.00001")))
"""Part of the energy that is added to it, so that every matrix can be solved."""
LEAST_ENERGY = nearest64(value_of(nearest("1e-9")))
LEAST_GAIN = nearest64(value_of(nearest("0.001")))
"""Least inverse of the prediction gain: there the recursion ends."""
ONE, MINUS_TWO = nearest64("1"), nearest64("-2")


@loop
def plus_product(total: Number, x: Number, y: Number) -> Number:
    """``total + x y``, each rounded: compiled once, since there is much of it in binary64."""
    return add(total, mul(x, y))


@loop
def inner_product(x: Numbers64, second: int, count: int) -> Number:
    """Sum of products of the samples from 0 and from ``second`` on, four by four."""
    total = zero = from_bits64(x, 0)
    whole = count - count % 4
    for i in range(0, whole, 4):
        four = zero
        for k in range(i, i + 4):
            four = plus_product(four, load(x, k), load(x, second + k))
        total = add(total, four)
    for i in range(whole, count):
        total = plus_product(total, load(x, i), load(x, second + i))
    return total


@loop
def with_products(
    total: Number, x: Numbers64, start: int, step: int, y: Numbers64, count: int
) -> Number:
    """``total + x[start] y[0] + x[start + step] y[1] + ...``, from left to right."""
    for k in range(count):
        total = plus_product(total, load(x, start + step * k), load(y, k))
    return total


@loop
def add_row(
    out: Numbers64, factor: Number, x: Numbers64, start: int, step: int, count: int
) -> None:
    """Add ``factor x[start]``, ``factor x[start + step]``, ... to numbers."""
    for k in range(count):
        store(out, k, plus_product(load(out, k), factor, load(x, start + step * k)))


@loop
def subtract_samples(
    out: Numbers64, samples: Numbers, at: int, start: int, step: int, count: int
) -> None:
    """Take a sample's products with others, each rounded to binary32, from numbers."""
    factor = load(samples, at)
    for k in range(count):
        product = mul(factor, load(samples, start + step * k))
        store(out, k, sub(load(out, k), widen(product)))


@loop
def lattice(x: Numbers64, y: Numbers64, last: int, factor: Number, count: int) -> None:
    """Add ``factor`` times the other to each of ``x[k]`` and ``y[last - k]``."""
    for k in range(count):
        one, two = load(x, k), load(y, last - k)
        store(x, k, plus_product(one, factor, two))
        store(y, last - k, plus_product(two, factor, one))


@loop
def prediction(samples: Numbers, predictor: Numbers64) -> Number:
    """The residual energy of a signal; ``predictor`` [ORDER], zeros, receives its predictor."""
    size = samples.size
    x = zeros64(samples, size)
    for i in range(size):
        store(x, i, widen(load(samples, i)))
    first, last = zeros64(samples, ORDER), zeros64(samples, ORDER)
    forward, backward = zeros64(samples, ORDER + 1), zeros64(samples, ORDER + 1)
    condition, least = from_bits64(samples, CONDITION), from_bits64(samples, LEAST_GAIN)
    zero, one = from_bits64(samples, 0), from_bits64(samples, ONE)
    energy = inner_product(x, 0, size)
    for k in range(ORDER):
        lag = inner_product(x, k + 1, size - k - 1)
        store(first, k, lag)
        store(last, k, lag)
    raised = add(plus_product(energy, condition, energy), from_bits64(samples, LEAST_ENERGY))
    store(forward, 0, raised)
    store(backward, 0, raised)
    gain = one
    for n in range(ORDER):
        end = size - n
        subtract_samples(first, samples, n, n - 1, -1, n)
        subtract_samples(last, samples, end - 1, end, 1, n)
        ahead = with_products(load(x, n), x, n - 1, -1, predictor, n)
        behind = with_products(load(x, end - 1), x, end, 1, predictor, n)
        add_row(forward, neg(ahead), x, n, -1, n + 1)
        add_row(backward, neg(behind), x, end - 1, 1, n + 1)
        ahead = with_products(load(first, n), last, n - 1, -1, predictor, n)
        behind = with_products(load(last, n), first, n - 1, -1, predictor, n)
        store(forward, n + 1, ahead)
        store(backward, n + 1, behind)
        above = with_products(behind, backward, n, -1, predictor, n)
        behind = with_products(load(backward, 0), backward, 1, 1, predictor, n)
        ahead = with_products(load(forward, 0), forward, 1, 1, predictor, n)
        twice = plus_product(zero, from_bits64(samples, MINUS_TWO), above)
        reflection = div(twice, add(ahead, behind))
        before, lost = gain, plus_product(one, neg(reflection), reflection)
        gain = plus_product(zero, before, lost)
        ends = not less(least, gain)
        if ends:
            reflection = sqrt(sub(one, div(least, before)))
            reflection = choose(neg(reflection), reflection, less(zero, above))
            gain = least
        lattice(predictor, predictor, n - 1, reflection, (n + 1) >> 1)
        store(predictor, n, reflection)
        if ends:
            rest = sub(energy, inner_product(x, 0, ORDER))
            return plus_product(zero, rest, gain)
        lattice(forward, backward, n + 1, reflection, n + 2)
    left = with_products(load(forward, 0), forward, 1, 1, predictor, ORDER)
    squares = with_products(one, predictor, 0, 1, predictor, ORDER)
    added = plus_product(zero, condition, energy)
    return plus_product(left, neg(added), squares)


@kernel
def burg(samples: Numbers, coefficients: Numbers, energies: Numbers) -> None:
    """Predictors [signals, ORDER] of signals [signals, n], and residual energies [signals].

    Both are rounded to binary32; no energy is below zero.
    """
    for row in range(energies.size):
        predictor = zeros64(energies, ORDER)
        energy = narrow(prediction(samples[row], predictor))
        zero = from_int(energies, 0)
        store(energies, row, choose(zero, energy, less(energy, zero)))
        for k in range(ORDER):
            store(coefficients, (row, k), narrow(neg(load(predictor, k))))
