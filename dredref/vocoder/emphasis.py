"""Pre-emphasis of real samples, de-emphasis of synthetic ones, and rounding to 16 bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.significand import (
    N,
    clip,
    concatenate,
    constant,
    floor_half_up,
    from_integers,
)

COEFFICIENT = "0.85"
"""Weight of the sample before."""
FULL_SCALE = "32768"
"""What 1 becomes in 16 bits."""
LARGEST = "32767"
"""Where samples saturate, either side of zero."""


def preemphasize(samples: N) -> N:
    """``x[i] - 0.85 x[i - 1]`` along the last axis; the first becomes zero."""
    differences = samples[..., 1:] - constant(COEFFICIENT, samples) * samples[..., :-1]
    return concatenate([samples[..., :1] - samples[..., :1], differences])


def deemphasize(samples: N, memory: N) -> tuple[N, N]:
    """``y[i] = x[i] + 0.85 y[i - 1]`` along the last axis.

    Samples [streams, count]; memory [streams] is ``y[-1]``, before and after.
    """
    coefficient = constant(COEFFICIENT, memory)
    past: list[N] = [samples[:, :0]]
    for index in range(samples.shape[-1]):
        memory = samples[:, index] + coefficient * memory
        past.append(memory[:, None])
    return concatenate(past), memory


def to_pcm(samples: N) -> NDArray[np.int16]:
    """Samples of full scale 1 as 16-bit integers: ``floor(32768 x + 1/2)``, saturated first."""
    limit = constant(LARGEST, samples)
    scaled = clip(constant(FULL_SCALE, samples) * samples, -limit, limit)
    return floor_half_up(scaled).astype(np.int16)


def from_pcm(samples: NDArray[np.int16], like: N) -> N:
    """16-bit integers as numbers of full scale 1, exactly."""
    return from_integers(samples.astype(np.int64), like) * constant(Fraction(1, 1 << 15), like)
