"""From samples to the spectrum of each frame: pre-emphasis, window, transform.

Signals have the streams first, [streams, samples]. Frames stand in columns, [samples, columns], or
in rows: all frames of the first stream, then those of the next. Source: libopus 1.6.1
dnn/lpcnet_enc.c (preemphasis, frame_analysis) and dnn/freq.c.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dredref.analysis.tables import FRAME, WINDOW, Bits, Int, window
from dredref.analysis.transform import transform
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.number import Numbers, from_bits, from_fixed, load, mul, store, sub

PCM_Q = 14
"""Fractional bits of input samples, whose unit is that of 16-bit PCM."""

PCM_LIMIT = 1 << 16
"""Input saturates at twice the full scale of 16-bit PCM: filters may overshoot."""

PREEMPHASIS = nearest("0.85")
"""Weight of the sample before."""


@kernel
def preemphasise(samples: Int, before: Numbers, out: Numbers) -> None:
    """``x[n] - 0.85 x[n-1]`` [streams, n] of samples in Q14, which are rounded first.

    ``before`` [streams] is ``x[-1]``, updated.
    """
    for stream in range(samples.shape[0]):
        last, row = load(before, stream), out[stream]
        for i in range(samples.shape[1]):
            x = from_fixed(row, samples[stream, i], PCM_Q)
            store(row, i, sub(x, mul(from_bits(x, PREEMPHASIS), last)))
            last = x
        store(before, stream, last)


def rows(signal: Numbers, size: int) -> Numbers:
    """Frames [streams * frames, size] of ``size`` samples, each ``FRAME`` after the one before.

    The last of them ends where the signal [streams, size + FRAME * (frames - 1)] ends.
    """
    framed = sliding_window_view(signal, size, axis=-1)[:, ::FRAME]
    return np.array(framed.reshape(-1, size), order="C")


@kernel
def apply_window(framed: Numbers, shape: Bits) -> None:
    """Multiply each row [samples, columns] by its place in the window."""
    for i in range(framed.shape[0]):
        weight, row = from_bits(framed, shape[i]), framed[i]
        for column in range(row.size):
            store(row, column, mul(load(row, column), weight))


def spectrum(signal: Numbers) -> tuple[Numbers, Numbers]:
    """Bins 0..159, 50 Hz apart [160, columns], of each frame and the one before it."""
    framed = np.array(rows(signal, WINDOW).T, order="C")
    apply_window(framed, window())
    re, im = transform(framed)
    return re[:FRAME], im[:FRAME]
