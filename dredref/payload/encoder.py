"""The DRED encoder: audio in at any rate, a payload for every packet out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.analysis.spectrum import PCM_Q
from dredref.analysis.tables import Int
from dredref.arithmetic.carrier import Arithmetic
from dredref.arithmetic.values import check_samples
from dredref.payload.activity import UNIT, ActivityDetector
from dredref.payload.highpass import HighPass
from dredref.payload.placement import (
    STEP_48K,
    UNIT_48K,
    Slot,
    Timeline,
    requests,
    speaking,
)
from dredref.payload.writer import (
    MAX_PAYLOAD_BYTES,
    STEPS_PER_CHUNK,
    Levels,
    write_payloads,
)
from dredref.rdovae.encoder import STEP, RdovaeEncoder
from dredref.resample import Resampler, to_input
from dredref.spec.dred import DECODER_CHUNKS
from dredref.spec.errors import UsageError
from dredref.spec.tables import CURRENT_VERSION

TICKS = 3
"""Ticks at 48 kHz of a sample at 16 kHz."""


@dataclass(frozen=True, slots=True)
class DredSettings:
    """What payloads are to look like."""

    levels: Levels = field(default_factory=Levels)
    chunks: int = DECODER_CHUNKS
    """The most chunks, silence that is passed over included."""
    max_bytes: int = MAX_PAYLOAD_BYTES
    """The most bytes of a payload, without prefix."""
    version: int = CURRENT_VERSION
    skip_silence: bool = True
    """Leave out silence at either end of a payload, and payloads of nothing else."""
    highpass: str = "none"
    """What is taken out of the audio first (:data:`dredref.payload.highpass.KINDS`)."""


class DredEncoder:
    """Makes the payloads of one stream.

    Audio is fed in any pieces and payloads are asked for in order; what a payload says does not
    depend on the pieces. Times are in samples at 48 kHz on the decoder's clock (see
    :mod:`dredref.payload.placement`).
    """

    def __init__(
        self,
        rate: int,
        channels: int = 1,
        *,
        pre_skip: int = 312,
        timestamp: int = 0,
        settings: DredSettings | None = None,
        activity: NDArray[np.bool_] | None = None,
        arithmetic: Arithmetic | None = None,
    ) -> None:
        """Start before the first sample.

        Args:
            rate: sample rate of the audio, one of :data:`dredref.resample.RATES`.
            channels: 1 or 2.
            pre_skip: delay of the codec, at 48 kHz: the audio's first sample is played that long
                after timestamp 0.
            timestamp: of the first packet; its grid of 2.5 ms is that of all others.
            settings: levels and limits.
            activity: for each 2.5 ms of the audio, silence beyond its end; by energy if None.
            arithmetic: what carries the numbers; payloads are the same.

        Raises:
            UsageError: ``audio.rate``, ``audio.channels``, ``encode.highpass``.
        """
        self.settings = settings or DredSettings()
        self._highpass = HighPass(self.settings.highpass, rate, channels)
        self._resampler, self._channels = Resampler(rate, channels), channels
        aligned = Timeline.aligned(pre_skip, timestamp)
        self.timeline = replace(aligned, lead=aligned.lead // TICKS * TICKS)
        version = self.settings.version
        self._analyser = FeatureAnalyser(arithmetic=arithmetic, version=version)
        self._network = RdovaeEncoder(version, arithmetic=arithmetic)
        self._arithmetic = arithmetic
        self._detector = None if activity is not None else ActivityDetector()
        self._given = activity
        self._waiting = np.zeros((1, self.timeline.lead // TICKS), np.int64)
        self._activity: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._units = 0
        """Index of the first unit of ``_activity``."""
        self._latents: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._states: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._speaks: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._first = 0
        """Index of the first latent vector that is kept."""
        self._ended = False

    @property
    def known_until(self) -> int:
        """Packets that end no later than this can be asked for, at 48 kHz; see :meth:`end`."""
        steps = self._first + len(self._latents)
        return STEP_48K * steps - self.timeline.lead

    def feed(self, samples: NDArray[np.int16] | NDArray[np.float32]) -> None:
        """Take audio [n] or [n, channels]: int16, or float32 within -1..1.

        Raises:
            UsageError: ``samples.type``, ``samples.shape``, ``samples.range``; ``encode.ended``.
        """
        given = np.asarray(samples)
        shaped = given.reshape(len(given), -1)
        if given.ndim not in (1, 2) or shaped.shape[1] != self._channels:
            raise UsageError(
                "samples.shape", f"samples are [n, {self._channels}], not {list(given.shape)}"
            )
        check_samples(shaped)
        self.feed_q8(to_input(shaped))

    def feed_q8(self, samples: Int) -> None:
        """Take audio [n] or [n, channels] in units of 16-bit PCM, Q8 (:func:`to_input`)."""
        if self._ended:
            raise UsageError("encode.ended", "audio was fed after its end")
        filtered = self._highpass.filter(samples)
        self._take(self._resampler.convert(filtered.reshape(1, len(samples), -1)))

    def end(self) -> None:
        """Say that no audio follows: silence does, as far as packets need it."""
        if not self._ended:
            self._take(self._resampler.flush())
            self._ended = True

    def payloads(self, slots: Sequence[Slot]) -> list[bytes | None]:
        """The payload of each packet, None where there is nothing to say; slots are in order.

        Raises:
            UsageError: ``encode.audio`` if the audio of a packet was not fed yet.
        """
        if not slots:
            return []
        last = max(slot.timestamp + slot.duration for slot in slots)
        missing = (last - self.known_until) // STEP_48K
        if missing > 0:
            if not self._ended:
                raise UsageError("encode.audio", "a packet lies past the audio that was fed")
            self._take(np.zeros((1, missing * STEP), np.int64))
        speaks = self._speaks if self.settings.skip_silence else np.ones_like(self._speaks)
        shifted = replace(self.timeline, lead=self.timeline.lead - STEP_48K * self._first)
        wanted = requests(slots, speaks, shifted, self.settings.chunks, self.settings.max_bytes)
        written = iter(
            write_payloads(
                self._latents,
                self._states,
                [request for request in wanted if request is not None],
                self.settings.levels,
                self.settings.version,
                self._arithmetic,
            )
        )
        result = [None if request is None else next(written) for request in wanted]
        self._forget(shifted.newest(slots[-1]))
        return result

    def _take(self, pcm: Int) -> None:
        """Analyse audio at 16 kHz, as far as it fills steps."""
        if not pcm.shape[1]:
            return
        self._note_activity(pcm)
        waiting = np.concatenate([self._waiting, pcm], axis=1)
        whole = waiting.shape[1] // STEP * STEP
        self._waiting = waiting[:, whole:]
        if not whole:
            return
        latents, states = self._network.encode(self._analyser.analyse_q14(waiting[:, :whole]))
        if not len(self._latents):
            self._latents, self._states = latents[0], states[0]
        else:
            self._latents = np.concatenate([self._latents, latents[0]])
            self._states = np.concatenate([self._states, states[0]])
        steps = range(self._first + len(self._speaks), self._first + len(self._latents))
        new = speaking(self._activity, self._units, steps, self.timeline)
        self._speaks = np.concatenate([self._speaks, new])

    def _note_activity(self, pcm: Int) -> None:
        """Judge 2.5 ms blocks, or take the judgement that was given."""
        units = pcm.shape[1] // UNIT
        if self._detector is not None:
            new = self._detector.detect(pcm[0], PCM_Q)
        else:
            assert self._given is not None
            start = self._units + len(self._activity)
            given = self._given[start : start + units]
            new = np.concatenate([given, np.zeros(units - len(given), np.bool_)])
        self._activity = np.concatenate([self._activity, new])

    def _forget(self, newest: int) -> None:
        """Drop latents that no later packet can carry, and activity that is judged."""
        gone = newest - STEPS_PER_CHUNK * self.settings.chunks
        if gone > 0:
            self._latents, self._states = self._latents[gone:], self._states[gone:]
            self._speaks = self._speaks[gone:]
            self._first += gone
        reach = STEP_48K * (STEPS_PER_CHUNK + 2)
        spoken = (self.timeline.end(self._first + len(self._latents)) - reach) // UNIT_48K
        units = max(0, spoken - self._units)
        self._activity = self._activity[units:]
        self._units += units
