"""What one call leaves to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.vocoder import sizes


@dataclass(frozen=True, slots=True)
class VocoderState:
    """State of several streams; every array starts with the streams' dimension.

    Numbers are float32 and the same on either carrier: each goes on from a state that the other
    left.
    """

    period: NDArray[np.int64]
    """Period of the last frame's feature vector, in samples: it serves in the next frame."""
    frames: NDArray[np.float32]
    """Last inputs of the conditioning convolution, oldest first: [streams, 2 * 64]."""
    history: NDArray[np.float32]
    """Last 256 samples before de-emphasis, full scale 1."""
    convolution: NDArray[np.float32]
    """Last input of the signal network's convolution: [streams, 164]."""
    units: tuple[NDArray[np.float32], ...]
    """States of the three recurrent units: 160, 128 and 128 numbers."""
    deemphasis: NDArray[np.float32]
    """Last sample after de-emphasis."""

    @property
    def streams(self) -> int:
        """Number of streams."""
        return len(self.period)

    def select(self, streams: Any) -> VocoderState:
        """The state of some streams, as numpy indexes them; the dimension stays."""
        return _of_arrays([array[streams] for array in self.arrays()])

    @staticmethod
    def joined(states: Sequence[VocoderState]) -> VocoderState:
        """The streams of several states in one."""
        parts = zip(*(state.arrays() for state in states), strict=True)
        return _of_arrays([np.concatenate(part) for part in parts])

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All arrays, in the order of the fields."""
        return (
            self.period,
            self.frames,
            self.history,
            self.convolution,
            *self.units,
            self.deemphasis,
        )


def _of_arrays(arrays: Sequence[NDArray[Any]]) -> VocoderState:
    """A state of its arrays."""
    period, frames, history, convolution, *units, deemphasis = arrays
    return VocoderState(period, frames, history, convolution, tuple(units), deemphasis)


def blank_state(streams: int) -> VocoderState:
    """The state before anything was heard: zeros."""

    def zeros(*shape: int) -> NDArray[np.float32]:
        return np.zeros((streams, *shape), np.float32)

    return VocoderState(
        period=np.ones(streams, np.int64),
        frames=zeros((sizes.CONDITION_TAPS - 1) * sizes.CONDITION_HIDDEN),
        history=zeros(sizes.HISTORY),
        convolution=zeros(sizes.SIGNAL_INPUT),
        units=tuple(zeros(size) for size in sizes.GRU_SIZES),
        deemphasis=zeros(),
    )
