"""The RDOVAE decoder network: acoustic features from an initial state and latents.

A chunk of 40 ms is one row of latents and gives four feature vectors. The network starts at the
newest chunk and works backwards in time; five stages each add a gated recurrent unit and a
convolution over this and the previous chunk to what later layers see. Every layer reads all that
was made before it, rounded to 8 bits.

Only the recurrent product has to wait for the previous chunk, so each layer works on all chunks of
all packets at once, and the recurrence alone goes step by step. Its arithmetic, on any kind of
number, is that of :mod:`dredref.arithmetic.significand`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.fixed import Fixed, Integers
from dredref.arithmetic.products import BYTE, ExactMatrix
from dredref.arithmetic.significand import (
    KINDS,
    Form,
    N,
    Words,
    carry,
    words_of,
)
from dredref.arithmetic.significand_rows import sigmoid, tanh, to_bytes
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.nn.portable import ByteLayer, RealLayer, byte_layer, first_layer, gru_states
from dredref.rdovae.dequantize import network_inputs
from dredref.rdovae.schedule import Schedule
from dredref.spec.dred import DredPayload

STAGES = 5
FEATURES = 20
"""Numbers of a feature vector: 18 band cepstra, pitch, voicing."""
VECTORS = 4
"""Feature vectors of a chunk."""
BATCH_ROWS = 1536, 6144
"""Fewest and most chunks that are worked on at once; a matter of speed alone."""
BATCH_PACKETS = 160
"""Packets aimed at between the two, so that a step of the recurrence has enough to do."""


class Decoder(Generic[N]):
    """The decoder network of one DRED version."""

    like: N
    hidden_init: RealLayer[N]
    state_init: ByteLayer[N]
    first: RealLayer[N]
    stages: tuple[_Stage[N], ...]
    output: ByteLayer[N]

    def __init__(self, model: Model, like: N) -> None:
        """Take the layers of ``model``, for numbers of the kind of ``like``.

        Raises:
            InputError: ``model.layer`` if it is no RDOVAE decoder.
        """
        self.like = like
        self.hidden_init = first_layer(model, "dec_hidden_init", like)
        self.state_init = byte_layer(model, "dec_gru_init", like)
        self.first = first_layer(model, "dec_dense1", like)
        self.stages = tuple(_Stage(model, stage, like) for stage in range(1, STAGES + 1))
        self.output = byte_layer(model, "dec_output", like)

    def __call__(self, states: N, latents: N, counts: Integers, workers: int = 1) -> Words:
        """Features of many packets.

        Args:
            states: initial states [packets, S].
            latents: latents of all packets [chunks, L or L + 1]; packet after packet, newest chunk
                first.
            counts: chunks of each packet [packets].
            workers: threads that share the batches; the result does not depend on it.

        Returns:
            Feature vectors [4 * chunks, 20] in the order of the chunks, newest first, as binary32
            words.
        """
        out = np.empty((latents.shape[0], VECTORS * FEATURES), np.int32)
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

    def _run(self, states: N, latents: N, counts: Integers) -> Words:
        """One batch: features of each chunk, four vectors in a row."""
        schedule = Schedule.of(counts)
        hidden = tanh(self.hidden_init(states[schedule.sequences]))
        memory = tanh(self.state_init(hidden))
        first = to_bytes(tanh(self.first(latents[schedule.rows])))
        seen = _Seen(first, self.output.inputs)
        size = memory.shape[1] // STAGES
        for number, stage in enumerate(self.stages):
            stage.add_to(seen, memory[:, number * size : (number + 1) * size], schedule)
        rows = words_of(self.output.of_bytes(seen.rows))
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


class _Stage(Generic[N]):
    """One gated recurrent unit with its gate, and one convolution."""

    inputs: ByteLayer[N]
    recurrent: ByteLayer[N]
    gate: ByteLayer[N]
    before_conv: ByteLayer[N] | None
    """The small layer that feeds a convolution from version 12 on."""
    conv: ByteLayer[N]

    def __init__(self, model: Model, number: int, like: N) -> None:
        """Take the layers of stage ``number``, from 1."""
        self.inputs = byte_layer(model, f"dec_gru{number}_input", like)
        self.recurrent = byte_layer(model, f"dec_gru{number}_recurrent", like)
        self.gate = byte_layer(model, f"dec_glu{number}", like)
        before = f"dec_conv_dense{number}"
        self.before_conv = None
        if before in model.layers:
            self.before_conv = byte_layer(model, before, like)
        self.conv = byte_layer(model, f"dec_conv{number}", like)
        taps = np.split(model.layers[f"dec_conv{number}"].matrix, 2, axis=1)
        self.taps = ExactMatrix(np.concatenate(taps), BYTE + 1)
        """The convolution's weights for the previous chunk, then those for this one."""

    def add_to(self, seen: _Seen, memory: N, schedule: Schedule) -> None:
        """Append the gated state and the convolution, as 8 bits, to what was ``seen``."""
        fed = self.inputs.of_bytes(seen.rows)
        states, _ = gru_states(fed, self.recurrent, memory, schedule.sizes)
        seen.add(to_bytes(states * sigmoid(self.gate(states))))
        now = seen.rows
        if self.before_conv is not None:
            now = to_bytes(tanh(self.before_conv.of_bytes(now)))
        seen.add(to_bytes(tanh(self._convolve(now, schedule))))

    def _convolve(self, now: Fixed, schedule: Schedule) -> N:
        """The convolution over the previous chunk and this one.

        The previous chunk's products are taken where it stands and then moved to the next row:
        the same integer sum, without a copy of the inputs.
        """
        sums = self.taps(now)
        size = self.conv.outputs
        both: Fixed = schedule.previous(sums[:, :size]) + sums[:, size:]
        return self.conv.of_sums(both)


def _parts(ends: Integers, workers: int) -> list[int]:
    """Packets at which batches begin, and the end.

    There are at least as many batches as ``workers``, if there are as many packets.
    """
    rows, packets = int(ends[-1]), len(ends) - 1
    fewest, most = BATCH_ROWS
    aim = min(max(BATCH_PACKETS * rows // max(packets, 1), fewest), most)
    size = max(1, min(aim, -(-rows // workers)))
    inner = np.searchsorted(ends, np.arange(size, rows, size))
    return sorted({0, *inner.tolist(), packets})


@cache
def packaged_decoder(version: int, form: Form = "integers") -> Decoder[Any]:
    """The decoder network of DRED version 10 or 12 that comes with the project."""
    return Decoder(packaged(f"rdovae-decoder-v{version}"), KINDS[form])


def decode_payloads(
    payloads: Sequence[DredPayload], model: Model | None = None, form: Form = "integers"
) -> list[NDArray[np.float32]]:
    """Features of each payload [4 * chunks, 20], newest first.

    Args:
        payloads: of one version.
        model: an RDOVAE decoder; the packaged one if None.
        form: how numbers are held; the result is the same, and pairs of integers are far slower.
    """
    if not payloads:
        return []
    version = payloads[0].version
    decoder = packaged_decoder(version, form) if model is None else Decoder(model, KINDS[form])
    states, latents, counts = network_inputs(payloads, version, decoder.like)
    features = carry(decoder(states, latents, counts))
    return np.split(features, VECTORS * np.cumsum(counts)[:-1])
