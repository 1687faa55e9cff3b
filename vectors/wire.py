"""Whether hostile features can come from the wire.

A decoder's last layer adds up values of magnitude 1 at most, so its weights bound what any payload
can make of a feature. Features past that bound come from no payload, only from a program.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dredref.model import packaged
from dredref.spec.tables import VERSIONS
from dredref.vectors.model import Vector, VocodeInput

FEATURES = 20
LARGEST_ACTIVATION = 128
"""Of an activation of 8 bits, which 127 stands for 1 in."""


@cache
def feature_bounds(version: int) -> NDArray[np.float64]:
    """Magnitude that each of the 20 features cannot pass, whatever the payload."""
    layer = packaged(f"rdovae-decoder-v{version}").layer("dec_output", "scale")
    scale, bias = (layer.bits(role).view(np.float32).astype(float) for role in ("scale", "bias"))
    sums = np.abs(layer.matrix).sum(axis=1) * LARGEST_ACTIVATION
    bounds = sums * np.abs(scale) + np.abs(bias)
    return np.asarray(bounds.reshape(-1, FEATURES).max(axis=0), np.float64)


def remarks_on(vector: Vector) -> tuple[str, ...]:
    """What to say of a hostile vector for vocoders: whether a payload can bring its features."""
    given = vector.input
    if vector.group != "hostile" or not isinstance(given, VocodeInput):
        return ()
    features = np.frombuffer(given.features.read(), "<f4").reshape(-1, FEATURES).astype(float)
    found = np.abs(features).max(axis=0)
    able = [version for version in VERSIONS if bool((found <= feature_bounds(version)).all())]
    if not able:
        bounds = np.max([feature_bounds(version) for version in VERSIONS], axis=0)
        worst = int(np.argmax(np.nan_to_num(found / bounds, posinf=np.finfo(float).max)))
        return (
            f"No payload can bring this input: feature {worst} is {found[worst]:g} in magnitude, "
            f"and a decoder's weights bound it by {bounds[worst]:.1f}. It shows what a vocoder "
            "does with features of a program.",
        )
    versions = " and ".join(str(version) for version in able)
    return (
        f"Within what the weights bound a decoder's features by (DRED version {versions}): that "
        "a payload brings this input is not excluded.",
    )
