"""``dredref inspect``: what is in a stream, packet by packet and bit by bit."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import click
from rich.markup import escape

from dredref.cli.jobs import each, jobs_option
from dredref.cli.options import (
    input_options,
    open_input,
    parse_range,
    stderr,
    stdout,
    stream_options,
)
from dredref.cli.pictures import Pictures, picture_options
from dredref.cli.rows import CsvPrinter, RowPrinter
from dredref.cli.tables import notices_table, print_summary, summary_json
from dredref.cli.trees import record_tree
from dredref.inspection import Inspection, inspections, to_json
from dredref.scan import scan_batch
from dredref.spec.errors import DredError, UsageError
from dredref.streams import Record, Stream, expand_gaps, open_stream
from dredref.streams.batch import RecordBatch, batches_of
from dredref.summary import StreamSummary, add_to_summaries

UNREADABLE = 2


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the options ask for."""

    records: range
    final_id: int | None
    form: str
    """``rows``, ``tree``, ``symbols``, ``json``, ``csv``, ``summary`` or ``summary-json``."""

    @property
    def for_programs(self) -> bool:
        """Whether a program reads the output."""
        return self.form in ("json", "csv", "summary-json")


@click.command()
@click.argument("sources", metavar="INPUT...", nargs=-1, required=True, type=click.Path())
@click.option("--packet", type=click.IntRange(0), help="Show this record only, as a tree.")
@click.option("--range", "span", metavar="A:B", help="Show records A to B - 1.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each record.")
@click.option("--csv", "as_csv", is_flag=True, help="One line of CSV for each record.")
@click.option("--summary", "brief", is_flag=True, help="Print only the sentence on each stream.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Print a tree for each record, with every symbol."
)
@jobs_option
@picture_options
@stream_options
@click.pass_context
def inspect(
    context: click.Context,
    sources: tuple[str, ...],
    packet: int | None,
    span: str | None,
    as_json: bool,
    as_csv: bool,
    brief: bool,
    verbose: bool,
    jobs: int,
    html: str | None,
    plot: str | None,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Show what is in each INPUT, one line for each packet, and whether there is DRED in it.

    INPUT is an opus_demo .bit file, Ogg, WebM, MP4, a capture, JSON lines, or - for standard
    input; its format is detected from its content. At the end stands one sentence on each Opus
    stream: is there DRED, how much, at what cost, and if none, why. With --json and --csv this
    sentence is left out; --summary --json gives its figures.

    The columns: time of the first sample; frame of the capture, RTP sequence number and
    timestamp; whether LBRR (in-band FEC) is there; DRED chunks, how many ms they reach back,
    levels from the newest to the oldest chunk, and bits of the DRED payload. 2:17 is record 17,
    of stream 2.
    """
    if packet is not None and span is not None:
        raise UsageError("usage.range", "give --packet or --range, not both")
    if as_csv and (as_json or brief):
        raise UsageError("usage.format", "give --csv without --json and --summary")
    form = _form(packet, as_json=as_json, as_csv=as_csv, brief=brief, verbose=verbose)
    records = range(packet, packet + 1) if packet is not None else parse_range(span or ":")
    wanted = _Wanted(records, final_id, form)
    pictures = Pictures(html, plot)
    if pictures.wanted:
        if len(sources) > 1 or as_json or as_csv:
            detail = "give --html and --plot with one INPUT, without --json and --csv"
            raise UsageError("usage.picture", detail)
        pictures.check()
        with open_input(sources[0], payload_type, ssrc) as stream:
            _picture(sources[0], stream, wanted, pictures)
        return
    if jobs > 1 and not brief:
        raise UsageError("usage.jobs", "give --jobs with --summary")
    csv = CsvPrinter(sys.stdout) if as_csv else None
    how = input_options(payload_type, ssrc)
    if len(sources) == 1:
        with open_stream(sources[0], **how) as stream:
            _inspect(sources[0], stream, wanted, csv)
        return
    worst = 0
    for place, code in enumerate(each(partial(_inspect_one, wanted, how, csv), sources, jobs)):
        if place < len(sources) - 1 and not wanted.for_programs:
            stdout.print()
        worst = max(worst, code)
    context.exit(worst)


def _picture(source: str, stream: Stream, wanted: _Wanted, pictures: Pictures) -> None:
    """Make a page and a figure of the first stream of an input, and print its summary."""
    info = stream.info
    chosen = (one for one in _records(stream, wanted.records) if one.stream == info.number)
    records = list(expand_gaps(chosen))
    if not records:
        raise UsageError("record.missing", f"{source} has no such record")
    written, summary = pictures.write(source, records, info, final_id=wanted.final_id)
    print_summary({info.number: summary}, stream)
    notices_table(stream)
    if others := len(stream.infos) - 1:
        stderr.print(f"{source} holds {others} more streams, which were left out", markup=False)
    for name in written:
        click.echo(f"written: {name}")


def _form(packet: int | None, *, as_json: bool, as_csv: bool, brief: bool, verbose: bool) -> str:
    """Which form of output the options ask for."""
    if brief:
        return "summary-json" if as_json else "summary"
    if as_json or as_csv:
        return "json" if as_json else "csv"
    if verbose:
        return "symbols"
    return "rows" if packet is None else "tree"


def _inspect(source: str, stream: Stream, wanted: _Wanted, csv: CsvPrinter | None) -> None:
    """Show one input."""
    if wanted.form in ("summary", "summary-json"):
        summaries = _summarise(stream, wanted)
    else:
        show = _printer(source, stream, wanted.form, csv)
        summaries = _show(stream, wanted, show)
    if not summaries:
        raise UsageError("record.missing", f"{source} has no such record")
    if wanted.form == "summary-json":
        for number, summary in sorted(summaries.items()):
            place = {"input": source} | summary_json(number, summary, stream)
            click.echo(json.dumps(place))
    elif not wanted.for_programs:
        if wanted.form != "summary":
            stdout.print()
        print_summary(summaries, stream)
        notices_table(stream)


def _inspect_one(wanted: _Wanted, how: dict[str, Any], csv: CsvPrinter | None, source: str) -> int:
    """Show one input of several; the exit code for it."""
    if not wanted.for_programs:
        stdout.print(f"[bold]{escape(source)}[/]", soft_wrap=True)
    try:
        with open_stream(source, **how) as stream:
            _inspect(source, stream, wanted, csv)
    except DredError as error:
        click.echo(f"dredref: {error}", err=True)
        return UNREADABLE
    return 0


def _printer(
    source: str, stream: Stream, form: str, csv: CsvPrinter | None
) -> Callable[[Inspection], None]:
    """The function that shows one record."""
    if csv is not None:
        return lambda inspection: csv.add(source, inspection)
    if form == "json":
        return lambda inspection: click.echo(json.dumps(to_json(inspection)))
    if form == "rows":
        return RowPrinter(is_capture=stream.container in ("pcap", "pcapng")).add
    return lambda inspection: stdout.print(record_tree(inspection, form == "symbols"))


def _show(
    stream: Stream, wanted: _Wanted, show: Callable[[Inspection], None]
) -> dict[int, StreamSummary]:
    """Show each record, and count it."""
    records = _records(stream, wanted.records)

    def shown() -> Iterator[Record]:
        for inspection in inspections(records, final_id=wanted.final_id):
            show(inspection)
            yield inspection.record

    return _counted(batches_of(shown()), wanted)


def _summarise(stream: Stream, wanted: _Wanted) -> dict[int, StreamSummary]:
    """Count the records, many at a time."""
    if wanted.records == parse_range(":"):
        return _counted(stream.batches(), wanted)
    return _counted(batches_of(_records(stream, wanted.records)), wanted)


def _counted(batches: Iterable[RecordBatch], wanted: _Wanted) -> dict[int, StreamSummary]:
    """Count the records of some batches."""
    summaries: dict[int, StreamSummary] = {}
    for batch in batches:
        add_to_summaries(summaries, scan_batch(batch, final_id=wanted.final_id))
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
