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


@kernel
def turn(z: Words, re: int, im: int, n: int, factor: tuple[int, int]) -> None:
    """Multiply ``n`` complex numbers by one of them, given as words."""
    a, b = unpack(factor[0]), unpack(factor[1])
    for i in range(n):
        x, y = unpack(z[re + i]), unpack(z[im + i])
        z[re + i] = pack(sub(mul(x, a), mul(y, b)))
        z[im + i] = pack(add(mul(x, b), mul(y, a)))


@kernel
def meet(z: Words, x: int, y: int, n: int) -> None:
    """``x + y`` in place of ``x``, and ``x - y`` in place of ``y``."""
    for i in range(n):
        one, other = unpack(z[x + i]), unpack(z[y + i])
        z[x + i] = pack(add(one, other))
        z[y + i] = pack(sub(one, other))


@kernel
def exchange(z: Words, x: int, y: int, n: int) -> None:
    """Each in the other's place."""
    for i in range(n):
        z[x + i], z[y + i] = z[y + i], z[x + i]


@kernel
def blend(z: Words, x: int, y: int, factors: tuple[Number, Number], out: Words) -> None:
    """``a x + b y``."""
    for i in range(out.size):
        first, second = mul(unpack(z[x + i]), factors[0]), mul(unpack(z[y + i]), factors[1])
        out[i] = pack(add(first, second))


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
        outer, inner, inner_gap, outer_gap = x + n, x + 2 * n, x + 3 * n, x + 4 * n
        meet(z, outer, outer_gap, n)
        meet(z, inner, inner_gap, n)
        blend(z, outer, inner, (a, b), sums[0, side])
        blend(z, outer, inner, (b, a), sums[1, side])
        blend(z, outer_gap, inner_gap, (c, d), gaps[0, side])
        blend(z, outer_gap, inner_gap, (d, neg(c)), gaps[1, side])
        for near in range(2):
            raise_by(z[x:outer], sums[near, side])
        meet(z, outer, inner, n)
        raise_by(z[outer:inner], z[x:outer])
    for near in range(2):
        here, there = (1 + near) * n, (4 - near) * n
        for i in range(n):
            re, im = unpack(sums[near, 0, i]), unpack(sums[near, 1, i])
            turned_re, turned_im = unpack(gaps[near, 1, i]), unpack(gaps[near, 0, i])
            z[here + i], z[there + i] = pack(sub(re, turned_re)), pack(add(re, turned_re))
            z[5 * n + here + i] = pack(add(im, turned_im))
            z[5 * n + there + i] = pack(sub(im, turned_im))


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
