"""Audio of any rate that Opus takes, mono or stereo, to 16 kHz mono, as the DRED encoder does it.

The filters are the recursive ones of libopus (see :mod:`dredref.resample_tables`). Their responses
fade within a few hundred samples, so here each recursion is run once, on exact integers, and its
response is the filter: no rounding noise circulates, and a block is one product with a constant
matrix. The delay is below 0.4 ms and, as in libopus, not taken off.

Two faults of libopus 1.6.1 are not copied: input below 16 kHz and at 24 kHz is scaled after its
conversion to integers, so loud input is not clipped; and stereo input is taken in pairs of samples
whatever the frame size, so none is passed over.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.spectrum import PCM_LIMIT, PCM_Q
from dredref.analysis.tables import Int
from dredref.arithmetic.fixed import saturate
from dredref.arithmetic.wide import WideMatrix
from dredref.resample_tables import FILTERS, FilterTable
from dredref.spec.errors import UsageError

RATES = (8000, 12000, 16000, 24000, 48000, 96000)
"""Sample rates that are taken."""

INPUT_Q = 8
"""Fractional bits of input samples in units of 16-bit PCM: 24-bit PCM as it is."""

BLOCK = 40
"""Output samples that are made at once: 2.5 ms, a whole number of input samples at every rate."""

BLOCKS_PER_SECOND = 16_000 // BLOCK

TAP_Q = 26
"""Fractional bits of a response."""

_FINE = 80


def _single(text: str) -> int:
    """The single-precision number nearest to a decimal, with ``_FINE`` fractional bits."""
    value = Fraction(float(np.float32(text))) * (1 << _FINE)
    assert value.denominator == 1
    return value.numerator


@cache
def response(rate: int) -> tuple[int, ...]:
    """Impulse response of the filter for input of ``rate``, gain ``up``, Q26, halves up."""
    table = FILTERS[rate]
    b = [_single(text) * table.up for text in table.b]
    a = [_single(text) for text in table.a]
    out: list[int] = []
    for n in range(table.taps):
        fed = b[n] if n < len(b) else 0
        back = sum(a[k] * out[n - k] for k in range(1, min(n, len(a) - 1) + 1))
        out.append(fed - (back >> _FINE))
    half = 1 << (_FINE - TAP_Q - 1)
    return tuple((value + half) >> (_FINE - TAP_Q) for value in out)


def _history(table: FilterTable) -> int:
    """Input samples before a block that its first output may depend on."""
    return -(-(table.taps - 1) // table.up)


@cache
def _matrix(rate: int) -> WideMatrix:
    """From past and present input samples to one block of output samples, Q26."""
    table, taps = FILTERS[rate], response(rate)
    before, now = _history(table), rate // BLOCKS_PER_SECOND
    matrix = np.zeros((before + now, BLOCK), np.int64)
    for n in range(BLOCK):
        for row in range(before + now):
            delay = n * table.down - (row - before) * table.up
            if 0 <= delay < len(taps):
                matrix[row, n] = taps[delay]
    return WideMatrix(matrix, 15 + INPUT_Q + 1)


def to_input(samples: NDArray[np.generic]) -> Int:
    """Samples of int16, int32 (full scale) or float (full scale 1) as integers in Q8.

    Floats are rounded, halves up, and saturate at full scale; of int32 the lowest 8 bits are cut.
    A float that is not a number counts as silence.
    """
    if samples.dtype == np.int16:
        return samples.astype(np.int64) << INPUT_Q
    if samples.dtype == np.int32:
        return samples.astype(np.int64) >> (16 - INPUT_Q)
    limited = np.clip(np.nan_to_num(samples.astype(np.float64), nan=0.0), -1, 1)
    full = 1 << (15 + INPUT_Q)
    rounded = np.minimum(np.floor(limited * full + 0.5), full - 1)
    return rounded.astype(np.int64)


class Resampler:
    """Converts ``streams`` streams of one rate and number of channels."""

    def __init__(self, rate: int, channels: int = 1, streams: int = 1) -> None:
        """Start in silence.

        Raises:
            UsageError: ``audio.rate`` or ``audio.channels`` if the input is not of a kind taken.
        """
        if rate not in RATES:
            known = ", ".join(str(one) for one in RATES)
            raise UsageError("audio.rate", f"a sample rate of {rate} Hz is not one of {known}")
        if channels not in (1, 2):
            raise UsageError("audio.channels", f"{channels} channels: mono and stereo are taken")
        self.rate, self.channels = rate, channels
        self._block = rate // BLOCKS_PER_SECOND
        history = _history(FILTERS[rate]) if rate in FILTERS else 0
        self._past = np.zeros((streams, history), np.int64)
        self._waiting = np.zeros((streams, 0), np.int64)

    def convert(self, samples: Int) -> Int:
        """Whole blocks of 2.5 ms at 16 kHz [streams, 40 * blocks], Q14.

        Samples that do not fill a block wait for the next call. The result saturates at twice the
        full scale. Stereo is added with a weight of one half each.

        Args:
            samples: [streams, n, channels], or [streams, n] for mono, Q8.
        """
        summed = samples.reshape(*samples.shape[:2], self.channels).sum(axis=-1)
        mono = summed << (PCM_Q - INPUT_Q - (self.channels - 1))
        waiting = np.concatenate([self._waiting, mono], axis=-1)
        whole = waiting.shape[-1] // self._block * self._block
        self._waiting = waiting[..., whole:]
        if self.rate not in FILTERS:
            return waiting[..., :whole]
        return self._filter(waiting[..., :whole] >> (PCM_Q - INPUT_Q - 1))

    def flush(self) -> Int:
        """What waits, with silence behind it, up to a whole block [streams, 0 or 40], Q14."""
        missing = -self._waiting.shape[-1] % self._block
        shape = (len(self._waiting), missing, self.channels)
        return self.convert(np.zeros(shape, np.int64))

    def _filter(self, mono: Int) -> Int:
        """One product for each block; ``mono`` is in Q9: half of a sum of two is exact."""
        signal = np.concatenate([self._past, mono], axis=-1)
        before = self._past.shape[-1]
        self._past = signal[..., signal.shape[-1] - before :]
        if not mono.shape[-1]:
            return np.zeros((len(mono), 0), np.int64)
        windows = np.lib.stride_tricks.sliding_window_view(signal, before + self._block, axis=-1)
        product = _matrix(self.rate).multiply(
            windows[..., :: self._block, :], TAP_Q + INPUT_Q + 1 - PCM_Q
        )
        return saturate(product.reshape(len(mono), -1), PCM_LIMIT << PCM_Q)
