"""Entries of a timeline as rows of a table that fits 80 columns, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import asdict
from typing import TextIO

import click

from dredref.cli.trees import LEVEL_STYLES
from dredref.inspection import Inspection
from dredref.timeline import COLUMNS, Entry, entry_of

_MODES = {"SILK": "SILK", "hybrid": "hyb", "CELT": "CELT"}

Column = tuple[str, int, Callable[[Entry], object]]
"""Heading, width (negative: to the left), and what stands in it."""

INDEX: tuple[Column, ...] = (
    ("packet", 6, lambda e: f"{e.stream}:{e.index}" if e.stream else e.index),
    ("time s", 7, lambda e: None if e.time_ms is None else f"{e.time_ms / 1000:.3f}"),
)
RTP: tuple[Column, ...] = (
    ("frame", 5, lambda e: e.frame),
    ("seq", 5, lambda e: e.sequence),
    ("RTP time", 10, lambda e: e.timestamp),
)
DURATION: tuple[Column, ...] = (
    ("ms", 4, lambda e: None if e.duration_ms is None else f"{e.duration_ms:g}"),
)
REST: tuple[Column, ...] = (
    ("bytes", 5, lambda e: _size(e)),
    ("mode", -8, lambda e: e.mode and f"{_MODES[e.mode]} {e.bandwidth}"),
    ("LBRR", 4, lambda e: "yes" if e.lbrr else None),
    ("DRED", 4, lambda e: e.chunks),
    ("reach", 5, lambda e: None if e.reach_ms is None else f"{e.reach_ms:.0f}"),
    ("levels", 6, lambda e: _levels(e)),
    ("bits", 4, lambda e: None if e.dred_bits is None else f"{e.dred_bits:.0f}"),
)


def _size(entry: Entry) -> str:
    lost = "lost" if entry.lost == 1 else f"{entry.lost} lost"
    return lost if entry.lost else str(entry.bytes)


def _levels(entry: Entry) -> str | None:
    if entry.first_level is None:
        return None
    alike = entry.first_level == entry.last_level
    return f"{entry.first_level}" if alike else f"{entry.first_level}-{entry.last_level}"


class RowPrinter:
    """Prints a line for each record, under a heading before the first.

    Of a capture it shows RTP's numbers, of other inputs how long each packet lasts.
    """

    def __init__(self, *, is_capture: bool) -> None:
        """Choose the columns."""
        self._columns = INDEX + (RTP if is_capture else DURATION) + REST
        self._headed = False

    def add(self, inspection: Inspection) -> None:
        """Print one record, and under it what it breaks."""
        if not self._headed:
            self._headed = True
            click.secho(_line([(name, width) for name, width, _ in self._columns]), bold=True)
        entry = entry_of(inspection)
        line = _line([(value(entry), width) for _, width, value in self._columns])
        click.secho(line, fg="red" if entry.lost else None)
        for violation in inspection.violations:
            style = LEVEL_STYLES[violation.level].split()[-1]
            place = f"byte {violation.byte} bit {violation.bit}"
            text = f"{violation.requirement.id} at {place}: {violation.detail}"
            click.echo(f"       {click.style(violation.level, fg=style)} {text}")


def _line(cells: list[tuple[object, int]]) -> str:
    """Cells side by side, without blanks at the end."""
    texts = ["" if cell is None else str(cell) for cell, _ in cells]
    widths = [width for _, width in cells]
    parts = [
        text.ljust(-width) if width < 0 else text.rjust(width)
        for text, width in zip(texts, widths, strict=True)
    ]
    return " ".join(parts).rstrip()


class CsvPrinter:
    """Writes the figures of each record as a line of CSV, named in the first line."""

    def __init__(self, output: TextIO) -> None:
        """Write the names."""
        self._writer = csv.DictWriter(output, ("input", *COLUMNS), lineterminator="\n")
        self._writer.writeheader()

    def add(self, source: str, inspection: Inspection) -> None:
        """Write one record."""
        entry = entry_of(inspection)
        row = asdict(entry) | {"input": source, "violations": " ".join(entry.violations)}
        row |= {key: int(value) for key, value in row.items() if isinstance(value, bool)}
        self._writer.writerow(row)
