"""What the Opus encoder does to its input before its DRED encoder hears it.

For speech (application ``voip``) libopus takes out what lies below 60 to 100 Hz, by a second-order
filter whose cut-off follows the pitch that SILK finds; for other applications it takes out an
offset. The cut-off here is the least, 60 Hz: clean speech keeps it there, and SILK's estimates
cannot be had from outside. Everything is in integers.

Source: libopus 1.6.1 src/opus_encoder.c (hp_cutoff, dc_reject).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiling import kernel
from dredref.spec.errors import UsageError

Int = NDArray[np.int64]

Q = 28
"""Fractional bits of coefficients."""
SAMPLE_Q = 7
"""Fractional bits that samples are given within the filter."""
SPEECH_HZ, OFFSET_HZ = 60, 3
LIMIT = 1 << 31
"""Outputs saturate at this, twice the full scale of input in Q8."""
KINDS = ("speech", "offset", "none")
"""What may be taken out: low frequencies, an offset alone, nothing."""
OF_APPLICATION = {"voip": "speech", "audio": "offset", "lowdelay": "offset"}
"""What libopus takes out for each application."""


def _fixed(value: Fraction, bits: int) -> int:
    """The nearest integer of ``value * 2**bits``."""
    return int(value * (1 << bits) + Fraction(1, 2))


def speech_coefficients(rate: int, cutoff: int = SPEECH_HZ) -> tuple[int, ...]:
    """Return b0, b1, b2, a1, a2 of the filter for speech, Q28."""
    unit = _fixed(Fraction(3, 2) * Fraction("3.14159") / 1000, 19)
    corner = unit * cutoff // (rate // 1000)
    r = (1 << Q) - _fixed(Fraction("0.92"), 9) * corner
    short = r >> 6
    inner = (corner * corner >> 16) - (2 << 22)
    return r, -2 * r, r, short * inner >> 16, short * short >> 16


def offset_coefficients(rate: int) -> tuple[int, ...]:
    """Return b0, b1, b2, a1, a2 of the filter that takes an offset out, Q28."""
    share = Fraction(63, 10) * OFFSET_HZ / rate
    return 1 << Q, -(1 << Q), 0, -_fixed(1 - share, Q), 0


@kernel
def _filter(samples: Int, coefficients: Int, state: Int, out: Int) -> None:
    """Filter a channel, transposed direct form; ``state`` [2] moves on."""
    b0, b1, b2, a1, a2 = coefficients
    first, second = state
    for i in range(samples.size):
        x = samples[i] << SAMPLE_Q
        y = (first + b0 * x + (1 << (Q - 1))) >> Q
        y = min(max(y, -LIMIT), LIMIT)
        first = second - a1 * y + b1 * x
        second = b2 * x - a2 * y
        out[i] = (y + (1 << (SAMPLE_Q - 1))) >> SAMPLE_Q
    state[0], state[1] = first, second


class HighPass:
    """Filters the audio of one stream, whose parts come one after the other."""

    def __init__(self, kind: str, rate: int, channels: int) -> None:
        """Start in silence.

        Raises:
            UsageError: ``encode.highpass`` if ``kind`` is none of :data:`KINDS`.
        """
        if kind not in KINDS:
            raise UsageError("encode.highpass", f"'{kind}' is none of {', '.join(KINDS)}")
        self._coefficients: Int | None = None
        if kind != "none":
            made = speech_coefficients(rate) if kind == "speech" else offset_coefficients(rate)
            self._coefficients = np.array(made, np.int64)
        self._states = np.zeros((channels, 2), np.int64)

    def filter(self, samples: Int) -> Int:
        """Return samples [n, channels] in units of 16-bit PCM, Q8, filtered."""
        if self._coefficients is None:
            return samples
        given = np.ascontiguousarray(samples.reshape(len(samples), -1).T, np.int64)
        out = np.empty_like(given)
        for channel, state in enumerate(self._states):
            _filter(given[channel], self._coefficients, state, out[channel])
        return out.T
