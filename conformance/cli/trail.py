"""``dredref trail``: from each requirement to its vectors and what implementations made of them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dredref.conformance.record import read_run
from dredref.conformance.trail import trail as rows_of
from dredref.conformance.trail import trail_html, trail_json
from dredref.files import atomic_output
from dredref.vectors.suite import DATA, Suite


@click.command()
@click.argument("runs", metavar="[RUN.jsonl]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a page.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def trail(runs: tuple[Path, ...], as_json: bool, output: Path | None) -> None:
    """Trace every requirement to its check, its vectors, and the outcomes of RUNs."""
    read = [read_run(path) for path in runs]
    rows = rows_of(Suite(DATA).vectors(), read)
    text = json.dumps(trail_json(rows, read), indent=1) if as_json else trail_html(rows, read)
    if output is None:
        click.echo(text)
        return
    with atomic_output(output) as temporary:
        temporary.write_text(text + "\n")
