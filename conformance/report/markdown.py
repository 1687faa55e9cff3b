"""Summaries in Markdown: one run, or several side by side."""

from __future__ import annotations

from collections.abc import Sequence

from dredref.conformance.changes import changes
from dredref.conformance.classes import CLASSES
from dredref.conformance.outcome import BAD, Outcome
from dredref.conformance.record import Run
from dredref.conformance.report.findings import flag_rows
from dredref.conformance.report.views import measure_rows
from dredref.vectors.model import GROUPS

FAILURES = 25
"""Failures that are listed."""


def cell(text: str) -> str:
    """Text that is safe in a table cell."""
    printable = "".join(one if one.isprintable() else " " for one in text)
    return printable.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def markdown(run: Run) -> str:
    """The summary of one run."""
    known = run.implementation
    lines = [f"# DRED conformance of {cell(known.name)} {cell(known.version)}".rstrip(), ""]
    lines.append(
        f"{len(run.results)} vectors of suite {run.suite['version']}, {run.started}, "
        f"{run.seconds:.1f} s"
    )
    lines += ["", "| class | verdict | held | vectors |", "|---|---|--:|--:|"]
    titles = {one.name: one.title for one in CLASSES}
    for one in run.verdicts:
        lines.append(f"| {titles[one.name]} | {one.claim} | {one.held} | {one.total} |")
    outcomes = list(Outcome)
    lines += ["", "| group | " + " | ".join(outcomes) + " |"]
    lines.append("|---|" + "--:|" * len(outcomes))
    for group in GROUPS:
        of_group = [result.outcome for result in run.results if result.group == group]
        if of_group:
            numbers = " | ".join(str(of_group.count(outcome)) for outcome in outcomes)
            lines.append(f"| {group} | {numbers} |")
    bad = [result for result in run.results if result.outcome in BAD]
    if bad:
        lines += ["", "## What failed", ""]
        for result in bad[:FAILURES]:
            where = result.divergence["text"] if result.divergence else result.reason
            lines.append(f"- `{result.id}` ({result.outcome}): {cell(str(where))}")
        if len(bad) > FAILURES:
            lines.append(f"- and {len(bad) - FAILURES} more")
    return "\n".join(lines) + "\n"


def comparison_markdown(runs: Sequence[Run], *, against_first: bool = True) -> str:
    """Classes and groups of several runs, a column each; and what changed since the first."""
    names = " | ".join(cell(run.title) for run in runs)
    head = [f"| | {names} |", "|---|" + "---|" * len(runs)]
    lines = [
        "Verdict for each conformance class (vectors held, of all of the DRED versions known):",
        "",
        *head,
    ]
    for place, one in enumerate(CLASSES):
        cells = []
        for run in runs:
            verdict = run.verdicts[place]
            cells.append(f"{verdict.claim} ({verdict.held}/{verdict.total})")
        lines.append(f"| {one.title} | " + " | ".join(cells) + " |")
    if against_first:
        lines += ["", *_changes(runs)]
    lines += ["", "Outcomes, group by group:", "", *head]
    for group in GROUPS:
        cells = [_outcomes(run, group) for run in runs]
        if any(cells):
            lines.append(f"| {group} | " + " | ".join(one or "not run" for one in cells) + " |")
    measures = measure_rows(runs)
    if measures:
        lines += ["", "The largest value of each figure over the vectors that were put:", "", *head]
    for figure in measures:
        cells = ["none" if value is None else f"{value:.3g}" for value in figure.largest]
        lines.append(f"| {figure.group}: {figure.name} | " + " | ".join(cells) + " |")
    flags = flag_rows(runs)
    if flags:
        title = "Faults by name: answers that show the fault, of the flag's vectors that were put:"
        lines += ["", title, ""]
        lines += [f"| fault | {names} |", "|---|" + "---|" * len(runs)]
    for row in flags:
        cells = ["not put" if one is None else f"{one[0]} of {one[1]}" for one in row.missed]
        lines.append(f"| **{row.flag}**: {cell(row.note)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _changes(runs: Sequence[Run]) -> list[str]:
    """What became of vectors from the first run to each of the others."""
    lines = [f"Against {runs[0].title}:", ""]
    for run in runs[1:]:
        found = changes(runs[0], run)
        parts = [
            f"{len(found.regressed)} vectors regressed",
            f"{len(found.fixed)} fixed",
            f"{len(found.lost)} lost",
        ]
        lines.append(f"- {run.title}: {', '.join(parts)}")
    return lines


def _outcomes(run: Run, group: str) -> str:
    """The outcomes of a group in a few words."""
    found = [result.outcome for result in run.results if result.group == group]
    return ", ".join(f"{found.count(outcome)} {outcome}" for outcome in Outcome if outcome in found)
