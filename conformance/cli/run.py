"""``dredref run``."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dredref.cli.options import Finite, stdout
from dredref.cli.progress import progress, verbose_option
from dredref.conformance.adapters.registry import ADAPTERS, adapter
from dredref.conformance.changes import Changes, changes, failed_ids
from dredref.conformance.classes import CLASSES, Claim, count_vectors
from dredref.conformance.outcome import BAD, Outcome, Result
from dredref.conformance.record import Journal, Run, read_run
from dredref.conformance.running.command import Command
from dredref.conformance.running.environment import environment
from dredref.conformance.running.harness import Harness, Implementation
from dredref.conformance.running.process import MEBI, Limits
from dredref.conformance.running.replies import Capabilities, FaultError
from dredref.conformance.running.runner import run_vectors
from dredref.files import make_folder
from dredref.spec.errors import InputError, UsageError
from dredref.vectors.model import GROUPS, Vector
from dredref.vectors.options import folder_option, groups_option, ids_option
from dredref.vectors.suite import SUITE_VERSION, load_suite, matching

Maker = Callable[[], Implementation]
RESULTS = "results.jsonl"
"""The file of a run in its report's folder."""


def implementation_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say what to run and what it may take."""
    for decorate in reversed(
        (
            click.option(
                "--impl",
                metavar="NAME",
                help=f"Built in: {', '.join(ADAPTERS)}.",
                shell_complete=lambda context, option, word: [
                    name for name in ADAPTERS if name.startswith(word)
                ],
            ),
            click.option(
                "--command",
                metavar="WORDS",
                help="A harness that implements the protocol; with {input} and {output} in it, "
                "a program to be run once for each vector.",
            ),
            click.option(
                "--operation",
                "operations",
                multiple=True,
                metavar="NAME",
                help="Operation of a program with {input} and {output}; may be repeated.",
            ),
            click.option(
                "--dred-version",
                "versions",
                multiple=True,
                type=click.Choice(["10", "12"]),
                help="DRED version that such a program supports; both if not given.",
            ),
            click.option(
                "--reject-code",
                type=click.IntRange(1, 125),
                help="The exit code by which such a program refuses malformed input.",
            ),
            click.option(
                "--timeout",
                type=Finite(0.001),
                default=20.0,
                show_default=True,
                help="Seconds for each vector.",
            ),
            click.option("--memory", default=2048, show_default=True, help="Memory limit in MiB."),
            folder_option,
        )
    ):
        function = decorate(function)
    return function


def make_implementation(
    impl: str | None,
    command: str | None,
    operations: tuple[str, ...],
    versions: tuple[str, ...],
    reject_code: int | None,
    timeout: float,
    memory: int,
) -> Maker:
    """What gives an instance of the implementation asked for.

    Raises:
        UsageError: ``run.impl`` unless exactly one is named, or for one that cannot be run.
    """
    if (impl is None) == (command is None):
        raise UsageError("run.impl", "name one implementation, by --impl or by --command")
    limits = Limits(seconds=timeout, memory_bytes=memory * MEBI)
    if impl is not None:
        found = adapter(impl)
        return lambda: found.make(limits)
    assert command is not None
    if "{input}" in command:
        known = tuple(int(one) for one in versions) or (10, 12)
        Command(command, operations, limits)  # so that a wrong template is found at once
        return lambda: Command(command, operations, limits, reject_code=reject_code, versions=known)
    words = shlex.split(command)
    if not words:
        raise UsageError("run.impl", "the command is empty")
    return lambda: Harness(words, limits)


def learn(make: Maker) -> Capabilities:
    """Start an implementation once to learn what it can do.

    Raises:
        InputError: ``run.start`` if it does not start or does not speak the protocol.
    """
    first = make()
    try:
        return first.capabilities()
    except FaultError as fault:
        raise InputError("run.start", f"the implementation does not start: {fault}") from fault
    finally:
        first.close()


def prepare(impl: object, vectors: Iterable[Vector]) -> None:
    """Let a built-in implementation get ready for the vectors' operations."""
    if isinstance(impl, str):
        adapter(impl).prepare({vector.operation for vector in vectors})


@click.command()
@implementation_options
@groups_option
@ids_option
@click.option(
    "--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Instances at a time."
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="Folder for results and the report."
)
@click.option("--label", default="", metavar="TEXT", help="Name of this run in reports.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
@click.option(
    "--baseline",
    metavar="RESULTS",
    type=click.Path(path_type=Path),
    help="Results of an earlier run: only vectors that did not fail there count as failures.",
)
@click.option(
    "--rerun-failed",
    metavar="RESULTS",
    type=click.Path(path_type=Path),
    help="Run only the vectors that failed in an earlier run.",
)
@click.option(
    "--resume", is_flag=True, help="Continue the interrupted run in the folder of --report."
)
@click.option("--json", "as_json", is_flag=True, help="Counts and verdicts on stdout.")
@verbose_option
def run(
    groups: tuple[str, ...],
    ids: tuple[str, ...],
    jobs: int,
    report: Path | None,
    resume: bool,
    as_json: bool,
    folder: Path | None,
    label: str,
    fail_fast: bool,
    baseline: Path | None,
    rerun_failed: Path | None,
    **how: object,
) -> None:
    """Test an implementation.

    Exit code 0 if no vector failed (also if none was tested, which is then stated), 1 if one did,
    2 if the run could not take place. Only the verdicts state conformance. Results are written as
    they arrive, so an interrupted run can be reported, and continued with --resume.
    """
    suite = load_suite(folder)
    names = groups or None
    before = read_run(baseline) if baseline else None
    content = {path: suite.read(path) for path in suite.files()}
    chosen = [one for path in suite.files(names) for one in matching(content[path].vectors, ids)]
    if rerun_failed is not None:
        wanted = failed_ids(read_run(rerun_failed))
        chosen = [vector for vector in chosen if vector.id in wanted]
    if not chosen:
        raise UsageError("run.selection", "no vector is selected; see dredref vectors list")
    make = make_implementation(**how)  # type: ignore[arg-type]
    known = learn(make)
    prepare(how["impl"], chosen)
    notes: dict[str, str] = {}
    for file in content.values():
        notes |= file.notes
    planned = Run(
        implementation=known,
        suite={
            "version": SUITE_VERSION,
            "digest": suite.digest(),
            "totals": count_vectors(one for file in content.values() for one in file.vectors),
            "notes": notes,
        },
        environment=environment(),
        selection={"groups": list(names or ()), "ids": list(ids)},
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        results=(),
        planned=len(chosen),
        label=label,
    )
    if resume:
        planned = _resumed(report, planned)
    journal = _journal(report, planned)
    clock = time.monotonic()
    try:
        results = _with_progress(chosen, make, known, jobs, planned.results, journal, fail_fast)
    finally:
        if journal is not None:
            journal.close()
    seconds = planned.seconds + round(time.monotonic() - clock, 3)
    done = replace(planned, seconds=seconds, results=tuple(results))
    found = changes(before, done) if before else None
    if report is not None:
        from dredref.conformance.report.write import write_report

        write_report(done, report, suite)
    if as_json:
        click.echo(json.dumps(done.summary() | (_changes_json(found) if found else {})))
    else:
        print_run(done, stdout)
        if found is not None:
            _print_changes(found)
        if report is not None:
            click.echo(f"\nreport: {report / 'report.html'}")
    sys.exit(1 if (found.regressed if found else done.failed) else 0)


def _changes_json(found: Changes) -> dict[str, list[str]]:
    """Ids of what changed."""
    return {
        "regressed": [one.id for one in found.regressed],
        "fixed": [one.id for one in found.fixed],
        "lost": [one.id for one in found.lost],
    }


def _print_changes(found: Changes) -> None:
    """What changed since the baseline."""
    stdout.print()
    for word, results in (
        ("regressed", found.regressed),
        ("fixed", found.fixed),
        ("no longer answered", found.lost),
    ):
        ids = ", ".join(one.id for one in results[:FIRST])
        more = f" and {len(results) - FIRST} more" if len(results) > FIRST else ""
        line = f"{word} since the baseline: {len(results)}  {ids}{more}".rstrip()
        stdout.print(line, markup=False, soft_wrap=True)


def _journal(folder: Path | None, planned: Run) -> Journal | None:
    """The file that results are written to as they come."""
    if folder is None:
        return None
    make_folder(folder)
    return Journal(folder / RESULTS, planned)


def _resumed(folder: Path | None, planned: Run) -> Run:
    """The run with the results of one that broke off.

    Raises:
        UsageError: ``run.resume`` if there is none, or one of other vectors or another program.
    """
    if folder is None:
        raise UsageError("run.resume", "say with --report which run is to go on")
    found = read_run(folder / RESULTS, broken=True)
    if not found.broken:
        raise UsageError("run.resume", f"the run in {folder} is complete")
    same = (
        found.suite["digest"] == planned.suite["digest"]
        and found.selection == planned.selection
        and found.implementation == planned.implementation
    )
    if not same:
        detail = "has another suite, selection or implementation"
        raise UsageError("run.resume", f"the run in {folder} {detail}")
    return replace(planned, started=found.started, results=found.results)


def _with_progress(
    chosen: list[Vector],
    make: Maker,
    known: Capabilities,
    jobs: int,
    before: Sequence[Result],
    journal: Journal | None,
    fail_fast: bool,
) -> list[Result]:
    """Run what is not there yet, and tell the progress."""
    there = {result.id: result for result in before}
    left = [vector for vector in chosen if vector.id not in there]
    done = len(chosen) - len(left)
    bad = sum(result.outcome in BAD for result in before)
    with progress(escape(known.name), len(chosen), "vectors") as update:

        def on_result(result: Result) -> None:
            nonlocal done, bad
            done += 1
            bad += result.outcome in BAD
            if journal is not None:
                journal.add(result)
            note = f" [red]{bad} bad[/red]" if bad else ""
            update(done, what=f"{result.group}{note}")

        put = run_vectors(left, make, known, jobs=jobs, on_result=on_result, fail_fast=fail_fast)
        for result in put:
            there[result.id] = result
    return [there[vector.id] for vector in chosen if vector.id in there]


STYLES = {
    Outcome.PASS: "green",
    Outcome.NONSTRICT: "yellow",
    Outcome.FAIL: "red",
    Outcome.ERROR: "red",
    Outcome.TIMEOUT: "red",
    Outcome.UNSUPPORTED: "dim",
    Outcome.SKIPPED: "dim",
}
CLAIM_STYLES = {
    Claim.CONFORMANT: "green",
    Claim.NOT: "red",
    Claim.PARTLY: "yellow",
    Claim.NONE: "dim",
}
FIRST = 10
"""Failures that are listed."""


def print_run(done: Run, console: Console) -> None:
    """The outcome on a terminal: groups, classes, the first failures."""
    known = done.implementation
    console.print(titled(known))
    table = Table(box=None, pad_edge=False)
    table.add_column("group")
    for outcome in Outcome:
        table.add_column(str(outcome), justify="right")
    present = [group for group in GROUPS if any(one.group == group for one in done.results)]
    for group in present:
        counts = [
            sum(one.group == group and one.outcome is outcome for one in done.results)
            for outcome in Outcome
        ]
        cells = [
            f"[{STYLES[outcome]}]{count}[/]" if count else "[dim].[/]"
            for outcome, count in zip(Outcome, counts, strict=True)
        ]
        table.add_row(group, *cells)
    console.print(table)
    console.print()
    titles = {one.name: one.title for one in CLASSES}
    for one in done.verdicts:
        style = CLAIM_STYLES[one.claim]
        share = f" [dim]{one.held} of {one.total}[/]" if one.total else ""
        console.print(f"{titles[one.name]:<11} [{style}]{one.claim}[/]{share}")
    if not done.tested:
        console.print("nothing was tested: the implementation answers none of these vectors")
    bad = [one for one in done.results if one.outcome in BAD]
    for result in bad[:FIRST]:
        where = result.divergence["text"] if result.divergence else result.reason
        line = f"{result.outcome:<8} {result.id}: {where}"
        console.print(line, style=STYLES[result.outcome], markup=False, soft_wrap=True)
    if len(bad) > FIRST:
        console.print(f"... and {len(bad) - FIRST} more")


def titled(known: Capabilities) -> str:
    """Name and version of an implementation; the version only where the name does not say it."""
    version = "" if known.version in known.name else f" {known.version}"
    return f"[bold]{escape(known.name)}[/bold]{escape(version)}"
