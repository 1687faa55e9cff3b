"""Summary tables for the terminal."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich import box
from rich.table import Table

from dredref.cli.options import stderr, stdout
from dredref.cli.trees import LEVEL_STYLES
from dredref.spec.requirements import requirements
from dredref.streams import Stream
from dredref.summary import StreamSummary


def describe(stream: Stream, number: int) -> str:
    """Kind and place of an Opus stream in its input."""
    info = stream.infos.get(number)
    if info is None:
        return f"stream {number}"
    where = f" SSRC {info.ssrc:#010x}" if info.ssrc is not None else ""
    if info.payload_type is not None:
        where += f" payload type {info.payload_type}"
    part = f" part {info.part + 1} of {info.parts}" if info.parts > 1 else ""
    return f"stream {number} ({info.container}{where}{part})"


def print_summary(summaries: dict[int, StreamSummary], stream: Stream) -> None:
    """One sentence a stream: is there DRED, how much, at what cost, and if none, why."""
    for number, summary in sorted(summaries.items()):
        stdout.print(f"[bold]{describe(stream, number)}[/]: {summary.answer()}")


def summary_json(number: int, summary: StreamSummary, stream: Stream) -> dict[str, Any]:
    """All figures of an Opus stream, and where in its input it stands."""
    info = stream.infos.get(number)
    place: dict[str, Any] = {"stream": number}
    if info is not None:
        place |= {"container": info.container, "part": info.part, "parts": info.parts}
        place |= {"ssrc": info.ssrc, "payload_type": info.payload_type, "flow": info.flow}
    return place | summary.to_json()


def notices_table(stream: Stream) -> None:
    """What the reader had to say about the input, on standard error."""
    for code, count in sorted(stream.notice_counts.items()):
        example = next(notice for notice in stream.notices if notice.code == code)
        times = f" ({count} times)" if count > 1 else ""
        stderr.print(f"notice: {example.detail} [{code}]{times}", markup=False)


def violations_table(counts: Counter[str], places: dict[str, str]) -> Table:
    """Violations by requirement: how many, and where the first one is."""
    table = Table(box=box.SIMPLE_HEAD, title_justify="left")
    for heading, justify in (
        ("requirement", "left"),
        ("level", "left"),
        ("count", "right"),
        ("first at", "left"),
        ("what is asked", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for requirement in requirements().values():
        count = counts.get(requirement.id, 0)
        if count:
            style = LEVEL_STYLES[requirement.level]
            table.add_row(
                requirement.id,
                f"[{style}]{requirement.level}[/]",
                str(count),
                places[requirement.id],
                f"{requirement.summary} [dim]({requirement.clause})[/]",
            )
    return table
