"""One output line at 16 kHz: what the codec decodes, and speech from features laid over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser, from_int16, to_float32
from dredref.opusdecoder import LAG, Decimator, OpusDecoder, Pcm
from dredref.opusframes import OpusEncoder, OpusSettings
from dredref.streams.clock import FRAME_48K
from dredref.vocoder.sizes import FEATURES, FRAME, SAMPLE_RATE, START_SAMPLES
from dredref.vocoder.synthesis import vocoder

Features = NDArray[np.float32]
"""Vectors [n, 20]."""

LEAD = 2
"""Vectors from before a loss that :meth:`Player.speak` is given."""
HEARD = 3
"""Vectors of what was heard that the vocoder starts from, before those."""
WARM_UP = 15
"""Vectors that are analysed to have those: the pitch network settles."""
DELAY = 104
"""Samples by which speech is late that was coded and decoded, in SILK."""
WIDEBAND_MONO = tuple(config << 3 for config in range(8, 12))
"""First bytes of packets that hold SILK at 16 kHz, less the number of frames."""
TAUGHT_48K = 120 * 48
"""How much speech the codec is taught."""
TAUGHT_BITRATE = 40_000
"""Enough for good speech, and not so much that the encoder leaves SILK."""


@dataclass(slots=True)
class _Layer:
    """Speech that is laid over the codec's, from ``start`` on; it fades out over its last 10 ms."""

    start: int
    speech: Pcm
    done: int = 0
    """Samples of it that are in their place."""


class Player:
    """Plays packets and losses in turn."""

    def __init__(self, length: int) -> None:
        """Prepare for ``length`` samples at 16 kHz.

        Raises:
            MissingExtraError: PyAV is not installed.
        """
        self.pcm: Pcm = np.zeros(length, np.int16)
        """What is to be heard; complete after :meth:`end`."""
        self._decoder, self._decimator = OpusDecoder(), Decimator()
        self._known = 0
        self._layers: list[_Layer] = []
        self._toc = 0
        self._spoken: Features = np.zeros((0, FEATURES), np.float32)
        self._spoken_end = 0

    def packet(self, packet: bytes, duration_48k: int) -> None:
        """A packet that was received.

        Raises:
            InputError: ``decode.opus``.
        """
        self._toc = packet[0] & ~3
        self._append(self._decoder.decode(packet), duration_48k)

    def nothing(self, duration_48k: int) -> None:
        """Time without a packet: what the codec makes up."""
        self._append(self._decoder.conceal(duration_48k), duration_48k)

    def _append(self, decoded: Pcm, duration_48k: int) -> None:
        """Take samples, exactly as many as time has passed."""
        whole = np.zeros(duration_48k, np.int16)
        whole[: len(decoded)] = decoded[:duration_48k]
        self._take(self._decimator.convert(whole))

    def _take(self, samples: Pcm) -> None:
        room = self.pcm[self._known : self._known + len(samples)]
        room[:] = samples[: len(room)]
        self._known += len(room)
        for layer in self._layers:
            self._lay(layer)
        self._layers = [layer for layer in self._layers if layer.done < len(layer.speech)]

    def _lay(self, layer: _Layer) -> None:
        """Put that part of a layer in its place under which the codec's samples are known."""
        first, last = layer.done, min(len(layer.speech), self._known - layer.start)
        if last <= first:
            return
        fading = np.arange(first, last) + 0.5 - (len(layer.speech) - FRAME)
        weight = np.cos(np.clip(fading / FRAME, 0, 1) * np.pi / 2) ** 2
        under = self.pcm[layer.start + first : layer.start + last]
        under[:] = np.round(weight * layer.speech[first:last] + (1 - weight) * under)
        layer.done = last

    def speak(self, start: int, end: int, vectors: Features) -> None:
        """Speak vectors over the codec's samples from ``start`` to ``end``, which have been played.

        Args:
            start: by the packets' times, as ``end``.
            end: where the codec is to be heard again; the vocoder fades out in the 10 ms after.
            vectors: two from before, one for each 10 ms, and one for those after ``end``.
        """
        at = start + LAG
        before = self._before(at, WARM_UP * FRAME)
        given = np.concatenate([self._heard(start, before), vectors])
        speech = vocoder().resume(given[None], before[None, -START_SAMPLES:])[0]
        self._layers.append(_Layer(at, speech[: end - start + FRAME]))
        self._take(np.zeros(0, np.int16))
        self._spoken, self._spoken_end = vectors[LEAD:-1], end

    def _heard(self, start: int, samples: Pcm) -> Features:
        """Three vectors up to ``start``: analysed as far as speech was received, else spoken."""
        received = (start - self._spoken_end) // FRAME if len(self._spoken) else HEARD
        analysed = _analyse(samples)[WARM_UP - min(HEARD, received) :]
        return np.concatenate([self._spoken, analysed])[-HEARD:]

    def teach(self, end: int) -> None:
        """Bring the codec's state up to the speech that :meth:`speak` gave, up to ``end``.

        SILK predicts from what it decoded before. So it is given packets that hold the end of what
        was spoken; what it decodes of them is dropped. Where the stream's packets are of another
        kind than those can be, nothing is done.
        """
        if self._toc not in WIDEBAND_MONO:
            return
        frame = FRAME_48K[self._toc >> 3]
        samples = -(-TAUGHT_48K // frame) * frame // 3
        settings = OpusSettings(bitrate=TAUGHT_BITRATE, frame_ms=frame / 48, loss=0)
        encoder = OpusEncoder(SAMPLE_RATE, 1, settings)
        packets = list(encoder.encode(self._spoken_until(end + DELAY, samples)[:, None]))
        if all(packet[0] & ~3 in WIDEBAND_MONO for packet in packets):
            for packet in packets:
                self._decoder.decode(packet)

    def _spoken_until(self, end: int, samples: int) -> Pcm:
        """The last samples before ``end``, where the last layer is all that is known."""
        layer = self._layers[-1]
        known = layer.start + layer.done
        ahead = layer.speech[layer.done : layer.done + end - known]
        return np.concatenate([self._before(known, samples - len(ahead)), ahead])

    def _before(self, end: int, samples: int) -> Pcm:
        """The samples before ``end``; there was silence before the first."""
        found = self.pcm[max(0, end - samples) : end]
        return np.concatenate([np.zeros(samples - len(found), np.int16), found])

    def end(self) -> None:
        """No packet follows."""
        self._take(self._decimator.flush())


def _analyse(samples: Pcm) -> Features:
    """Features of what was heard, from silence on."""
    return np.asarray(to_float32(FeatureAnalyser(1).analyse(from_int16(samples)[None]))[0])
