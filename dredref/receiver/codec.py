"""The codec on both of a receiver's paths: 16 kHz for concealment, and the output's own format."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dredref import notices
from dredref.opusdecoder import LAG, Decimator, OpusDecoder
from dredref.opuslibrary import LibraryDecoder, encode_alike, library
from dredref.receiver.line import Line, Output
from dredref.receiver.resampling import REACH, convert
from dredref.spec.errors import UsageError
from dredref.spec.packet import parse_toc

Pcm = NDArray[np.int16]

DELAY = 104
"""Samples at 16 kHz by which speech is late that was coded and decoded."""
TAUGHT_48K = 120 * 48
"""How much speech the codec is taught."""
TAUGHT_BITRATE = 40_000
NOTICE = "no libopus library was found: LBRR is not used"


class _Decoder(Protocol):
    """What a path needs of a decoder."""

    def decode(self, packet: bytes, duration_48k: int) -> Pcm: ...
    def decode_lbrr(self, packet: bytes, duration_48k: int) -> Pcm: ...
    def conceal(self, duration_48k: int) -> Pcm: ...


class _FallbackDecoder:
    """PyAV's decoder at 16 kHz, one channel: no LBRR."""

    def __init__(self) -> None:
        self._decoder, self._decimator = OpusDecoder(), Decimator()

    def decode(self, packet: bytes, duration_48k: int) -> Pcm:
        return self._converted(self._decoder.decode(packet), duration_48k)

    def decode_lbrr(self, packet: bytes, duration_48k: int) -> Pcm:
        raise NotImplementedError

    def conceal(self, duration_48k: int) -> Pcm:
        return self._converted(self._decoder.conceal(duration_48k), duration_48k)

    def _converted(self, decoded: Pcm, duration_48k: int) -> Pcm:
        whole = np.zeros(duration_48k, np.int16)
        whole[: len(decoded)] = decoded[:duration_48k]
        return self._decimator.convert(whole)[:, None]


class Codec:
    """Decodes packets into a line and, in another format, an output."""

    def __init__(self, line: Line, output: Output | None) -> None:
        """Open the decoders.

        Raises:
            UsageError: ``conceal.library`` if another format than 16 kHz, one channel, is asked
                for and there is no libopus library.
            MissingExtraError: PyAV is not installed either.
        """
        self.has_lbrr = library() is not None
        self._line, self._output = line, output
        self._decoders: list[_Decoder]
        if self.has_lbrr:
            self._decoders = [LibraryDecoder(16_000, 1)]
            if output is not None:
                self._decoders.append(LibraryDecoder(output.rate, output.channels))
        elif output is None:
            notices.tell(NOTICE)
            self._decoders = [_FallbackDecoder()]
        else:
            raise UsageError(
                "conceal.library", "without a libopus library the output is 16 kHz, one channel"
            )
        self._toc: int | None = None

    @property
    def started(self) -> bool:
        """Whether a packet was decoded."""
        return self._toc is not None

    def decode(self, packet: bytes, duration_48k: int) -> None:
        """A packet.

        Raises:
            InputError: ``decode.opus``.
        """
        self._toc = packet[0]
        self._take([decoder.decode(packet, duration_48k) for decoder in self._decoders])

    def decode_lbrr(self, packet: bytes, frame_48k: int, duration_48k: int) -> None:
        """The end, ``duration_48k`` long, of the frame before a packet, from its LBRR."""
        frames = [decoder.decode_lbrr(packet, frame_48k) for decoder in self._decoders]
        self._take(
            [frame[len(frame) - len(frame) * duration_48k // frame_48k :] for frame in frames]
        )

    def conceal(self, duration_48k: int) -> None:
        """Time without a packet: what the codec makes up."""
        self._take([decoder.conceal(duration_48k) for decoder in self._decoders])

    def _take(self, samples: list[Pcm]) -> None:
        self._line.receive(samples[0][:, 0])
        if self._output is not None:
            self._output.receive(samples[1])

    def teach(self, end: int) -> None:
        """Bring the codec's state up to the speech on the line up to ``end``.

        A codec predicts from what it decoded before. So it is given packets that hold the end of
        what was spoken; what it decodes of them is dropped.
        """
        if self._toc is None or not self.has_lbrr:
            return
        toc = parse_toc(self._toc)
        frames = -(-TAUGHT_48K // toc.frame_48k)
        count = frames * toc.frame_48k // 3 + 2 * REACH
        speech = self._line.before(end + DELAY + REACH, count)
        padded = np.concatenate([np.zeros(count - len(speech), np.int16), speech])
        pcm = np.clip(np.round(convert(padded, 48_000)), -32768, 32767).astype(np.int16)
        for packet in encode_alike(toc, pcm, TAUGHT_BITRATE):
            for decoder in self._decoders:
                decoder.decode(packet, toc.frame_48k)


__all__ = ["DELAY", "LAG", "Codec"]
