"""``dredref evaluate``: what each way of making losses good is worth."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich import box
from rich.table import Table

from dredref.cli.options import Finite
from dredref.cli.progress import progress, verbose_option
from dredref.conformance.report.quality import Row
from dredref.evaluation.quality import TITLES
from dredref.losses.models import SYNTAX
from dredref.spec.errors import UsageError

DEFAULT_LOSSES = ("lossgen:20", "gilbert:22,6.5")


@click.command()
@click.argument("audio", nargs=-1, required=True, metavar="AUDIO...")
@click.option(
    "--loss-model",
    "losses",
    multiple=True,
    default=DEFAULT_LOSSES,
    show_default=True,
    metavar="MODEL",
    help=f"Loss model: {SYNTAX}; may be repeated.",
)
@click.option(
    "--systems",
    metavar="LIST",
    help="Systems to compare: clean, classic, plc, lbrr, red1, red2, dred, lbrr+dred; all if not "
    "given.",
)
@click.option("--delay-ms", type=Finite(0, 10_000), help="Playout delay; unlimited by default.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--players",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Number of clips with spectrograms and players on the page.",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for evaluation.html and evaluation.json.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the rows of the table as JSON.")
@verbose_option
def evaluate(
    audio: tuple[str, ...],
    losses: tuple[str, ...],
    systems: str | None,
    delay_ms: float | None,
    seed: int,
    players: int,
    folder: Path,
    as_json: bool,
) -> None:
    """Send each AUDIO by every system, drop packets, decode what arrives, and score the result.

    Systems are compared at stated bit rates, of which 24 kb/s are wideband speech. Scores are
    PLCMOS, PESQ and ESTOI; the extra 'quality' installs what computes them. Clips at other rates
    than 16 kHz are converted.
    """
    import json
    from dataclasses import asdict

    from dredref.cli.options import stdout
    from dredref.conformance.report.quality import rows, write_evaluation
    from dredref.evaluation import run
    from dredref.evaluation.quality import check_available
    from dredref.evaluation.systems import systems_named
    from dredref.files import make_folder
    from dredref.losses import parse_loss_model

    check_available()
    if len(set(losses)) < len(losses):
        raise UsageError("evaluate.losses", "a loss model is given twice")
    models = [(text, parse_loss_model(text)) for text in losses]
    chosen = systems_named(systems.split(",") if systems else ())
    make_folder(folder)
    total = len(audio) * len(models) * len(chosen)
    with progress("evaluating", total, "results") as update:
        found = run.evaluate(
            audio,
            chosen,
            models,
            delay_ms=delay_ms,
            seed=seed,
            players=players,
            progress=update,
        )
    command = " ".join(["dredref", "evaluate", *_shown(sys.argv[2:], audio)])
    write_evaluation(found, folder, command)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows(found)]))
        return
    stdout.print(_table(rows(found)))
    stdout.print(f"report: {folder / 'evaluation.html'}")


def _table(made: list[Row]) -> Table:
    """The rows for a terminal."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("loss", "system"):
        table.add_column(title)
    for title in ("kb/s", *TITLES.values()):
        table.add_column(title, justify="right", no_wrap=True)
    for row in made:
        scores = [f"{row.scores[name].mean:.2f}" for name in TITLES]
        table.add_row(row.loss, row.title, f"{row.kbps:.1f}", *scores)
    return table


def _shown(arguments: list[str], audio: tuple[str, ...]) -> list[str]:
    """The arguments, the clips being counted and no file's place told."""
    kept, skip = [f"({len(audio)} clips)"], False
    for argument in arguments:
        if not skip and argument not in audio and not argument.startswith("--report"):
            kept.append(argument)
        skip = argument == "--report"
    return kept
