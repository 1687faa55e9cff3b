"""``dredref scoreboard``: outcomes of implementations, collected."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import click

from dredref.cli.options import tell
from dredref.conformance.found import found, found_markdown
from dredref.conformance.record import read_run
from dredref.conformance.scoreboard import (
    FOLDER,
    badge,
    entries,
    entry_of_run,
    entry_text,
    scoreboard_markdown,
)
from dredref.files import atomic_output
from dredref.spec.errors import InputError
from dredref.vectors.suite import SUITE_VERSION, load_suite


@click.command()
@click.option(
    "--add",
    metavar="RESULTS.jsonl",
    type=click.Path(path_type=Path),
    help="Check a recorded run and write its entry.",
)
@click.option("--revision", default="", help="Exact version or commit of the implementation.")
@click.option("--remark", "remarks", multiple=True, help="A sentence for the page.")
@click.option("--badge", "as_badge", is_flag=True, help="Print a badge for each entry, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the entries, or faults, as JSON.")
@click.option("--found", "as_found", is_flag=True, help="Print the faults that the suite found.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the page there.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=FOLDER, help="Where the entries are."
)
def scoreboard(
    add: Path | None,
    revision: str,
    remarks: tuple[str, ...],
    as_badge: bool,
    as_json: bool,
    as_found: bool,
    output: Path | None,
    folder: Path,
) -> None:
    """Print the outcomes of implementations as one page, or add those of a run.

    A run that is added must be complete and unaltered, and of exactly the suite that is installed.
    """
    if add is not None:
        run = read_run(add)
        if run.suite["version"] != SUITE_VERSION or run.suite["digest"] != load_suite().digest():
            raise InputError(
                "scoreboard.suite", f"{add} is of another suite than the one that is installed"
            )
        entry = entry_of_run(run, revision=revision, remarks=remarks)
        stem = re.sub(r"[^a-z0-9.]+", "-", f"{entry.name} {entry.revision}".lower()).strip("-")
        with atomic_output(folder / f"{stem}.json") as temporary:
            temporary.write_text(entry_text(entry), "utf-8")
        path = str(folder / f"{stem}.json")
        tell({"written": path}, f"written: {path}", as_json)
        return
    listed = entries(folder)
    if as_badge:
        click.echo(json.dumps({f"{one.name} {one.revision}": badge(one) for one in listed}))
        return
    if as_json:
        text = json.dumps([asdict(one) for one in (found() if as_found else listed)]) + "\n"
    else:
        text = found_markdown(found()) if as_found else scoreboard_markdown(listed)
    if output is None:
        click.echo(text, nl=False)
        return
    with atomic_output(output) as temporary:
        temporary.write_text(text, "utf-8")
