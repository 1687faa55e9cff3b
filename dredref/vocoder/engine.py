"""The vocoder over a run of frames, for either kind of number: from a state to a state."""

from __future__ import annotations

from typing import Generic

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import N, Words, concatenate, numbers, words_of
from dredref.model.weights import Model
from dredref.vocoder import emphasis
from dredref.vocoder.network import SignalState, condition, subframe
from dredref.vocoder.period import period_of
from dredref.vocoder.sizes import FRAME, HISTORY, PITCH_FEATURE, SUBFRAME, SUBFRAMES
from dredref.vocoder.state import VocoderState, blank_state
from dredref.vocoder.weights import Weights, make_weights


class Engine(Generic[N]):
    """The vocoder in one kind of number, as the specification of its networks is written."""

    like: N

    def __init__(self, model: Model, like: N) -> None:
        """Make the layers of ``model``, for numbers of the kind of ``like``."""
        self.weights: Weights[N] = make_weights(model, like)
        self.like = like

    def start(
        self, samples: NDArray[np.int16], features: Words, before: VocoderState | None = None
    ) -> VocoderState:
        """The state after real samples [streams, 320] that five vectors go with.

        ``before`` is a state that was left earlier: its units, and what is older than the samples,
        stay as they were.

        The conditioning network runs over the vectors. The first 160 samples, pre-emphasised,
        become the history; over the last 160 the signal network runs to fill its states, and what
        it gives is replaced by the real samples. The period is that of the last vector but one,
        in the frame that follows too.
        """
        blank = blank_state(len(samples)) if before is None else before
        conditions, gains, frames, periods = self._conditions(blank, features)
        period = periods[:, -2]
        pcm = emphasis.from_pcm(samples, self.like)
        real = emphasis.preemphasize(pcm)
        silence = numbers(blank.history[:, : HISTORY - FRAME], self.like)
        first = gains.shape[1] - SUBFRAMES
        state = self._open(blank)
        history = concatenate([silence, real[:, :FRAME]])
        for index in range(SUBFRAMES):
            state = SignalState(history, state.convolution, state.units)
            which = slice(first + index, first + index + 1)
            given = conditions[:, which], gains[:, which]
            _, state = self._signal(state, *given, period[:, None])
            heard = real[:, FRAME + index * SUBFRAME :][:, :SUBFRAME]
            history = concatenate([state.history[:, : HISTORY - SUBFRAME], heard])
        state = SignalState(history, state.convolution, state.units)
        return _close(state, period, frames, words_of(pcm[:, -1]))

    def run(self, state: VocoderState, features: Words) -> tuple[NDArray[np.int16], VocoderState]:
        """Speech [streams, 160 * frames] of vectors [streams, frames, 20], and the state after."""
        conditions, gains, frames, periods = self._conditions(state, features)
        periods = np.concatenate([state.period[:, None], periods], axis=1)
        signal, after = self._signal(self._open(state), conditions, gains, periods[:, :-1])
        memory = numbers(state.deemphasis, self.like)
        speech, memory = self._deemphasize(signal, memory)
        closed = _close(after, periods[:, -1], frames, words_of(memory))
        return emphasis.to_pcm(speech), closed

    def _conditions(self, state: VocoderState, features: Words) -> tuple[N, N, Words, Integers]:
        """Conditions, gains, the convolution's new memory and the periods of a run of frames."""
        periods = period_of(features[..., PITCH_FEATURE])
        memory, vectors = numbers(state.frames, self.like), numbers(features, self.like)
        conditions, gains, memory = condition(self.weights, memory, vectors, periods)
        return conditions, gains, words_of(memory), periods

    def _open(self, state: VocoderState) -> SignalState[N]:
        """The part of a state that the signal network works on."""
        units = tuple(numbers(unit, self.like) for unit in state.units)
        history = numbers(state.history, self.like)
        return SignalState(history, numbers(state.convolution, self.like), units)

    def _signal(
        self, state: SignalState[N], conditions: N, gains: N, periods: Integers
    ) -> tuple[N, SignalState[N]]:
        """Samples before de-emphasis, of a run that starts with a frame.

        ``periods`` are those that each frame uses, [streams, frames]; the last may be unfinished.
        """
        parts = []
        for index in range(gains.shape[1]):
            given = conditions[:, index], gains[:, index], periods[:, index // SUBFRAMES]
            samples, state = subframe(self.weights, state, *given)
            parts.append(samples)
        return concatenate(parts), state

    def _deemphasize(self, signal: N, memory: N) -> tuple[N, N]:
        """De-emphasis of a run."""
        return emphasis.deemphasize(signal, memory)


def _close(
    state: SignalState[N], period: Integers, frames: Words, deemphasis: Words
) -> VocoderState:
    """A whole state from its parts."""
    units = tuple(words_of(unit) for unit in state.units)
    history, convolution = words_of(state.history), words_of(state.convolution)
    return VocoderState(period, frames, history, convolution, units, deemphasis)
