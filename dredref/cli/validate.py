"""``dredref validate``: streams against the requirements."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import click
from rich.markup import escape

from dredref.cli.jobs import each, jobs_option
from dredref.cli.options import input_options, stdout, stream_options
from dredref.cli.progress import progress, verbose_option
from dredref.cli.tables import describe, notices_table, print_copies, violations_table
from dredref.inspection import violation_json
from dredref.scan import Scan, add_announced, scan_stream
from dredref.spec.checks import Violation
from dredref.spec.errors import DredError
from dredref.spec.requirements import Level
from dredref.streams import Stream, open_stream
from dredref.summary import StreamSummary, add_to_summaries

SHOWN = 10
"""Violations of an input that are shown one by one, unless all are asked for."""
VALID, INVALID, UNREADABLE = 0, 1, 2


@dataclass
class Findings:
    """What validating one input gave."""

    source: str
    summaries: dict[int, StreamSummary] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    levels: Counter[Level] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)
    listed: list[tuple[int, int, Violation]] = field(default_factory=list)
    """Index of the record, its stream, and what is wrong with it."""

    def add(self, scan: Scan, keep: int | None) -> None:
        """Count a batch; keep at most ``keep`` violations (None: all) to be listed."""
        add_to_summaries(self.summaries, scan)
        for row, violations in sorted(scan.violations.items()):
            index, stream = int(scan.batch.index[row]), int(scan.batch.stream[row])
            for violation in violations:
                self.counts[violation.requirement.id] += 1
                self.levels[violation.level] += 1
                place = f"record {index}, byte {violation.byte} bit {violation.bit}"
                self.places.setdefault(violation.requirement.id, place)
                if keep is None or len(self.listed) < keep:
                    self.listed.append((index, stream, violation))

    def join(self, other: Findings) -> None:
        """Add what another input gave."""
        first = len(self.summaries)
        self.summaries |= {first + number: one for number, one in other.summaries.items()}
        self.counts += other.counts
        self.levels += other.levels
        for requirement, place in other.places.items():
            self.places.setdefault(requirement, f"{other.source}, {place}")

    def verdict(self, strict: bool) -> int:
        """Exit code: a MUST counts, with ``strict`` a SHOULD too."""
        bad = self.levels[Level.MUST] + (self.levels[Level.SHOULD] if strict else 0)
        return INVALID if bad else VALID


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the options ask for."""

    input: dict[str, Any]
    """How inputs are read."""
    final_id: int | None
    strict: bool
    form: str
    """``full``, ``brief`` or ``json``."""
    keep: int | None
    """Violations of an input that are listed; None for all."""


@click.command()
@click.argument("sources", metavar="INPUT...", nargs=-1, required=True, type=click.Path())
@click.option("--strict", is_flag=True, help="Count a violated SHOULD as invalid too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each input.")
@click.option("--brief", is_flag=True, help="One line for each input, then one table of all.")
@click.option("--all", "show_all", is_flag=True, help="List every violation, not the first ten.")
@jobs_option
@stream_options
@verbose_option
@click.pass_context
def validate(
    context: click.Context,
    sources: tuple[str, ...],
    strict: bool,
    as_json: bool,
    brief: bool,
    show_all: bool,
    jobs: int,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Check each INPUT against the requirements on streams.

    Of a capture, DRED is held against the durations that SDP announces: that of --sdp, and what
    SIP and RTSP messages in the capture hold.

    Exit code 0: valid; 1: a MUST is violated (with --strict also a SHOULD); 2: unreadable.
    """
    form = "json" if as_json else "brief" if brief else "full"
    keep = None if show_all or as_json else SHOWN
    wanted = _Wanted(input_options(payload_type, ssrc), final_id, strict, form, keep)
    worst = VALID
    total = Findings(f"{len(sources)} input{'s' * (len(sources) > 1)}")
    for code, findings in each(partial(_validate, wanted), sources, jobs):
        worst = max(worst, code)
        if findings is not None:
            total.join(findings)
    if form == "brief":
        _print_total(total, strict)
    context.exit(worst)


def _validate(wanted: _Wanted, source: str) -> tuple[int, Findings | None]:
    """Validate an input and print what was found: exit code, and findings for a total of all."""
    findings = Findings(source)
    try:
        with open_stream(source, **wanted.input) as stream:
            _read(stream, findings, wanted)
            if wanted.form == "json":
                click.echo(json.dumps(_to_json(findings, stream, wanted.strict)))
            elif wanted.form == "brief":
                stdout.print(_verdict_line(findings, wanted.strict))
            else:
                _print(findings, stream, wanted.strict)
    except DredError as error:
        click.echo(f"dredref: {error}", err=True)
        return UNREADABLE, None
    return findings.verdict(wanted.strict), findings if wanted.form == "brief" else None


def _read(stream: Stream, findings: Findings, wanted: _Wanted) -> None:
    """Validate all records, and tell the progress."""
    with progress(escape(findings.source), unit="records") as update:
        count = 0
        for scan in scan_stream(stream.batches(), final_id=wanted.final_id):
            add_announced(scan, stream.infos)
            findings.add(scan, wanted.keep)
            count += len(scan.batch)
            update(count)


def _verdict_line(findings: Findings, strict: bool) -> str:
    verdict = {VALID: "[green]valid[/]", INVALID: "[bold red]invalid[/]"}[findings.verdict(strict)]
    counts = ", ".join(f"{findings.levels[level]} {level}" for level in Level)
    return f"[bold]{findings.source}[/]: {verdict} ({counts})"


def _print_total(total: Findings, strict: bool) -> None:
    """What all inputs come to."""
    stdout.print()
    stdout.print(_verdict_line(total, strict))
    records = sum(summary.records for summary in total.summaries.values())
    carrying = sum(summary.with_dred for summary in total.summaries.values())
    seconds = sum(summary.duration_ms for summary in total.summaries.values()) / 1000
    stdout.print(f"  {records} records, {seconds:.0f} s of audio, {carrying} with DRED")
    if total.counts:
        stdout.print(violations_table(total.counts, total.places))


def _print(findings: Findings, stream: Stream, strict: bool) -> None:
    stdout.print(_verdict_line(findings, strict))
    for number, summary in sorted(findings.summaries.items()):
        stdout.print(f"  {describe(stream, number)}: {summary.answer()}")
    print_copies(stream)
    for index, _, violation in findings.listed:
        stdout.print(
            f"  record {index} byte {violation.byte} bit {violation.bit}: "
            f"{violation.requirement.id}: {violation.detail}",
            markup=False,
        )
    left = sum(findings.counts.values()) - len(findings.listed)
    if left:
        stdout.print(f"  and {left} more (--all lists them)")
    if findings.counts:
        stdout.print(violations_table(findings.counts, findings.places))
    notices_table(stream)


def _to_json(findings: Findings, stream: Stream, strict: bool) -> dict[str, object]:
    return {
        "input": findings.source,
        "valid": findings.verdict(strict) == VALID,
        "strict": strict,
        "levels": {str(level): findings.levels[level] for level in Level},
        "requirements": dict(findings.counts),
        "violations": [
            {"index": index, "stream": number} | violation_json(violation)
            for index, number, violation in findings.listed
        ],
        "streams": [
            {"stream": number, **summary.to_json()}
            for number, summary in sorted(findings.summaries.items())
        ],
        "notices": dict(stream.notice_counts),
        "red_copies": {
            str(source.stream): dict(source.copies)
            for source in (stream.census.sources if stream.census else ())
            if source.stream is not None and source.copies
        },
    }
