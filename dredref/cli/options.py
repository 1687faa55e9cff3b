"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import click
from rich.console import Console

from dredref.streams import Stream, open_stream
from spec.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

stdout = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
"""For results: coloured and folded on a terminal, plain and never folded in a pipe."""
stderr = Console(stderr=True, highlight=False)
"""For progress and notices."""


def stream_options(command: F) -> F:
    """Options that say how an input is to be read."""
    for option in (
        click.option(
            "--payload-type",
            type=click.IntRange(0, 127),
            help="RTP payload type of Opus in a capture; found by its content if not given.",
        ),
        click.option(
            "--ssrc",
            type=lambda text: int(text, 0),
            help="Read one RTP source only.",
        ),
        click.option(
            "--final-id",
            type=click.IntRange(32, 127),
            help="Read DRED in its final form: this extension id, no prefix.",
        ),
    ):
        command = option(command)
    return command


def open_input(
    source: str, payload_type: int | None, ssrc: int | None
) -> AbstractContextManager[Stream]:
    """Open an input named on the command line, ``-`` for standard input."""
    return open_stream(source, payload_type=payload_type, ssrc=ssrc)


def parse_range(text: str) -> range:
    """Indices of ``A:B``, both optional, B left out.

    Raises:
        UsageError: ``range.syntax``.
    """
    first, colon, last = text.partition(":")
    try:
        if not colon:
            raise ValueError(text)
        return range(int(first or 0), int(last) if last else 1 << 62)
    except ValueError:
        raise UsageError("range.syntax", f"'{text}' is not a range A:B") from None
