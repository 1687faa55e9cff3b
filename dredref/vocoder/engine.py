"""The vocoder over a run of frames: from a state to a state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.carrier import Arithmetic, carrier_of, without_negative_zeros
from dredref.arithmetic.logs import exp
from dredref.arithmetic.number import Numbers
from dredref.arithmetic.values import Features, Pcm
from dredref.model.weights import Model
from dredref.nn.build import padded
from dredref.vocoder.network import (
    PAST,
    UNITS,
    WIDEST,
    Work,
    build_network,
    condition,
    deemphasize,
    preemphasize,
    resume,
    synthesize,
)
from dredref.vocoder.period import embedding_row, period_of, repetition
from dredref.vocoder.sizes import (
    CONDITION,
    FRAME,
    GRU_SIZES,
    HISTORY,
    PITCH_FEATURE,
    SIGNAL_HIDDEN,
    SIGNAL_INPUT,
    SUBFRAME,
    SUBFRAMES,
)
from dredref.vocoder.state import VocoderState, blank_state


class Engine:
    """The vocoder's networks on one carrier."""

    def __init__(
        self, model: Model, arithmetic: Arithmetic | None = None, workers: int = 1
    ) -> None:
        """Make the layers of ``model``; ``workers`` threads share the streams of a batch."""
        self.carrier = carrier_of(arithmetic)
        self._network = build_network(model, self.carrier)
        self._workers = workers

    def start(
        self, samples: Pcm, features: Features, before: VocoderState | None = None
    ) -> VocoderState:
        """The state after real samples [streams, 320] that five vectors go with.

        ``before`` is a state that was left earlier: its units, and what is older than the samples,
        stay as they were.

        The conditioning network runs over the vectors. The first 160 samples, pre-emphasised,
        become the history; over the last 160 the signal network runs to fill its states, and what
        it gives is replaced by the real samples. The period is that of the last vector but one,
        in the frame that follows too.
        """
        state = blank_state(len(samples)) if before is None else before
        conditions, gains, memory, periods = self._conditions(state, features)
        period, first = periods[:, -2], len(gains) - SUBFRAMES
        scaled, real = (np.empty(samples.shape, self.carrier) for _ in range(2))
        preemphasize(samples, scaled, real)
        floats = real.view(np.float32)
        history = np.concatenate([state.history[:, : HISTORY - FRAME], floats[:, :FRAME]], axis=1)
        for index in range(SUBFRAMES):
            which = slice(first + index, first + index + 1)
            state = replace(state, history=history)
            _, state = self._signal(state, conditions[which], gains[which], period[:, None])
            heard = floats[:, FRAME + index * SUBFRAME :][:, :SUBFRAME]
            history = np.concatenate([history[:, SUBFRAME:], heard], axis=1)
        last = scaled.view(np.float32)[:, -1].copy()
        return replace(state, period=period, frames=memory, history=history, deemphasis=last)

    def run(self, state: VocoderState, features: Features) -> tuple[Pcm, VocoderState]:
        """Speech [streams, 160 * frames] of vectors [streams, frames, 20], and the state after."""
        shared = self._workers > 1 and state.streams > 1
        return (self._run_shared if shared else self._run)(state, features)

    def _run(self, state: VocoderState, features: Features) -> tuple[Pcm, VocoderState]:
        """:meth:`run` in one thread."""
        conditions, gains, memory, periods = self._conditions(state, features)
        used = np.concatenate([state.period[:, None], periods], axis=1)
        line, after = self._signal(state, conditions, gains, used[:, :-1])
        last = state.deemphasis.copy()
        pcm = np.empty((len(line), line.shape[1] - HISTORY), np.int16)
        deemphasize(line[:, HISTORY:], last.view(self.carrier), pcm)
        return pcm, replace(after, period=used[:, -1], frames=memory, deemphasis=last)

    def _run_shared(self, state: VocoderState, features: Features) -> tuple[Pcm, VocoderState]:
        """:meth:`run` with the streams shared by threads."""
        parts = np.array_split(np.arange(state.streams), min(self._workers, state.streams))
        with ThreadPoolExecutor(self._workers) as pool:
            jobs = [pool.submit(self._run, state.select(rows), features[rows]) for rows in parts]
            done = [job.result() for job in jobs]
        pcm = np.concatenate([part for part, _ in done])
        return pcm, VocoderState.joined([after for _, after in done])

    def _conditions(
        self, state: VocoderState, features: Features
    ) -> tuple[Numbers, Numbers, NDArray[np.float32], NDArray[np.int64]]:
        """Conditions and gains of a run, the convolution's new memory, and the periods."""
        streams, frames = features.shape[:2]
        periods = period_of(features[..., PITCH_FEATURE])
        memory = state.frames.copy()
        conditions = np.empty((SUBFRAMES * frames, streams, CONDITION), self.carrier)
        exponents = np.empty((SUBFRAMES * frames, streams), self.carrier)
        condition(
            self._network,
            memory.view(self.carrier),
            np.ascontiguousarray(features).view(self.carrier),
            embedding_row(periods),
            conditions,
            exponents,
        )
        return conditions, exp(exponents), memory, periods

    def _signal(
        self, state: VocoderState, conditions: Numbers, gains: Numbers, periods: NDArray[np.int64]
    ) -> tuple[Numbers, VocoderState]:
        """History and samples before de-emphasis of a run that starts with a frame, and the state.

        ``periods`` are those that each frame uses, [streams, frames]; the last may be unfinished.
        """
        subframes, streams = gains.shape
        line = np.empty((streams, HISTORY + SUBFRAME * subframes), self.carrier)
        line[:, :HISTORY] = state.history.view(self.carrier)
        places = np.repeat(repetition()[periods.T], SUBFRAMES, axis=0)[:subframes]
        work = self._open(state)
        synthesize(self._network, work, line, conditions, gains, places)
        after = VocoderState(
            state.period,
            state.frames,
            without_negative_zeros(line[:, -HISTORY:].copy()),
            without_negative_zeros(work.heard),
            tuple(without_negative_zeros(unit) for unit in work.units),
            state.deemphasis,
        )
        return line, after

    def _open(self, state: VocoderState) -> Work:
        """What subframes work on, with what a state holds."""
        streams, carrier = state.streams, self.carrier

        def numbers(width: int) -> Numbers:
            return np.zeros((streams, width), carrier)

        def activations(width: int) -> NDArray[np.int16]:
            return np.zeros((streams, padded(width)), np.int16)

        first, second, third = (unit.copy().view(carrier) for unit in state.units)
        ints = tuple(activations(size) for size in GRU_SIZES)
        work = Work(
            state.convolution.copy().view(carrier),
            activations(2 * SIGNAL_INPUT),
            (first, second, third),
            (ints[0], ints[1], ints[2]),
            numbers(SIGNAL_HIDDEN),
            activations(SIGNAL_HIDDEN),
            numbers(UNITS + 1),
            activations(SIGNAL_HIDDEN + PAST),
            activations(sum(GRU_SIZES) + SIGNAL_HIDDEN + PAST),
            np.zeros((streams, WIDEST), np.int32),
            *(numbers(WIDEST), numbers(WIDEST), activations(WIDEST)),
        )
        resume(work)
        return work
