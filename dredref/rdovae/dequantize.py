"""From coded integers to the decoder network's inputs, numbers of 24 significant bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import N, clip, concatenate, constant, from_integers
from dredref.spec.dred import DredPayload
from dredref.spec.tables import QuantizerTable, quantizer_tables

COUNT_LIMIT = (1 << 24) - 1
"""Where a coded integer saturates."""
INPUT_LIMIT = "1048576"
"""Where an input of the network saturates, 2**20.

The weights of an output of the first layers add up to less than 2**4, so that their results stay
below 2**24, and their fifth powers in the tangent below 2**120: no number reaches 2**127.
"""
LEVEL_STEPS = 8
"""The extra input that tells a chunk's level counts in eighths, from -1."""


def dequantize(values: Integers, levels: Integers, table: QuantizerTable, like: N) -> N:
    """``value * 256 / scale``; a scale of 0 counts as 1.

    Args:
        values: coded integers [rows, dimension].
        levels: quantizer level of each row [rows].
        table: the tables of the vector.
        like: the kind of number to make.
    """
    scale = np.maximum(table.scale[levels].astype(np.int64), 1)
    counts = from_integers(np.clip(values, -COUNT_LIMIT, COUNT_LIMIT), like)
    inputs = counts * constant("256", like) / from_integers(scale, like)
    limit = constant(INPUT_LIMIT, like)
    return clip(inputs, -limit, limit)


def latent_rows(latents: Integers, levels: Integers, version: int, like: N) -> N:
    """Inputs of the decoder network for chunks: [rows, L], or [rows, L + 1] from version 12 on.

    Version 12 appends ``level / 8 - 1``.
    """
    rows = dequantize(latents, levels, quantizer_tables(version).latent, like)
    if version < 12:
        return rows
    steps = from_integers(levels[:, np.newaxis] - LEVEL_STEPS, like)
    return concatenate((rows, steps * constant("0.125", like)))


def state_rows(states: Integers, levels: Integers, version: int, like: N) -> N:
    """Inputs of the decoder network for initial states, [rows, S]."""
    return dequantize(states, levels, quantizer_tables(version).state, like)


def network_inputs(payloads: Sequence[DredPayload], version: int, like: N) -> tuple[N, N, Integers]:
    """States [n, S], latents [all chunks, L or L + 1] and chunk counts [n] of payloads."""
    tables = quantizer_tables(version)
    chunks = [chunk for payload in payloads for chunk in payload.chunks]
    states = np.array([payload.state for payload in payloads], dtype=np.int64)
    latents = np.array([chunk.latents for chunk in chunks], dtype=np.int64)
    first = np.array([payload.q0 for payload in payloads], dtype=np.int64)
    levels = np.array([chunk.level for chunk in chunks], dtype=np.int64)
    counts = np.array([len(payload.chunks) for payload in payloads], dtype=np.int64)
    return (
        state_rows(states.reshape(-1, tables.state.dimension), first, version, like),
        latent_rows(latents.reshape(-1, tables.latent.dimension), levels, version, like),
        counts,
    )
