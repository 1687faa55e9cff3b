"""The RDOVAE decoder network: acoustic features from an initial state and latents.

A chunk of 40 ms is one row of latents and gives four feature vectors. The network starts at the
newest chunk and works backwards in time; five stages each add a gated recurrent unit and a
convolution over this and the previous chunk to what later layers see. Every layer reads all that
was made before it, rounded to 8 bits.

Source: libopus 1.6.1 dnn/dred_rdovae_dec.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import local
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.carrier import Arithmetic, carrier_of, in_use, without_negative_zeros
from dredref.arithmetic.compiling import kernel, part, scalar
from dredref.arithmetic.number import Numbers
from dredref.arithmetic.values import Features
from dredref.model import packaged
from dredref.model.weights import Model
from dredref.nn.build import Builder, padded
from dredref.nn.layers import (
    Int8,
    Network,
    copy,
    dense,
    float_linear,
    glu,
    gru,
    linear,
    tanh_all,
)
from dredref.rdovae.dequantize import network_rows
from dredref.spec.dred import DredPayload
from dredref.spec.tables import quantizer_tables

STAGES = 5
FEATURES = 20
"""Numbers of a feature vector: 18 band cepstra, pitch, voicing."""
VECTORS = 4
"""Feature vectors of a chunk."""
BATCH = 64
"""Packets that are worked on at once; a matter of speed alone."""


HIDDEN_INIT, STATE_INIT, FIRST, OUTPUT = range(4)
"""Numbers of the layers that stand once."""
INPUTS, RECURRENT, GATE, BEFORE_CONV, CONV = range(4, 9)
"""Layers of the first stage. From version 12 on a small layer feeds the
convolution."""
STAGE_LAYERS = 5


@scalar
def stage_layer(stage: int, layer: int) -> int:
    """The number of a stage's layer."""
    return layer + STAGE_LAYERS * stage


class Work(NamedTuple):
    """Arrays that a batch is worked on in; a row is a packet."""

    sums: NDArray[np.int32]
    fed: Numbers
    own: Numbers
    """Scratch."""
    seen: Int8
    """What layers have made of the chunk so far, side by side."""
    states: Numbers
    states_int: NDArray[np.int16]
    """States of the recurrent units [stages, packets, size]."""
    taps: NDArray[np.int16]
    """What each convolution was given of the previous chunk and is given of this one, side by side
    [stages, packets, 2 * width]."""


@kernel
def decode_batch(
    network: Network,
    work: Work,
    states: Numbers,
    latents: Numbers,
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
    out: Numbers,
) -> None:
    """Features of a batch of packets, the packet with most chunks first.

    Args:
        network: the layers.
        work: where it is done.
        states: initial states [packets, S].
        latents: [chunks, L or L + 1]; a packet's chunks follow each other, newest first.
        first: each packet's first chunk [packets].
        counts: chunks of each packet, never rising [packets].
        out: receives four vectors of each chunk [chunks, 80].
    """
    init_states(network, work, states)
    rows = counts.size
    for step in range(counts[0]):
        while counts[rows - 1] <= step:
            rows -= 1
        for row in range(rows):
            for i in range(latents.shape[1]):
                work.own[row, i] = latents[first[row] + step, i]
        decode_chunk(network, work, rows, latents.shape[1])
        for row in range(rows):
            for i in range(out.shape[1]):
                out[first[row] + step, i] = work.fed[row, i]


@part
def init_states(network: Network, work: Work, states: Numbers) -> None:
    """The recurrent units' states that initial states stand for."""
    float_linear(network, HIDDEN_INIT, states, work.own)
    tanh_all(work.own, network.table[HIDDEN_INIT, 1], work.seen, 0)
    linear(network, STATE_INIT, work.seen, work.sums, work.fed)
    size = work.states.shape[2]
    for stage in range(STAGES):
        for row in range(states.shape[0]):
            for i in range(size):
                work.states[stage, row, i] = work.fed[row, stage * size + i]
        tanh_all(work.states[stage], size, work.states_int[stage], 0)


@part
def decode_chunk(network: Network, work: Work, rows: int, inputs: int) -> None:
    """One chunk of the first ``rows`` packets: from ``work.own`` to ``work.fed``."""
    seen, sums, fed, own = work.seen[:rows], work.sums, work.fed, work.own
    size, end = work.states.shape[2], network.table[FIRST, 1]
    float_linear(network, FIRST, own[:rows], fed)
    tanh_all(fed[:rows], end, seen, 0)
    for stage in range(STAGES):
        state, state_int = work.states[stage, :rows], work.states_int[stage, :rows]
        gru(
            network,
            stage_layer(stage, INPUTS),
            stage_layer(stage, RECURRENT),
            *(seen, sums, fed, own, state, state_int),
        )
        glu(network, stage_layer(stage, GATE), state, state_int, sums, own, seen, end)
        end += size
        taps, before = work.taps[stage, :rows], stage_layer(stage, BEFORE_CONV)
        heard = network.table[before, 1]
        if heard:
            copy(taps, heard, heard, taps, 0)
            dense(network, before, seen, sums, own, taps, heard)
        else:
            heard = end
            copy(taps, heard, heard, taps, 0)
            copy(seen, 0, heard, taps, heard)
        conv = stage_layer(stage, CONV)
        dense(network, conv, taps, sums, own, seen, end)
        end += network.table[conv, 1]
    linear(network, OUTPUT, seen, sums, fed)


def build_network(model: Model, carrier: np.dtype[Any]) -> Network:
    """The layers of a model, for arrays of the carrier's type.

    Raises:
        InputError: ``model.layer`` if it is no RDOVAE decoder.
    """
    builder = Builder(model, carrier)
    builder.first("dec_hidden_init")
    builder.int8("dec_gru_init")
    builder.first("dec_dense1")
    builder.int8("dec_output")
    for stage in range(1, STAGES + 1):
        for name in (f"dec_gru{stage}_input", f"dec_gru{stage}_recurrent", f"dec_glu{stage}"):
            builder.int8(name)
        builder.int8_if_there(f"dec_conv_dense{stage}")
        builder.int8(f"dec_conv{stage}")
    return builder.network()


def make_work(network: Network, packets: int) -> Work:
    """Room for a batch of packets that start from nothing."""
    table, carrier = network.table, network.bias.dtype
    width = int(table[OUTPUT, 0])
    size = int(table[GATE, 1])
    widest = int(table[:, 1].max())
    return Work(
        np.empty((packets, widest), np.int32),
        np.empty((packets, widest), carrier),
        np.empty((packets, widest), carrier),
        np.zeros((packets, width), np.int16),
        np.empty((STAGES, packets, size), carrier),
        np.zeros((STAGES, packets, padded(size)), np.int16),
        np.zeros((STAGES, packets, 2 * width), np.int16),
    )


class Decoder:
    """The decoder network of one DRED version."""

    def __init__(
        self, version: int, model: Model | None = None, arithmetic: Arithmetic | None = None
    ) -> None:
        """Take the layers of ``model``, or of the packaged decoder.

        Raises:
            InputError: ``model.layer`` if it is no RDOVAE decoder.
        """
        self.version = version
        self._carrier = carrier_of(arithmetic)
        self._network = build_network(
            model or packaged(f"rdovae-decoder-v{version}"), self._carrier
        )
        self._kept = local()

    def decode(self, payloads: Sequence[DredPayload], workers: int = 1) -> list[Features]:
        """Features of each payload [4 * chunks, 20], newest first.

        ``workers`` threads share the batches; the result does not depend on it.
        """
        tables = quantizer_tables(self.version)
        chunks = [chunk for payload in payloads for chunk in payload.chunks]
        counts = np.array([len(payload.chunks) for payload in payloads], np.int64)
        states = network_rows(
            _rows([payload.state for payload in payloads], tables.state.dimension),
            np.array([payload.q0 for payload in payloads], np.int64),
            tables.state,
            self._carrier,
        )
        latents = network_rows(
            _rows([chunk.latents for chunk in chunks], tables.latent.dimension),
            np.array([chunk.level for chunk in chunks], np.int64),
            tables.latent,
            self._carrier,
            with_level=self.version >= 12,
        )
        features = self.decode_values(states, latents, counts, workers)
        return np.split(features, VECTORS * np.cumsum(counts)[:-1]) if payloads else []

    def _work(self, packets: int) -> Work:
        """Room for a batch, this thread's last one if it has the size; nothing was heard."""
        kept: Work | None = getattr(self._kept, "work", None)
        if kept is None or len(kept.sums) != packets:
            kept = self._kept.work = make_work(self._network, packets)
        kept.taps[:] = 0
        return kept

    def decode_values(
        self, states: Numbers, latents: Numbers, counts: NDArray[np.int64], workers: int = 1
    ) -> Features:
        """Features [4 * chunks, 20] of packets' dequantized values, each packet's newest first.

        Args:
            states: initial states [packets, S], float32 or their bits.
            latents: [chunks, L or L + 1], packet after packet, newest chunk first.
            counts: chunks of each packet [packets].
            workers: threads that share the batches.
        """
        states, latents = states.view(self._carrier), latents.view(self._carrier)
        out = np.empty((len(latents), VECTORS * FEATURES), self._carrier)
        first = np.cumsum(counts) - counts
        order = np.argsort(-counts, kind="stable")
        order = order[: np.count_nonzero(counts)]

        def run(batch: NDArray[np.int64]) -> None:
            chosen = np.ascontiguousarray(states[batch])
            work = self._work(len(batch))
            decode_batch(self._network, work, chosen, latents, first[batch], counts[batch], out)

        batches = [order[k : k + BATCH] for k in range(0, len(order), BATCH)]
        if workers > 1:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(run, batches))
        else:
            for batch in batches:
                run(batch)
        return without_negative_zeros(out).reshape(-1, FEATURES)


def _rows(values: Sequence[Sequence[int]], dimension: int) -> NDArray[np.int32]:
    """Coded integers as rows; what does not fit 32 bits saturates there."""
    wide = np.array(values, np.int64).reshape(-1, dimension)
    return np.clip(wide, -(1 << 31), (1 << 31) - 1).astype(np.int32)


def packaged_decoder(version: int, arithmetic: Arithmetic | None = None) -> Decoder:
    """Return the decoder network of DRED version 10 or 12 that comes with the project."""
    return _packaged(version, in_use(arithmetic))


@cache
def _packaged(version: int, arithmetic: Arithmetic) -> Decoder:
    return Decoder(version, arithmetic=arithmetic)


def decode_payloads(
    payloads: Sequence[DredPayload],
    model: Model | None = None,
    arithmetic: Arithmetic | None = None,
) -> list[Features]:
    """Return the features of each payload, float32 [4 * chunks, 20], newest first.

    Args:
        payloads: of one version.
        model: an RDOVAE decoder; the packaged one if None.
        arithmetic: what carries the numbers; the result is the same.
    """
    if not payloads:
        return []
    version = payloads[0].version
    if model is None:
        return packaged_decoder(version, arithmetic).decode(payloads)
    return Decoder(version, model, arithmetic).decode(payloads)
