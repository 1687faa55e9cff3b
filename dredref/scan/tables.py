"""The tables of the Laplace values as arrays that the scan reads from."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dredref.scan.payload import LATENT, LIMIT, NONZERO, STATE, R
from dredref.spec.checks import value_limits
from dredref.spec.tables import LATENT_DIM, LEVELS, STATE_DIM, VERSIONS, quantizer_tables


class LaplaceTables(NamedTuple):
    """What is known of every Laplace value of all versions."""

    entries: NDArray[np.int32]
    """[version, state or latent, level, dimension, 3]: frequency of all values but zero, decay,
    largest magnitude; 0 where no symbol is coded."""
    dimensions: NDArray[np.int64]
    """[version, 2]: values of the state and of a chunk."""


@cache
def laplace_tables() -> LaplaceTables:
    """The tables of versions 10 and 12."""
    dimensions = np.array([(STATE_DIM[version], LATENT_DIM[version]) for version in VERSIONS])
    entries = np.zeros((len(VERSIONS), 2, LEVELS, dimensions.max(), 3), np.int32)
    for number, version in enumerate(VERSIONS):
        tables = quantizer_tables(version)
        for vector, table in ((STATE, tables.state), (LATENT, tables.latent)):
            some = entries[number, vector, :, : table.dimension]
            some[..., NONZERO] = table.nonzero
            some[..., R] = table.r
            some[..., LIMIT] = value_limits(version)[vector]
    return LaplaceTables(entries, dimensions.astype(np.int64))
