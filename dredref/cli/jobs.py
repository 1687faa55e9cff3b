"""Several inputs over several processes: what is printed is the same, and in the same order."""

from __future__ import annotations

import io
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any, Generic, TextIO, TypeVar

import click

from dredref.cli.options import F
from dredref.cli.progress import progress, silence
from dredref.spec.errors import InputError

AHEAD = 4
"""Inputs for each process that are handed out at a time."""
STDIN = "-"
T = TypeVar("T")


def jobs_option(command: F) -> F:
    """Add ``--jobs``."""
    return click.option(
        "--jobs",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Inputs that are read at a time, each by a process of its own.",
    )(command)


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """What came of an input: what was printed, and the result."""

    out: str
    err: str
    result: T


class _Captured(io.TextIOWrapper):
    """Keeps what is printed, and says of itself what the stream says that it stands for."""

    def __init__(self, like: TextIO) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="surrogateescape", newline="\n")
        self._is_terminal = like.isatty()

    def isatty(self) -> bool:
        """Whether colours are wanted."""
        return self._is_terminal

    def text(self) -> str:
        """All that was printed."""
        self.seek(0)
        return self.read()


def _captured(work: Callable[[str], T], source: str) -> _Outcome[T]:
    """Do the work, in a process of its own, and keep what it prints."""
    silence()
    out, err = _Captured(sys.stdout), _Captured(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        result = work(source)
    return _Outcome(out.text(), err.text(), result)


def each(work: Callable[[str], T], sources: Sequence[str], jobs: int) -> Iterator[T]:
    """The results of some work on each input, in turn; what it prints is printed in turn, too.

    Standard input is read by this process.

    Args:
        work: a function that can be sent to another process.
        sources: inputs as the command line names them.
        jobs: inputs at a time; with 1 everything happens in this process.

    Raises:
        InputError: ``jobs.died`` if a process is killed.
    """
    if jobs == 1 or len(sources) == 1:
        yield from map(work, sources)
        return
    waiting: deque[tuple[str, Future[_Outcome[T]] | None]] = deque()
    left = iter(sources)
    with ProcessPoolExecutor(min(jobs, len(sources))) as pool:
        try:
            for done in range(len(sources)):
                for source in left:
                    future = None if source == STDIN else pool.submit(_captured, work, source)
                    waiting.append((source, future))
                    if len(waiting) >= AHEAD * jobs:
                        break
                source, future = waiting.popleft()
                if future is None:
                    yield work(source)
                    continue
                with progress("inputs", len(sources)) as update:
                    update(done)
                    outcome = future.result()
                _print(sys.stdout, outcome.out)
                _print(sys.stderr, outcome.err)
                yield outcome.result
        except BrokenProcessPool as error:
            detail = "a process was killed, of too much memory perhaps; try --jobs 1"
            raise InputError("jobs.died", detail) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _print(stream: Any, text: str) -> None:
    stream.write(text)
    stream.flush()
