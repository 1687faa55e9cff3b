"""The Fourier transform of :mod:`dredref.analysis.transform`, compiled.

Rows of words, one number of each frame, lie one after the other in flat arrays. The operations and
their order are those of the definition; a sum and a difference that go together are taken together.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.compiled import Number, add, mul, neg, pack, sub, unpack
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.significand import Words

LENGTH = 320
"""Bins of a transform."""


@kernel
def turn(re: Words, im: Words, factor_re: int, factor_im: int) -> None:
    """Multiply complex numbers by one of them."""
    a, b = unpack(factor_re), unpack(factor_im)
    for i in range(re.size):
        x, y = unpack(re[i]), unpack(im[i])
        re[i] = pack(sub(mul(x, a), mul(y, b)))
        im[i] = pack(add(mul(x, b), mul(y, a)))


@kernel
def meet(x: Words, y: Words) -> None:
    """``x + y`` in place of ``x``, and ``x - y`` in place of ``y``."""
    for i in range(x.size):
        one, other = unpack(x[i]), unpack(y[i])
        x[i] = pack(add(one, other))
        y[i] = pack(sub(one, other))


@kernel
def exchange(x: Words, y: Words) -> None:
    """Each in the other's place."""
    for i in range(x.size):
        x[i], y[i] = y[i], x[i]


@kernel
def blend(x: Words, a: Number, y: Words, b: Number, out: Words) -> None:
    """``a x + b y``."""
    for i in range(out.size):
        out[i] = pack(add(mul(unpack(x[i]), a), mul(unpack(y[i]), b)))


@kernel
def gain(x: Words, out: Words) -> None:
    """``x`` added to what is there."""
    for i in range(out.size):
        out[i] = pack(add(unpack(x[i]), unpack(out[i])))


@kernel
def four(re: Words, im: Words) -> None:
    """The transform of four complex numbers, in place; the last two meet a quarter turn apart."""
    n = re.size // 4
    re0, re1, re2, re3 = re[:n], re[n : 2 * n], re[2 * n : 3 * n], re[3 * n :]
    im0, im1, im2, im3 = im[:n], im[n : 2 * n], im[2 * n : 3 * n], im[3 * n :]
    meet(re0, re2)
    meet(im0, im2)
    meet(re1, re3)
    meet(im1, im3)
    meet(re0, re1)
    meet(im0, im1)
    meet(re2, im3)
    meet(im2, re3)
    exchange(re1, re2)
    exchange(im1, im2)
    exchange(re3, im3)
    exchange(im1, im3)


@kernel
def five(re: Words, im: Words, table: Words) -> None:
    """The transform of five complex numbers, in place, by sums and differences of mirror images."""
    n = re.size // 5
    near, far = np.empty((2, n), np.int32), np.empty((2, n), np.int32)
    near_gap, far_gap = np.empty((2, n), np.int32), np.empty((2, n), np.int32)
    first, second = LENGTH // 5, 2 * LENGTH // 5
    a, b = unpack(table[0, first]), unpack(table[0, second])
    c, d = unpack(table[1, first]), unpack(table[1, second])
    for part, x in enumerate((re, im)):
        outer, inner, inner_gap, outer_gap = (
            *(x[n : 2 * n], x[2 * n : 3 * n]),
            *(x[3 * n : 4 * n], x[4 * n :]),
        )
        meet(outer, outer_gap)
        meet(inner, inner_gap)
        blend(outer, a, inner, b, near[part])
        blend(outer, b, inner, a, far[part])
        blend(outer_gap, c, inner_gap, d, near_gap[part])
        blend(outer_gap, d, inner_gap, neg(c), far_gap[part])
        gain(x[:n], near[part])
        gain(x[:n], far[part])
        meet(outer, inner)
        gain(outer, x[:n])
    for sums, gaps in ((near, near_gap), (far, far_gap)):
        meet(sums[0], gaps[1])
        meet(sums[1], gaps[0])
    for i in range(n):
        re[n + i], im[n + i] = near_gap[1, i], near[1, i]
        re[2 * n + i], im[2 * n + i] = far_gap[1, i], far[1, i]
        re[3 * n + i], im[3 * n + i] = far[0, i], far_gap[0, i]
        re[4 * n + i], im[4 * n + i] = near[0, i], near_gap[0, i]


@kernel
def turn_runs(re: Words, im: Words, runs: int, size: int, table: Words) -> None:
    """Multiply number ``j`` of run ``k`` by twiddle factor ``j k``, in steps of a joined run."""
    columns = re.size // (runs * size)
    step = LENGTH // (runs * size)
    for k in range(1, runs):
        for j in range(size):
            at, place = (k * size + j) * columns, j * k * step
            here = slice(at, at + columns)
            turn(re[here], im[here], table[0, place], table[1, place])


@kernel
def transform_words(re: Words, im: Words, table: Words) -> None:
    """Join single numbers, in the order that the definition brings them to, into transforms.

    Args:
        re: real parts, 320 rows; receive those of the bins.
        im: imaginary parts.
        table: twiddle factors [2, 320].
    """
    size = 1
    while 4 * size < LENGTH // 4:
        joined = 4 * size * (re.size // LENGTH)
        for start in range(0, re.size, joined):
            here = slice(start, start + joined)
            turn_runs(re[here], im[here], 4, size, table)
            four(re[here], im[here])
        size *= 4
    turn_runs(re, im, 5, size, table)
    five(re, im, table)
