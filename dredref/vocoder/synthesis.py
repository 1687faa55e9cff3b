"""The vocoder: feature vectors in, 16-bit speech at 16 kHz out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.significand import KINDS, Form, Words
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.spec.errors import UsageError
from dredref.vocoder.engine import Engine
from dredref.vocoder.sizes import FEATURES, FRAME, START_SAMPLES, START_VECTORS
from dredref.vocoder.state import VocoderState

Features = NDArray[np.floating[Any]]
"""Feature vectors."""
Pcm = NDArray[np.int16]
"""Samples, 16 bits, 16 kHz."""
Progress = Callable[[int], object]
"""Is told how many frames have been done since it was last called."""

RUN = 100
"""Frames conditioned at once: bounds the memory, changes no result."""
FEATURE_LIMIT = np.float32(1 << 16)
"""Where features saturate; what a decoder gives stays far below."""
LEAD = FRAME // 2
"""Samples by which speech lags its vectors, dropped by :meth:`Vocoder.speak`."""


class Vocoder:
    """Turns feature vectors to speech, any number of streams at a time.

    A vector is 20 float32 numbers: 18 cepstra, pitch, voicing. They are taken bit for bit as
    numbers of 24 significant bits; wider floats are rounded to float32 first, halves to even.
    Streams, chunks and forms do not change a bit of the result.
    """

    def __init__(
        self, model: Model | None = None, form: Form = "integers", workers: int = 1
    ) -> None:
        """Use ``model``, or the packaged one.

        Forms (:data:`dredref.arithmetic.significand.Form`): ``integers`` is compiled as a whole and
        many times faster than the others, which run the networks as their specification is written.

        ``workers`` is the number of threads that the streams of a batch are shared over, in the
        form ``integers``.

        Raises:
            InputError: ``model.layer`` or ``model.array`` if the model is no vocoder.
        """
        self._engine = _engine(packaged("fargan") if model is None else model, form, workers)

    def start(
        self,
        features: Features,
        samples: Pcm | None = None,
        before: VocoderState | None = None,
    ) -> VocoderState:
        """The state to go on from: after real samples, or after silence.

        Args:
            features: the last five vectors before the speech, [streams, 5, 20].
            samples: the last 320 samples before it, [streams, 320]; silence if None.
            before: a state that earlier speech left, which libopus' concealment starts from; the
                blank one if None.

        Raises:
            UsageError: ``features.shape``, ``features.not_finite`` or ``samples.shape``.
        """
        words = feature_words(features)
        if words.shape[1] != START_VECTORS:
            raise UsageError("features.shape", f"synthesis starts from {START_VECTORS} vectors")
        if samples is None:
            samples = np.zeros((len(words), START_SAMPLES), np.int16)
        if samples.shape != (len(words), START_SAMPLES) or samples.dtype != np.int16:
            raise UsageError(
                "samples.shape", f"synthesis continues from {START_SAMPLES} 16-bit samples a stream"
            )
        return self._engine.start(samples, words, before)

    def synthesize(self, state: VocoderState, features: Features) -> tuple[Pcm, VocoderState]:
        """Speech [streams, 160 * n] of vectors [streams, n, 20], and the state after it.

        Raises:
            UsageError: ``features.shape`` or ``features.not_finite``.
        """
        words = feature_words(features)
        if len(words) != state.streams:
            raise UsageError("features.shape", f"the state has {state.streams} streams")
        parts = [np.zeros((len(words), 0), np.int16)]
        for first in range(0, words.shape[1], RUN):
            part, state = self._engine.run(state, words[:, first : first + RUN])
            parts.append(part)
        return np.concatenate(parts, axis=1), state

    def speak(self, features: Features, progress: Progress | None = None) -> Pcm:
        """Whole utterances after silence: ``160 * n`` samples of ``n`` vectors, aligned with them.

        The first vector, five times, goes with the silence before; the last one is repeated twice,
        and of what comes the first 80 samples and the last 80 are dropped.

        Args:
            features: [streams, n, 20] with n of at least 1.
            progress: called after each run of frames.

        Raises:
            UsageError: ``features.shape``, ``features.not_finite``.
        """
        vectors = feature_words(features).view(np.float32)
        if not vectors.shape[1]:
            raise UsageError("features.shape", "there is no feature vector to speak")
        state = self.start(np.repeat(vectors[:, :1], START_VECTORS, axis=1))
        ending = np.repeat(vectors[:, -1:], 2, axis=1)
        following = np.concatenate([vectors[:, 1:], ending], axis=1)
        return self._all(state, following, progress)[:, LEAD:-LEAD]

    def resume(self, features: Features, samples: Pcm, progress: Progress | None = None) -> Pcm:
        """Speech that goes on from real samples without a seam: ``160 * (n - 5)`` samples.

        Args:
            features: [streams, n, 20] with n of at least 6; the first five go with the samples.
            samples: [streams, 320], the last ones before the speech.
            progress: called after each run of frames.

        Raises:
            UsageError: ``features.shape``, ``features.not_finite``, ``samples.shape``.
        """
        vectors = feature_words(features).view(np.float32)
        if vectors.shape[1] <= START_VECTORS:
            raise UsageError(
                "features.shape",
                f"{START_VECTORS} vectors go with the samples and at least one has to follow",
            )
        state = self.start(vectors[:, :START_VECTORS], samples)
        return self._all(state, vectors[:, START_VECTORS:], progress)

    def _all(self, state: VocoderState, features: Features, progress: Progress | None) -> Pcm:
        parts = []
        for first in range(0, features.shape[1], RUN):
            part, state = self.synthesize(state, features[:, first : first + RUN])
            parts.append(part)
            if progress is not None:
                progress(part.shape[1] // FRAME)
        return np.concatenate(parts, axis=1)


def feature_words(features: Features) -> Words:
    """Vectors [streams, n, 20] as binary32 words, saturated at 2**16.

    Raises:
        UsageError: ``features.shape``, ``features.not_finite``.
    """
    given = np.asarray(features)
    if given.ndim != 3 or given.shape[2] != FEATURES:
        raise UsageError("features.shape", f"features are [streams, n, {FEATURES}]")
    if not np.isfinite(given).all():
        raise UsageError("features.not_finite", "a feature is not a finite number")
    packed = np.clip(given, -FEATURE_LIMIT, FEATURE_LIMIT).astype(np.float32)
    return packed.view(np.int32)


def _engine(model: Model, form: Form, workers: int) -> Engine[Any]:
    """The engine of a form; what is compiled is loaded for its own form only."""
    if form == "integers":
        from dredref.vocoder.compiled_engine import CompiledEngine

        return CompiledEngine(model, workers)
    return Engine(model, KINDS[form])


@cache
def vocoder() -> Vocoder:
    """The vocoder with the packaged model, in its default form."""
    return Vocoder()
