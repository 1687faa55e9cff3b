"""The quantizer tables of DRED, versions 10 and 12, and the dimensions that follow from them.

The numbers stand in ``spec/data/quantizer_vN.json``, with their provenance; they were made by
``tools/import_tables.py`` from the libopus source package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.spec.errors import UsageError
from dredref.spec.laplace import LAPLACE_TOTAL

LEVELS = 16
"""Quantizer levels, 0 the finest."""
VERSIONS = (10, 12)
"""Experiment versions that have tables."""
CURRENT_VERSION = 12
"""The version that an unprefixed, final extension is read as."""
LATENT_DIM: Mapping[int, int] = MappingProxyType({10: 21, 12: 25})
STATE_DIM: Mapping[int, int] = MappingProxyType({10: 19, 12: 50})
LEVEL_STEPS = (0, 2, 3, 4, 6, 8, 12, 16)
"""dQ -> levels per chunk, in 1/16."""

Table = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class QuantizerTable:
    """Tables of one vector: level by dimension, 8 bits each."""

    scale: Table
    """Quantizer steps per unit, Q8; 0 counts as 1 when dividing."""
    dead_zone: Table
    """Width of the dead zone, Q8; used by encoders."""
    r: Table
    """Decay of the Laplace model, 1/256."""
    p0: Table
    """Probability of zero, 1/256; 255 means that only zero exists."""
    nonzero: NDArray[np.int32] = field(init=False)
    """Frequency of all values but zero, out of ``LAPLACE_TOTAL`` and even; 0 where only zero
    exists and no symbol is coded."""

    def __post_init__(self) -> None:
        """Work out the frequencies."""
        is_coded = (self.r != 0) & (self.p0 != 255)
        nonzero = np.where(is_coded, LAPLACE_TOTAL - (self.p0.astype(np.int32) << 7), 0)
        nonzero.setflags(write=False)
        object.__setattr__(self, "nonzero", nonzero)

    @property
    def dimension(self) -> int:
        """Values of the vector."""
        return int(self.scale.shape[1])

    @property
    def coded(self) -> NDArray[np.bool_]:
        """Which values take a symbol: level by dimension."""
        coded: NDArray[np.bool_] = self.nonzero != 0
        return coded

    def rows(self, level: int) -> tuple[list[int], list[int]]:
        """Return what the Laplace values of a level are coded by: ``nonzero`` and ``r``."""
        return self.nonzero[level].tolist(), self.r[level].tolist()


@dataclass(frozen=True, slots=True)
class QuantizerTables:
    """All tables of one DRED version."""

    version: int
    latent: QuantizerTable
    state: QuantizerTable
    provenance: Mapping[str, Any]


def _table(rows: Mapping[str, Any]) -> QuantizerTable:
    def column(name: str) -> Table:
        table = np.array(rows[name], dtype=np.uint8)
        table.setflags(write=False)
        return table

    return QuantizerTable(column("scale"), column("dead_zone"), column("r"), column("p0"))


@cache
def quantizer_tables(version: int) -> QuantizerTables:
    """The tables of DRED version 10 or 12.

    Raises:
        UsageError: ``dred.version.unknown`` for any other version.
    """
    if version not in VERSIONS:
        raise UsageError("dred.version.unknown", f"no tables for DRED version {version}")
    text = files("dredref.spec").joinpath(f"data/quantizer_v{version}.json").read_text()
    data = json.loads(text)
    return QuantizerTables(
        version, _table(data["latent"]), _table(data["state"]), MappingProxyType(data["provenance"])
    )


def level_of_chunk(q0: int, dQ: int, qmax: int, index: int) -> int:
    """Quantizer level of chunk ``index`` (0 is the newest); the steps are rounded half up."""
    return min(qmax, q0 + (LEVEL_STEPS[dQ] * index + 8 >> 4))
