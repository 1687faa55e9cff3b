"""Summary tables for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from rich import box
from rich.table import Table

from dredref.cli.options import stderr, stdout
from dredref.cli.trees import LEVEL_STYLES
from dredref.explain import explanation
from dredref.spec.requirements import requirements
from dredref.streams import Stream
from dredref.streams.capture.census import Census
from dredref.streams.rtp.copies import told as copies_told
from dredref.streams.rtp.labels import OPUS, RED
from dredref.summary import StreamSummary

EXPLAINED = 4
"""Streams of which it is explained why packets have no DRED."""

SOURCES_SHOWN = 8
"""RTP sources without Opus that are shown one by one."""


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
    for number, summary in sorted(summaries.items())[:EXPLAINED]:
        of = f"stream {number}, " if len(summaries) > 1 else ""
        for line in explanation(summary):
            stdout.print(f"  {of}no DRED in {line}")
    if stream.census is not None:
        print_copies(stream)
        print_census(stream.census)


def print_copies(stream: Stream) -> None:
    """Print for each stream with redundant copies whether they are what was sent."""
    for source in stream.census.sources if stream.census else ():
        if source.stream is not None and source.copies:
            stdout.print(f"  stream {source.stream}, {copies_told(source.copies)}", markup=False)


def print_census(census: Census) -> None:
    """Print what else a capture holds: one line of counts, and one for each other source."""
    if set(census.packets) <= {OPUS, RED} and not census.unread():
        return
    count = sum(census.frames.values())
    stdout.print(f"capture of {count} frames: {census.told()}", markup=False)
    others = [source for source in census.sources if source.stream is None]
    for source in others[:SOURCES_SHOWN]:
        packets = ", ".join(f"{n} {what}" for what, n in source.packets.most_common())
        stdout.print(f"  SSRC {source.ssrc:#010x}, {source.flow}: {packets}", markup=False)
    if len(others) > SOURCES_SHOWN:
        stdout.print(f"  and {len(others) - SOURCES_SHOWN} more sources without Opus")


def summary_json(number: int, summary: StreamSummary, stream: Stream) -> dict[str, Any]:
    """All figures of an Opus stream, and where in its input it stands."""
    info = stream.infos.get(number)
    place: dict[str, Any] = {"stream": number}
    if info is not None:
        place |= {"container": info.container, "part": info.part, "parts": info.parts}
        place |= {"ssrc": info.ssrc, "payload_type": info.payload_type, "flow": info.flow}
    if stream.census is not None:
        place |= {"capture": stream.census.to_json()}
    return place | summary.to_json() | {"explanation": explanation(summary)}


def notices_table(stream: Stream) -> None:
    """What the reader had to say about the input, on standard error."""
    for code, count in sorted(stream.notice_counts.items()):
        example = next(notice for notice in stream.notices if notice.code == code)
        times = f" ({count} times)" if count > 1 else ""
        stderr.print(f"notice: {example.detail} [{code}]{times}", markup=False)


def plain_table(*headings: str, right: Collection[str] = ()) -> Table:
    """Return a table with these headings, no lines, and cells that are folded, never cut.

    Args:
        headings: of the columns.
        right: those whose cells stand to the right, as numbers do.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def violations_table(counts: Counter[str], places: dict[str, str]) -> Table:
    """Return violations by requirement: how many, and where the first one is."""
    table = plain_table(
        *("requirement", "level", "count", "first at", "what is asked"), right=("count",)
    )
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
