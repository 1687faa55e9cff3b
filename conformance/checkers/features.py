"""Features: the right number of vectors, within the limits of the feature metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dredref.conformance.checkers.values import UnreadableError, features_field
from dredref.conformance.outcome import Measure, Verdict
from dredref.metrics.divergence import Divergence
from dredref.metrics.features import FeatureComparison, compare_features, features_from_bytes
from dredref.vectors.model import Features


def check_features(expected: Features, answer: Mapping[str, Any]) -> Verdict:
    """Compare the answer's features with the vector's."""
    reference = features_from_bytes(expected.features.read())
    try:
        candidate = features_field(answer)
    except UnreadableError as problem:
        return Verdict(False, problem.divergence)
    if len(candidate) != len(reference):
        return Verdict(False, Divergence("features count", len(reference), len(candidate)))
    if not len(reference):
        return Verdict(True)
    return judge_features(compare_features(reference, candidate), expected.limits)


def judge_features(result: FeatureComparison, limits: Mapping[str, float]) -> Verdict:
    """A verdict on a comparison; what differs first is the first frame over the total's limit."""
    measures = tuple(
        Measure(name, value, limits.get(name))
        for name, value in result.measures.items()
        if name != "pitch" or result.judges_pitch
    )
    if result.within(limits):
        note = "" if result.first_difference() else "equal to the last bit"
        return Verdict(True, None, measures, note)
    return Verdict(False, _place(result, limits), measures)


def _place(result: FeatureComparison, limits: Mapping[str, float]) -> Divergence:
    """Where to look first."""
    total = limits.get("total")
    if total is not None and (found := result.first_over(total)):
        return found
    limit = limits.get("max")
    return result.worst(limit)
