"""``python -m tools.mutants``: plant the faults, one by one, and say which vector caught which."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dredref.spec.errors import DredError
from tools.mutants.fault import faults
from tools.mutants.plant import Catch, judge


@click.command()
@click.argument("globs", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="Faults that are tried at once.")
@click.option("--all", "all_", is_flag=True, help="Count all vectors that catch a fault; slow.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def main(globs: tuple[str, ...], jobs: int, all_: bool, as_json: bool) -> None:
    """Plant the faults whose names match GLOBS (all if none); exit code 1 if one is not caught."""
    chosen = [
        fault
        for fault in faults()
        if not globs or any(fnmatchcase(fault.name, glob) for glob in globs)
    ]
    if not chosen:
        raise click.UsageError("no fault has such a name")
    stderr = Console(stderr=True)
    with (
        Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        task = bar.add_task("faults", total=len(chosen))
        catches = []
        for catch in pool.map(lambda fault: judge(fault, all_=all_), chosen):
            catches.append(catch)
            bar.advance(task)
    (_print_json if as_json else _print_table)(catches)
    if not all(catch.caught for catch in catches):
        sys.exit(1)


def _print_json(catches: list[Catch]) -> None:
    for catch in catches:
        fault = catch.fault
        form: dict[str, Any] = {"fault": fault.name, "what": fault.what, "path": fault.path}
        form |= {"caught": list(catch.caught), "asked": catch.asked, "how": catch.how}
        click.echo(json.dumps(form))


def _print_table(catches: list[Catch]) -> None:
    table = Table("fault", "what is wrong", "caught by", "after", box=None)
    for catch in catches:
        more = f" and {len(catch.caught) - 1} more" if len(catch.caught) > 1 else ""
        by = f"{catch.caught[0]}{more}" if catch.caught else "NOT CAUGHT"
        table.add_row(catch.fault.name, catch.fault.what, by, str(catch.asked))
    console = Console(width=160)
    console.print(table, highlight=False)
    caught = sum(bool(catch.caught) for catch in catches)
    console.print(f"{caught} of {len(catches)} faults caught", highlight=False)


if __name__ == "__main__":
    try:
        main()
    except DredError as error:
        click.echo(f"mutants: {error}", err=True)
        sys.exit(2)
