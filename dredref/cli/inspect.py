"""``dredref inspect``: what is in a stream, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from dredref.batch.outline import outline_of
from dredref.cli.options import open_input, parse_range, stdout, stream_options
from dredref.cli.tables import notices_table, print_summary
from dredref.cli.trees import record_tree
from dredref.inspection import Inspection, inspections, to_json
from dredref.streams import Stream
from dredref.summary import StreamSummary
from spec.errors import UsageError


@click.command()
@click.argument("source", metavar="INPUT")
@click.option("--packet", type=click.IntRange(0), help="Show this record only.")
@click.option("--range", "span", metavar="A:B", help="Show records A up to, not with, B.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a record.")
@click.option("-v", "--verbose", is_flag=True, help="Show every symbol of a payload.")
@stream_options
def inspect(
    source: str,
    packet: int | None,
    span: str | None,
    as_json: bool,
    verbose: bool,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Show what is in INPUT, record by record, and whether there is DRED in it.

    INPUT is an opus_demo .bit file, Ogg, WebM, MP4, a capture, JSON lines, or - for standard
    input; its kind is recognised by content.
    """
    if packet is not None and span is not None:
        raise UsageError("usage.range", "give --packet or --range, not both")
    wanted = range(packet, packet + 1) if packet is not None else parse_range(span or ":")
    with open_input(source, payload_type, ssrc) as stream:
        summaries: dict[int, StreamSummary] = {}
        shown = 0
        for inspection in _wanted(stream, wanted, final_id):
            shown += 1
            if as_json:
                click.echo(json.dumps(to_json(inspection)))
                continue
            stdout.print(record_tree(inspection, verbose))
            summary = summaries.setdefault(inspection.record.stream, StreamSummary())
            summary.add(inspection.record, outline_of(inspection.reading))
        if not shown:
            raise UsageError("record.missing", f"{source} has no such record")
        if not as_json:
            print_summary(summaries, stream)
            notices_table(stream)


def _wanted(stream: Stream, wanted: range, final_id: int | None) -> Iterator[Inspection]:
    """The inspections in the range; reading ends with it."""
    records = (record for record in stream if record.index >= wanted.start)
    for inspection in inspections(records, final_id=final_id):
        if inspection.record.index >= wanted.stop:
            return
        yield inspection
        if inspection.record.index + 1 == wanted.stop:
            return
