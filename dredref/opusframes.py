"""Opus packets from PyAV's libopus: the codec's own frames, to which DRED is added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.extras import needs
from dredref.spec.errors import InputError, UsageError
from dredref.streams.opushead import parse_head

RATES = (8000, 12000, 16000, 24000, 48000)
"""Sample rates that the codec takes."""

FRAME_MS = (2.5, 5, 10, 20, 40, 60, 80, 100, 120)
"""Durations of a packet."""

APPLICATIONS = ("voip", "audio", "lowdelay")

LEAST_BITRATE, MOST_BITRATE = 6000, 510_000


@dataclass(frozen=True, slots=True)
class OpusSettings:
    """How the codec is to work."""

    bitrate: int = 24_000
    frame_ms: float = 20
    application: str = "voip"
    cbr: bool = False
    loss: int = 10
    """Expected packet loss in percent; the codec makes itself robust against it."""
    fec: bool = False
    """In-band forward error correction."""


class OpusEncoder:
    """One Opus encoder."""

    def __init__(self, rate: int, channels: int, settings: OpusSettings) -> None:
        """Set the codec up.

        Raises:
            MissingExtraError: PyAV is not installed.
            UsageError: ``encode.opus`` for settings that it refuses.
        """
        with needs("containers", "encoding Opus"):
            import av
        self._av: Any = av
        self.rate, self.channels, self.settings = rate, channels, settings
        self.frame_size = int(rate * settings.frame_ms / 1000)
        self._layout = "mono" if channels == 1 else "stereo"
        if rate not in RATES:
            raise UsageError("encode.opus", f"Opus takes no sample rate of {rate} Hz")
        if settings.frame_ms not in FRAME_MS:
            raise UsageError("encode.opus", f"Opus has no packets of {settings.frame_ms:g} ms")
        codec: Any = av.CodecContext.create("libopus", "w")
        codec.sample_rate = rate
        codec.layout = self._layout
        codec.format = "s16"
        codec.bit_rate = min(max(settings.bitrate, LEAST_BITRATE), MOST_BITRATE)
        codec.options = {
            "application": settings.application,
            "frame_duration": f"{settings.frame_ms:g}",
            "vbr": "off" if settings.cbr else "on",
            "packet_loss": str(settings.loss),
            "fec": str(int(settings.fec)),
        }
        try:
            codec.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise UsageError("encode.opus", f"libopus refuses these settings: {error}") from error
        self._codec = codec
        self.head: bytes = bytes(codec.extradata)
        """The OpusHead packet."""
        self.pre_skip = parse_head(self.head).pre_skip
        """The codec's delay, in samples at 48 kHz."""

    def encode(self, frames: NDArray[np.int16]) -> Iterator[bytes]:
        """Packets of whole frames [n * frame_size, channels], one for each.

        Raises:
            InputError: ``encode.opus`` if the codec fails.
        """
        for start in range(0, len(frames), self.frame_size):
            block = np.ascontiguousarray(frames[start : start + self.frame_size])
            frame = self._av.AudioFrame.from_ndarray(
                block.reshape(1, -1), format="s16", layout=self._layout
            )
            frame.sample_rate = self.rate
            try:
                packets = self._codec.encode(frame)
            except self._av.error.FFmpegError as error:
                raise InputError("encode.opus", f"libopus failed: {error}") from error
            yield from (bytes(packet) for packet in packets)
