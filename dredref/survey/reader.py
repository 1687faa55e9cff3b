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
from typing import Any

from dredref.kernels import make_readers_ready
from dredref.survey.examine import examine

GRACE = 2
"""Times the time of a file after which a reader that nobody ended ends itself."""


def serve() -> None:
    """Answer requests until there are no more; the first answer, None, says that it is ready."""
    answers: Any = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    with suppress(ImportError):  # no such limits on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make_readers_ready()
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
