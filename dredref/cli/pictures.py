"""The options ``--html`` and ``--plot``: what they ask for, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dredref.cli.options import stderr
from dredref.streams import Record, StreamInfo
from dredref.summary import StreamSummary

F = TypeVar("F", bound=Callable[..., Any])


def picture_options(command: F) -> F:
    """Add the options that name a page and a figure."""
    for option in (
        click.option(
            "--plot",
            type=click.Path(),
            metavar="FILE",
            help="Draw the stream into a .png, .svg or .pdf file.",
        ),
        click.option(
            "--html",
            type=click.Path(),
            metavar="FILE",
            help="Write a page of the stream to look at and listen to.",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Pictures:
    """Files that are asked for."""

    html: str | None
    plot: str | None

    @property
    def wanted(self) -> bool:
        """Whether there is any."""
        return self.html is not None or self.plot is not None

    def check(self) -> None:
        """Refuse names that cannot be, before any work.

        Raises:
            UsageError: ``plot.format``.
        """
        if self.plot is not None:
            from dredref.pictures.plot import check_plot_path

            check_plot_path(self.plot)

    def write(
        self, source: str, records: Sequence[Record], info: StreamInfo, **options: Any
    ) -> tuple[list[str], StreamSummary]:
        """Make the files; return their names, and the summary of the stream.

        Raises:
            MissingExtraError: matplotlib is not installed and a figure is asked for.
            InputError: ``output.unwritable``.
        """
        from dredref.pictures.gather import gather  # heavy, and seldom asked for

        with _bar() as progress:
            picture = gather(source, records, info, progress=progress, **options)
        for remark in picture.remarks:
            stderr.print(f"note: {remark}", markup=False)
        written = []
        if self.html is not None:
            from dredref.pictures.page import write_page

            write_page(picture, self.html)
            written.append(self.html)
        if self.plot is not None:
            from dredref.pictures.plot import write_plot

            write_plot(picture, self.plot)
            written.append(self.plot)
        return written, picture.summary


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal that names what is being done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
    ) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )
