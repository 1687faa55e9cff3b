"""``dredref replay``: one vector of a recorded run once more, request and reply shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from dredref.conformance.cli.run import implementation_options, learn, make_implementation
from dredref.conformance.outcome import BAD, Result
from dredref.conformance.record import read_run
from dredref.conformance.report.findings import where
from dredref.conformance.running.runner import run_one
from dredref.spec.errors import UsageError
from dredref.vectors.suite import load_suite

SHOWN = 2000
"""Characters of a request or reply that are shown, unless all are asked for."""


@click.command()
@click.argument("results", metavar="RESULTS.jsonl", type=click.Path(path_type=Path))
@click.argument("name", metavar="ID")
@implementation_options
@click.option("--full", is_flag=True, help="Show request and reply in full.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object, with request and reply in full."
)
def replay(
    results: Path, name: str, folder: Path | None, full: bool, as_json: bool, **how: Any
) -> None:
    """Repeat one vector of a recorded run.

    Shows the request as the harness receives it, the reply, and the outcome then and now. Exit code
    0 if the vector does not fail now, 1 if it does, 2 if it cannot be run.
    """
    recorded = {one.id: one for one in read_run(results).results}
    if name not in recorded:
        raise UsageError("replay.id", f"{results} has no vector {name!r}")
    vector = load_suite(folder).find(name)
    make = make_implementation(**how)
    known = learn(make)
    implementation = make()
    try:
        now = run_one(vector, implementation, known, keep=True)
    finally:
        implementation.close()
    question = {"cmd": "run", "seq": 1, "operation": vector.operation, "input": vector.request()}
    then = recorded[name]
    if as_json:
        form = {"request": question, "reply": now.answer, "said": now.said}
        form |= {"then": _form(then), "now": _form(now)}
        click.echo(json.dumps(form))
    else:
        _print(question, then, now, None if full else SHOWN)
    sys.exit(1 if now.outcome in BAD else 0)


def _form(result: Result) -> dict[str, str]:
    """What came of a vector, for programs."""
    return {"outcome": str(result.outcome), "where": where(result), "reason": result.reason}


def _print(question: dict[str, Any], then: Result, now: Result, limit: int | None) -> None:
    """Request, reply, and what came of it, for people."""
    click.echo(f"request  {_short(question, limit)}")
    click.echo(f"reply    {_short(now.answer, limit) if now.answer else now.reason}")
    click.echo(f"then     {then.outcome}  {where(then)}")
    click.echo(f"now      {now.outcome}  {where(now)}")
    if now.said:
        click.echo(f"standard error:\n{now.said}")


def _short(value: Any, limit: int | None) -> str:
    """JSON on one line, cut if it is long."""
    text = json.dumps(value, separators=(",", ":"))
    if limit is None or len(text) <= limit:
        return text
    return f"{text[:limit]}... ({len(text)} characters; --full shows all)"
