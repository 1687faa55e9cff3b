"""``dredref inspect``: what is in a stream, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from dredref.batch import validate_records
from dredref.batch.outline import outline_of
from dredref.cli.options import open_input, parse_range, stdout, stream_options
from dredref.cli.tables import notices_table, print_summary, summary_json
from dredref.cli.trees import record_tree
from dredref.inspection import inspections, to_json
from dredref.spec.errors import UsageError
from dredref.streams import Record, Stream
from dredref.summary import StreamSummary


@click.command()
@click.argument("source", metavar="INPUT")
@click.option("--packet", type=click.IntRange(0), help="Show this record only.")
@click.option("--range", "span", metavar="A:B", help="Show records A up to, not with, B.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a record.")
@click.option("--summary", "brief", is_flag=True, help="The answer at the end alone.")
@click.option("-v", "--verbose", is_flag=True, help="Show every symbol of a payload.")
@stream_options
def inspect(
    source: str,
    packet: int | None,
    span: str | None,
    as_json: bool,
    brief: bool,
    verbose: bool,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Show what is in INPUT, record by record, and whether there is DRED in it.

    INPUT is an opus_demo .bit file, Ogg, WebM, MP4, a capture, JSON lines, or - for standard
    input; its kind is recognised by content. It ends with a sentence on each Opus stream: is there
    DRED, how much, at what cost, and if none, why. With --json that comes with --summary alone.
    """
    if packet is not None and span is not None:
        raise UsageError("usage.range", "give --packet or --range, not both")
    wanted = range(packet, packet + 1) if packet is not None else parse_range(span or ":")
    with open_input(source, payload_type, ssrc) as stream:
        if brief:
            summaries = _summarise(stream, wanted, final_id)
        else:
            summaries = _show(stream, wanted, final_id, as_json=as_json, verbose=verbose)
        if not summaries:
            raise UsageError("record.missing", f"{source} has no such record")
        if brief and as_json:
            for number, summary in sorted(summaries.items()):
                click.echo(json.dumps(summary_json(number, summary, stream)))
        elif not as_json:
            if not brief:
                stdout.print()
            print_summary(summaries, stream)
            notices_table(stream)


def _show(
    stream: Stream, wanted: range, final_id: int | None, *, as_json: bool, verbose: bool
) -> dict[int, StreamSummary]:
    """Print each record, and count it."""
    summaries: dict[int, StreamSummary] = {}
    records = _records(stream, wanted)
    for inspection in inspections(records, final_id=final_id):
        if as_json:
            click.echo(json.dumps(to_json(inspection)))
        else:
            stdout.print(record_tree(inspection, verbose))
        summary = summaries.setdefault(inspection.record.stream, StreamSummary())
        summary.add(inspection.record, outline_of(inspection.reading))
    return summaries


def _summarise(stream: Stream, wanted: range, final_id: int | None) -> dict[int, StreamSummary]:
    """Count the records, many at a time."""
    summaries: dict[int, StreamSummary] = {}
    for verdict in validate_records(_records(stream, wanted), final_id=final_id):
        summary = summaries.setdefault(verdict.record.stream, StreamSummary())
        summary.add(verdict.record, verdict.outline)
    return summaries


def _records(stream: Stream, wanted: range) -> Iterator[Record]:
    """The records in the range, gaps that reach into it included; reading ends with it."""
    for record in stream:
        if record.index >= wanted.stop:
            return
        after = record.index + record.count
        if after > wanted.start:
            yield record
        if after >= wanted.stop:
            return
