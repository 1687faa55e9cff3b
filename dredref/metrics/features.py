"""The feature metric of upstream's ``dred_compare -features``, and what it does not tell.

Three figures for two runs of feature vectors (20 numbers each 10 ms: 18 cepstra, pitch, voicing):
the root of the summed mean square error of all dimensions but pitch, the root of the worst of
them, and the mean absolute pitch error over the frames that the reference calls voiced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.metrics.divergence import Divergence
from dredref.spec.errors import InputError

NUM_FEATURES = 20
"""Numbers in a feature vector."""
PITCH = 18
"""Dimension that holds the pitch."""
VOICING = 19
"""Dimension that holds the voicing (frame correlation)."""
VOICED = 0.2
"""Pitch counts where the reference's voicing is above this."""
NAMES: tuple[str, ...] = (*(f"cepstrum {i}" for i in range(18)), "pitch", "voicing")
"""What each dimension is."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FeatureComparison:
    """How far ``candidate`` is from ``reference``, both [frames, 20]."""

    reference: Array
    candidate: Array
    total: float
    max: float
    pitch: float
    """NaN where the reference has no voiced frame: then pitch is not judged."""
    dimension_rms: Array
    """[20] root mean square error of each dimension."""
    frame_total: Array
    """[frames] root of the squared errors of one frame, pitch left out."""
    frame_pitch: Array
    """[frames] absolute pitch error, NaN where the reference is not voiced."""

    @property
    def worst_frame(self) -> int:
        """The frame with the largest error; a NaN is worse than any number."""
        return int(np.argmax(np.where(np.isnan(self.frame_total), np.inf, self.frame_total)))

    @property
    def worst_dimension(self) -> int:
        """The dimension with the largest RMS error, pitch included."""
        return int(np.argmax(np.where(np.isnan(self.dimension_rms), np.inf, self.dimension_rms)))

    @property
    def measures(self) -> dict[str, float]:
        """The three figures by name."""
        return {"total": self.total, "max": self.max, "pitch": self.pitch}

    def within(self, limits: Mapping[str, float]) -> bool:
        """Whether every figure is at or below its limit; NaN from the candidate never is."""
        return all(
            value <= limits[name] or (name == "pitch" and not self.judges_pitch)
            for name, value in self.measures.items()
            if name in limits
        )

    @property
    def judges_pitch(self) -> bool:
        """Whether the reference has any voiced frame."""
        return bool(np.any(self.reference[:, VOICING] > VOICED))

    def first_over(self, limit: float) -> Divergence | None:
        """The first frame whose error alone is above ``limit``, at its worst dimension."""
        over = np.flatnonzero(~(self.frame_total <= limit))
        if not over.size:
            return None
        return self.at(int(over[0]), limit)

    def first_difference(self) -> Divergence | None:
        """The first number that is not equal."""
        differs = self.reference != self.candidate
        if not differs.any():
            return None
        frame, index = np.argwhere(differs)[0]
        return self._place(int(frame), int(index), None)

    def worst(self, limit: float | None = None) -> Divergence:
        """The worst frame, at its worst dimension."""
        return self.at(self.worst_frame, limit)

    def at(self, frame: int, limit: float | None) -> Divergence:
        """The worst dimension of one frame, pitch left out."""
        error = np.abs(self.candidate[frame] - self.reference[frame])
        error[PITCH] = -1.0
        return self._place(frame, int(np.argmax(np.where(np.isnan(error), np.inf, error))), limit)

    def _place(self, frame: int, index: int, limit: float | None) -> Divergence:
        return Divergence(
            stage="features",
            frame=frame,
            index=index,
            expected=float(self.reference[frame, index]),
            got=float(self.candidate[frame, index]),
            limit=limit,
        )


def features_from_bytes(content: bytes) -> Array:
    """Little-endian float32 to [frames, 20]; bytes after the last whole vector are left out."""
    whole = len(content) - len(content) % (4 * NUM_FEATURES)
    return np.frombuffer(content[:whole], "<f4").reshape(-1, NUM_FEATURES).astype(np.float64)


def compare_features(
    reference: NDArray[np.floating], candidate: NDArray[np.floating]
) -> FeatureComparison:
    """Compare two arrays [frames, 20].

    Raises:
        InputError: ``metrics.shape`` if they do not have 20 columns and the same, non-zero
            number of frames.
    """
    left = np.array(reference, dtype=np.float64, ndmin=2)
    right = np.array(candidate, dtype=np.float64, ndmin=2)
    if left.shape != right.shape or left.shape[1:] != (NUM_FEATURES,) or not left.shape[0]:
        raise InputError(
            "metrics.shape", f"cannot compare features of shape {left.shape} and {right.shape}"
        )
    with np.errstate(invalid="ignore", over="ignore"):
        error = right - left
        mean_square = np.mean(error**2, axis=0)
        spectral = np.delete(mean_square, PITCH)
        frame_total = np.sqrt(np.sum(np.delete(error, PITCH, axis=1) ** 2, axis=1))
        voiced = left[:, VOICING] > VOICED
        frame_pitch = np.where(voiced, np.abs(error[:, PITCH]), np.nan)
    return FeatureComparison(
        reference=left,
        candidate=right,
        total=float(np.sqrt(spectral.sum())),
        max=float(np.sqrt(spectral.max())),
        pitch=float(np.abs(error[voiced, PITCH]).mean()) if voiced.any() else float("nan"),
        dimension_rms=np.sqrt(mean_square),
        frame_total=frame_total,
        frame_pitch=frame_pitch,
    )
