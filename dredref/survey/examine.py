"""One file of a survey: what is in it, as rows of three tables."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dredref.inspection import violation_json
from dredref.scan import Scan, scan_stream
from dredref.spec.errors import DredError
from dredref.spec.reading import Absence
from dredref.spec.requirements import Level
from dredref.streams import open_stream
from dredref.summary import StreamSummary, add_to_summaries
from dredref.survey.inputs import open_file

Row = dict[str, Any]
OK, UNREADABLE, FAILED = "ok", "unreadable", "failed"
"""Status of a file: read to its end; not readable, or not all of it; or the reading broke."""


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read.

    Attributes:
        payload_type: of Opus in captures; found by content if None.
        final_id: id of DRED extensions without prefix; by default both forms are looked for.
        most_violations: rows of violations that a file gives at most; all are counted.
    """

    payload_type: int | None = None
    final_id: int | None = None
    most_violations: int = 1000


@dataclass(slots=True)
class Tables:
    """Rows of the three tables, of one file or of several."""

    files: list[Row] = field(default_factory=list)
    streams: list[Row] = field(default_factory=list)
    violations: list[Row] = field(default_factory=list)

    def add(self, other: Tables) -> None:
        """Take over the rows of another."""
        self.files += other.files
        self.streams += other.streams
        self.violations += other.violations

    def __len__(self) -> int:
        """How many rows there are in all."""
        return len(self.files) + len(self.streams) + len(self.violations)


class _Examination:
    """What is known of a file so far."""

    def __init__(self, path: str, options: Options) -> None:
        """Start with nothing."""
        self.path, self.options = path, options
        self.summaries: dict[int, StreamSummary] = {}
        self.levels = dict.fromkeys(Level, 0)
        self.violations: list[Row] = []
        self.bytes: int | None = None

    def read(self) -> None:
        """Read the file to its end."""
        with open_file(self.path) as file:
            with open_stream(file, payload_type=self.options.payload_type) as stream:
                for scan in scan_stream(stream.batches(), final_id=self.options.final_id):
                    self.count(scan)
            self.bytes = _size(file)

    def count(self, scan: Scan) -> None:
        """Count a batch of records."""
        add_to_summaries(self.summaries, scan)
        for row, violations in sorted(scan.violations.items()):
            for violation in violations:
                self.levels[violation.level] += 1
                if len(self.violations) < self.options.most_violations:
                    place = {
                        "path": self.path,
                        "stream": int(scan.batch.stream[row]),
                        "index": int(scan.batch.index[row]),
                    }
                    found = violation_json(violation)
                    del found["code"]
                    self.violations.append(place | found)

    def tables(self, status: str, error: str | None, seconds: float) -> Tables:
        """The rows of the file."""
        summaries = sorted(self.summaries.items())
        file = {
            "path": self.path,
            "status": status,
            "bytes": self.bytes,
            "records": sum(summary.records for _, summary in summaries),
            "with_dred": sum(summary.with_dred for _, summary in summaries),
            "must": self.levels[Level.MUST],
            "should": self.levels[Level.SHOULD],
            "error": error,
            "seconds": seconds,
        }
        streams = [stream_row(self.path, number, summary) for number, summary in summaries]
        return Tables([file], streams, self.violations)


def _size(file: Any) -> int | None:
    """Bytes of a file that was read, None of one that cannot tell."""
    try:
        return int(file.seek(0, 2))
    except (OSError, ValueError):
        return None


def stream_row(path: str, number: int, summary: StreamSummary) -> Row:
    """The row of one Opus stream."""
    common_version = summary.versions.most_common(1)
    reasons = [] if summary.with_dred else summary.absences.most_common()
    reasons = [one for one in reasons if one[0] is not Absence.LOST] or reasons
    return {
        "path": path,
        "stream": number,
        "codec": "opus",
        "records": summary.records,
        "lost": summary.lost,
        "duration_ms": summary.duration_ms,
        "with_dred": summary.with_dred,
        "version": common_version[0][0] if common_version else None,
        "dred_bitrate": summary.dred_bits_per_second,
        "bitrate": summary.bits_per_second,
        "reach_ms_mean": summary.covered.mean if summary.with_dred else None,
        "reach_ms_max": summary.covered.most if summary.with_dred else None,
        "why_none": str(reasons[0][0]) if reasons else None,
    }


def failed_row(path: str, error: str, seconds: float = 0.0) -> Tables:
    """The row of a file whose reading broke."""
    return _Examination(path, Options()).tables(FAILED, error, seconds)


def examine(path: str, options: Options) -> Tables:
    """Read a file; whatever is in it, the result is rows."""
    started = time.monotonic()
    found = _Examination(path, options)
    status, error = OK, None
    try:
        found.read()
    except DredError as failure:
        status, error = UNREADABLE, str(failure)
    except Exception as failure:
        status, error = FAILED, f"{type(failure).__name__}: {failure}"
    return found.tables(status, error, time.monotonic() - started)


def examine_all(paths: Iterable[str], options: Options) -> Tables:
    """Read files one after the other."""
    tables = Tables()
    for path in paths:
        tables.add(examine(path, options))
    return tables
