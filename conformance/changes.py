"""What became of vectors from one run to another."""

from __future__ import annotations

from dataclasses import dataclass

from dredref.conformance.outcome import BAD, NOT_RUN, Outcome, Result
from dredref.conformance.record import Run


@dataclass(frozen=True, slots=True)
class Changes:
    """Vectors that ended otherwise than before, as results of the later run."""

    regressed: tuple[Result, ...]
    """Failed, or gave no answer, and did not before; also where a vector was not put before."""
    fixed: tuple[Result, ...]
    """Failed before, and does not any more."""
    lost: tuple[Result, ...]
    """Answered before, and not put or not supported now."""


def changes(before: Run, after: Run) -> Changes:
    """Compare two runs vector by vector."""
    known = {one.id: one.outcome for one in before.results}

    def was(result: Result) -> Outcome | None:
        return known.get(result.id)

    run = after.results
    return Changes(
        regressed=tuple(r for r in run if r.outcome in BAD and was(r) not in BAD),
        fixed=tuple(
            r for r in after.results if r.outcome not in (*BAD, *NOT_RUN) and was(r) in BAD
        ),
        lost=tuple(
            r for r in after.results if r.outcome in NOT_RUN and was(r) not in (None, *NOT_RUN)
        ),
    )


def failed_ids(run: Run) -> frozenset[str]:
    """Ids of the vectors that failed or gave no answer."""
    return frozenset(one.id for one in run.results if one.outcome in BAD)
