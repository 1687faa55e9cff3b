"""Feature vectors that the tests speak: of real and synthetic clips, and made to be extreme.

``data/features.npz`` holds what ``fargan_demo -features`` of libopus 1.6.1 (portable path) gives
for the clips of ``vectors/audio``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
Vectors = NDArray[np.float32]


@cache
def clips() -> dict[str, Vectors]:
    """Vectors [n, 20] by name of the clip."""
    with np.load(DATA / "features.npz") as file:
        return {name: file[name] for name in file.files}


def extremes() -> dict[str, Vectors]:
    """Vectors [60, 20] that no speech has."""
    rng = np.random.default_rng(20)
    plain = np.zeros((60, 20), np.float32)
    made = {
        name: plain.copy() for name in ("zeros", "longest", "shortest", "beyond", "loud", "faint")
    }
    made["longest"][:, 18:] = -1.5, 1
    made["shortest"][:, 18:] = 1.5, 1
    made["beyond"][:30, 18] = -40
    made["beyond"][30:, 18] = 40
    made["loud"][:, 0] = 30
    made["silence"] = plain.copy()
    made["silence"][:, [0, 18, 19]] = -12.48528, -0.52, -0.36
    made["faint"][:, :18] = -30
    made["huge"] = np.where(rng.random((60, 20)) < 0.5, -3e38, 3e38).astype(np.float32)
    made["tiny"] = np.full((60, 20), 1e-44, np.float32)
    made["noise"] = rng.normal(0, 3, (60, 20)).astype(np.float32)
    made["steps"] = np.repeat(rng.normal(0, 2, (6, 20)), 10, axis=0).astype(np.float32)
    return made
