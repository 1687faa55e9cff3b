"""FARGAN's two networks: conditioning, and subframe after subframe of signal.

One text for both carriers; a row is a stream. Source: libopus 1.6.1 dnn/fargan.c, on its portable
path; the order of operations is part of the definition.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.compiling import i32, kernel, part
from dredref.arithmetic.functions import ONE, clip, sigmoid, to_int8
from dredref.arithmetic.number import (
    Numbers,
    add,
    clip_to_one,
    div,
    floor_half_up,
    from_bits,
    from_int,
    load,
    mul,
    store,
    sub,
)
from dredref.model.weights import Model
from dredref.nn.build import Builder
from dredref.nn.layers import (
    Int8,
    Network,
    Sums,
    copy,
    dense,
    float_linear,
    glu,
    gru,
    round_all,
    tanh_all,
)
from dredref.vocoder.bounds import check_bounds
from dredref.vocoder.sizes import (
    CONDITION,
    CONDITION_HIDDEN,
    CONDITION_TAPS,
    EMBEDDING,
    FEATURES,
    GRU_SIZES,
    HISTORY,
    MARGIN,
    PERIOD_EMBEDDED,
    PREDICTION,
    SIGNAL_HIDDEN,
    SIGNAL_INPUT,
    SKIP,
    SUBFRAME,
    SUBFRAMES,
)

GAIN_FLOOR = nearest("0.00001")
"""What is added to the gain before it divides."""
EMPHASIS = nearest("0.85")
"""Weight of the sample before, in pre-emphasis and de-emphasis."""
FULL_SCALE, LARGEST = nearest("32768"), 32767
"""What 1 becomes in 16 bits, and where samples saturate, either side of zero."""
TO_SCALE = nearest("0.000030517578125")
"""``2**-15``, which brings 16-bit samples to full scale 1."""

UNITS = len(GRU_SIZES)
"""Recurrent units."""
PAST = 2 * SUBFRAME
"""Inputs that units and output share, the last of each: gated prediction and last subframe."""
ENDS = tuple(accumulate(GRU_SIZES, initial=0))
"""Where the output of each unit begins among the inputs of the output, and where all end."""
WIDEST = 3 * max(GRU_SIZES)
"""Outputs of the largest layer."""

EMBEDDED, FEATURE_DENSE, FRAMES, CONDITIONS, GAIN = range(5)
"""Layers of the conditioning network, by their numbers."""
SIGNAL, SIGNAL_GATE, PITCH_GATES, SKIPS, SKIP_GATE, SAMPLES = range(5, 11)
"""Layers of the signal network that stand once."""
INPUTS, RECURRENT, GATE = range(11, 14)
"""Layers of the first recurrent unit; those of the next follow."""
UNIT_LAYERS = 3


@kernel
def condition(
    network: Network,
    memory: Numbers,
    vectors: Numbers,
    embedding_rows: NDArray[np.int64],
    conditions: Numbers,
    exponents: Numbers,
) -> None:
    """Conditions of a run of frames, and the logarithms of their gains.

    Args:
        network: the layers.
        memory: the convolution's last two inputs [streams, 2 * 64]; updated.
        vectors: feature vectors [streams, frames, 20].
        embedding_rows: rows of the embedding [streams, frames].
        conditions: filled, [4 * frames, streams, 80].
        exponents: filled, [4 * frames, streams].
    """
    streams, frames = embedding_rows.shape
    given = np.empty((streams, FEATURES + EMBEDDING), vectors.dtype)
    hidden = np.empty((streams, CONDITION_HIDDEN), vectors.dtype)
    taps = np.zeros((streams, CONDITION_TAPS * CONDITION_HIDDEN), np.int16)
    middle = np.empty((streams, SUBFRAMES * CONDITION), vectors.dtype)
    middle_int = np.zeros((streams, SUBFRAMES * CONDITION), np.int16)
    sums = np.empty((streams, SUBFRAMES * CONDITION), np.int32)
    gain = np.empty((streams, 1), vectors.dtype)
    embedding = network.floats
    round_all(memory, memory.shape[1], taps, CONDITION_HIDDEN)
    for frame in range(frames):
        for row in range(streams):
            for i in range(FEATURES):
                given[row, i] = vectors[row, frame, i]
            for i in range(EMBEDDING):
                given[row, FEATURES + i] = embedding[embedding_rows[row, frame] * EMBEDDING + i]
        float_linear(network, FEATURE_DENSE, given, hidden)
        copy(taps, CONDITION_HIDDEN, 2 * CONDITION_HIDDEN, taps, 0)
        tanh_all(hidden, CONDITION_HIDDEN, taps, 2 * CONDITION_HIDDEN)
        for row in range(streams):
            for i in range(CONDITION_HIDDEN):
                memory[row, i] = memory[row, CONDITION_HIDDEN + i]
                memory[row, CONDITION_HIDDEN + i] = hidden[row, i]
        dense(network, FRAMES, taps, sums, middle, middle_int, 0)
        dense(network, CONDITIONS, middle_int, sums, middle, middle_int, 0)
        for k in range(SUBFRAMES):
            here = conditions[SUBFRAMES * frame + k]
            for row in range(streams):
                for i in range(CONDITION):
                    here[row, i] = middle[row, CONDITION * k + i]
            float_linear(network, GAIN, here, gain)
            for row in range(streams):
                exponents[SUBFRAMES * frame + k, row] = gain[row, 0]


class Work(NamedTuple):
    """Numbers and activations that a subframe works on; what outlasts it is said."""

    heard: Numbers
    """The convolution's input: condition, prediction, last subframe [streams, 164]. It lasts."""
    taps: Int8
    """The same of the subframe before and of this one, side by side. It lasts."""
    units: tuple[Numbers, Numbers, Numbers]
    """States of the recurrent units. They last."""
    units_int: tuple[Int8, Int8, Int8]
    first: Numbers
    """The convolution's output behind its gate."""
    first_int: Int8
    gates: Numbers
    """Weights of the prediction for the three units and the output."""
    fed_int: Int8
    """A unit's input."""
    skip: Int8
    """The output's input: what comes out of the units and of the convolution, and the past."""
    sums: Sums
    fed: Numbers
    own: Numbers
    own_int: Int8
    """Scratch."""


@kernel
def synthesize(
    network: Network,
    work: Work,
    line: Numbers,
    conditions: Numbers,
    gains: Numbers,
    places: NDArray[np.int64],
) -> None:
    """Samples before de-emphasis, of a run of subframes.

    Args:
        network: the layers.
        work: what the subframes before left.
        line: 256 samples of history, then room for 40 a subframe, which is filled [streams, ...].
        conditions: [subframes, streams, 80].
        gains: [subframes, streams].
        places: where each subframe's prediction is read in the 256 samples before it
            [subframes, streams, 44].
    """
    streams = line.shape[0]
    for index in range(gains.shape[0]):
        at = HISTORY + SUBFRAME * index
        build_input(work, line, at, conditions[index], gains[index], places[index])
        dense(network, SIGNAL, work.taps, work.sums, work.own, work.own_int, 0)
        glu(network, SIGNAL_GATE, work.own, work.own_int, work.sums, work.first, work.first_int, 0)
        float_linear(network, PITCH_GATES, work.first, work.gates)
        for row in range(streams):
            for k in range(UNITS + 1):
                store(work.gates, (row, k), sigmoid(load(work.gates, (row, k))))
        copy(work.first_int, 0, SIGNAL_HIDDEN, work.fed_int, 0)
        for unit in range(UNITS):
            run_unit(network, work, unit)
        copy(work.first_int, 0, SIGNAL_HIDDEN, work.skip, ENDS[UNITS])
        append_past(work, UNITS, work.skip, ENDS[UNITS] + SIGNAL_HIDDEN)
        dense(network, SKIPS, work.skip, work.sums, work.own, work.own_int, 0)
        glu(network, SKIP_GATE, work.own, work.own_int, work.sums, work.fed, work.fed_int, 0)
        dense(network, SAMPLES, work.fed_int, work.sums, work.own, work.own_int, 0)
        for row in range(streams):
            gain = load(gains, (index, row))
            for i in range(SUBFRAME):
                store(line, (row, at + i), mul(load(work.own, (row, i)), gain))


@kernel
def resume(work: Work) -> None:
    """Round to activations what lasts from before."""
    round_all(work.heard, SIGNAL_INPUT, work.taps, SIGNAL_INPUT)
    for unit in range(UNITS):
        state = work.units[unit]
        round_all(state, state.shape[1], work.units_int[unit], 0)


@part
def build_input(
    work: Work,
    line: Numbers,
    at: int,
    condition: Numbers,
    gain: Numbers,
    places: NDArray[np.int64],
) -> None:
    """The convolution's input: the condition, and the past divided by the gain and clipped."""
    copy(work.taps, SIGNAL_INPUT, SIGNAL_INPUT, work.taps, 0)
    for row in range(line.shape[0]):
        heard, history = work.heard[row], line[row, at - HISTORY : at]
        divisor = add(from_bits(heard, GAIN_FLOOR), load(gain, row))
        scale = div(from_bits(heard, ONE), divisor)
        for i in range(CONDITION):
            heard[i] = condition[row, i]
        for i in range(PREDICTION):
            x = mul(scale, load(history, places[row, i]))
            store(heard, CONDITION + i, clip_to_one(x))
        for i in range(SUBFRAME):
            x = mul(scale, load(history, HISTORY - SUBFRAME + i))
            store(heard, CONDITION + PREDICTION + i, clip_to_one(x))
    round_all(work.heard, SIGNAL_INPUT, work.taps, SIGNAL_INPUT)


@part
def append_past(work: Work, gate: int, to: Int8, at: int) -> None:
    """The prediction by one of its gates, and the last subframe, from column ``at`` on."""
    for row in range(to.shape[0]):
        factor = load(work.gates, (row, gate))
        for i in range(SUBFRAME):
            x = load(work.heard, (row, CONDITION + MARGIN + i))
            to[row, at + i] = to_int8(mul(factor, x))
    copy(work.taps, SIGNAL_INPUT + CONDITION + PREDICTION, SUBFRAME, to, at + SUBFRAME)


@part
def run_unit(network: Network, work: Work, unit: int) -> None:
    """One step of a recurrent unit; what its gate lets through is the input of the next one."""
    state, state_int = work.units[unit], work.units_int[unit]
    size, given = state.shape[1], SIGNAL_HIDDEN if unit == 0 else work.units[unit - 1].shape[1]
    append_past(work, unit, work.fed_int, given)
    first = INPUTS + UNIT_LAYERS * unit
    sums, fed, own = work.sums, work.fed, work.own
    gru(network, first, first + 1, work.fed_int, sums, fed, own, state, state_int)
    glu(network, first + 2, state, state_int, sums, own, work.fed_int, 0)
    copy(work.fed_int, 0, size, work.skip, ENDS[unit])


@kernel
def preemphasize(samples: NDArray[np.int16], scaled: Numbers, emphasized: Numbers) -> None:
    """16-bit samples [streams, n] at full scale 1, and ``x[i] - 0.85 x[i - 1]``; its first is 0."""
    for row in range(samples.shape[0]):
        for i in range(samples.shape[1]):
            x = from_int(scaled, i32(samples[row, i]))
            store(scaled, (row, i), mul(x, from_bits(x, TO_SCALE)))
        store(emphasized, (row, 0), from_int(scaled, 0))
        for i in range(1, samples.shape[1]):
            x, before = load(scaled, (row, i)), load(scaled, (row, i - 1))
            store(emphasized, (row, i), sub(x, mul(from_bits(x, EMPHASIS), before)))


@kernel
def deemphasize(line: Numbers, memory: Numbers, pcm: NDArray[np.int16]) -> None:
    """``y[i] = x[i] + 0.85 y[i - 1]``, then ``floor(32768 y + 1/2)``, saturated first.

    ``memory`` [streams] is ``y[-1]``, updated; ``pcm`` [streams, n] is filled.
    """
    for row in range(line.shape[0]):
        y = load(memory, row)
        for i in range(line.shape[1]):
            y = add(load(line, (row, i)), mul(from_bits(y, EMPHASIS), y))
            largest = from_int(y, LARGEST)
            pcm[row, i] = floor_half_up(clip(mul(from_bits(y, FULL_SCALE), y), largest))
        store(memory, row, y)


def build_network(model: Model, carrier: np.dtype[Any]) -> Network:
    """The layers of a model, for arrays of the carrier's type.

    Raises:
        InputError: ``model.layer`` if a layer is missing, has another shape, or numbers that do not
            fit or are too large.
    """
    builder = Builder(model, carrier)
    rows = PERIOD_EMBEDDED[1] - PERIOD_EMBEDDED[0] + 1
    embedding, _ = builder.floating("cond_net_pembed", rows, EMBEDDING)
    vectors = builder.floating("cond_net_fdense1", FEATURES + EMBEDDING, CONDITION_HIDDEN)
    builder.int8("cond_net_fconv1", CONDITION_TAPS * CONDITION_HIDDEN, 128)
    builder.int8("cond_net_fdense2", 128, SUBFRAMES * CONDITION)
    gain = builder.floating("sig_net_cond_gain_dense", CONDITION, 1)
    builder.int8("sig_net_fwc0_conv", 2 * SIGNAL_INPUT, SIGNAL_HIDDEN)
    builder.int8("sig_net_fwc0_glu_gate", SIGNAL_HIDDEN, SIGNAL_HIDDEN)
    gates = builder.floating("sig_net_gain_dense_out", SIGNAL_HIDDEN, UNITS + 1)
    builder.int8("sig_net_skip_dense", ENDS[UNITS] + SIGNAL_HIDDEN + PAST, SKIP)
    builder.int8("sig_net_skip_glu_gate", SKIP, SKIP)
    builder.int8("sig_net_sig_dense_out", SKIP, SUBFRAME)
    given = SIGNAL_HIDDEN
    for unit, size in enumerate(GRU_SIZES, start=1):
        builder.int8(f"sig_net_gru{unit}_input", given + PAST, 3 * size)
        builder.int8(f"sig_net_gru{unit}_recurrent", size, 3 * size)
        builder.int8(f"sig_net_gru{unit}_glu_gate", size, size)
        given = size
    check_bounds(model.name, embedding, vectors, gain, gates)
    return builder.network()
