"""What a stream of synthetic speech carries from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words
from dredref.vocoder import sizes


@dataclass(frozen=True, slots=True)
class VocoderState:
    """State of several streams; every array starts with the streams' dimension.

    Numbers are binary32 words, so that equal states are equal integers. A state belongs to no
    form of the vocoder: either goes on from a state that the other left.
    """

    period: Integers
    """Period of the last frame's feature vector, in samples: it serves in the next frame."""
    frames: Words
    """Last inputs of the conditioning convolution, oldest first: [streams, 2, 64]."""
    history: Words
    """Last 256 samples before de-emphasis, full scale 1."""
    convolution: Words
    """Last input of the signal network's convolution: [streams, 164]."""
    units: tuple[Words, ...]
    """States of the three recurrent units: 160, 128 and 128 numbers."""
    deemphasis: Words
    """Last sample after de-emphasis."""

    @property
    def streams(self) -> int:
        """Number of streams."""
        return len(self.period)

    def stream(self, index: int) -> VocoderState:
        """The state of one stream, still with the streams' dimension."""
        only = slice(index, index + 1)
        return VocoderState(
            self.period[only],
            self.frames[only],
            self.history[only],
            self.convolution[only],
            tuple(unit[only] for unit in self.units),
            self.deemphasis[only],
        )

    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays, in the order of the fields."""
        return (
            self.period,
            self.frames,
            self.history,
            self.convolution,
            *self.units,
            self.deemphasis,
        )


def blank_state(streams: int) -> VocoderState:
    """The state before anything was heard: zeros."""

    def zeros(*shape: int) -> Words:
        return np.zeros((streams, *shape), np.int32)

    return VocoderState(
        period=np.ones(streams, np.int64),
        frames=zeros(sizes.CONDITION_TAPS - 1, sizes.CONDITION_HIDDEN),
        history=zeros(sizes.HISTORY),
        convolution=zeros(sizes.SIGNAL_INPUT),
        units=tuple(zeros(size) for size in sizes.GRU_SIZES),
        deemphasis=zeros(),
    )
