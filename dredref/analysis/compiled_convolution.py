"""The pitch network's convolution, compiled: :meth:`pitch_network.Convolution._sums` on words."""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.compiled import add, mul, pack, unpack
from dredref.arithmetic.compiling import i32, kernel, part
from dredref.arithmetic.significand import Words


@part
def split(x: Words, m: Words, e: Words) -> None:
    """Numbers of flat words, as they stand in registers."""
    for i in range(x.size):
        m[i], e[i] = unpack(x[i])


@part
def add_products(weight: int, x: Words, x_e: Words, total: Words, total_e: Words) -> None:
    """Add the products of a weight with numbers as they stand in registers."""
    factor = unpack(weight)
    for i in range(total.size):
        product = mul(factor, (x[i], x_e[i]))
        total[i], total_e[i] = add((total[i], total_e[i]), product)


@part
def gain(x: Words, x_e: Words, total: Words, total_e: Words) -> None:
    """Add numbers as they stand in registers."""
    for i in range(total.size):
        total[i], total_e[i] = add((total[i], total_e[i]), (x[i], x_e[i]))


@kernel
def convolve(x: Words, weights: Words, bias: Words, sums: Words) -> None:
    """Biased sums: a channel's products by themselves, then channel by channel, the bias last.

    Args:
        x: [streams, 2 + frames, channels, lags + 2].
        weights: [outputs, channels, 3 frames, 3 lags].
        bias: [outputs].
        sums: receives the sums [streams, frames, outputs, lags].
    """
    streams, frames, outputs, lags = sums.shape
    channels, times, places = weights.shape[1:]
    zero = unpack(i32(0))
    m = np.empty(x.shape[1:], np.int32)
    e = np.empty(x.shape[1:], np.int32)
    part, part_e = np.empty(lags, np.int32), np.empty(lags, np.int32)
    total, total_e = np.empty(lags, np.int32), np.empty(lags, np.int32)
    for stream in range(streams):
        split(x[stream].reshape(-1), m.reshape(-1), e.reshape(-1))
        for frame in range(frames):
            for o in range(outputs):
                total[:], total_e[:] = zero
                for channel in range(channels):
                    part[:], part_e[:] = zero
                    for time in range(times):
                        row, row_e = m[frame + time, channel], e[frame + time, channel]
                        for lag in range(places):
                            here = slice(lag, lag + lags)
                            weight = weights[o, channel, time, lag]
                            add_products(weight, row[here], row_e[here], part, part_e)
                    gain(part, part_e, total, total_e)
                last = unpack(bias[o])
                for i in range(lags):
                    sums[stream, frame, o, i] = pack(add((total[i], total_e[i]), last))
