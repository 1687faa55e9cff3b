"""The output: what the codec decodes, with speech from features laid over it.

The line runs at 16 kHz, one channel, and is what concealment goes on from. :class:`Output` is the
same at the rate and with the channels that are asked for: there speech is laid over the codec's
own samples at that rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.receiver.resampling import REACH, convert

Pcm = NDArray[np.int16]

FADE = 16
"""Samples at 16 kHz over which speech gives way to received audio. The codec, taught what was
spoken, goes on by itself; a longer fade mixes in what was guessed."""
KEPT = 2640
"""Samples of the past that are kept: 15 frames to analyse, and more than the codec is taught."""


class Line:
    """Samples at 16 kHz by their number; the oldest are forgotten."""

    def __init__(self) -> None:
        """Start in silence at sample 0."""
        self.known = 0
        """Up to where samples are final."""
        self._pcm: Pcm = np.zeros(KEPT, np.int16)
        self._weights = np.zeros(KEPT)
        self._speech: Pcm = np.zeros(0, np.int16)
        self._start = 0
        self._fading: int | None = None

    def speak(self, start: int, speech: Pcm) -> None:
        """Lay speech over the codec's samples from ``start`` on; it goes on from what was laid."""
        if self._fading is not None or start > self._start + len(self._speech):
            self._speech, self._start, self._fading = speech[:0], start, None
        if not len(self._speech):
            self._start = start
        self._speech = np.concatenate([self._speech[: start - self._start], speech])
        self._lay(start, self.known)

    def fade(self, start: int, more: Pcm) -> None:
        """Let speech, to which ``more`` belongs, give way to the codec's samples from ``start``."""
        self._speech = np.concatenate([self._speech, more])
        self._fading = start
        self._lay(start, self.known)

    def receive(self, samples: Pcm) -> None:
        """Take samples from the codec, under the speech that is laid over them."""
        before = self.known
        self._pcm = np.concatenate([self._pcm[-KEPT:], samples])
        self._weights = np.concatenate([self._weights[-KEPT:], np.zeros(len(samples))])
        self.known += len(samples)
        self._lay(before, self.known)

    def _lay(self, first: int, last: int) -> None:
        """Put speech in its place between two samples, as far as there is any."""
        first, last = max(first, self._start), min(last, self._start + len(self._speech))
        if last <= first:
            return
        places = np.arange(first, last)
        weight = np.ones(len(places))
        if self._fading is not None:
            fading = np.clip((places + 0.5 - self._fading) / FADE, 0, 1)
            weight = np.cos(fading * np.pi / 2) ** 2
        here = self._here(first, last)
        speech = self._speech[first - self._start : last - self._start]
        self._pcm[here] = np.round(weight * speech + (1 - weight) * self._pcm[here])
        self._weights[here] = weight

    def _here(self, first: int, last: int) -> slice:
        shift = len(self._pcm) - self.known
        return slice(first + shift, last + shift)

    def before(self, end: int, count: int) -> Pcm:
        """The last samples before ``end``; past what is known, those of the speech ahead."""
        ahead = self._speech[: max(0, end - self._start)][max(0, self.known - self._start) :]
        whole = np.concatenate([self._pcm, ahead])
        last = len(self._pcm) - self.known + end
        return whole[max(0, last - count) : last]

    def weights(self, first: int, last: int) -> NDArray[np.float64]:
        """The part of speech in samples that are kept."""
        return self._weights[self._here(first, last)]


class Output:
    """The line at another rate or with two channels; 1 ms behind it."""

    def __init__(self, line: Line, rate: int, channels: int) -> None:
        """Follow ``line``."""
        self._line, self.rate, self.channels = line, rate, channels
        self._codec: Pcm = np.zeros((0, channels), np.int16)
        self._done = 0
        """At 16 kHz."""

    def receive(self, samples: Pcm) -> None:
        """Take the codec's samples [n, channels] at this rate."""
        self._codec = np.concatenate([self._codec, samples])

    def take(self, *, all_of_it: bool = False) -> Pcm:
        """Return the samples [n, channels] that are final and were not taken yet."""
        last = self._line.known - (0 if all_of_it else REACH)
        last -= last % 40
        first, self._done = self._done, max(last, self._done)
        count = (self._done - first) * self.rate // 16_000
        codec, self._codec = self._codec[:count], self._codec[count:]
        weights = self._line.weights(first, self._done)
        if not weights.any():
            return codec
        speech = convert(
            self._line.before(self._done + REACH, self._done - first + 2 * REACH)
            if not all_of_it
            else self._padded(first),
            self.rate,
        )
        places = np.arange(count) * 16_000 / self.rate
        weight = np.interp(places, np.arange(len(weights)), weights)[:, None]
        mixed = weight * speech[:, None] + (1 - weight) * codec
        made: Pcm = np.clip(np.round(mixed), -32768, 32767).astype(np.int16)
        return made

    def _padded(self, first: int) -> Pcm:
        """The end of the line, with silence behind it."""
        known = self._line.before(self._line.known, self._line.known - first + REACH)
        return np.concatenate([known, np.zeros(REACH, np.int16)])
