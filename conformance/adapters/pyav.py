"""Opus decoders of FFmpeg, through PyAV, behind the harness protocol: operation ``pcm`` alone.

``python -m dredref.conformance.adapters.pyav opus`` is FFmpeg's own decoder, ``libopus`` the
library in PyAV's wheel.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from dredref.conformance.adapters.serve import serve
from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.files import read_bit
from dredref.conformance.running.replies import Capabilities, Reply, Unsupported

RATE = 48_000
"""FFmpeg decodes Opus at this rate whatever is asked for."""
TITLES = {"opus": "FFmpeg's own Opus decoder", "libopus": "libopus in PyAV"}


class Decoder:
    """One of FFmpeg's decoders."""

    def __init__(self, codec: str) -> None:
        """Use the decoder of that name."""
        self.codec = codec

    def capabilities(self) -> Capabilities:
        """Name and versions."""
        import av

        library = ".".join(str(one) for one in av.library_versions["libavcodec"])
        details = {"libavcodec": library, "PyAV": av.__version__}
        return Capabilities(TITLES[self.codec], ("pcm",), library, details=details)

    def answer(self, operation: str, given: Mapping[str, Any]) -> Reply:
        """The samples of a stream."""
        if operation != "pcm" or given.get("rate", RATE) != RATE:
            return Unsupported(f"only pcm at {RATE} Hz")
        packets = read_bit(bytes.fromhex(given["stream"]))
        return self.decode(packets, given.get("channels", 1))

    def decode(self, packets: list[bytes], channels: int) -> Reply:
        """Decode packets one after the other."""
        import av

        context: Any = av.CodecContext.create(self.codec, "r")
        context.sample_rate = RATE
        context.layout = "mono" if channels == 1 else "stereo"
        parts = [np.zeros(0, np.int16)]
        try:
            context.open()
            for packet in [*packets, None]:
                given: Any = None if packet is None else av.Packet(packet)
                parts += [_samples(frame.to_ndarray()) for frame in context.decode(given)]
        except av.error.FFmpegError as error:
            return Refusal(None, str(error))
        return Answer({"pcm": np.concatenate(parts).astype("<i2").tobytes().hex()})


def _samples(found: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Interleaved 16-bit samples of a frame: planar floats, or such samples already."""
    if np.issubdtype(found.dtype, np.integer):
        return np.asarray(found.reshape(-1), np.int16)
    scaled = np.rint(found.T.reshape(-1) * 32768.0)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


if __name__ == "__main__":
    decoder = Decoder(sys.argv[1])
    serve(decoder.capabilities(), decoder.answer)
