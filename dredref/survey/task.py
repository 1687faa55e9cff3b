"""What a worker of the cluster does: examine some files, and never for longer than agreed.

A file that takes too long cannot be stopped, for it may hang in a library. So each file is read in
a thread of its own; when its time is over the worker says so and goes on with the next one. The
thread is left behind until the worker's process ends, which the survey sees to at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from threading import Thread

from distributed import get_worker

from dredref.scan import scan_stream
from dredref.streams import open_stream
from dredref.streams.bit import RECORD_HEAD
from dredref.survey.examine import Options, Tables, examine, failed_row


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of some files."""

    tables: Tables
    hung_at: str | None = None
    """Address of the worker, if it has left a thread behind."""


def examine_some(paths: Sequence[str], options: Options, timeout_s: float) -> Answer:
    """Examine files, none of them for longer than its time."""
    make_ready()
    tables = Tables()
    hung_at = None
    for path in paths:
        found = examine_in_time(path, options, timeout_s)
        if found is None:
            found = failed_row(path, f"took longer than {timeout_s:g} s", timeout_s)
            hung_at = str(get_worker().address)
        tables.add(found)
    return Answer(tables, hung_at)


@cache
def make_ready() -> None:
    """Load, or compile, what reads files, once a process: it is not a file's time."""
    record = BytesIO(RECORD_HEAD.pack(1, 0) + b"\x48")
    for _ in scan_stream(open_stream(record).batches()):
        pass


def examine_in_time(path: str, options: Options, timeout_s: float) -> Tables | None:
    """The rows of a file, None if it takes too long."""
    results: list[Tables] = []
    reading = Thread(target=lambda: results.append(examine(path, options)), daemon=True)
    reading.start()
    reading.join(timeout_s)
    return results[0] if results else None
