"""What is done with one kind of expectation: an answer is checked, it is described and drawn.

Each kind is a class beside its checks; `dredref.conformance.checkers.check` knows them by the name
that the vectors give (``kind``). A new kind is a dataclass in ``vectors/model.py`` and a class
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dredref.conformance.outcome import Verdict
from dredref.metrics.divergence import Divergence
from dredref.vectors.model import Expected, Vector

if TYPE_CHECKING:  # drawing takes time to load
    from dredref.conformance.report.plots import Plots

    Seen = tuple[Plots, tuple[str, ...]]
    """What there is to see, and what there is to say beside it."""

E = TypeVar("E", bound=Expected)
Values = Mapping[str, Any]
"""An answer's fields."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question; its form is checked by the checkers."""

    value: Values


@dataclass(frozen=True, slots=True)
class Refusal:
    """The implementation took the input for invalid, on purpose."""

    code: str | None = None
    detail: str = ""

    def __str__(self) -> str:
        """In words."""
        return "a refusal" + (f" ({self.code})" if self.code else "")


@dataclass(frozen=True, slots=True)
class Question(Generic[E]):
    """What was asked, and how its answer is to be judged."""

    vector: Vector
    expected: E
    codes: bool = False
    """Whether the implementation speaks this project's error codes."""
    baseline: Answer | None = None
    """The answer to the question that comes first, of vectors that have one."""


class Kind(Generic[E]):
    """One kind of expectation."""

    def check(self, question: Question[E], answer: Values) -> Verdict:
        """Judge an answer."""
        raise NotImplementedError

    def check_refusal(self, question: Question[E], refusal: Refusal) -> Verdict:
        """Judge a refusal; where an answer is expected it is none."""
        got = f"{refusal} {refusal.detail}".strip()
        found = Divergence("reply", self.describe(question.expected), got)
        return Verdict(False, found, refused=True)

    def describe(self, expected: E) -> str:
        """Return what is expected, in words for a report."""
        raise NotImplementedError

    def draw(self, vector: Vector, expected: E, answer: Values) -> Seen:
        """Return what there is to see of an answer, and what there is to say beside it.

        Raises:
            DredError: as reading the vector's own material does.
            ValueError: the answer cannot be drawn.
        """
        from dredref.conformance.report.given import payload_of, stream_of

        if vector.operation == "encode":
            return stream_of(answer), ()
        return payload_of(vector), ()


def limits_text(limits: Mapping[str, float]) -> str:
    """Return limits in words."""
    return ", ".join(f"{name} {limit:g}" for name, limit in limits.items())
