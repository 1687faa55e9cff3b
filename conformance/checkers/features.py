"""Features: the right number of vectors, within the limits of the feature metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dredref.conformance.checkers.kind import Kind, Question, Values, limits_text
from dredref.conformance.checkers.values import UnreadableError, features_field
from dredref.conformance.outcome import Measure, Verdict
from dredref.metrics.divergence import Divergence
from dredref.metrics.features import FeatureComparison, compare_features, features_from_bytes
from dredref.vectors.model import DecodeInput, Features, Vector

if TYPE_CHECKING:
    from dredref.conformance.checkers.kind import Seen


class FeaturesKind(Kind[Features]):
    """Features near to the vector's."""

    def check(self, question: Question[Features], answer: Values) -> Verdict:
        """Compare the answer's features with the vector's."""
        expected = question.expected
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

    def describe(self, expected: Features) -> str:
        """Return what is expected, in words for a report."""
        return f"features within {limits_text(expected.limits)} of the reference"

    def draw(self, vector: Vector, expected: Features, answer: Values) -> Seen:
        """Draw the answer's features beside the vector's, as far as both go."""
        from dredref.conformance.report.plots import feature_plots

        reference = features_from_bytes(expected.features.read())
        try:
            candidate = features_field(answer)
        except UnreadableError:
            candidate = reference[:0]
        common = min(len(reference), len(candidate))
        if not common:
            return super().draw(vector, expected, answer)
        newest = isinstance(vector.input, DecodeInput)
        limits = expected.limits
        return feature_plots(reference[:common], candidate[:common], limits, newest=newest), ()


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
