"""``dredref survey`` and ``dredref survey-report``: many files at once."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from dredref.cli.options import Finite, json_option, stderr, stdout, tell
from dredref.survey.examine import Options
from dredref.survey.run import Cluster, Plan, Progress, import_distributed, run_survey


def amount(context: click.Context, option: click.Parameter, value: str) -> int:
    """Read an amount of memory as Dask writes it: ``2GiB``, ``500 MB``.

    Raises:
        MissingExtraError: Dask is not installed.
    """
    import_distributed()
    from dask.utils import parse_bytes

    try:
        found = int(parse_bytes(value))
    except ValueError:
        found = 0
    if found <= 0:
        raise click.BadParameter(f"{value!r} is no amount of memory such as 2GiB.")
    return found


@click.command()
@click.argument("sources", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the data set."
)
@click.option("--scheduler", metavar="ADDRESS", help="Run on this Dask cluster: tcp://HOST:8786.")
@click.option("--workers", type=click.IntRange(1), help="Processes here; one a core if not given.")
@click.option(
    "--timeout",
    type=Finite(0.1),
    default=60.0,
    show_default=True,
    help="Seconds that a file may take.",
)
@click.option(
    "--memory-limit",
    callback=amount,
    default="2GiB",
    show_default=True,
    help="Memory that a file may take.",
)
@click.option(
    "--violations",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Rows of violations that one file gives at most; all are counted.",
)
@click.option("--payload-type", type=click.IntRange(0, 127), help="RTP payload type of Opus.")
@click.option(
    "--final-id",
    type=click.IntRange(32, 127),
    help="Read DRED under this id alone; by default 126 or 32.",
)
@click.option("--json", "as_json", is_flag=True, help="The counts as one JSON object.")
def survey(
    sources: tuple[str, ...],
    out: Path,
    scheduler: str | None,
    workers: int | None,
    timeout: float,
    memory_limit: int,
    violations: int,
    payload_type: int | None,
    final_id: int | None,
    as_json: bool,
) -> None:
    """Survey many captures and media files: which carry DRED, how much, and what is wrong.

    INPUT is a file, a folder, a glob, or a URL of any of these (s3://, https://, ...). The result
    is a Parquet data set of three tables in the folder OUT: files, streams and violations. Started
    again, only what is missing is read. Without --scheduler it runs on the cores of this machine.
    """
    cluster = Cluster(scheduler, workers)
    plan = Plan(Options(payload_type, final_id, violations), timeout, memory_limit)
    columns = (
        TextColumn("surveying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("files", total=None)

        def update(progress: Progress) -> None:
            text = f"files, {progress.unreadable} unreadable, {progress.failed} failed"
            bar.update(task, total=progress.total, completed=progress.done, description=text)

        progress = run_survey(sources, out, cluster, plan, update)
    if as_json:
        click.echo(json.dumps({"out": str(out)} | asdict(progress)))
        return
    before = f", {progress.done_before} of them before" if progress.done_before else ""
    stdout.print(
        f"{progress.done} files{before}: {progress.ok} ok, {progress.unreadable} unreadable, "
        f"{progress.failed} failed; {progress.records} packets, {progress.with_dred} with DRED, "
        f"{progress.must} MUST and {progress.should} SHOULD violated; {progress.seconds:.1f} s"
    )


@click.command("survey-report")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="The page; DIR/report.html if not given."
)
@json_option
def survey_report(folder: Path, out: Path | None, as_json: bool) -> None:
    """Make one HTML page of the survey in DIR."""
    from dredref.survey.report import write_report

    page = out or folder / "report.html"
    write_report(folder, page)
    tell({"written": str(page)}, str(page), as_json)
