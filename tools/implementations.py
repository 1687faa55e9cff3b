"""The suite's own proof: every built-in implementation run, and told apart in one table.

``python -m tools.implementations`` puts libopus 1.5.2, libopus 1.6.1 in its default build and on
its plain C path, and the reference to the whole suite, and writes the comparison to
``conformance/IMPLEMENTATIONS.md``. ``--report DIR`` keeps the runs and their pages as well.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from dredref.conformance.adapters.registry import adapter
from dredref.conformance.main import cli
from dredref.conformance.record import Run, read_run
from dredref.conformance.report.markdown import comparison_markdown
from dredref.conformance.report.side_by_side import compare_html
from dredref.conformance.report.write import put
from dredref.files import make_folder
from dredref.spec.errors import DredError, InputError

NAMES = ("libopus-1.5.2", "libopus-1.6.1", "libopus-1.6.1-c", "reference")
TABLE = Path(__file__).parents[1] / "conformance" / "IMPLEMENTATIONS.md"
HEAD = """\
# What the suite says of implementations

Written by `python -m tools.implementations`: the whole suite, put to the builds of libopus that
tools/libopus makes and to this project's reference. Suite {version}, sha256 {digest}.

libopus 1.5.2 knows DRED version 10, libopus 1.6.1 version 12; vectors of the other version count
as unsupported and take no part in a verdict. The reference decodes DRED alone: where a vector
judges the audio of a whole stream, PyAV's libopus decodes the Opus frames for it.

"""


def run_all(folder: Path, jobs: int) -> list[Run]:
    """Run every implementation into a folder of its own.

    Raises:
        UsageError: ``run.impl`` if a build is missing.
    """
    for name in NAMES:
        adapter(name)
    runs = []
    for name in NAMES:
        target = folder / name
        arguments = ["run", "--impl", name, "--jobs", str(jobs), "--report", str(target)]
        try:
            cli(arguments, standalone_mode=False)
        except SystemExit as end:
            if end.code not in (0, 1):
                raise
        runs.append(read_run(target / "results.jsonl"))
    return runs


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--report", type=click.Path(path_type=Path), help="Keep runs and pages here.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1)
@click.option("--output", type=click.Path(path_type=Path), default=TABLE, help="The table.")
def main(report: Path | None, jobs: int, output: Path) -> None:
    """Run all implementations and write the table."""
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = report or Path(name)
            make_folder(folder)
            runs = run_all(folder, jobs)
            if len({run.suite["digest"] for run in runs}) > 1:
                raise InputError("vectors.changed", "the vectors changed between the runs")
            head = HEAD.format(version=runs[0].suite["version"], digest=runs[0].suite["digest"])
            put(output, head + comparison_markdown(runs, against_first=False))
            put(folder / "compare.html", compare_html(runs))
    except DredError as error:
        click.echo(f"implementations: {error}", err=True)
        sys.exit(2)
    click.echo(f"written: {output}")


if __name__ == "__main__":
    main()
