"""How benchmarks end: their result as JSON or as tables, a failure as one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from rich.console import Console

from dredref.spec.errors import DredError


class Measured(Protocol):
    """What a benchmark measured."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""


R = TypeVar("R", bound=Measured)


def show(bench: Callable[[], R], report: Callable[[R], Iterable[Any]], as_json: bool) -> None:
    """Run a benchmark and print what it measured; exit code 2 if it cannot."""
    try:
        result = bench()
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 120)
    for part in report(result):
        console.print(part, highlight=False)
