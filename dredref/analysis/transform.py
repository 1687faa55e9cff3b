"""The discrete Fourier transform of 320 real samples, in a stated order of operations.

Decimation in time: three stages of radix 4, then one of radix 5. Source: libopus 1.6.1
celt/kiss_fft.c with the plan of dnn/lpcnet_tables.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic

import numpy as np

from dredref.analysis.tables import WINDOW, Int, twiddles
from dredref.arithmetic.packed import Packed, pack_words
from dredref.arithmetic.significand import Carried, N, constant, numbers, reshaped, words_of
from dredref.arithmetic.significand_arrays import arranged, stacked, zeros

RADICES = (4, 4, 4, 5)
"""Radix of each stage, first to last."""


@dataclass(frozen=True, slots=True)
class Complex(Generic[N]):
    """Complex numbers as two arrays of one shape."""

    re: N
    im: N

    def __add__(self, other: Complex[N]) -> Complex[N]:
        """Sums."""
        return Complex(self.re + other.re, self.im + other.im)

    def __sub__(self, other: Complex[N]) -> Complex[N]:
        """Differences."""
        return Complex(self.re - other.re, self.im - other.im)

    def __mul__(self, other: Complex[N]) -> Complex[N]:
        """Products: both parts from two rounded products each."""
        return Complex(
            self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
        )

    def scaled(self, factor: N) -> Complex[N]:
        """Both parts times a real number."""
        return Complex(self.re * factor, self.im * factor)

    def turned_back(self) -> Complex[N]:
        """Times ``-i``: a quarter turn back."""
        return Complex(self.im, -self.re)

    def only(self, *index: slice | int) -> Complex[N]:
        """Some of the numbers."""
        return Complex(self.re[index], self.im[index])


def transform(x: N) -> Complex[N]:
    """Bins [320, ...] of real samples [320, ...]: the transform divided by 320."""
    scaled = x * constant(Fraction(1, WINDOW), x)
    rest: tuple[int, ...] = x.shape[1:]
    digits = reshaped(scaled, (*reversed(RADICES[:-1]), RADICES[-1], *rest))
    order = (3, 2, 1, 0, *range(4, 4 + len(rest)))
    start = reshaped(arranged(digits, lambda part: part.transpose(order)), x.shape)
    if isinstance(start, Packed):
        return _compiled(start)
    bins = Complex(start, zeros(x.shape, x))
    size = 1
    for radix in RADICES:
        bins = _stage(bins, radix, size)
        size *= radix
    return bins


def _compiled(start: Carried) -> Complex[Any]:
    """The stages in compiled integers."""
    from dredref.analysis.compiled_transform import transform_words

    re = words_of(start)
    bins = np.stack((re, np.zeros_like(re)))
    transform_words(bins.reshape(-1), twiddles())
    return Complex(pack_words(bins[0]), pack_words(bins[1]))


def _stage(x: Complex[N], radix: int, size: int) -> Complex[N]:
    """Join each ``radix`` transforms of ``size`` that stand side by side into one."""
    shape: tuple[int, ...] = x.re.shape
    grouped = (WINDOW // (radix * size), radix, size, *shape[1:])
    wide = Complex(reshaped(x.re, grouped), reshaped(x.im, grouped))
    stride = WINDOW // (radix * size)
    steps = np.arange(size) * stride
    parts = [wide.only(slice(None), 0)]
    for k in range(1, radix):
        parts.append(wide.only(slice(None), k) * _twiddle(k * steps, len(shape) - 1, x.re))
    joined = _four(parts) if radix == 4 else _five(parts)
    return Complex(
        reshaped(stacked([part.re for part in joined], axis=1), shape),
        reshaped(stacked([part.im for part in joined], axis=1), shape),
    )


def _twiddle(places: Int, more: int, like: N) -> Complex[N]:
    """Twiddle factors [places, 1, ...] with ``more`` axes behind."""
    table = twiddles()[:, places].reshape(2, -1, *(1,) * more)
    return Complex(numbers(table[0], like), numbers(table[1], like))


def _four(x: Sequence[Complex[N]]) -> list[Complex[N]]:
    """The transform of four numbers."""
    even, odd = x[0] + x[2], x[1] + x[3]
    apart, turned = x[0] - x[2], (x[1] - x[3]).turned_back()
    return [even + odd, apart + turned, even - odd, apart - turned]


def _five(x: Sequence[Complex[N]]) -> list[Complex[N]]:
    """The transform of five numbers: sums and differences of those that mirror each other."""
    first, second = (_twiddle(np.array([k]), 0, x[0].re) for k in (WINDOW // 5, 2 * WINDOW // 5))
    outer, inner = x[1] + x[4], x[2] + x[3]
    outer_gap, inner_gap = x[1] - x[4], x[2] - x[3]
    near = x[0] + (outer.scaled(first.re) + inner.scaled(second.re))
    far = x[0] + (outer.scaled(second.re) + inner.scaled(first.re))
    near_turn = (outer_gap.scaled(first.im) + inner_gap.scaled(second.im)).turned_back()
    far_turn = (outer_gap.scaled(second.im) - inner_gap.scaled(first.im)).turned_back()
    return [
        x[0] + (outer + inner),
        near - near_turn,
        far - far_turn,
        far + far_turn,
        near + near_turn,
    ]
