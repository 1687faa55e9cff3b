"""The RDOVAE encoder network: a latent vector and an initial state every 20 ms.

It takes two feature vectors (20 ms) at a time and tells 40 ms: every second latent vector makes a
chunk. Five stages each add a gated recurrent unit and a convolution over this and an earlier step
to what later layers see. Every layer but the first reads all that was made before it, rounded to
8 bits. Streams lie side by side, and each layer works on all steps of a call at once; only the
recurrence goes step by step.

Source: libopus 1.6.1 (version 12) and 1.5.2 (version 10) dnn/dred_rdovae_enc.c.
"""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.activations import tanh
from dredref.arithmetic.fixed import Fixed, Integers, carry, settle
from dredref.arithmetic.products import to_bytes
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.nn.layers import ByteLinear, gru_step
from spec.tables import CURRENT_VERSION, LATENT_DIM, STATE_DIM

STAGES = 5
FEATURES = 20
"""Numbers of a feature vector."""
VECTORS = 2
"""Feature vectors of a step."""
STEP = VECTORS * 160
"""Samples at 16 kHz of a step: 20 ms."""


class RdovaeEncoder:
    """The encoder network with the memory of several streams."""

    def __init__(
        self, version: int = CURRENT_VERSION, streams: int = 1, model: Model | None = None
    ) -> None:
        """Start ``streams`` streams from nothing, with the packaged network unless given.

        Raises:
            InputError: ``model.layer`` if ``model`` is no RDOVAE encoder.
        """
        model = model or packaged(f"rdovae-encoder-v{version}")
        self._latent_dim, self._state_dim = LATENT_DIM[version], STATE_DIM[version]
        self._first = model["enc_dense1"]
        self._stages = tuple(_Stage(model, n, streams) for n in range(1, STAGES + 1))
        self._latents = _narrow(model, "enc_zdense")
        self._hidden = _narrow(model, "gdense1")
        self._states = _narrow(model, "gdense2")

    def encode(self, features: Integers) -> tuple[Integers, Integers]:
        """Latents [streams, steps, L] and initial states [streams, steps, S], Q24.

        Args:
            features: [streams, 2 * steps, 20], Q24.

        Raises:
            ValueError: if the number of vectors is odd.
        """
        streams, vectors, _ = features.shape
        if vectors % VECTORS:
            raise ValueError(f"{vectors} feature vectors are no whole number of steps of {VECTORS}")
        pairs = carry(features).reshape(streams, vectors // VECTORS, VECTORS * FEATURES)
        seen = [to_bytes(tanh(self._first(pairs)))]
        for stage in self._stages:
            stage.add_to(seen)
        everything = np.concatenate(seen, axis=-1)
        latents = self._latents.of_bytes(everything)[..., : self._latent_dim]
        hidden = tanh(self._hidden.of_bytes(everything))
        states = self._states(hidden)[..., : self._state_dim]
        return settle(latents), settle(states)


class _Stage:
    """One gated recurrent unit and one convolution, with what they remember of each stream."""

    def __init__(self, model: Model, number: int, streams: int) -> None:
        """Take the layers of stage ``number``, from 1; memories are zero."""
        self._inputs = _narrow(model, f"enc_gru{number}_input")
        self._recurrent = _narrow(model, f"enc_gru{number}_recurrent")
        self._conv = _narrow(model, f"enc_conv{number}")
        before = f"enc_conv_dense{number}"
        self._before_conv = _narrow(model, before) if before in model.layers else None
        """The small layer that feeds a convolution from version 12 on."""
        dilation = 1 if number == 1 else 2
        self._state: Fixed = np.zeros((streams, self._recurrent.inputs))
        self._memory: Fixed = np.zeros((streams, dilation, self._conv.inputs // 2), np.float32)
        """The convolution's last inputs in 8 bits, oldest first: as many as it reaches back."""

    def add_to(self, seen: list[Fixed]) -> None:
        """Append the states and the convolution of each step, as 8 bits, to what was ``seen``."""
        seen.append(to_bytes(self._recur(self._inputs.of_bytes(np.concatenate(seen, axis=-1)))))
        now = np.concatenate(seen, axis=-1)
        if self._before_conv is not None:
            now = to_bytes(tanh(self._before_conv.of_bytes(now)))
        history = np.concatenate([self._memory, now], axis=1)
        steps = now.shape[1]
        self._memory = history[:, steps:]
        window = np.concatenate([history[:, :steps], now], axis=-1)
        seen.append(to_bytes(tanh(self._conv.of_bytes(window))))

    def _recur(self, fed: Fixed) -> Fixed:
        """The recurrent unit's state after every step."""
        states = np.empty((*fed.shape[:-1], self._recurrent.inputs))
        for step in range(fed.shape[1]):
            self._state = gru_step(fed[:, step], self._recurrent, self._state)
            states[:, step] = self._state
        return states


def _narrow(model: Model, name: str) -> ByteLinear:
    """The layer ``name``, which takes 8-bit inputs."""
    layer = model[name]
    assert isinstance(layer, ByteLinear)
    return layer
