"""The discrete Fourier transform of 320 real samples, in a stated order of operations.

Decimation in time: three stages of radix 4, then one of radix 5. Frames stand in columns. Source:
libopus 1.6.1 celt/kiss_fft.c with the plan of dnn/lpcnet_tables.c.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dredref.analysis.tables import WINDOW, Bits, twiddles
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel, loop, part
from dredref.arithmetic.number import (
    Number,
    Numbers,
    add,
    from_bits,
    load,
    mul,
    neg,
    store,
    sub,
)

RADICES = (4, 4, 4, 5)
"""Radix of each stage, first to last."""
RECIPROCAL = nearest(Fraction(1, WINDOW))
"""What samples are multiplied by."""


def transform(x: Numbers) -> tuple[Numbers, Numbers]:
    """Real and imaginary parts of the bins [320, columns] of real samples [320, columns].

    The transform is divided by 320.
    """
    digits = x.reshape(*reversed(RADICES[:-1]), RADICES[-1], -1)
    z = np.zeros((2, *x.shape), x.dtype)
    z[0] = digits.transpose(3, 2, 1, 0, 4).reshape(x.shape)
    transform_columns(z.reshape(-1), twiddles())
    return z[0], z[1]


@kernel
def transform_columns(z: Numbers, table: Bits) -> None:
    """Scale single numbers, in the order of their digits turned round, and join them.

    Args:
        z: 320 rows of real parts and 320 of imaginary parts; receives the bins.
        table: twiddle factors, real and imaginary parts [2, 320].
    """
    half = z.size // 2
    for i in range(half):
        store(z, i, mul(load(z, i), from_bits(z, RECIPROCAL)))
    size = 1
    while 4 * size < WINDOW // 4:
        run = size * (half // WINDOW)
        for start in range(0, half, 4 * run):
            twiddle(z, start, 4, size, table)
            radix_4(z, start, half + start, run)
        size *= 4
    twiddle(z, 0, 5, size, table)
    radix_5(z, table)


@loop
def twiddle(z: Numbers, start: int, runs: int, size: int, table: Bits) -> None:
    """Multiply number ``j`` of run ``k`` by twiddle factor ``j k``, in steps of a joined run."""
    half = z.size // 2
    columns, step = half // WINDOW, WINDOW // (runs * size)
    for k in range(1, runs):
        for j in range(size):
            at, place = start + (k * size + j) * columns, j * k * step
            re, im = z[at : at + columns], z[half + at : half + at + columns]
            a, b = from_bits(z, table[0, place]), from_bits(z, table[1, place])
            for i in range(columns):
                x, y = load(re, i), load(im, i)
                store(re, i, sub(mul(x, a), mul(y, b)))
                store(im, i, add(mul(x, b), mul(y, a)))


@loop
def butterfly(x: Numbers, y: Numbers) -> None:
    """``x + y`` in place of ``x``, and ``x - y`` in place of ``y``."""
    for i in range(x.size):
        a, b = load(x, i), load(y, i)
        store(x, i, add(a, b))
        store(y, i, sub(a, b))


@loop
def exchange(x: Numbers, y: Numbers) -> None:
    """Each in the other's place."""
    for i in range(x.size):
        x[i], y[i] = y[i], x[i]


@loop
def radix_4(z: Numbers, re: int, im: int, n: int) -> None:
    """The transform of four runs of complex numbers; the last two meet after a turn by ``-i``."""
    for start in (re, im):
        butterfly(z[start : start + n], z[start + 2 * n : start + 3 * n])
        butterfly(z[start + n : start + 2 * n], z[start + 3 * n : start + 4 * n])
        butterfly(z[start : start + n], z[start + n : start + 2 * n])
    re_1, im_1 = z[re + n : re + 2 * n], z[im + n : im + 2 * n]
    re_2, im_2 = z[re + 2 * n : re + 3 * n], z[im + 2 * n : im + 3 * n]
    re_3, im_3 = z[re + 3 * n : re + 4 * n], z[im + 3 * n : im + 4 * n]
    butterfly(re_2, im_3)
    butterfly(im_2, re_3)
    exchange(re_1, re_2)
    exchange(im_1, im_2)
    exchange(re_3, im_3)
    exchange(im_1, im_3)


@loop
def weighted_sum(x: Numbers, y: Numbers, a: Number, b: Number, out: Numbers) -> None:
    """``a x + b y``."""
    for i in range(out.size):
        store(out, i, add(mul(load(x, i), a), mul(load(y, i), b)))


@loop
def accumulate(x: Numbers, out: Numbers) -> None:
    """``x`` added to what is there."""
    for i in range(out.size):
        store(out, i, add(load(x, i), load(out, i)))


@part
def radix_5(z: Numbers, table: Bits) -> None:
    """The transform of five runs of complex numbers, by sums and differences of mirror images."""
    n = z.size // 10
    sums, gaps = np.empty((2, 2, n), z.dtype), np.empty((2, 2, n), z.dtype)
    first, second = WINDOW // 5, 2 * WINDOW // 5
    a, b = from_bits(z, table[0, first]), from_bits(z, table[0, second])
    c, d = from_bits(z, table[1, first]), from_bits(z, table[1, second])
    for side in range(2):
        x = 5 * n * side
        outer, inner = z[x + n : x + 2 * n], z[x + 2 * n : x + 3 * n]
        inner_gap, outer_gap = z[x + 3 * n : x + 4 * n], z[x + 4 * n : x + 5 * n]
        butterfly(outer, outer_gap)
        butterfly(inner, inner_gap)
        weighted_sum(outer, inner, a, b, sums[0, side])
        weighted_sum(outer, inner, b, a, sums[1, side])
        weighted_sum(outer_gap, inner_gap, c, d, gaps[0, side])
        weighted_sum(outer_gap, inner_gap, d, neg(c), gaps[1, side])
        for pair in range(2):
            accumulate(z[x : x + n], sums[pair, side])
        accumulate(inner, outer)
        accumulate(outer, z[x : x + n])
    for pair in range(2):
        here, there = (1 + pair) * n, (4 - pair) * n
        butterfly(sums[pair, 0], gaps[pair, 1])
        butterfly(sums[pair, 1], gaps[pair, 0])
        for i in range(n):
            z[here + i], z[there + i] = gaps[pair, 1, i], sums[pair, 0, i]
            z[5 * n + here + i], z[5 * n + there + i] = sums[pair, 1, i], gaps[pair, 0, i]
