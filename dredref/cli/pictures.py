"""The options ``--html`` and ``--plot``: what they ask for, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from dredref.cli.options import stderr
from dredref.cli.progress import progress
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

        with progress("reading") as update:
            picture = gather(
                source,
                records,
                info,
                progress=lambda what, done, total: update(done, total, what),
                **options,
            )
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
