"""Where decoded features stand against the audio they were made from, for any encoder's stream.

The audio is analysed every 2.5 ms. Each packet's DRED is decoded, and its vectors, which follow
each other every 10 ms, are laid against the audio's as one piece: at every shift the cepstra are
compared, and the shift where they differ least is where the speech really stands. The difference
from where the packet says that it stands is the packet's timing error; see
:mod:`dredref.payload.placement` for what a packet says.

This measures a codec and is no part of it: distances are computed in floating point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.analysis.tables import FRAME, Int
from dredref.payload.placement import UNIT_48K
from dredref.rdovae.decoder import decode_payloads
from dredref.resample import BLOCK, Resampler
from dredref.spec.dred import DredPayload

PHASES = FRAME // BLOCK
"""Analyses that run side by side, 2.5 ms apart."""

VECTOR_UNITS = PHASES
"""Units of 2.5 ms from one feature vector to the next."""

CEPSTRA = 18

LEAST_VECTORS = 8
"""Packets with fewer vectors of speech are not judged."""

LEAST_LEVEL = 2.0
"""A vector counts as speech where its first cepstrum is within this many of the packet's largest
(a step of 1 is 4.7 dB)."""

CLEAR = 2.0
"""Evidence from which on a shift is clear: the contrast above 1, times the root of the number of
vectors of speech. Of 13600 packets that are in place, with first levels of 6 and of 15,
none reaches 1.4 at a wrong shift; half of the packets 30 ms out of place reach 3.3."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How one packet's DRED lies against the audio."""

    index: int
    timestamp: int
    """First sample of the packet on the decoder's clock, at 48 kHz."""
    dred_offset: int
    vectors: int
    """Feature vectors of the packet."""
    speech: int
    """How many of them are speech."""
    error_ms: float | None
    """How far too recent the packet says its speech is: stated less true time. None where the
    packet cannot be judged."""
    contrast: float
    """Distance at the stated time over distance at the true one; 1 where they are the same."""

    def is_off(self, tolerance_ms: float) -> bool:
        """Whether the packet is clearly out of place."""
        return (
            self.error_ms is not None
            and abs(self.error_ms) > tolerance_ms
            and (self.contrast - 1) * self.speech**0.5 >= CLEAR
        )


class AudioFeatures:
    """Cepstra of audio at every 2.5 ms.

    Row u is of the analysis frame that ends ``2.5 * (u + 1)`` ms into the audio.
    """

    def __init__(self, rate: int, channels: int) -> None:
        """Start before the audio.

        Raises:
            UsageError: ``audio.rate``, ``audio.channels``.
        """
        self._resampler = Resampler(rate, channels)
        self._analyser = FeatureAnalyser(PHASES)
        # Phase p hears the audio 2.5 * p ms early, so that its frames end that much earlier.
        self._waiting = [np.zeros(FRAME - BLOCK * (p + 1), np.int64) for p in range(PHASES)]
        self.first = 0
        """Index of the first row that is kept."""
        self.rows: Array = np.zeros((0, CEPSTRA), np.float32)

    def feed(self, samples: Int) -> None:
        """Take audio [n] or [n, channels], Q8."""
        self._take(self._resampler.convert(samples.reshape(1, len(samples), -1))[0])

    def end(self) -> None:
        """Take what the resampler still holds."""
        self._take(self._resampler.flush()[0])

    def _take(self, pcm: Int) -> None:
        self._waiting = [np.concatenate([waiting, pcm]) for waiting in self._waiting]
        whole = min(len(waiting) for waiting in self._waiting) // FRAME * FRAME
        if not whole:
            return
        ready = np.stack([waiting[:whole] for waiting in self._waiting])
        self._waiting = [waiting[whole:] for waiting in self._waiting]
        features = self._analyser.analyse_q14(ready)[..., :CEPSTRA]
        self.rows = np.concatenate([self.rows, np.swapaxes(features, 0, 1).reshape(-1, CEPSTRA)])

    def forget(self, before: int) -> None:
        """Drop rows before row ``before``."""
        gone = max(0, min(before - self.first, len(self.rows)))
        self.rows = self.rows[gone:]
        self.first += gone


@dataclass(frozen=True, slots=True)
class Placed:
    """A packet's DRED and where it is."""

    index: int
    timestamp: int
    payload: DredPayload


class Aligner:
    """Judges packets, in order, against audio that is fed ahead of them."""

    def __init__(self, rate: int, channels: int, *, pre_skip: int, reach_ms: float = 500) -> None:
        """Take what is known of the audio.

        Args:
            rate: sample rate of the audio.
            channels: 1 or 2.
            pre_skip: the codec's delay at 48 kHz; its fraction of 2.5 ms is taken into account.
            reach_ms: the largest error that is looked for.
        """
        self._audio = AudioFeatures(rate, channels)
        self._pre_skip = pre_skip
        self._reach = round(reach_ms / 2.5)

    def feed(self, samples: Int) -> None:
        """Take audio, Q8."""
        self._audio.feed(samples)

    def end(self) -> None:
        """Say that no audio follows."""
        self._audio.end()

    def needs_until(self, timestamp: int) -> int:
        """Audio, at 48 kHz, that must be fed before a packet at ``timestamp`` can be judged."""
        return timestamp - self._pre_skip + UNIT_48K * (self._reach + 32)

    def judge(self, packets: Sequence[Placed]) -> list[Alignment]:
        """How each packet lies; audio that no later packet needs is dropped."""
        decoded = decode_by_version([packet.payload for packet in packets])
        found = [self._judge(*pair) for pair in zip(packets, decoded, strict=True)]
        if packets:
            oldest = (packets[-1].timestamp - self._pre_skip) // UNIT_48K - 2 * self._reach
            self._audio.forget(oldest - VECTOR_UNITS * 4 * 64)
        return found

    def _judge(self, packet: Placed, features: Array) -> Alignment:
        offset = packet.payload.dred_offset
        loud = features[:, 0] >= features[:, 0].max(initial=-1e9) - LEAST_LEVEL
        vectors = np.flatnonzero(loud)
        known = (packet.index, packet.timestamp, offset, len(features), len(vectors))
        nothing = Alignment(*known, error_ms=None, contrast=1.0)
        if len(vectors) < LEAST_VECTORS:
            return nothing
        # The newest vector's audio ends dred_offset after the packet's start, in audio time.
        distance_48k = packet.timestamp - self._pre_skip
        stated = offset + distance_48k / UNIT_48K - 1 - self._audio.first
        fraction = stated - np.floor(stated)
        shifts = np.arange(-self._reach, self._reach + 1)
        rows = int(np.floor(stated)) - VECTOR_UNITS * vectors[:, None] + shifts
        if rows.min() < 0 or rows.max() >= len(self._audio.rows):
            inside = ((rows >= 0) & (rows < len(self._audio.rows))).all(axis=0)
            shifts, rows = shifts[inside], rows[:, inside]
        if not (shifts == 0).any():
            return nothing
        difference = self._audio.rows[rows] - features[vectors][:, None, :CEPSTRA]
        distance = np.sqrt(np.square(difference).sum(axis=-1).mean(axis=0))
        best = int(distance.argmin())
        error = -2.5 * float(shifts[best] - fraction)
        contrast = float(distance[shifts == 0][0] / distance[best])
        return Alignment(*known, error_ms=round(error, 2), contrast=contrast)


def decode_by_version(payloads: Sequence[DredPayload]) -> list[Array]:
    """Features of each payload [4 * chunks, 20], newest first, whatever their versions."""
    result: list[Array] = [np.zeros((0, 20), np.float32)] * len(payloads)
    for version in sorted({payload.version for payload in payloads}):
        places = [i for i, payload in enumerate(payloads) if payload.version == version]
        decoded = decode_payloads([payloads[i] for i in places])
        for place, features in zip(places, decoded, strict=True):
            result[place] = features
    return result


@dataclass(frozen=True, slots=True)
class AlignmentSummary:
    """What a stream's packets have in common, and which stand apart."""

    judged: int
    unjudged: int
    median_ms: float | None
    off: tuple[Alignment, ...]
    """Packets that are clearly out of place."""


def summarise(alignments: Iterable[Alignment], tolerance_ms: float) -> AlignmentSummary:
    """Count, middle and outliers."""
    judged, unjudged, off = [], 0, []
    for one in alignments:
        if one.error_ms is None:
            unjudged += 1
            continue
        judged.append(one.error_ms)
        if one.is_off(tolerance_ms):
            off.append(one)
    median = float(np.median(judged)) if judged else None
    return AlignmentSummary(len(judged), unjudged, median, tuple(off))


def blocks(samples: Int, size: int) -> Iterator[Int]:
    """``samples`` in pieces of at most ``size``."""
    return (samples[start : start + size] for start in range(0, len(samples), size))
