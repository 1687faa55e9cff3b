"""The vocoder's two networks, as a specification: conditioning, and one subframe of signal.

Works on numbers of 24 significant bits of either kind (:mod:`dredref.arithmetic.significand`), on
any number of streams at once: arrays start with the streams' dimension. Source: libopus 1.6.1,
FARGAN, on its portable path; the order of operations is part of the definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import (
    N,
    clip,
    concatenate,
    constant,
    reshaped,
)
from dredref.arithmetic.significand_functions import sigmoid, tanh
from dredref.arithmetic.significand_logs import exp
from dredref.nn.portable import ByteLayer, gru_step
from dredref.vocoder.period import embedding_row, repetition
from dredref.vocoder.sizes import CONDITION, CONDITION_HIDDEN, HISTORY, MARGIN, SUBFRAME, SUBFRAMES
from dredref.vocoder.weights import Weights

GAIN_FLOOR = "0.00001"
"""What is added to the gain before it divides."""


@dataclass(frozen=True, slots=True)
class SignalState(Generic[N]):
    """What one subframe leaves to the next."""

    history: N
    """The last 256 samples before de-emphasis, full scale 1, oldest first."""
    convolution: N
    """The convolution's previous input, 164 numbers."""
    units: tuple[N, ...]
    """States of the recurrent units, 160, 128 and 128 numbers."""


def condition(weights: Weights[N], memory: N, features: N, period: Integers) -> tuple[N, N, N]:
    """Conditions and gains of a run of frames, and the convolution's new memory.

    Args:
        weights: the layers.
        memory: the convolution's last two inputs before the run, [streams, 2, 64].
        features: feature vectors, [streams, frames, 20].
        period: their periods, [streams, frames].

    Returns:
        Conditions [streams, 4 * frames, 80], gains [streams, 4 * frames] and the memory.
    """
    streams, frames = period.shape
    embedded = weights.embedding[embedding_row(period)]
    given = rows(concatenate([features, embedded]))
    hidden = reshaped(tanh(weights.features(given)), (streams, frames, CONDITION_HIDDEN))
    hidden = concatenate([memory, hidden], axis=1)
    window = rows(concatenate([hidden[:, :-2], hidden[:, 1:-1], hidden[:, 2:]]))
    conditions = tanh(weights.condition(tanh(weights.frames(window))))
    conditions = reshaped(conditions, (streams, SUBFRAMES * frames, CONDITION))
    gains = reshaped(exp(weights.gain(rows(conditions))), (streams, SUBFRAMES * frames))
    return conditions, gains, hidden[:, -2:]


def subframe(
    weights: Weights[N], state: SignalState[N], condition: N, gain: N, period: Integers
) -> tuple[N, SignalState[N]]:
    """Forty samples before de-emphasis, and the new state.

    Args:
        weights: the layers.
        state: what the subframe before left.
        condition: [streams, 80].
        gain: [streams].
        period: of the frame before this one, [streams].
    """
    one = constant("1", gain)
    gain = gain[:, None]
    scale = one / (constant(GAIN_FLOOR, gain) + gain)
    prediction = clip(scale * repeated(state.history, period), -one, one)
    past = clip(scale * state.history[:, HISTORY - SUBFRAME :], -one, one)

    x = concatenate([condition, prediction, past])
    first = glu(weights.signal_gate, tanh(weights.signal(concatenate([state.convolution, x]))))
    gates = sigmoid(weights.pitch_gates(first))
    middle = prediction[:, MARGIN : MARGIN + SUBFRAME]

    fed = first
    outputs: list[N] = []
    units: list[N] = []
    for index in range(len(state.units)):
        gated = gates[:, index : index + 1] * middle
        fed = concatenate([fed, gated, past])
        fed = weights.gru_inputs[index](fed)
        unit = gru_step(fed, weights.gru_recurrent[index], state.units[index])
        units.append(unit)
        fed = glu(weights.gru_gates[index], unit)
        outputs.append(fed)

    outputs += [first, gates[:, len(units) :] * middle, past]
    last = glu(weights.skip_gate, tanh(weights.skip(concatenate(outputs))))
    samples = tanh(weights.output(last)) * gain
    history = concatenate([state.history[:, SUBFRAME:], samples])
    return samples, SignalState(history, x, tuple(units))


def glu(layer: ByteLayer[N], x: N) -> N:
    """Gated linear unit: ``x * sigmoid(layer(x))``."""
    return x * sigmoid(layer(x))


def rows(x: N) -> N:
    """All vectors of an array, one a row."""
    return reshaped(x, (-1, x.shape[-1]))


def repeated(history: N, period: Integers) -> N:
    """The 44 samples that the history holds a period ago, repeated where it ends: [streams, 44]."""
    places = repetition()[period]
    return history[np.arange(len(period))[:, None], places]
