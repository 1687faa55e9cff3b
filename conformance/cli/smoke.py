"""``dredref smoke``: one vector of each operation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from dredref.cli.options import stdout
from dredref.conformance.cli.run import (
    STYLES,
    implementation_options,
    learn,
    make_implementation,
    prepare,
    titled,
)
from dredref.conformance.outcome import Outcome, Result
from dredref.conformance.report.findings import where
from dredref.conformance.running.harness import Implementation
from dredref.conformance.running.replies import Capabilities
from dredref.conformance.running.runner import run_one
from dredref.vectors.model import Vector
from dredref.vectors.suite import load_suite


@click.command()
@implementation_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def smoke(folder: Path | None, as_json: bool, **how: Any) -> None:
    """Try one vector of each operation, to see that the implementation answers.

    Exit code 0 if every operation that it claims gave a reply, 1 if not, 2 if it does not start.
    """
    suite = load_suite(folder)
    make = make_implementation(**how)
    known = learn(make)
    prepare(how["impl"], suite.vectors())
    if not as_json:
        versions = ", ".join(str(one) for one in known.versions)
        stdout.print(f"{titled(known)}, DRED versions {versions}")
    found: dict[str, Result | None] = {}
    implementation = make()
    try:
        for operation, result in _trials(suite.vectors(), implementation, known):
            found[operation] = result
            if not as_json:
                _print(operation, result)
    finally:
        implementation.close()
    answered = all(one is None or _replied(one) for one in found.values())
    if as_json:
        form = {
            "name": known.name,
            "version": known.version,
            "dred_versions": list(known.versions),
            "answered": answered,
            "operations": {operation: _form(result) for operation, result in found.items()},
        }
        click.echo(json.dumps(form))
    sys.exit(0 if answered else 1)


def _trials(
    vectors: Iterable[Vector], implementation: Implementation, known: Capabilities
) -> Iterator[tuple[str, Result | None]]:
    """What came of the first vector of each operation; None where there is no vector to try."""
    firsts: dict[str, Vector] = {}
    for vector in vectors:
        usable = vector.version is None or vector.version in known.versions
        if usable and vector.group != "hostile":
            firsts.setdefault(vector.operation, vector)
    for operation in known.operations:
        first = firsts.get(operation)
        yield operation, run_one(first, implementation, known) if first else None


def _replied(result: Result) -> bool:
    return result.outcome not in (Outcome.ERROR, Outcome.TIMEOUT)


def _form(result: Result | None) -> dict[str, Any] | None:
    """A trial for programs."""
    if result is None:
        return None
    return {"id": result.id, "outcome": str(result.outcome), "where": where(result)}


def _print(operation: str, result: Result | None) -> None:
    """A trial for people."""
    if result is None:
        stdout.print(f"{operation:<10} [dim]no vector to try[/]")
        return
    line = f"{operation:<10} {result.outcome:<11} {result.id} {where(result)}".rstrip()
    stdout.print(line, style=STYLES[result.outcome], markup=False, soft_wrap=True)
