"""The Fourier transform of :mod:`dredref.analysis.transform`, compiled.

Words stand in one flat array: rows of real parts, one number of each frame, then as many rows of
imaginary parts. Runs of them are named by where they begin. The operations and their order are
those of the definition; a sum and a difference that go together are taken together.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.compiled import Number, add, mul, neg, pack, sub, unpack
from dredref.arithmetic.compiling import kernel, part
from dredref.arithmetic.significand import Words

LENGTH = 320
"""Bins of a transform."""


@part
def turn_all(re: Words, im: Words, a: Number, b: Number) -> None:
    """Multiply complex numbers by ``a + i b``."""
    for i in range(re.size):
        x, y = unpack(re[i]), unpack(im[i])
        re[i] = pack(sub(mul(x, a), mul(y, b)))
        im[i] = pack(add(mul(x, b), mul(y, a)))


@kernel
def turn(z: Words, re: int, im: int, n: int, factor: tuple[int, int]) -> None:
    """Multiply ``n`` complex numbers by one of them, given as words."""
    turn_all(z[re : re + n], z[im : im + n], unpack(factor[0]), unpack(factor[1]))


@part
def meet_all(x: Words, y: Words) -> None:
    """``x + y`` in place of ``x``, and ``x - y`` in place of ``y``."""
    for i in range(x.size):
        one, other = unpack(x[i]), unpack(y[i])
        x[i] = pack(add(one, other))
        y[i] = pack(sub(one, other))


@kernel
def meet(z: Words, x: int, y: int, n: int) -> None:
    """Sums of two runs in place of the one, differences in place of the other."""
    meet_all(z[x : x + n], z[y : y + n])


@part
def exchange_all(x: Words, y: Words) -> None:
    """Each in the other's place."""
    for i in range(x.size):
        x[i], y[i] = y[i], x[i]


@kernel
def exchange(z: Words, x: int, y: int, n: int) -> None:
    """Two runs, each in the other's place."""
    exchange_all(z[x : x + n], z[y : y + n])


@kernel
def blend(x: Words, y: Words, factors: tuple[Number, Number], out: Words) -> None:
    """``a x + b y``."""
    for i in range(out.size):
        out[i] = pack(add(mul(unpack(x[i]), factors[0]), mul(unpack(y[i]), factors[1])))


@kernel
def raise_by(x: Words, out: Words) -> None:
    """``x`` added to what is there."""
    for i in range(out.size):
        out[i] = pack(add(unpack(x[i]), unpack(out[i])))


@kernel
def four(z: Words, re: int, im: int, n: int) -> None:
    """The transform of four runs of complex numbers; the last two meet a quarter turn apart."""
    for start in (re, im):
        meet(z, start, start + 2 * n, n)
        meet(z, start + n, start + 3 * n, n)
        meet(z, start, start + n, n)
    meet(z, re + 2 * n, im + 3 * n, n)
    meet(z, im + 2 * n, re + 3 * n, n)
    exchange(z, re + n, re + 2 * n, n)
    exchange(z, im + n, im + 2 * n, n)
    exchange(z, re + 3 * n, im + 3 * n, n)
    exchange(z, im + n, im + 3 * n, n)


@part
def five(z: Words, table: Words) -> None:
    """The transform of five runs of complex numbers, by sums and differences of mirror images."""
    n = z.size // 10
    sums, gaps = np.empty((2, 2, n), np.int32), np.empty((2, 2, n), np.int32)
    first, second = LENGTH // 5, 2 * LENGTH // 5
    a, b = unpack(table[0, first]), unpack(table[0, second])
    c, d = unpack(table[1, first]), unpack(table[1, second])
    for side in range(2):
        x = 5 * n * side
        meet(z, x + n, x + 4 * n, n)
        meet(z, x + 2 * n, x + 3 * n, n)
        outer, inner = z[x + n : x + 2 * n], z[x + 2 * n : x + 3 * n]
        inner_gap, outer_gap = z[x + 3 * n : x + 4 * n], z[x + 4 * n : x + 5 * n]
        blend(outer, inner, (a, b), sums[0, side])
        blend(outer, inner, (b, a), sums[1, side])
        blend(outer_gap, inner_gap, (c, d), gaps[0, side])
        blend(outer_gap, inner_gap, (d, neg(c)), gaps[1, side])
        for pair in range(2):
            raise_by(z[x : x + n], sums[pair, side])
        raise_by(inner, outer)
        raise_by(outer, z[x : x + n])
    for pair in range(2):
        here, there = (1 + pair) * n, (4 - pair) * n
        meet_all(sums[pair, 0], gaps[pair, 1])
        meet_all(sums[pair, 1], gaps[pair, 0])
        for i in range(n):
            z[here + i], z[there + i] = gaps[pair, 1, i], sums[pair, 0, i]
            z[5 * n + here + i], z[5 * n + there + i] = sums[pair, 1, i], gaps[pair, 0, i]


@kernel
def turn_runs(z: Words, start: int, runs: int, size: int, table: Words) -> None:
    """Multiply number ``j`` of run ``k`` by twiddle factor ``j k``, in steps of a joined run."""
    half = z.size // 2
    columns, step = half // LENGTH, LENGTH // (runs * size)
    for k in range(1, runs):
        for j in range(size):
            at, place = start + (k * size + j) * columns, j * k * step
            turn(z, at, half + at, columns, (table[0, place], table[1, place]))


@kernel
def transform_words(z: Words, table: Words) -> None:
    """Join single numbers, in the order that the definition brings them to, into transforms.

    Args:
        z: 320 rows of real parts and 320 of imaginary parts; receives the bins.
        table: twiddle factors, real and imaginary parts [2, 320].
    """
    half = z.size // 2
    size = 1
    while 4 * size < LENGTH // 4:
        run = size * (half // LENGTH)
        for start in range(0, half, 4 * run):
            turn_runs(z, start, 4, size, table)
            four(z, start, half + start, run)
        size *= 4
    turn_runs(z, 0, 5, size, table)
    five(z, table)
