"""The vocoder's engine on compiled integers: its default form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import PACKED, Carried, Words, numbers, words_of
from dredref.arithmetic.significand_logs import exp
from dredref.model.weights import Model
from dredref.nn.portable import ByteLayer
from dredref.vocoder import compiled
from dredref.vocoder.compiled_layers import Eight, eight_bits, real_weights
from dredref.vocoder.engine import Engine
from dredref.vocoder.network import SignalState
from dredref.vocoder.period import embedding_row, period_of, repetition
from dredref.vocoder.sizes import (
    CONDITION,
    HISTORY,
    PITCH_FEATURE,
    SUBFRAME,
    SUBFRAMES,
)
from dredref.vocoder.state import VocoderState
from dredref.vocoder.weights import Weights


class CompiledEngine(Engine[Carried]):
    """The vocoder in integers, both networks and the de-emphasis compiled."""

    def __init__(self, model: Model, workers: int = 1) -> None:
        """Make the layers of ``model``; ``workers`` threads share the streams of a batch."""
        super().__init__(model, PACKED)
        self._workers = workers
        self._conditioning = conditioning(self.weights)
        self._network = signal(self.weights)

    def _conditions(
        self, state: VocoderState, features: Words
    ) -> tuple[Carried, Carried, Words, Integers]:
        streams, frames = features.shape[:2]
        periods = period_of(features[..., PITCH_FEATURE])
        rows = embedding_row(periods)
        memory = state.frames.copy()
        conditions = np.empty((streams, SUBFRAMES * frames, CONDITION), np.int32)
        exponents = np.empty((streams, SUBFRAMES * frames), np.int32)
        vectors = np.array(features, np.int32, order="C")
        work = partial(compiled.condition, self._conditioning)
        self._each(work, memory, vectors, rows, conditions, exponents)
        gains = exp(numbers(exponents, self.like))
        return numbers(conditions, self.like), gains, memory, periods

    def _signal(
        self, state: SignalState[Carried], conditions: Carried, gains: Carried, periods: Integers
    ) -> tuple[Carried, SignalState[Carried]]:
        streams, subframes = gains.shape
        line = np.empty((streams, HISTORY + SUBFRAME * subframes), np.int32)
        line[:, :HISTORY] = words_of(state.history)
        convolution = words_of(state.convolution)
        units = tuple(words_of(unit) for unit in state.units)
        places = np.repeat(repetition()[periods], SUBFRAMES, axis=1)[:, :subframes]
        given = words_of(conditions), words_of(gains), places
        work = partial(compiled.speak, self._network)
        self._each(work, line, convolution, zip(*units, strict=True), *given)
        after = SignalState(
            numbers(line[:, -HISTORY:].copy(), self.like),
            numbers(convolution, self.like),
            tuple(numbers(unit, self.like) for unit in units),
        )
        return numbers(line[:, HISTORY:].copy(), self.like), after

    def _deemphasize(self, signal: Carried, memory: Carried) -> tuple[Carried, Carried]:
        lines, last = words_of(signal), words_of(memory)
        self._each(compiled.deemphasize, lines, last[:, None])
        return numbers(lines, self.like), numbers(last, self.like)

    def _each(self, work: Callable[..., None], *parts: Iterable[Any]) -> None:
        """Do some work on each stream's part of arrays, which it may fill."""
        jobs = zip(*parts, strict=True)
        if self._workers == 1:
            for job in jobs:
                work(*job)
            return
        with ThreadPoolExecutor(self._workers) as pool:
            for _ in pool.map(lambda job: work(*job), jobs):
                pass


def conditioning(weights: Weights[Carried]) -> compiled.Conditioning:
    """The layers of the conditioning network in compiled form."""
    return compiled.Conditioning(
        words_of(weights.embedding),
        real_weights(weights.features),
        eight_bits(weights.frames),
        eight_bits(weights.condition),
        real_weights(weights.gain),
    )


def signal(weights: Weights[Carried]) -> compiled.Signal:
    """The layers of the signal network in compiled form."""
    return compiled.Signal(
        eight_bits(weights.signal),
        eight_bits(weights.signal_gate),
        real_weights(weights.pitch_gates),
        _three(weights.gru_inputs),
        _three(weights.gru_recurrent),
        _three(weights.gru_gates),
        eight_bits(weights.skip),
        eight_bits(weights.skip_gate),
        eight_bits(weights.output),
    )


def _three(layers: tuple[ByteLayer[Carried], ...]) -> tuple[Eight, Eight, Eight]:
    first, second, third = map(eight_bits, layers)
    return first, second, third
