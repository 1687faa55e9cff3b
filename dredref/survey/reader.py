"""The process that reads the files of a worker: ``python -m dredref.survey.reader``.

Requests come on the standard input, answers go to the standard output, both pickled, one for each
file. What a file can do to a process it does to this one alone: the worker that started it ends it
and starts another. It ends by itself when the worker does.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dredref.spec.errors import DredError
from dredref.streams import Record
from dredref.streams.write import create_stream
from dredref.survey.examine import Options, examine

READY = 50
"""Packets of a file that shows a reader to be ready: enough to be found in a capture."""
GRACE = 2
"""Times the time of a file after which a reader that nobody ended ends itself."""


def make_ready() -> None:
    """Load, or compile, what reads files of each kind: it is not a file's time."""
    with TemporaryDirectory(prefix="dredref-") as folder:
        for suffix in (".bit", ".ogg", ".pcap"):
            path = Path(folder) / f"ready{suffix}"
            with suppress(DredError):  # an extra is missing: such files are unreadable, too
                with create_stream(path) as writer:
                    for index in range(READY):
                        writer.write(Record(index, b"\x48frame"))
                examine(str(path), Options())


def serve() -> None:
    """Answer requests until there are no more; the first answer, None, says that it is ready."""
    answers: Any = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    with suppress(ImportError):  # no such limits on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make_ready()
    found = None
    while True:
        pickle.dump(found, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
        try:
            path, options, timeout_s = pickle.load(sys.stdin.buffer)  # from the worker
        except EOFError:
            return
        faulthandler.dump_traceback_later(GRACE * timeout_s, exit=True)
        found = examine(path, options)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    serve()
