"""What a worker of the cluster does: examine some files, and never for longer than agreed.

A file that takes too long cannot be stopped, for it may hang in a library. So each file is read in
a thread of its own; when its time is over the worker says so, gives back the files that are left,
and ends its process soon after, thread and all. Its nanny starts another.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Thread, Timer

from dredref.survey.examine import Options, Tables, examine, failed_row

LAST_WORD_S = 1.0
"""For the answer to get out before the process ends."""
TIMED_OUT = 124
"""Exit code of such a process."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of some files."""

    tables: Tables
    left: tuple[str, ...] = field(default=())
    """Files that were not looked at."""


def examine_some(paths: Sequence[str], options: Options, timeout_s: float) -> Answer:
    """Examine files until one takes too long."""
    tables = Tables()
    for place, path in enumerate(paths):
        found = examine_in_time(path, options, timeout_s)
        if found is None:
            tables.add(failed_row(path, f"took longer than {timeout_s:g} s", timeout_s))
            _end_process_soon()
            return Answer(tables, tuple(paths[place + 1 :]))
        tables.add(found)
    return Answer(tables)


def examine_in_time(path: str, options: Options, timeout_s: float) -> Tables | None:
    """The rows of a file, None if it takes too long."""
    results: list[Tables] = []
    reading = Thread(target=lambda: results.append(examine(path, options)), daemon=True)
    reading.start()
    reading.join(timeout_s)
    return results[0] if results else None


def _end_process_soon() -> None:
    timer = Timer(LAST_WORD_S, os._exit, (TIMED_OUT,))
    timer.daemon = True
    timer.start()
