"""What goes into the reference and comes out of it, and the checks at its doors.

Samples are int16, or float32 within -1..1; feature vectors are float32 [..., 20]. Nothing is
guessed: another type or shape is refused in words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.spec.errors import UsageError

Features = NDArray[np.float32]
"""Feature vectors, 20 numbers each: 18 band cepstra, pitch, voicing."""
Pcm = NDArray[np.int16]
"""Samples of 16 bits, at 16 kHz unless said otherwise."""
Samples = NDArray[np.int16] | NDArray[np.float32]
"""Samples of 16 bits, or of full scale 1."""
FEATURES = 20
"""Numbers of a feature vector."""


def check_features(features: NDArray[Any], streams: int | None = None) -> Features:
    """Feature vectors [streams, n, 20] as contiguous float32.

    Raises:
        UsageError: ``features.type``, ``features.shape``, ``features.not_finite``.
    """
    given = np.asarray(features)
    if not np.issubdtype(given.dtype, np.floating):
        raise UsageError("features.type", f"features are float32, not {given.dtype}")
    if given.ndim != 3 or given.shape[2] != FEATURES:
        raise UsageError(
            "features.shape", f"features are [streams, n, {FEATURES}], not {list(given.shape)}"
        )
    if streams is not None and len(given) != streams:
        raise UsageError("features.shape", f"there are {streams} streams, not {len(given)}")
    if not np.isfinite(given).all():
        raise UsageError("features.not_finite", "a feature is not a finite number")
    return np.ascontiguousarray(given, np.float32)


def check_samples(samples: NDArray[Any], streams: int | None = None) -> Pcm:
    """Samples [streams, n] as int16; float32 within -1..1 is rounded to it, halves up.

    Raises:
        UsageError: ``samples.type``, ``samples.shape``, ``samples.range``.
    """
    given = np.asarray(samples)
    if given.ndim != 2:
        raise UsageError("samples.shape", f"samples are [streams, n], not {list(given.shape)}")
    if streams is not None and len(given) != streams:
        raise UsageError("samples.shape", f"there are {streams} streams, not {len(given)}")
    if given.dtype == np.int16:
        return given
    if given.dtype != np.float32:
        raise UsageError(
            "samples.type", f"samples are int16, or float32 within -1..1, not {given.dtype}"
        )
    if not np.isfinite(given).all() or np.abs(given).max(initial=0) > 1:
        raise UsageError("samples.range", "float32 samples lie within -1..1")
    scaled = np.floor(given.astype(np.float64) * 32768 + 0.5)
    return np.minimum(scaled, 32767).astype(np.int16)
