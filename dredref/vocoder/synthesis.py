"""The vocoder: feature vectors in, 16-bit speech at 16 kHz out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from dredref.arithmetic.carrier import Arithmetic, in_use
from dredref.arithmetic.values import Features, Pcm, check_features, check_samples
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.spec.errors import UsageError
from dredref.vocoder.engine import Engine
from dredref.vocoder.sizes import FRAME, START_SAMPLES, START_VECTORS
from dredref.vocoder.state import VocoderState

Progress = Callable[[int], object]
"""Is told how many frames have been done since it was last called."""

RUN = 100
"""Frames conditioned at once: bounds the memory, changes no result."""
FEATURE_LIMIT = np.float32(1 << 16)
"""Where features saturate; what a decoder gives stays far below."""
LEAD = FRAME // 2
"""Samples by which speech lags its vectors, dropped by :meth:`Vocoder.utterance`."""


class Vocoder:
    """Turns feature vectors to speech, any number of streams at a time.

    Streams, how calls are cut and the carrier do not change a bit of the result.
    """

    def __init__(
        self,
        model: Model | None = None,
        arithmetic: Arithmetic | None = None,
        workers: int = 1,
    ) -> None:
        """Use ``model``, or the packaged one; ``workers`` threads share the streams of a batch.

        Raises:
            InputError: ``model.layer`` or ``model.array`` if the model is no vocoder.
        """
        self._engine = Engine(packaged("fargan") if model is None else model, arithmetic, workers)

    def start(
        self,
        features: Features,
        samples: Pcm | None = None,
        before: VocoderState | None = None,
    ) -> VocoderState:
        """Return the state to go on from: after real samples, or after silence.

        Args:
            features: the last five vectors before the speech, float32 [streams, 5, 20].
            samples: the last 320 samples before it, int16 [streams, 320]; silence if None.
            before: a state that earlier speech left, which libopus' concealment starts from; the
                blank one if None.

        Raises:
            UsageError: as :func:`~dredref.arithmetic.values.check_features` and
                :func:`~dredref.arithmetic.values.check_samples`.
        """
        vectors = _checked(features)
        if vectors.shape[1] != START_VECTORS:
            raise UsageError("features.shape", f"synthesis starts from {START_VECTORS} vectors")
        if samples is None:
            samples = np.zeros((len(vectors), START_SAMPLES), np.int16)
        pcm = check_samples(samples, len(vectors))
        if pcm.shape[1] != START_SAMPLES:
            raise UsageError(
                "samples.shape", f"synthesis continues from {START_SAMPLES} samples a stream"
            )
        return self._engine.start(pcm, vectors, before)

    def synthesize(self, state: VocoderState, features: Features) -> tuple[Pcm, VocoderState]:
        """Return speech [streams, 160 * n] of vectors [streams, n, 20], and the state after it.

        Raises:
            UsageError: as :func:`~dredref.arithmetic.values.check_features`.
        """
        vectors = _checked(features, state.streams)
        parts = [np.zeros((len(vectors), 0), np.int16)]
        for first in range(0, vectors.shape[1], RUN):
            part, state = self._engine.run(state, vectors[:, first : first + RUN])
            parts.append(part)
        return np.concatenate(parts, axis=1), state

    def utterance(self, features: Features, progress: Progress | None = None) -> Pcm:
        """Return whole utterances after silence: ``160 * n`` samples of ``n`` vectors.

        They are aligned with the vectors: the first vector, five times, goes with the silence
        before; the last one is repeated twice, and of what comes the first 80 samples and the last
        80 are dropped.

        Args:
            features: float32 [streams, n, 20] with n of at least 1.
            progress: called after each run of frames.

        Raises:
            UsageError: as :func:`~dredref.arithmetic.values.check_features`.
        """
        vectors = _checked(features)
        if not vectors.shape[1]:
            raise UsageError("features.shape", "there is no feature vector to synthesize")
        state = self.start(np.repeat(vectors[:, :1], START_VECTORS, axis=1))
        ending = np.repeat(vectors[:, -1:], 2, axis=1)
        following = np.concatenate([vectors[:, 1:], ending], axis=1)
        return self._all(state, following, progress)[:, LEAD:-LEAD]

    def resume(self, features: Features, samples: Pcm, progress: Progress | None = None) -> Pcm:
        """Return speech that goes on from real samples without a seam: ``160 * (n - 5)`` samples.

        Args:
            features: float32 [streams, n, 20], n of at least 6; five go with the samples.
            samples: int16 [streams, 320], the last ones before the speech.
            progress: called after each run of frames.

        Raises:
            UsageError: as :meth:`start`.
        """
        vectors = _checked(features)
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


def _checked(features: Features, streams: int | None = None) -> Features:
    """Vectors, saturated."""
    return np.clip(check_features(features, streams), -FEATURE_LIMIT, FEATURE_LIMIT)


def vocoder(arithmetic: Arithmetic | None = None) -> Vocoder:
    """Return the vocoder with the packaged model."""
    return _packaged(in_use(arithmetic))


@cache
def _packaged(arithmetic: Arithmetic) -> Vocoder:
    return Vocoder(arithmetic=arithmetic)
