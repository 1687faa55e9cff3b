"""Payloads read many at a time (``dredref.batch``) against libopus, array against array."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from dredref.conformance.adapters.libopus.peer import DredBatch

from dredref.batch.payload import NO_EXTRA, Payloads, read_payloads
from dredref.batch.rangecoder import Strings

EXACT_MAGNITUDE = 1050
"""The batch reader stops following a payload at values past this."""

Rows = npt.NDArray[np.bool_]


def payloads(data: list[bytes], version: int, theirs: DredBatch) -> tuple[Rows, dict[int, str]]:
    """Which payloads could be compared, and the first difference of each that differs.

    Left out are payloads with a value that no encoder can mean, past ``EXACT_MAGNITUDE``.
    """
    ours = read_payloads(Strings(data), version, keep=True)
    largest = np.maximum(np.abs(theirs.states).max(axis=1), np.abs(theirs.latents).max(axis=(1, 2)))
    compared = np.asarray(largest <= EXACT_MAGNITUDE)
    found: dict[int, str] = {}
    for what, same in _agreements(ours, theirs):
        for row in np.flatnonzero(compared & ~same).tolist():
            found.setdefault(row, f"{what} differs")
    return compared, found


def _agreements(ours: Payloads, theirs: DredBatch) -> list[tuple[str, Rows]]:
    """For every figure, in which payloads it is the same."""
    summary = theirs.summary
    extra = np.where(summary["extra_flag"] == 1, summary["extra"], NO_EXTRA)
    n, width = theirs.levels.shape
    levels, tells = np.zeros((2, n, width), np.int64)
    latents = np.zeros((n, width, theirs.latents.shape[2]), np.int64)
    for index, column in enumerate(ours.columns):
        levels[column.rows, index] = column.level
        tells[column.rows, index] = column.start + column.cost
        latents[column.rows, index] = column.latents.T
    return [
        ("q0", ours.q0 == summary["q0"]),
        ("dQ", ours.dQ == summary["dQ"]),
        ("qmax", ours.qmax == summary["qmax"]),
        ("extra offset", ours.extra_offset == extra),
        ("offset", ours.offset == summary["offset"]),
        ("state", (theirs.states == ours.state.T).all(axis=1)),
        ("number of chunks", ours.nb_chunks == summary["nb_chunks"]),
        ("level", (levels == theirs.levels).all(axis=1)),
        ("latents", (latents == theirs.latents).all(axis=(1, 2))),
        ("1/8 bits", (tells == theirs.tells).all(axis=1)),
    ]
