"""The vocoder's two networks as compiled functions of integers, a stream at a time.

:mod:`dredref.vocoder.network` is the specification; these functions follow it operation by
operation. They differ in what changes no bit: inputs of layers of 8-bit weights are rounded where
they are made, once, and a run of frames is one call. Numbers in arrays are binary32 words.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

import numpy as np

from dredref.arithmetic.compiled import (
    ONE,
    Number,
    add,
    clip_one,
    div,
    mul,
    number,
    pack,
    sigmoid,
    tanh,
    to_byte,
    unpack,
)
from dredref.arithmetic.compiling import kernel, part
from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words, nearest
from dredref.vocoder import emphasis
from dredref.vocoder.compiled_layers import (
    Bytes,
    Eight,
    Real,
    dense,
    glu,
    gru,
    put,
    real,
    round_all,
)
from dredref.vocoder.network import GAIN_FLOOR
from dredref.vocoder.sizes import (
    CONDITION,
    CONDITION_HIDDEN,
    CONDITION_TAPS,
    EMBEDDING,
    FEATURES,
    GRU_SIZES,
    HISTORY,
    MARGIN,
    PREDICTION,
    SIGNAL_HIDDEN,
    SIGNAL_INPUT,
    SUBFRAME,
    SUBFRAMES,
)

UNITS = len(GRU_SIZES)
"""Recurrent units."""
STARTS = (0, *accumulate(GRU_SIZES))
"""Where the output of each unit begins among the output layer's inputs, and where all end."""
TAIL = 2 * SUBFRAME
"""Inputs that units and output share, the last of each: gated prediction and last subframe."""
PAST = CONDITION + PREDICTION
"""Where the last subframe stands in the convolution's input."""
LARGEST_SUMS = 3 * max(GRU_SIZES)
"""Outputs of the largest layer of the signal network."""
FLOOR: Number = number(nearest(GAIN_FLOOR))
DECAY: Number = number(nearest(emphasis.COEFFICIENT))


class Conditioning(NamedTuple):
    """The layers of the conditioning network; names are those of ``Weights``."""

    embedding: Words
    features: Real
    frames: Eight
    condition: Eight
    gain: Real


class Signal(NamedTuple):
    """The layers of the signal network."""

    signal: Eight
    signal_gate: Eight
    pitch_gates: Real
    gru_inputs: tuple[Eight, Eight, Eight]
    gru_recurrent: tuple[Eight, Eight, Eight]
    gru_gates: tuple[Eight, Eight, Eight]
    skip: Eight
    skip_gate: Eight
    output: Eight


class Room(NamedTuple):
    """Numbers and activations that one subframe works on; what outlasts it is said."""

    heard: Words
    """The convolution's input: condition, prediction, last subframe. Stays for the next."""
    heard_bytes: Bytes
    """Its activations behind those of the one before."""
    first: Words
    """The convolution's output behind its gate."""
    first_bytes: Bytes
    gates: Words
    """Weights of the prediction for the three units and the output."""
    unit_bytes: tuple[Bytes, Bytes, Bytes]
    """The states of the units as activations. They stay."""
    fed: Bytes
    """A unit's input."""
    skip: Bytes
    """The output layer's input: what comes out of the units and of the convolution, and a tail."""
    sums: Words
    own_sums: Words
    work: Words
    work_bytes: Bytes


@kernel
def condition(
    network: Conditioning,
    memory: Words,
    vectors: Words,
    rows: Integers,
    conditions: Words,
    exponents: Words,
) -> None:
    """Conditions of one stream's run of frames, and the logarithms of its gains.

    Args:
        network: the layers.
        memory: the convolution's last two inputs, [2, 64]; updated.
        vectors: feature vectors, [frames, 20].
        rows: rows of the embedding, [frames].
        conditions: filled, [4 * frames, 80].
        exponents: filled, [4 * frames].
    """
    given = np.empty(FEATURES + EMBEDDING, np.int32)
    hidden = np.empty(CONDITION_HIDDEN, np.int32)
    window = np.empty(CONDITION_TAPS * CONDITION_HIDDEN, np.int16)
    between = network.frames.weights.shape[0]
    middle, middle_bytes = np.empty(between, np.int32), np.empty(between, np.int16)
    four = np.empty(SUBFRAMES * CONDITION, np.int32)
    four_bytes, sums = np.empty(four.size, np.int16), np.empty(four.size, np.int32)
    gain = np.empty(1, np.int32)
    newest = window[2 * CONDITION_HIDDEN :]
    round_all(memory[0], window[CONDITION_HIDDEN : 2 * CONDITION_HIDDEN])
    round_all(memory[1], newest)
    for frame in range(len(rows)):
        put(vectors[frame], given, 0)
        put(network.embedding[rows[frame]], given, FEATURES)
        real(network.features, given, hidden)
        put(memory[1], memory[0], 0)
        put(window[CONDITION_HIDDEN:], window, 0)
        for i in range(CONDITION_HIDDEN):
            y = tanh(unpack(hidden[i]))
            memory[1, i] = pack(y)
            newest[i] = to_byte(y)
        dense(network.frames, window, sums, middle, middle_bytes)
        dense(network.condition, middle_bytes, sums, four, four_bytes)
        for k in range(SUBFRAMES):
            at = SUBFRAMES * frame + k
            put(four[CONDITION * k : CONDITION * (k + 1)], conditions[at], 0)
            real(network.gain, conditions[at], gain)
            exponents[at] = gain[0]


@kernel
def speak(
    network: Signal,
    line: Words,
    convolution: Words,
    units: tuple[Words, Words, Words],
    conditions: Words,
    gains: Words,
    places: Integers,
) -> None:
    """One stream's samples before de-emphasis.

    Args:
        network: the layers.
        line: 256 samples of history, then room for 40 a subframe, which is filled.
        convolution: its last input, [164]; updated.
        units: states of the recurrent units; updated.
        conditions: [subframes, 80].
        gains: [subframes].
        places: where each subframe's prediction is read in the 256 samples before it,
            [subframes, 44].
    """
    room = furnished(convolution, units)
    for index in range(len(gains)):
        at = HISTORY + SUBFRAME * index
        gain = unpack(gains[index])
        hear(room, conditions[index], line[at - HISTORY : at], places[index], gain)
        begin(network, room)
        for unit in range(UNITS):
            recur(network, room, units[unit], unit)
        finish(network, room)
        for i in range(SUBFRAME):
            line[at + i] = pack(mul(unpack(room.work[i]), gain))


@part
def furnished(convolution: Words, units: tuple[Words, Words, Words]) -> Room:
    """Room for a run of subframes that goes on from a state."""
    heard_bytes = np.empty(2 * SIGNAL_INPUT, np.int16)
    round_all(convolution, heard_bytes[SIGNAL_INPUT:])
    unit_bytes = (
        np.empty(GRU_SIZES[0], np.int16),
        np.empty(GRU_SIZES[1], np.int16),
        np.empty(GRU_SIZES[2], np.int16),
    )
    for unit in range(UNITS):
        round_all(units[unit], unit_bytes[unit])
    return Room(
        convolution,
        heard_bytes,
        np.empty(SIGNAL_HIDDEN, np.int32),
        np.empty(SIGNAL_HIDDEN, np.int16),
        np.empty(UNITS + 1, np.int32),
        unit_bytes,
        np.empty(SIGNAL_HIDDEN + TAIL, np.int16),
        np.empty(sum(GRU_SIZES) + SIGNAL_HIDDEN + TAIL, np.int16),
        np.empty(LARGEST_SUMS, np.int32),
        np.empty(LARGEST_SUMS, np.int32),
        np.empty(LARGEST_SUMS, np.int32),
        np.empty(LARGEST_SUMS, np.int16),
    )


@part
def hear(room: Room, condition: Words, history: Words, places: Integers, gain: Number) -> None:
    """The convolution's input: the condition, and the past divided by the gain and clipped."""
    scale = div(ONE, add(FLOOR, gain))
    heard = room.heard
    put(room.heard_bytes[SIGNAL_INPUT:], room.heard_bytes, 0)
    put(condition, heard, 0)
    for i in range(PREDICTION):
        heard[CONDITION + i] = history[places[i]]
    put(history[HISTORY - SUBFRAME :], heard, PAST)
    for i in range(CONDITION, SIGNAL_INPUT):
        heard[i] = pack(clip_one(mul(scale, unpack(heard[i]))))
    round_all(heard, room.heard_bytes[SIGNAL_INPUT:])


@part
def begin(network: Signal, room: Room) -> None:
    """From what is heard to the first layer's output and the gates of the prediction."""
    work, work_bytes = room.work[:SIGNAL_HIDDEN], room.work_bytes[:SIGNAL_HIDDEN]
    dense(network.signal, room.heard_bytes, room.sums, work, work_bytes)
    glu(network.signal_gate, work, work_bytes, room.sums, room.first, room.first_bytes)
    real(network.pitch_gates, room.first, room.gates)
    for k in range(UNITS + 1):
        room.gates[k] = pack(sigmoid(unpack(room.gates[k])))


@part
def end_with_past(room: Room, gate: int, row: Bytes) -> None:
    """Fill the end of an input: the prediction by one of its gates, and the last subframe."""
    factor, start = unpack(room.gates[gate]), row.size - TAIL
    for i in range(SUBFRAME):
        row[start + i] = to_byte(mul(factor, unpack(room.heard[CONDITION + MARGIN + i])))
    put(room.heard_bytes[SIGNAL_INPUT + PAST :], row, start + SUBFRAME)


@part
def recur(network: Signal, room: Room, state: Words, unit: int) -> None:
    """One step of a recurrent unit; what its gate lets through goes where the next one reads."""
    start = STARTS[unit]
    given = room.first_bytes if unit == 0 else room.skip[STARTS[unit - 1] : start]
    row = room.fed[: given.size + TAIL]
    put(given, row, 0)
    end_with_past(room, unit, row)
    activations = room.unit_bytes[unit]
    layers = network.gru_inputs[unit], network.gru_recurrent[unit]
    gru(layers[0], layers[1], row, state, activations, room.sums, room.own_sums, room.work)
    out = room.skip[start : start + state.size]
    glu(network.gru_gates[unit], state, activations, room.sums, room.work, out)


@part
def finish(network: Signal, room: Room) -> None:
    """From the units' outputs to the samples before their gain, in ``room.work``.

    What held the first layer's output serves again once that has been passed on.
    """
    skip = room.skip
    put(room.first_bytes, skip, STARTS[UNITS])
    end_with_past(room, UNITS, skip)
    outputs = network.skip.weights.shape[0]
    wide, rounded = room.first[:outputs], room.work_bytes[:outputs]
    dense(network.skip, skip, room.sums, wide, rounded)
    glu(network.skip_gate, wide, rounded, room.sums, room.work, room.first_bytes)
    dense(network.output, room.first_bytes, room.sums, room.work, room.work_bytes)


@kernel
def deemphasize(line: Words, memory: Words) -> None:
    """``y[i] = x[i] + 0.85 y[i - 1]`` in place; ``memory`` [1] is ``y[-1]``, updated."""
    y = unpack(memory[0])
    for i in range(line.size):
        y = add(unpack(line[i]), mul(DECAY, y))
        line[i] = pack(y)
    memory[0] = pack(y)
