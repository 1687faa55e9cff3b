"""From samples to the spectrum of each frame: pre-emphasis, window, transform.

Signals have the streams first, [streams, samples]. Frames stand in columns, [samples, columns]:
all frames of the first stream, then those of the next; what is computed of a frame is a column.
Source: libopus 1.6.1 dnn/lpcnet_enc.c (preemphasis, frame_analysis) and dnn/freq.c.
"""

from __future__ import annotations

from typing import Any

from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dredref.analysis.tables import FRAME, WINDOW, window
from dredref.analysis.transform import Complex, transform
from dredref.arithmetic.significand import N, concatenate, constant, numbers
from dredref.arithmetic.significand_arrays import arranged

PCM_Q = 14
"""Fractional bits of input samples, whose unit is that of 16-bit PCM."""

PCM_LIMIT = 1 << 16
"""Input saturates at twice the full scale of 16-bit PCM: filters may overshoot."""

PREEMPHASIS = "0.85"
"""Weight of the sample before."""


def preemphasise(samples: N, before: N) -> N:
    """``x[n] - 0.85 x[n-1]`` [streams, n]; ``before`` [streams, 1] is ``x[-1]``."""
    delayed = concatenate((before, samples[:, :-1]))
    emphasised: N = samples - constant(PREEMPHASIS, samples) * delayed
    return emphasised


def columns(signal: N, size: int) -> N:
    """Frames [size, streams * frames] of ``size`` samples, each ``FRAME`` after the one before.

    The last of them ends where the signal [streams, size + FRAME * (frames - 1)] ends.
    """

    def cut(part: NDArray[Any]) -> NDArray[Any]:
        framed = sliding_window_view(part, size, axis=-1)[:, ::FRAME]
        return framed.reshape(-1, size).T.copy()

    return arranged(signal, cut)


def signal_of(framed: N, streams: int) -> N:
    """Columns of ``FRAME`` samples each as signals [streams, samples]."""
    return arranged(framed, lambda part: part.T.reshape(streams, -1))


def spectrum(signal: N) -> Complex[N]:
    """Bins 0..159, 50 Hz apart [160, columns], of each frame and the one before it."""
    framed = columns(signal, WINDOW)
    shape = numbers(window()[:, None], signal)
    return transform(framed * shape).only(slice(FRAME))
