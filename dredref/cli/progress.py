"""A progress bar over seconds of audio, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dredref.cli.options import stderr


@contextmanager
def audio_progress(what: str, seconds: float | None) -> Iterator[Callable[[float], None]]:
    """Give a function that is told the seconds done; quiet where stderr is no terminal."""
    columns = (
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.completed:.0f} s"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task(what, total=seconds)
        yield lambda done: bar.update(task, completed=done)
