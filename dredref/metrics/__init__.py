"""How far two results are from each other: features, speech, and where they part first.

The metrics are measurements of the codec's output, not part of the codec: they compute in
double precision.
"""

from dredref.metrics.audio import AudioComparison, compare_audio
from dredref.metrics.divergence import Divergence
from dredref.metrics.features import FeatureComparison, compare_features

__all__ = [
    "AudioComparison",
    "Divergence",
    "FeatureComparison",
    "compare_audio",
    "compare_features",
]
