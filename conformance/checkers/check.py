"""From a vector and what came back to a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dredref.conformance.checkers.analysed import AnalysedKind
from dredref.conformance.checkers.audio import AudioKind
from dredref.conformance.checkers.encoded import EncodedKind
from dredref.conformance.checkers.exact import ExactKind
from dredref.conformance.checkers.features import FeaturesKind
from dredref.conformance.checkers.kind import Answer, Kind, Question, Refusal
from dredref.conformance.checkers.refused import RejectKind, SurviveKind
from dredref.conformance.checkers.same import SameKind
from dredref.conformance.outcome import Verdict
from dredref.vectors.model import (
    Analysed,
    Audio,
    Encoded,
    Exact,
    Expected,
    Features,
    Reject,
    Same,
    Survive,
    Vector,
)

KINDS: Mapping[str, Kind[Any]] = MappingProxyType(
    {
        Exact.kind: ExactKind(),
        Reject.kind: RejectKind(),
        Features.kind: FeaturesKind(),
        Audio.kind: AudioKind(),
        Analysed.kind: AnalysedKind(),
        Same.kind: SameKind(),
        Encoded.kind: EncodedKind(),
        Survive.kind: SurviveKind(),
    }
)
"""``kind`` of an expectation -> what is done with it."""


def check(
    vector: Vector,
    reply: Answer | Refusal,
    *,
    codes: bool = False,
    baseline: Answer | None = None,
) -> Verdict:
    """Judge a reply.

    Args:
        vector: the question and what is expected.
        reply: what the implementation said. A crash or a time-out is no reply, and never
            comes here.
        codes: whether the implementation speaks this project's error codes.
        baseline: the answer to the question that comes first, of vectors that have one.
    """
    kind = KINDS[vector.expected.kind]
    question = Question(vector, vector.expected, codes, baseline)
    if isinstance(reply, Refusal):
        return kind.check_refusal(question, reply)
    return kind.check(question, reply.value)


def describe(expected: Expected) -> str:
    """Return what is expected, in words for a report."""
    return KINDS[expected.kind].describe(expected)
