"""The trail: requirement, its check, its vectors, and what implementations made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dredref.conformance.outcome import Outcome
from dredref.conformance.record import Run
from dredref.conformance.report.templates import render
from dredref.spec.requirements import Requirement
from dredref.vectors.coverage import (
    ASKED_FOR,
    RequirementRow,
    is_covered,
    requirement_coverage,
)
from dredref.vectors.model import Vector

NOT_BROKEN = "an answer breaks it, no input can"
"""Why no vector's input breaks a requirement on implementations."""


@dataclass(frozen=True, slots=True)
class TrailRow:
    """A requirement with all that hangs on it."""

    requirement: Requirement
    keeping: tuple[str, ...]
    """Ids of vectors whose input keeps it."""
    breaking: tuple[str, ...]
    """Ids of vectors whose input breaks it."""
    outcomes: tuple[Counter[Outcome], ...]
    """Of each run, over all these vectors."""

    @property
    def where(self) -> str:
        """What checks it."""
        check = self.requirement.check
        return {
            "parser": f"dredref.spec.{self.requirement.group}, while parsing",
            "carrier": "dredref.spec.reading, while looking for DRED",
            "stream": "dredref.spec.checks.StreamChecker",
            "signalling": "dredref.scan.announced, against SDP",
            "implementation": "dredref.conformance.checkers, on what an implementation answers",
        }.get(check, f"dredref.spec.checks.{check}")

    @property
    def reason(self) -> str:
        """Why no vector breaks it, where none can."""
        return NOT_BROKEN if self.requirement.check in ASKED_FOR else ""

    @property
    def covered(self) -> bool:
        """Whether vectors show it as far as vectors can."""
        return is_covered(RequirementRow(self.requirement, self.keeping, self.breaking))


def trail(vectors: Iterable[Vector], runs: Sequence[Run] = ()) -> list[TrailRow]:
    """A row for each requirement, in the order of the catalogue."""
    results = [{result.id: result.outcome for result in run.results} for run in runs]
    rows = []
    for row in requirement_coverage(vectors):
        ids = (*row.keeping, *row.breaking)
        outcomes = tuple(Counter(found[name] for name in ids if name in found) for found in results)
        rows.append(TrailRow(row.requirement, row.keeping, row.breaking, outcomes))
    return rows


def without_requirement(vectors: Iterable[Vector]) -> list[str]:
    """Ids of vectors that name no requirement."""
    return [vector.id for vector in vectors if not vector.requirements]


def trail_html(rows: Sequence[TrailRow], runs: Sequence[Run]) -> str:
    """The trail as one page."""
    names = [run.implementation.name for run in runs]
    return render("trail.html.j2", title="Requirement trail", rows=rows, names=names)


def trail_json(rows: Sequence[TrailRow], runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The trail for programs."""
    return [
        {
            "requirement": row.requirement.id,
            "level": str(row.requirement.level),
            "check": row.where,
            "keeping": list(row.keeping),
            "breaking": list(row.breaking),
            "not_broken": row.reason,
            "outcomes": {
                run.implementation.name: {str(key): count for key, count in sorted(found.items())}
                for run, found in zip(runs, row.outcomes, strict=True)
            },
        }
        for row in rows
    ]
