"""Refusals that are expected, and questions that only have to be survived."""

from __future__ import annotations

from dredref.conformance.checkers.kind import Kind, Question, Refusal, Values
from dredref.conformance.outcome import Verdict
from dredref.metrics.divergence import Divergence
from dredref.vectors.model import Reject, Survive

NO_DRED = "no DRED, where the area breaks before any; refusing it is as right"


class RejectKind(Kind[Reject]):
    """A refusal is expected.

    Where an extension area breaks before any DRED, no source says that the packet must be refused:
    "no DRED" is as good an answer.
    """

    def check(self, question: Question[Reject], answer: Values) -> Verdict:
        """Judge an answer."""
        expected = question.expected
        is_broken = expected.code.startswith("extension.")
        if is_broken and _says_none(question.vector.operation, answer):
            return Verdict(True, note=NO_DRED)
        return Verdict(False, Divergence("reply", self.describe(expected), "an answer"))

    def check_refusal(self, question: Question[Reject], refusal: Refusal) -> Verdict:
        """Judge a refusal; its code counts with implementations that speak this project's."""
        wanted = question.expected.code
        if question.codes and refusal.code != wanted:
            return Verdict(False, Divergence("code", wanted, refusal.code))
        return Verdict(True)

    def describe(self, expected: Reject) -> str:
        """Return what is expected, in words for a report."""
        return f"a refusal ({expected.code})"


def _says_none(operation: str, value: Values) -> bool:
    """Whether an answer says that there is no DRED."""
    if operation == "payload":
        return "dred" in value and value["dred"] is None
    if operation == "decode":
        return value.get("features") == ""
    none = {"samples": 0, "dred_end": 0}
    return operation == "query" and all(one == none for one in value.get("results", [1]))


class SurviveKind(Kind[Survive]):
    """Any answer or refusal in time is as good."""

    def check(self, question: Question[Survive], answer: Values) -> Verdict:
        """Take any answer."""
        return Verdict(True, note="an answer")

    def check_refusal(self, question: Question[Survive], refusal: Refusal) -> Verdict:
        """Take any refusal."""
        return Verdict(True, note=str(refusal))

    def describe(self, expected: Survive) -> str:
        """Return what is expected, in words for a report."""
        return "any answer or refusal in time: no crash, no hang"
