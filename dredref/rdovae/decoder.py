"""The RDOVAE decoder network: acoustic features from an initial state and latents.

A chunk of 40 ms is one row of latents and gives four feature vectors. The network starts at the
newest chunk and works backwards in time; five stages each add a gated recurrent unit and a
convolution over this and the previous chunk to what later layers see. Every layer reads all that
was made before it, rounded to 8 bits.

Only the recurrent product has to wait for the previous chunk, so each layer works on all chunks of
all packets at once, and the recurrence alone goes step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.activations import sigmoid, tanh
from dredref.arithmetic.fixed import Fixed, Integers, Q, carry, multiply, settle
from dredref.arithmetic.products import BYTE, ExactMatrix, to_bytes
from dredref.model import Model, packaged
from dredref.nn.layers import ByteLinear, gru_step
from dredref.rdovae.dequantize import network_inputs
from dredref.rdovae.schedule import Schedule
from spec.dred import DredPayload

STAGES = 5
FEATURES = 20
"""Numbers of a feature vector: 18 band cepstra, pitch, voicing."""
VECTORS = 4
"""Feature vectors of a chunk."""
BATCH_ROWS = 1536
"""Chunks that are worked on at once; a matter of speed alone."""


class Decoder:
    """The decoder network of one DRED version."""

    def __init__(self, model: Model) -> None:
        """Take the layers of ``model``.

        Raises:
            InputError: ``model.layer`` if it is no RDOVAE decoder.
        """
        self.hidden_init = model["dec_hidden_init"]
        self.first = model["dec_dense1"]
        self.stages = tuple(_Stage(model, stage) for stage in range(1, STAGES + 1))
        self.state_init = _narrow(model, "dec_gru_init")
        self.output = _narrow(model, "dec_output")

    def __call__(self, states: Fixed, latents: Fixed, counts: Integers, workers: int = 1) -> Fixed:
        """Features of many packets, Q24, with the carrier of the arguments.

        Args:
            states: initial states [packets, S], Q24.
            latents: latents of all packets [chunks, L or L + 1], Q24; packet after packet, newest
                chunk first.
            counts: chunks of each packet [packets].
            workers: threads that share the batches; the result does not depend on it.

        Returns:
            Feature vectors [4 * chunks, 20] in the order of the chunks, newest first.
        """
        out = np.empty((len(latents), VECTORS * FEATURES), dtype=latents.dtype)
        ends = np.concatenate(([0], np.cumsum(counts)))

        def run(part: tuple[int, int]) -> None:
            first, last = part
            rows = slice(int(ends[first]), int(ends[last]))
            out[rows] = self._run(states[first:last], latents[rows], counts[first:last])

        parts = list(pairwise(_parts(ends, workers)))
        if workers > 1:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(run, parts))
        else:
            for part in parts:
                run(part)
        return out.reshape(-1, FEATURES)

    def _run(self, states: Fixed, latents: Fixed, counts: Integers) -> Fixed:
        """One batch: features of each chunk, four vectors in a row."""
        schedule = Schedule.of(counts)
        hidden = tanh(self.hidden_init(states[schedule.sequences]))
        memories = np.split(tanh(self.state_init(hidden)), STAGES, axis=-1)
        first = to_bytes(tanh(self.first(latents[schedule.rows])))
        seen = _Seen(first, self.output.inputs)
        for stage, memory in zip(self.stages, memories, strict=True):
            stage.add_to(seen, memory, schedule)
        rows = self.output.of_bytes(seen.rows)
        out = np.empty_like(rows)
        out[schedule.rows] = rows
        return out


class _Seen:
    """What layers have made of each chunk so far, 8 bits each, side by side."""

    def __init__(self, first: Fixed, size: int) -> None:
        """Start with ``first`` [chunks, outputs]; make room for ``size`` numbers a chunk."""
        self._room = np.empty((len(first), size), dtype=first.dtype)
        self._end = 0
        self.add(first)

    @property
    def rows(self) -> Fixed:
        """All of it [chunks, numbers]."""
        return self._room[:, : self._end]

    def add(self, x: Fixed) -> None:
        """Append the outputs of another layer."""
        self._room[:, self._end : self._end + x.shape[1]] = x
        self._end += x.shape[1]


class _Stage:
    """One gated recurrent unit with its gate, and one convolution."""

    def __init__(self, model: Model, number: int) -> None:
        """Take the layers of stage ``number``, from 1."""
        self.inputs = _narrow(model, f"dec_gru{number}_input")
        self.recurrent = _narrow(model, f"dec_gru{number}_recurrent")
        self.gate = _narrow(model, f"dec_glu{number}")
        before = f"dec_conv_dense{number}"
        self.before_conv = _narrow(model, before) if before in model.layers else None
        """The small layer that feeds a convolution from version 12 on."""
        self.conv = _narrow(model, f"dec_conv{number}")
        taps = np.split(model.layers[f"dec_conv{number}"].matrix, 2, axis=1)
        self.taps = ExactMatrix(np.concatenate(taps), BYTE + 1)
        """The convolution's weights for the previous chunk, then those for this one."""

    def add_to(self, seen: _Seen, memory: Fixed, schedule: Schedule) -> None:
        """Append the gated state and the convolution, as 8 bits, to what was ``seen``."""
        states = self._recur(self.inputs.of_bytes(seen.rows), memory, schedule)
        seen.add(to_bytes(multiply(states, sigmoid(self.gate(states)))))
        now = seen.rows
        if self.before_conv is not None:
            now = to_bytes(tanh(self.before_conv.of_bytes(now)))
        seen.add(to_bytes(tanh(self._convolve(now, schedule))))

    def _recur(self, fed: Fixed, memory: Fixed, schedule: Schedule) -> Fixed:
        """The recurrent unit's state after every row."""
        states = np.empty((len(fed), self.recurrent.inputs), dtype=fed.dtype)
        for rows, size in zip(schedule.steps(), schedule.sizes, strict=True):
            memory = gru_step(fed[rows], self.recurrent, memory[:size])
            states[rows] = memory
        return states

    def _convolve(self, now: Fixed, schedule: Schedule) -> Fixed:
        """The convolution over the previous chunk and this one.

        The previous chunk's products are taken where it stands and then moved to the next row:
        the same integer sum, without a copy of the inputs.
        """
        sums = self.taps(now)
        size = self.conv.outputs
        return self.conv.of_sums(schedule.previous(sums[:, :size]) + sums[:, size:])


def _narrow(model: Model, name: str) -> ByteLinear:
    """The layer ``name``, which takes 8-bit inputs."""
    layer = model[name]
    assert isinstance(layer, ByteLinear)
    return layer


def _parts(ends: Integers, workers: int) -> list[int]:
    """Packets at which batches of about ``BATCH_ROWS`` chunks begin, and the end.

    There are at least as many batches as ``workers``, if there are as many packets.
    """
    rows, packets = int(ends[-1]), len(ends) - 1
    size = max(1, min(BATCH_ROWS, -(-rows // workers)))
    inner = np.searchsorted(ends, np.arange(size, rows, size))
    return sorted({0, *inner.tolist(), packets})


@cache
def packaged_decoder(version: int) -> Decoder:
    """The decoder network of DRED version 10 or 12 that comes with the project."""
    return Decoder(packaged(f"rdovae-decoder-v{version}"))


def decode_payloads(
    payloads: Sequence[DredPayload], decoder: Decoder | None = None
) -> list[Integers]:
    """Features of each payload [4 * chunks, 20], Q24, newest first.

    All payloads are of one version. ``decoder`` is the packaged one if None.
    """
    if not payloads:
        return []
    version = payloads[0].version
    states, latents, counts = network_inputs(payloads, version)
    decoder = packaged_decoder(version) if decoder is None else decoder
    features = settle(decoder(carry(states), carry(latents), counts))
    return np.split(features, VECTORS * np.cumsum(counts)[:-1])


def to_float(features: Integers) -> NDArray[np.float32]:
    """Q24 features as float32, the form files and other programs use (rounded to nearest even)."""
    return (features * 2.0**-Q).astype(np.float32)
