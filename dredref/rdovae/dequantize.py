"""From coded integers to the decoder network's inputs, Q24."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dredref.arithmetic.fixed import ONE, Integers, Q
from spec.dred import DredPayload
from spec.tables import QuantizerTable, quantizer_tables

COUNT_LIMIT = 1 << 20
"""Where a coded integer saturates; far past what any layer's input can hold."""
LEVEL_STEP = ONE // 8
"""Q24 step of the extra input that tells the quantizer level."""


def dequantize(values: Integers, levels: Integers, table: QuantizerTable) -> Integers:
    """``value * 256 / scale``, Q24, halves up; a scale of 0 counts as 1.

    Args:
        values: coded integers [rows, dimension]; saturated at 2**20.
        levels: quantizer level of each row [rows].
        table: the tables of the vector.
    """
    scale = np.maximum(table.scale[levels].astype(np.int64), 1)
    numerator = np.clip(values, -COUNT_LIMIT, COUNT_LIMIT) << (8 + Q)
    return (2 * numerator + scale) // (2 * scale)


def latent_rows(latents: Integers, levels: Integers, version: int) -> Integers:
    """Inputs of the decoder network for chunks: [rows, L], or [rows, L + 1] from version 12 on.

    Version 12 appends ``level / 8 - 1``.
    """
    rows = dequantize(latents, levels, quantizer_tables(version).latent)
    if version < 12:
        return rows
    return np.concatenate((rows, levels[:, np.newaxis] * LEVEL_STEP - ONE), axis=1)


def state_rows(states: Integers, levels: Integers, version: int) -> Integers:
    """Inputs of the decoder network for initial states, [rows, S]."""
    return dequantize(states, levels, quantizer_tables(version).state)


def network_inputs(
    payloads: Sequence[DredPayload], version: int
) -> tuple[Integers, Integers, Integers]:
    """States [n, S], latents [all chunks, L or L + 1] and chunk counts [n] of payloads."""
    tables = quantizer_tables(version)
    chunks = [chunk for payload in payloads for chunk in payload.chunks]
    states = np.array([payload.state for payload in payloads], dtype=np.int64)
    latents = np.array([chunk.latents for chunk in chunks], dtype=np.int64)
    first = np.array([payload.q0 for payload in payloads], dtype=np.int64)
    levels = np.array([chunk.level for chunk in chunks], dtype=np.int64)
    counts = np.array([len(payload.chunks) for payload in payloads], dtype=np.int64)
    return (
        state_rows(states.reshape(-1, tables.state.dimension), first, version),
        latent_rows(latents.reshape(-1, tables.latent.dimension), levels, version),
        counts,
    )
