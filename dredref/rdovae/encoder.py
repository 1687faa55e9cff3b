"""The RDOVAE encoder network: latents and initial states from acoustic features.

A step of 20 ms, two feature vectors, is one row. Five stages each add a gated recurrent unit and a
convolution over this and an earlier step to what later layers see; that is the step before for the
first stage and the one before that for the others. Every layer reads all that was made before it,
rounded to 8 bits.

Source: libopus 1.6.1 dnn/dred_rdovae_enc.c.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.binary32 import nearest
from dredref.arithmetic.carrier import Arithmetic, carrier_of, without_negative_zeros
from dredref.arithmetic.compiling import kernel, scalar
from dredref.arithmetic.functions import clip
from dredref.arithmetic.number import Numbers, from_bits, load, store
from dredref.arithmetic.values import Features, check_features
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.nn.build import Builder, padded
from dredref.nn.layers import (
    Int8,
    Network,
    copy,
    dense,
    float_linear,
    gru,
    linear,
    round_all,
    tanh_all,
)
from dredref.spec.errors import UsageError
from dredref.spec.tables import CURRENT_VERSION, LATENT_DIM, STATE_DIM

STAGES = 5
FEATURES = 20
"""Numbers of a feature vector."""
VECTORS = 2
"""Feature vectors of a step."""
STEP = VECTORS * 160
"""Samples at 16 kHz of a step: 20 ms."""
FEATURE_LIMIT = nearest("1048576")
"""Where a feature saturates, 2**20, far past any of speech.

The weights of an output of the first layer add up to less than 2**4, so that its results stay below
2**24, and their fifth powers in the tangent below 2**120: no number reaches 2**127.
"""
REACH = 2
"""Steps that convolutions reach back."""

FIRST, LATENTS, HIDDEN, STATES = range(4)
"""Numbers of the layers that stand once."""
INPUTS, RECURRENT, BEFORE_CONV, CONV = range(4, 8)
"""Layers of the first stage. From version 12 on a small layer feeds the convolution."""
STAGE_LAYERS = 4


class Work(NamedTuple):
    """What steps are worked on in; a row is a stream. Some of it outlasts the step."""

    sums: NDArray[np.int32]
    fed: Numbers
    own: Numbers
    """Scratch."""
    seen: Int8
    """What layers have made of the step so far, side by side."""
    hidden: Int8
    """The activations that the initial states are made of."""
    states: Numbers
    states_int: NDArray[np.int16]
    """States of the recurrent units [stages, streams, size]. They last."""
    taps: NDArray[np.int16]
    """What each convolution is given of the earlier step and of this one [stages, streams, ...]."""
    past: NDArray[np.int16]
    """What each convolution was given, oldest step first [stages, streams, 2 * width]. It lasts."""


@scalar
def stage_layer(stage: int, layer: int) -> int:
    """The number of a stage's layer."""
    return layer + STAGE_LAYERS * stage


@kernel
def encode_steps(
    network: Network, work: Work, features: Numbers, latents: Numbers, states: Numbers
) -> None:
    """Latents and initial states of every step of all streams.

    Args:
        network: the layers.
        work: what the steps before left.
        features: [steps, streams, 40].
        latents: filled, [steps, streams, outputs of the layer].
        states: the same.
    """
    seen, sums, fed, own = work.seen, work.sums, work.fed, work.own
    size = work.states.shape[2]
    for step in range(features.shape[0]):
        for row in range(features.shape[1]):
            for i in range(features.shape[2]):
                x = load(features, (step, row, i))
                store(own, (row, i), clip(x, from_bits(x, FEATURE_LIMIT)))
        float_linear(network, FIRST, own, fed)
        end = network.table[FIRST, 1]
        tanh_all(fed, end, seen, 0)
        for stage in range(STAGES):
            state, state_int = work.states[stage], work.states_int[stage]
            inputs, recurrent = stage_layer(stage, INPUTS), stage_layer(stage, RECURRENT)
            gru(network, inputs, recurrent, seen, sums, fed, own, state, state_int)
            round_all(state, size, seen, end)
            end += size
            taps, past, before = work.taps[stage], work.past[stage], stage_layer(stage, BEFORE_CONV)
            heard = network.table[before, 1]
            if heard:
                dense(network, before, seen, sums, own, taps, heard)
            else:
                heard = end
                copy(seen, 0, heard, taps, heard)
            copy(past, heard if stage == 0 else 0, heard, taps, 0)
            copy(past, heard, (REACH - 1) * heard, past, 0)
            copy(taps, heard, heard, past, (REACH - 1) * heard)
            conv = stage_layer(stage, CONV)
            dense(network, conv, taps, sums, own, seen, end)
            end += network.table[conv, 1]
        linear(network, LATENTS, seen, sums, latents[step])
        dense(network, HIDDEN, seen, sums, own, work.hidden, 0)
        linear(network, STATES, work.hidden, sums, states[step])


def build_network(model: Model, carrier: np.dtype[Any]) -> Network:
    """The layers of a model, for arrays of the carrier's type.

    Raises:
        InputError: ``model.layer`` if it is no RDOVAE encoder.
    """
    builder = Builder(model, carrier)
    builder.first("enc_dense1")
    for name in ("enc_zdense", "gdense1", "gdense2"):
        builder.int8(name)
    for stage in range(1, STAGES + 1):
        builder.int8(f"enc_gru{stage}_input")
        builder.int8(f"enc_gru{stage}_recurrent")
        builder.int8_if_there(f"enc_conv_dense{stage}")
        builder.int8(f"enc_conv{stage}")
    return builder.network()


def make_work(network: Network, streams: int) -> Work:
    """Streams that start from nothing, and room to work on them."""
    table, carrier = network.table, network.bias.dtype
    width = int(table[LATENTS, 0])
    size = int(table[RECURRENT, 1]) // 3
    widest = int(table[:, :2].max())
    return Work(
        np.empty((streams, widest), np.int32),
        np.empty((streams, widest), carrier),
        np.empty((streams, widest), carrier),
        np.zeros((streams, width), np.int16),
        np.zeros((streams, int(table[STATES, 0])), np.int16),
        np.zeros((STAGES, streams, size), carrier),
        np.zeros((STAGES, streams, padded(size)), np.int16),
        np.zeros((STAGES, streams, 2 * width), np.int16),
        np.zeros((STAGES, streams, REACH * width), np.int16),
    )


class RdovaeEncoder:
    """The encoder network with the memory of several streams."""

    def __init__(
        self,
        version: int = CURRENT_VERSION,
        streams: int = 1,
        model: Model | None = None,
        arithmetic: Arithmetic | None = None,
    ) -> None:
        """Start ``streams`` streams from nothing.

        Args:
            version: DRED version.
            streams: how many lie side by side.
            model: an RDOVAE encoder; the packaged one if None.
            arithmetic: what carries the numbers; results are the same.

        Raises:
            InputError: ``model.layer`` if ``model`` is no RDOVAE encoder.
        """
        model = model or packaged(f"rdovae-encoder-v{version}")
        self._dimensions = LATENT_DIM[version], STATE_DIM[version]
        self._carrier = carrier_of(arithmetic)
        self._network = build_network(model, self._carrier)
        self._work = make_work(self._network, streams)

    def encode(self, features: Features) -> tuple[Features, Features]:
        """Latents [streams, steps, L] and initial states [streams, steps, S].

        Args:
            features: [streams, 2 * steps, 20], float32.

        Raises:
            UsageError: ``features.shape`` if they are not that.
        """
        streams = len(self._work.seen)
        given = check_features(features, streams)
        if given.shape[1] % VECTORS:
            raise UsageError(
                "features.shape", f"{given.shape[1]} vectors are no whole number of steps of two"
            )
        by_stream = given.reshape(streams, -1, VECTORS * FEATURES)
        steps = np.ascontiguousarray(np.swapaxes(by_stream, 0, 1)).view(self._carrier)
        made = [
            np.empty((len(steps), streams, self._network.table[layer, 1]), self._carrier)
            for layer in (LATENTS, STATES)
        ]
        encode_steps(self._network, self._work, steps, *made)
        latents, states = (
            np.ascontiguousarray(np.swapaxes(without_negative_zeros(rows)[..., :size], 0, 1))
            for rows, size in zip(made, self._dimensions, strict=True)
        )
        return latents, states
