"""Progress of long work: a bar on a terminal, a line every ten seconds with ``--verbose``.

Without either there is silence: what stands in a log is the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import click
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from dredref.cli.options import stderr

EVERY_S = 10.0
"""Seconds between two lines where there is no terminal."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_verbose = False
_silent = False


def verbose_option(command: F) -> F:
    """Add ``--verbose``, which asks for lines where there is no terminal."""
    return click.option(
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=lambda context, option, value: set_verbose(value),
        help="Print progress every ten seconds if there is no terminal.",
    )(command)


def set_verbose(value: bool) -> None:
    """Switch the lines on; they stay on."""
    global _verbose
    _verbose = _verbose or value


def silence() -> None:
    """Tell nothing from now on: another process tells what this one does."""
    global _silent
    _silent = True


class Update(Protocol):
    """Is told how much is done, of how much, and of what."""

    def __call__(self, done: float, total: float | None = None, what: str | None = None) -> None:
        """Take what is new."""


class _Amount(ProgressColumn):
    """How much is done, of how much if that is known, and the unit."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(_amount(task.completed, task.total, self._unit))


def _amount(done: float, total: float | None, unit: str) -> str:
    of = "" if total is None else f" of {total:.0f}"
    return f"{done:.0f}{of} {unit}".rstrip()


@contextmanager
def progress(what: str, total: float | None = None, unit: str = "") -> Iterator[Update]:
    """Give the function that is told the progress.

    Args:
        what: what is done, in rich's markup.
        total: how much there is to do, if that is known.
        unit: of both numbers.
    """
    if stderr.is_terminal and not _silent:
        columns = (TextColumn("{task.description}"), BarColumn(), _Amount(unit))
        with Progress(*columns, TimeElapsedColumn(), console=stderr, transient=True) as bar:
            task = bar.add_task(what, total=total)

            def show(done: float, total: float | None = None, what: str | None = None) -> None:
                bar.update(task, completed=done, total=total, description=what)

            yield show
        return
    is_told = _verbose and not _silent
    yield Lines(what, total, unit) if is_told else lambda done, total=None, what=None: None


class Lines:
    """Prints a line on standard error, but not more than one in ten seconds."""

    def __init__(
        self,
        what: str,
        total: float | None,
        unit: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin at the clock's time."""
        self._what, self._total, self._unit, self._clock = what, total, unit, clock
        self._began = self._last = clock()

    def __call__(self, done: float, total: float | None = None, what: str | None = None) -> None:
        """Take what is new, and tell it if it is time."""
        self._total = self._total if total is None else total
        self._what = self._what if what is None else what
        now = self._clock()
        if now - self._last >= EVERY_S:
            self._last = now
            name = Text.from_markup(self._what).plain
            amount = _amount(done, self._total, self._unit)
            click.echo(f"dredref: {name}: {amount}, {now - self._began:.0f} s", err=True)


def tracked(items: Iterable[T], what: str, unit: str = "") -> Iterator[T]:
    """Yield the same items, and tell how many were taken."""
    total = len(items) if isinstance(items, Sized) else None
    with progress(what, total, unit) as update:
        for done, item in enumerate(items, start=1):
            yield item
            update(done)
