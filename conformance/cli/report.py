"""``dredref report``: reports from recorded runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dredref.conformance.changes import changes
from dredref.conformance.record import Run, read_run
from dredref.spec.errors import DredError, UsageError
from dredref.vectors.suite import load_suite


def _changes(first: Run, run: Run) -> dict[str, list[str]]:
    """Vectors that ended otherwise than in the first run."""
    found = changes(first, run)
    kinds = {"regressed": found.regressed, "fixed": found.fixed, "lost": found.lost}
    return {word: [one.id for one in results] for word, results in kinds.items()}


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RESULTS.jsonl...", type=click.Path())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report"),
    show_default=True,
    help="Folder for the report.",
)
@click.option("--markdown", is_flag=True, help="Print Markdown instead; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Counts and verdicts of each run on stdout.")
@click.option(
    "--vectors",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder of vectors other than the project's own.",
)
def report(
    runs: tuple[str, ...], output: Path, markdown: bool, as_json: bool, folder: Path | None
) -> None:
    """Report one run, or compare several side by side.

    A file without its footer, which an interrupted run leaves, is reported as incomplete. Exit
    code 0 if no vector failed in any of the runs, 1 if one did, 2 if a file cannot be used or a
    run is incomplete.
    """
    from dredref.conformance.report.markdown import comparison_markdown
    from dredref.conformance.report.markdown import markdown as run_markdown
    from dredref.conformance.report.side_by_side import compare_html
    from dredref.conformance.report.write import put, write_report
    from dredref.files import make_folder

    if markdown and as_json:
        raise UsageError("report.form", "say one of --markdown and --json")
    found = [read_run(path, broken=True) for path in runs]
    page = None
    if markdown:
        click.echo(run_markdown(found[0]) if len(found) == 1 else comparison_markdown(found))
    elif len(found) == 1:
        try:
            suite = load_suite(folder)
        except DredError:
            suite = None
        write_report(found[0], output, suite)
        page = output / "report.html"
    else:
        make_folder(output)
        put(output / "compare.html", compare_html(found))
        put(output / "compare.md", comparison_markdown(found))
        page = output / "compare.html"
    if as_json:
        rows = [
            {"results": path, "title": one.title, "incomplete": one.broken, **one.summary()}
            | _changes(found[0], one)
            for path, one in zip(runs, found, strict=True)
        ]
        click.echo(json.dumps({"report": str(page), "runs": rows}))
    elif page is not None:
        click.echo(f"report: {page}")
    for path, one in zip(runs, found, strict=True):
        if one.broken:
            click.echo(f"dredref: {path}: {one.missing}", err=True)
    broken = any(one.broken for one in found)
    sys.exit(2 if broken else 1 if any(one.failed for one in found) else 0)
