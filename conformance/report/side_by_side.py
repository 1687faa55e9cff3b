"""Several runs side by side: classes, groups, and the vectors that tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dredref.conformance.changes import changes
from dredref.conformance.classes import CLASSES, Claim
from dredref.conformance.outcome import NOT_RUN, Outcome, Result
from dredref.conformance.record import Run
from dredref.conformance.report.findings import flag_rows
from dredref.conformance.report.templates import render
from dredref.conformance.report.views import (
    counts,
    environment_rows,
    family_of,
    measure_rows,
)
from dredref.vectors.model import GROUPS

CHANGED = 40
"""Vectors that are named of those that ended otherwise than in the first run."""
ROWS = 8
"""Vectors of a family that are listed, at most."""
_CHIPS = {
    Claim.CONFORMANT: "pass",
    Claim.NOT: "fail",
    Claim.PARTLY: "nonstrict",
    Claim.NONE: "skipped",
}


def compare_html(runs: Sequence[Run]) -> str:
    """The page."""
    names = [run.title for run in runs]
    by_id = [{result.id: result for result in run.results} for run in runs]
    ids: dict[str, Result] = {}
    for results in by_id:
        for name, result in results.items():
            ids.setdefault(name, result)
    apart = [name for name in ids if _differ([results.get(name) for results in by_id])]
    digests = {run.suite["digest"] for run in runs}
    warning = ""
    if len(digests) > 1:
        warning = "The runs are of different suites; vectors of one name may not be the same."
    return render(
        "compare.html.j2",
        title=" / ".join(names),
        columns=[{"name": name} for name in names],
        suite=runs[0].suite,
        same=len(ids) - len(apart),
        differing=len(apart),
        warning=warning,
        changes=change_rows(runs),
        classes=_classes(runs),
        groups=_groups(runs),
        measures=measure_rows(runs),
        flags=flag_rows(runs),
        families=_families(apart, ids, by_id),
        environment=_environment(runs),
    )


def change_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """What became of vectors from the first run to each of the others."""
    rows = []
    for run in runs[1:]:
        found = changes(runs[0], run)
        kinds = (("regressed", found.regressed), ("fixed", found.fixed), ("lost", found.lost))
        rows.append(
            {
                "name": run.title,
                "kinds": [
                    {
                        "word": word,
                        "count": len(results),
                        "vectors": [one.id for one in results[:CHANGED]],
                        "left": max(0, len(results) - CHANGED),
                    }
                    for word, results in kinds
                ],
            }
        )
    return rows


def _differ(found: Sequence[Result | None]) -> bool:
    """Whether those that a vector was put to did not all end alike."""
    return len({one.outcome for one in found if one and one.outcome not in NOT_RUN}) > 1


def _classes(runs: Sequence[Run]) -> list[dict[str, Any]]:
    rows = []
    for place, one in enumerate(CLASSES):
        verdicts = [run.verdicts[place] for run in runs]
        cells = [
            {
                "claim": str(verdict.claim),
                "chip": _CHIPS[verdict.claim],
                "held": verdict.held,
                "total": verdict.total,
            }
            for verdict in verdicts
        ]
        rows.append({"title": one.title, "cells": cells})
    return rows


def _groups(runs: Sequence[Run]) -> list[dict[str, Any]]:
    rows = []
    for group in GROUPS:
        cells = [
            [one for one in counts(r for r in run.results if r.group == group) if one.count]
            for run in runs
        ]
        if any(cells):
            rows.append({"name": group, "cells": cells})
    return rows


def _families(
    apart: Sequence[str], ids: dict[str, Result], by_id: Sequence[dict[str, Result]]
) -> list[dict[str, Any]]:
    members: dict[str, list[str]] = {}
    for name in apart:
        members.setdefault(family_of(name), []).append(name)
    return [
        {
            "name": family,
            "total": len(names),
            "left": max(0, len(names) - ROWS),
            "rows": [
                {
                    "id": name,
                    "title": ids[name].title,
                    "cells": [_cell(results.get(name)) for results in by_id],
                }
                for name in names[:ROWS]
            ],
        }
        for family, names in members.items()
    ]


def _cell(result: Result | None) -> dict[str, str] | None:
    if result is None:
        return None
    text = str(result.divergence["text"]) if result.divergence else result.reason
    return {"outcome": str(result.outcome), "text": "" if result.outcome is Outcome.PASS else text}


def _environment(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    columns = [dict(environment_rows(run)) for run in runs]
    names: dict[str, None] = {}
    for column in columns:
        names.update(dict.fromkeys(column))
    return [(name, [column.get(name, "") for column in columns]) for name in names]
