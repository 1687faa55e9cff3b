"""The RDOVAE encoder network: a latent vector and an initial state every 20 ms.

It takes two feature vectors (20 ms) at a time and tells 40 ms: every second latent vector makes a
chunk. Five stages each add a gated recurrent unit and a convolution over this and an earlier step
to what later layers see. Every layer but the first reads all that was made before it, rounded to
8 bits.

Streams lie side by side, a step of all of them after the other, and each layer works on all steps
of a call at once; only the recurrence goes step by step. The arithmetic, on any kind of number,
is that of :mod:`dredref.arithmetic.significand`.

Source: libopus 1.6.1 (version 12) and 1.5.2 (version 10) dnn/dred_rdovae_enc.c.
"""

from __future__ import annotations

from typing import Any, Generic

import numpy as np

from dredref.arithmetic.fixed import Fixed
from dredref.arithmetic.products import BYTE, ExactMatrix
from dredref.arithmetic.significand import (
    KINDS,
    Form,
    N,
    Words,
    clip,
    constant,
    numbers,
    words_of,
)
from dredref.arithmetic.significand_arrays import zeros
from dredref.arithmetic.significand_rows import tanh, to_bytes
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.nn.portable import ByteLayer, RealLayer, byte_layer, first_layer, gru_states
from dredref.spec.tables import CURRENT_VERSION, LATENT_DIM, STATE_DIM

STAGES = 5
FEATURES = 20
"""Numbers of a feature vector."""
VECTORS = 2
"""Feature vectors of a step."""
STEP = VECTORS * 160
"""Samples at 16 kHz of a step: 20 ms."""
FEATURE_LIMIT = "1048576"
"""Where a feature saturates, 2**20, far past any of speech.

The weights of an output of the first layer add up to less than 2**4, so that its results stay below
2**24, and their fifth powers in the tangent below 2**120: no number reaches 2**127.
"""


class RdovaeEncoder:
    """The encoder network with the memory of several streams."""

    def __init__(
        self,
        version: int = CURRENT_VERSION,
        streams: int = 1,
        model: Model | None = None,
        form: Form = "integers",
    ) -> None:
        """Start ``streams`` streams from nothing.

        Args:
            version: DRED version.
            streams: how many lie side by side.
            model: an RDOVAE encoder; the packaged one if None.
            form: how numbers are held; results are the same, and pairs of integers far slower.

        Raises:
            InputError: ``model.layer`` if ``model`` is no RDOVAE encoder.
        """
        model = model or packaged(f"rdovae-encoder-v{version}")
        self._latent_dim, self._state_dim = LATENT_DIM[version], STATE_DIM[version]
        self._network: Network[Any] = Network(model, streams, KINDS[form])

    def encode(self, features: Words) -> tuple[Words, Words]:
        """Latents [streams, steps, L] and initial states [streams, steps, S], binary32 words.

        Args:
            features: [streams, 2 * steps, 20], binary32 words.

        Raises:
            ValueError: if the number of vectors is odd.
        """
        streams, vectors, _ = features.shape
        if vectors % VECTORS:
            raise ValueError(f"{vectors} feature vectors are no whole number of steps of {VECTORS}")
        steps = vectors // VECTORS
        pairs = features.reshape(streams, steps, VECTORS * FEATURES)
        rows = np.swapaxes(pairs, 0, 1).reshape(steps * streams, VECTORS * FEATURES)
        latents, states = self._network(rows)

        def by_stream(found: Words, size: int) -> Words:
            shaped = found[:, :size].reshape(steps, streams, size)
            return np.ascontiguousarray(np.swapaxes(shaped, 0, 1))

        return by_stream(latents, self._latent_dim), by_stream(states, self._state_dim)


class Network(Generic[N]):
    """The layers, for one kind of number; rows are [steps * streams], step after step."""

    like: N
    first: RealLayer[N]
    stages: tuple[_Stage[N], ...]
    latents: ByteLayer[N]
    hidden: ByteLayer[N]
    states: ByteLayer[N]

    def __init__(self, model: Model, streams: int, like: N) -> None:
        """Take the layers of ``model``, for numbers of the kind of ``like``.

        Raises:
            InputError: ``model.layer`` if it is no RDOVAE encoder.
        """
        self.like = like
        self.first = first_layer(model, "enc_dense1", like)
        self.stages = tuple(_Stage(model, n, streams, like) for n in range(1, STAGES + 1))
        self.latents = byte_layer(model, "enc_zdense", like)
        self.hidden = byte_layer(model, "gdense1", like)
        self.states = byte_layer(model, "gdense2", like)

    def __call__(self, features: Words) -> tuple[Words, Words]:
        """Latents and initial states, as wide as the layers, of rows of two feature vectors."""
        limit = constant(FEATURE_LIMIT, self.like)
        pairs = clip(numbers(features, self.like), -limit, limit)
        seen = [to_bytes(tanh(self.first(pairs)))]
        for stage in self.stages:
            stage.add_to(seen)
        everything = np.concatenate(seen, axis=1)
        latents = self.latents.of_bytes(everything)
        hidden = tanh(self.hidden.of_bytes(everything))
        return words_of(latents), words_of(self.states(hidden))


class _Stage(Generic[N]):
    """One gated recurrent unit and one convolution, with what they remember of each stream."""

    inputs: ByteLayer[N]
    recurrent: ByteLayer[N]
    before_conv: ByteLayer[N] | None
    """The small layer that feeds a convolution from version 12 on."""
    conv: ByteLayer[N]

    def __init__(self, model: Model, number: int, streams: int, like: N) -> None:
        """Take the layers of stage ``number``, from 1; memories are zero."""
        self.inputs = byte_layer(model, f"enc_gru{number}_input", like)
        self.recurrent = byte_layer(model, f"enc_gru{number}_recurrent", like)
        before = f"enc_conv_dense{number}"
        self.before_conv = byte_layer(model, before, like) if before in model.layers else None
        self.conv = byte_layer(model, f"enc_conv{number}", like)
        earlier, now = np.split(model.layers[f"enc_conv{number}"].matrix, 2, axis=1)
        self.earlier, self.now = ExactMatrix(earlier, BYTE + 1), ExactMatrix(now, BYTE + 1)
        """The convolution's weights for an earlier step and for this one."""
        dilation = 1 if number == 1 else 2
        span = dilation * streams
        self.state: N = zeros((streams, self.recurrent.inputs), like)
        self.memory: Fixed = to_bytes(zeros((span, self.conv.inputs // 2), like))
        """The convolution's last inputs in 8 bits, oldest first: as many as it reaches back."""

    def add_to(self, seen: list[Fixed]) -> None:
        """Append the states and the convolution of each row, as 8 bits, to what was ``seen``."""
        fed = self.inputs.of_bytes(np.concatenate(seen, axis=1))
        states, self.state = gru_states(fed, self.recurrent, self.state)
        seen.append(to_bytes(states))
        now = np.concatenate(seen, axis=1)
        if self.before_conv is not None:
            now = to_bytes(tanh(self.before_conv.of_bytes(now)))
        history = np.concatenate((self.memory, now))
        self.memory = history[len(now) :]
        sums: Fixed = self.earlier(history[: len(now)]) + self.now(now)
        seen.append(to_bytes(tanh(self.conv.of_sums(sums))))
