"""``python -m tools.mutants``: make the mutants, one by one, and say which vector killed which."""

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
from tools.mutants.mutant import mutants
from tools.mutants.mutate import Kill, judge


@click.command()
@click.argument("globs", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="Mutants that are tried at once.")
@click.option("--all", "all_", is_flag=True, help="Count all vectors that kill a mutant; slow.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def main(globs: tuple[str, ...], jobs: int, all_: bool, as_json: bool) -> None:
    """Try the mutants whose names match GLOBS (all if none); exit code 1 if one is not killed."""
    chosen = [
        mutant
        for mutant in mutants()
        if not globs or any(fnmatchcase(mutant.name, glob) for glob in globs)
    ]
    if not chosen:
        raise click.UsageError("no mutant has such a name")
    stderr = Console(stderr=True)
    with (
        Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        task = bar.add_task("mutants", total=len(chosen))
        kills = []
        for kill in pool.map(lambda mutant: judge(mutant, all_=all_), chosen):
            kills.append(kill)
            if as_json:  # at once: a long run that is stopped has said what it found
                click.echo(json.dumps(_to_json(kill)))
            bar.advance(task)
    if not as_json:
        _print_table(kills)
    if not all(kill.killed for kill in kills):
        sys.exit(1)


def _to_json(kill: Kill) -> dict[str, Any]:
    mutant = kill.mutant
    form = {"mutant": mutant.name, "what": mutant.what, "path": mutant.path}
    return form | {"killed": list(kill.killed), "asked": kill.asked, "how": kill.how}


def _print_table(kills: list[Kill]) -> None:
    table = Table("mutant", "what is wrong", "killed by", "after", box=None)
    for kill in kills:
        more = f" and {len(kill.killed) - 1} more" if len(kill.killed) > 1 else ""
        by = f"{kill.killed[0]}{more}" if kill.killed else "NOT KILLED"
        table.add_row(kill.mutant.name, kill.mutant.what, by, str(kill.asked))
    console = Console(width=160)
    console.print(table, highlight=False)
    killed = sum(bool(kill.killed) for kill in kills)
    console.print(f"{killed} of {len(kills)} mutants killed", highlight=False)


if __name__ == "__main__":
    try:
        main()
    except DredError as error:
        click.echo(f"mutants: {error}", err=True)
        sys.exit(2)
