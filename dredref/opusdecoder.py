"""Opus packets to speech of 16 kHz by PyAV's libopus: the codec itself, without DRED.

FFmpeg runs libopus at 48 kHz whatever is asked for. The filter here takes every third sample, and
places speech as libopus does when it decodes at 16 kHz: what SILK gives is ``LAG`` samples late.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.extras import needs
from dredref.spec.errors import InputError
from dredref.streams.clock import FRAME_48K

Pcm = NDArray[np.int16]
"""Samples of 16 bits."""

STEP = 3
"""Samples at 48 kHz for one at 16 kHz."""
LAG = 12
"""Samples at 16 kHz by which speech that SILK decodes is late: what it makes for the start of a
frame still holds this much of the frame before."""
TAPS = 99
TAP_Q = 20
LATE = 9 / 16
"""What the filter adds, in samples at 16 kHz: through 48 kHz SILK's speech is only ``LAG - LATE``
late, measured against libopus at 16 kHz."""


@cache
def taps() -> NDArray[np.float64]:
    """The low-pass, Q20 integers: a sinc to 8 kHz under a Kaiser window, turned in time."""
    position = np.arange(TAPS) - TAPS // 2
    shape = np.sinc(position / STEP - LATE) * np.kaiser(TAPS, 7.0)
    return np.asarray(np.round(shape / shape.sum() * (1 << TAP_Q))[::-1])


class Decimator:
    """48 kHz to 16 kHz: output ``n`` stands where input ``3 n`` was.

    Floats only carry integers: a sum stays below 2**15 * 2**23, so the result is exact.
    """

    def __init__(self) -> None:
        """Start in silence."""
        self._waiting = np.zeros(TAPS // 2, np.int16)

    def convert(self, pcm: Pcm) -> Pcm:
        """The samples that follow from these and what came before; the newest wait."""
        waiting = np.concatenate([self._waiting, pcm])
        count = max(0, (len(waiting) - TAPS) // STEP + 1)
        self._waiting = waiting[STEP * count :]
        total = np.zeros(count)
        for phase in range(STEP if count else 0):
            part = waiting[phase : STEP * (count - 1) + TAPS : STEP].astype(np.float64)
            total += np.convolve(part, taps()[phase::STEP][::-1], "valid")[:count]
        rounded = np.floor(total / (1 << TAP_Q) + 0.5)
        return np.clip(rounded, -32768, 32767).astype(np.int16)

    def flush(self) -> Pcm:
        """What waits, with silence behind it."""
        return self.convert(np.zeros(TAPS // 2, np.int16))


class OpusDecoder:
    """One decoder, mono; stereo packets are mixed."""

    def __init__(self) -> None:
        """Open libopus.

        Raises:
            MissingExtraError: PyAV is not installed.
        """
        with needs("containers", "decoding Opus"):
            import av
        self._av: Any = av
        codec: Any = av.CodecContext.create("libopus", "r")
        codec.sample_rate = 48_000
        codec.layout = "mono"
        codec.open()
        self._codec = codec
        self._toc: int | None = None

    def decode(self, packet: bytes) -> Pcm:
        """Samples at 48 kHz of a packet that was received.

        Raises:
            InputError: ``decode.opus`` if the codec fails.
        """
        pcm = self._run(packet)
        self._toc = packet[0]
        return pcm

    def conceal(self, samples: int) -> Pcm:
        """``samples`` at 48 kHz for packets that did not come: the codec's own concealment.

        Silence before the first packet. FFmpeg has no way to say that a packet is lost, but a
        frame without a byte says so to libopus: TOC bytes alone serve.

        Raises:
            InputError: ``decode.opus`` if the codec fails.
        """
        if self._toc is None:
            return np.zeros(samples, np.int16)
        frame = FRAME_48K[self._toc >> 3]
        empty = bytes([self._toc & ~3])
        parts = [self._run(empty) for _ in range(-(-samples // frame))]
        return np.concatenate([np.zeros(0, np.int16), *parts])[:samples]

    def _run(self, packet: bytes) -> Pcm:
        """What libopus makes of one packet."""
        try:
            frames = self._codec.decode(self._av.Packet(packet))
        except self._av.error.FFmpegError as error:
            raise InputError("decode.opus", f"libopus failed: {error}") from error
        parts = [np.asarray(frame.to_ndarray(), np.int16).reshape(-1) for frame in frames]
        return np.concatenate([np.zeros(0, np.int16), *parts])
