"""Concealment frame by frame: from what was heard, from DRED vectors in a queue, or predicted.

Source: libopus 1.6.1 dnn/lpcnet_plc.c, whose samples (portable path) these are. What is heard is
only kept until a loss begins: then up to 15 frames of it are analysed. The vocoder starts from 320
samples and five vectors: the last three of what was analysed, and two that the queue gives or the
network predicts; so the first lost frame is spoken from the third. Each later frame takes one
vector. While vectors are predicted the speech is attenuated more and more.
"""

from __future__ import annotations

from collections import deque
from copy import copy

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.carrier import Arithmetic, carrier_of
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.number import (
    Numbers,
    add,
    choose,
    from_bits,
    from_int,
    less,
    load,
    store,
    sub,
)
from dredref.arithmetic.values import Pcm
from dredref.model.weights import Model
from dredref.plc.cepstra import burg_cepstra
from dredref.plc.network import PredictionNetwork
from dredref.spec.errors import UsageError
from dredref.vocoder.sizes import FEATURES, FRAME, START_SAMPLES, START_VECTORS
from dredref.vocoder.state import VocoderState
from dredref.vocoder.synthesis import FEATURE_LIMIT, Vocoder, vocoder

FRAMES_KEPT = 15
KEPT = FRAMES_KEPT * FRAME
"""Samples that are kept of what was heard and spoken."""
LOOK_AHEAD = 2
"""Vectors from before a loss that are taken at its start."""
QUEUE = 104
"""Vectors that the queue holds."""
ATTENUATION = tuple(
    nearest(numeral)
    for numeral in ("0", "0", "-0.2", "-0.2", "-0.4", "-0.4", "-0.8", "-0.8", "-1.6", "-1.6")
)
"""Added to the first cepstrum of a frame, by how many before it were predicted."""
STEP, FURTHEST = 2, 1 << 20
"""What is taken off for each frame after these; so many reach the floor from anywhere."""
FLOOR = nearest("-15")
"""No first cepstrum is brought below this."""


@kernel
def attenuate(vector: Numbers, raised: int, lowered: int) -> None:
    """Add a number, given by its bits, to the first cepstrum, and take an integer from it."""
    level = sub(add(load(vector, 0), from_bits(vector, raised)), from_int(vector, lowered))
    floor = from_bits(vector, FLOOR)
    store(vector, 0, choose(floor, level, less(level, floor)))


class PacketLossConcealer:
    """Neural packet loss concealment of one stream at 16 kHz."""

    def __init__(
        self,
        model: Model | None = None,
        speaker: Vocoder | None = None,
        arithmetic: Arithmetic | None = None,
    ) -> None:
        """Start in silence.

        Args:
            model: the network that predicts; the packaged one if None.
            speaker: the vocoder; the packaged one if None.
            arithmetic: the carrier; that of the process if None. It changes no sample.

        Raises:
            InputError: ``model.layer`` if ``model`` is no network of this kind.
        """
        self._carrier = carrier_of(arithmetic)
        self._network = PredictionNetwork(model, self._carrier)
        self._vocoder = vocoder(arithmetic) if speaker is None else speaker
        self._analyser = FeatureAnalyser(1, arithmetic=arithmetic)
        self._state = self._network.start()
        self._earlier = (self._state, self._state)
        """States before the last two steps: a loss takes back what was predicted ahead."""
        self._speech: VocoderState | None = None
        self._pcm: Pcm = np.zeros(KEPT, np.int16)
        self._vectors: Numbers = np.zeros((START_VECTORS, FEATURES), self._carrier)
        self._analysed = KEPT
        """Samples before this were analysed."""
        self._heard = KEPT
        """Samples from this on were heard, not spoken."""
        self._has_gap = True
        """Whether frames were forgotten before they were analysed."""
        self._concealing = False
        self._predicted = 0
        self._queue: deque[Numbers] = deque()
        self._skip = 0

    def update(self, frame: Pcm) -> None:
        """Take a frame that was received, int16 [160].

        Raises:
            UsageError: ``samples.shape`` if it is no frame.
        """
        if frame.shape != (FRAME,) or frame.dtype != np.int16:
            raise UsageError("samples.shape", f"a frame is {FRAME} samples of 16 bits")
        self._heard = self._heard - FRAME if self._heard >= FRAME else self._heard
        self._keep(frame)
        self._concealing = False
        self._predicted = 0

    def add_features(self, vector: NDArray[np.float32] | None) -> None:
        """Queue the vector [20] of the next lost frame; None: that one is not known.

        The frames that are not known come first, however the calls are mixed, as in libopus.

        Raises:
            UsageError: ``features.shape``, ``features.not_finite``, or ``features.queue`` if the
                queue is full.
        """
        if vector is None:
            self._skip += 1
            return
        if np.shape(vector) != (FEATURES,):
            raise UsageError("features.shape", f"a feature vector has {FEATURES} numbers")
        if not np.isfinite(vector).all():
            raise UsageError("features.not_finite", "a feature is not a finite number")
        if len(self._queue) == QUEUE:
            raise UsageError("features.queue", f"the queue holds {QUEUE} vectors")
        limited = np.clip(np.asarray(vector, np.float32), -FEATURE_LIMIT, FEATURE_LIMIT)
        self._queue.append(limited.view(self._carrier))

    def clear(self) -> None:
        """Forget the queue."""
        self._queue.clear()
        self._skip = 0

    def conceal(self) -> Pcm:
        """Return the next lost frame, int16 [160]."""
        if not self._concealing:
            self._begin()
        self._remember()
        vector, received = self._next()
        self._predicted = 0 if received else self._predicted + 1
        spoken = self._attenuated(vector)
        assert self._speech is not None
        given = spoken.view(np.float32)[None, None]
        pcm, self._speech = self._vocoder.synthesize(self._speech, given)
        frame: Pcm = pcm[0]
        self._append(spoken)
        self._heard = KEPT
        self._keep(frame)
        self._concealing = True
        return frame

    def preview(self, vector: NDArray[np.float32] | None = None) -> Pcm:
        """Return the frame that would come next from ``vector``, or predicted; nothing changes.

        A loss is on, :meth:`conceal` having been called last.
        """
        other = copy(self)
        other._queue, other._skip = deque(), 0
        other.add_features(vector)
        if vector is None:
            other._skip = 0
        return other.conceal()

    def _begin(self) -> None:
        """Analyse what was heard, and start the vocoder from it."""
        self._state = self._earlier[0]
        first = True
        while self._analysed + FRAME <= KEPT:
            frame = self._pcm[self._analysed : self._analysed + FRAME]
            features = self._analyser.analyse(frame[None])[0, 0].view(self._carrier)
            if not (self._has_gap and first) and self._analysed >= self._heard:
                self._append(features)
                self._remember()
                cepstra = burg_cepstra(frame, self._carrier)
                self._state = self._network.hear(self._state, cepstra, features)
            self._analysed += FRAME
            first = False
        for _ in range(LOOK_AHEAD):
            self._remember()
            self._append(self._next()[0])
        before = self._pcm[None, -START_SAMPLES:]
        vectors = self._vectors.view(np.float32)[None]
        self._speech = self._vocoder.start(vectors, before, self._speech)
        self._has_gap = False

    def _next(self) -> tuple[Numbers, bool]:
        """The next vector, and whether it was received."""
        if self._queue and not self._skip:
            vector = self._queue.popleft()
            self._state = self._network.receive(self._state, vector)
            return vector, True
        self._state, predicted = self._network.predict(self._state)
        self._skip = max(0, self._skip - 1)
        return predicted, False

    def _attenuated(self, vector: Numbers) -> Numbers:
        """The vector that is spoken, by how many frames before it were predicted."""
        known = min(self._predicted, len(ATTENUATION) - 1)
        spoken = vector.copy()
        attenuate(spoken, ATTENUATION[known], STEP * min(self._predicted - known, FURTHEST))
        return spoken

    def _remember(self) -> None:
        self._earlier = self._earlier[1], self._state

    def _append(self, vector: Numbers) -> None:
        self._vectors = np.concatenate([self._vectors[1:], vector[None]])

    def _keep(self, frame: Pcm) -> None:
        """Put a frame behind what is kept."""
        if self._analysed >= FRAME:
            self._analysed -= FRAME
        else:
            self._has_gap = True
        self._pcm = np.concatenate([self._pcm[FRAME:], frame])
