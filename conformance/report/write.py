"""Writing the reports of one run."""

from __future__ import annotations

from pathlib import Path

from dredref.conformance.outcome import Outcome
from dredref.conformance.record import Run, write_run
from dredref.conformance.report.findings import findings
from dredref.conformance.report.junit import junit
from dredref.conformance.report.markdown import markdown
from dredref.conformance.report.templates import render
from dredref.conformance.report.views import (
    counts,
    environment_rows,
    groups,
    verdict_views,
)
from dredref.files import atomic_output, make_folder
from dredref.vectors.model import Vector
from dredref.vectors.suite import Suite

ALWAYS = (Outcome.PASS, Outcome.FAIL)
"""Outcomes that have a column even where there is none."""
FILES = ("results.jsonl", "report.html", "report.md", "junit.xml")
"""What a report folder holds."""


def write_report(run: Run, folder: Path, suite: Suite | None) -> None:
    """Write all files of a report; each appears whole or not at all.

    Args:
        run: what to report.
        folder: made if it is not there.
        suite: where the vectors are, for bytes and plots; only used if it is the one that ran.

    Raises:
        InputError: ``output.unwritable``.
    """
    make_folder(folder)
    write_run(run, folder / "results.jsonl")
    put(folder / "report.html", html(run, vectors_of(run, suite)))
    put(folder / "report.md", markdown(run))
    put(folder / "junit.xml", junit(run))


def put(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic_output(path) as temporary:
        temporary.write_text(text, "utf-8")


def vectors_of(run: Run, suite: Suite | None) -> dict[str, Vector]:
    """The vectors of a run by id; none if the suite is another one."""
    if suite is None or suite.digest() != run.suite["digest"]:
        return {}
    wanted = {result.id for result in run.results}
    present = {result.group for result in run.results}
    return {one.id: one for one in suite.vectors(present) if one.id in wanted}


def html(run: Run, vectors: dict[str, Vector]) -> str:
    """The page."""
    chosen = [*run.selection.get("groups", ()), *run.selection.get("ids", ())]
    tally = run.counts
    return render(
        "report.html.j2",
        title=f"DRED conformance of {run.implementation.name}",
        known=run.implementation,
        label=run.label,
        suite=run.suite,
        partial=", ".join([*chosen, run.missing] if run.broken else chosen),
        started=run.started.replace("T", " ").replace("+00:00", " UTC"),
        seconds=f"{run.seconds:.1f}",
        total=len(run.results),
        tested=run.tested,
        bad=run.failed,
        counts=counts(run.results),
        outcomes=[one for one in Outcome if tally[one] or one in ALWAYS],
        verdicts=verdict_views(run),
        findings=findings(run),
        groups=groups(run, vectors),
        bare=not vectors,
        environment=environment_rows(run),
    )
