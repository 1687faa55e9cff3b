"""Where the speech in a packet's DRED stands, against where the packet says that it stands.

The features of the recording, analysed at every few 2.5 ms, are the ruler: the vectors decoded from
one packet are laid over it at every shift in reach, and the nearest place wins. All shifts of one
encoder should be one delay; a packet that stands elsewhere is stamped wrongly.

Positions count in units of 2.5 ms. Vector k (0 is the newest) of a packet covers the 10 ms that
start at ``dred_offset - 4k - 10`` from the packet's first sample on the decoder's clock, which
runs behind the recording by the encoder's delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNIT_MS = 2.5
"""Milliseconds of one unit."""
VOCODER_UNITS = 10
"""25 ms: look-ahead between a vector's place and the packet's clock."""
FRAME_UNITS = 4
"""Units between vectors."""
CEPSTRA = 18
"""Numbers of a vector that are compared."""
CLEAR = 0.6
"""A place is clear when its error is below this part of the middle one of all places in reach."""
APART = 1.7
"""A packet stands elsewhere only if its error at the common place is this many times as large."""
FEWEST = 12
"""Vectors of sound over the recording that a packet needs to be placed."""
QUIET = 2.0
"""A vector is of sound if its first cepstrum is less than this below the packet's largest."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DredFeatures:
    """The DRED of one packet, decoded."""

    packet: int
    start: int
    """Units from the stream's first sample to the packet's."""
    dred_offset: int
    features: Array
    """[vectors, 20], newest first."""

    def positions(self, delay: int) -> NDArray[np.int64]:
        """Units of the recording at which each vector starts, for an encoder's delay."""
        newest = self.start + self.dred_offset - VOCODER_UNITS - delay
        return newest - FRAME_UNITS * np.arange(len(self.features))


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one packet's DRED was found."""

    packet: int
    delay: int
    """The shift at which it lies nearest, in units."""
    clear: bool
    """Whether that shift stands out; in silence and steady sounds none does."""
    errors: Mapping[int, float]
    """Mean squared error at each shift."""

    def is_off(self, delay: int, reach: float) -> bool:
        """Whether the packet clearly lies more than ``reach`` units from where it would belong.

        A packet that would reach past the ends of the recording there cannot be judged.
        """
        if abs(self.delay - delay) <= reach or not self.clear:
            return False
        common = self.errors.get(delay, np.inf)
        return bool(np.isfinite(common) and common >= APART * self.errors[self.delay])


def rows_at(
    ruler: Array, step: int, positions: NDArray[np.int64]
) -> tuple[Array, NDArray[np.bool_]]:
    """Rows of the ruler nearest to positions, and a mask of those that lie on it."""
    rows = (positions + step // 2) // step
    inside = (rows >= 0) & (rows < len(ruler))
    return ruler[np.clip(rows, 0, len(ruler) - 1)], inside


def place(dred: DredFeatures, ruler: Array, step: int, delays: Sequence[int]) -> Placement | None:
    """The delay at which the packet's vectors of sound lie nearest to the recording.

    Delays at which fewer than :data:`FEWEST` of them, or fewer than half, lie over the recording
    are left out; None where no delay is left.
    """
    level = dred.features[:, 0]
    sounding = np.flatnonzero(level >= level.max(initial=-np.inf) - QUIET)
    fewest = max(FEWEST, len(sounding) // 2)
    positions = dred.positions(0)[None, sounding] - np.asarray(delays)[:, None]
    rows, inside = rows_at(ruler[:, :CEPSTRA], step, positions)
    enough = inside.sum(axis=1) >= fewest
    if not enough.any():
        return None
    square = ((rows - dred.features[sounding, :CEPSTRA]) ** 2).mean(axis=2)
    error = np.where(
        enough, (square * inside).sum(axis=1) / np.maximum(inside.sum(axis=1), 1), np.inf
    )
    best = int(np.argmin(error))
    clear = bool(error[best] < CLEAR * np.median(error[enough]))
    found = {delay: float(one) for delay, one in zip(delays, error, strict=True)}
    return Placement(dred.packet, delays[best], clear, found)
