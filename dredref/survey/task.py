"""What a worker of the cluster does: have some files read by a process of its own.

A file may crash its reader, hang in a library with the interpreter's lock, or take all memory. A
worker must not: Dask would start it again in seconds, or after minutes, and blame all tasks that
it had. So each of its threads keeps a :mod:`dredref.survey.reader`, ends it where a file takes too
much time or memory, and goes on with the next file and another reader.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread, local
from typing import Any

import psutil

from dredref.survey.examine import Options, Tables, failed_row

READER = (sys.executable, "-m", "dredref.survey.reader")
"""The command of a reader."""
TRIES = 2
"""Times that a file may crash its reader."""
LOOK_S = 0.1
"""Between looks at a reader's memory."""
START_S = 300.0
"""The most that a reader may take to load, or compile, what it needs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may take.

    Attributes:
        timeout_s: the most time.
        memory: the most bytes of memory of the process that reads it.
        reader: command of that process.
    """

    timeout_s: float = 60.0
    memory: int = 2 << 30
    reader: tuple[str, ...] = READER


class TooMuchError(Exception):
    """A file takes more than it may; the message says what."""


class CrashError(Exception):
    """A reader is dead; the message says of what."""


class StartError(Exception):
    """A reader does not even start; the message says why."""


class Reader:
    """A process that reads files one after the other."""

    def __init__(self, limits: Limits) -> None:
        """Start it and wait until it is ready.

        Raises:
            StartError: it died, or takes too long.
        """
        self.limits = limits
        pipe = subprocess.PIPE
        self._process: Any = subprocess.Popen(
            limits.reader, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )
        self._memory: Any = psutil.Process(self._process.pid)
        self._answers: SimpleQueue[Any] = SimpleQueue()
        Thread(target=self._receive, daemon=True).start()
        try:
            self._wait(START_S)
        except (CrashError, TooMuchError) as error:
            raise StartError(str(error)) from error

    def _receive(self) -> None:
        """Take in what the process answers, up to its end."""
        try:
            while True:
                self._answers.put(pickle.load(self._process.stdout))
        except Exception as error:
            # It broke off in an answer, or between two.
            self._answers.put(error)

    def _wait(self, timeout_s: float) -> Any:
        """The next answer.

        Raises:
            TooMuchError: it takes too long or too much memory.
            CrashError: the process has died.
        """
        end = time.monotonic() + timeout_s
        while True:
            left = end - time.monotonic()
            try:
                answer = self._answers.get(timeout=max(0.0, min(LOOK_S, left)))
            except Empty:
                if left <= 0:
                    self.end()
                    raise TooMuchError(f"took longer than {timeout_s:g} s") from None
                if self._memory_used() > self.limits.memory:
                    self.end()
                    megabytes = self.limits.memory >> 20
                    raise TooMuchError(f"took more than {megabytes} MiB of memory") from None
                continue
            if isinstance(answer, Exception):
                self.end()
                raise CrashError(_cause(self._process.returncode, answer))
            return answer

    def _memory_used(self) -> int:
        """Bytes that the process has in memory, 0 of one that is gone."""
        with suppress(psutil.Error):
            return int(self._memory.memory_info().rss)
        return 0

    def examine(self, path: str, options: Options) -> Tables:
        """The rows of a file.

        Raises:
            TooMuchError: it takes too long or too much memory; the process has been ended.
            CrashError: the process has died.
        """
        with suppress(OSError):  # of a dead one the next answer tells
            request = path, options, self.limits.timeout_s
            pickle.dump(request, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        tables: Tables = self._wait(self.limits.timeout_s)
        return tables

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()


def _cause(status: int, error: Exception) -> str:
    """What a process died of, or gave instead of an answer."""
    if not isinstance(error, EOFError):
        return f"no answer: {type(error).__name__}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"exit code {status}"


_kept = local()
"""The reader of this thread."""


def examine_some(paths: Sequence[str], options: Options, limits: Limits) -> Tables:
    """Have files read, whatever they do; those that cannot be are rows of failed ones."""
    tables = Tables()
    for path in paths:
        tables.add(examine_safely(path, options, limits))
    return tables


def examine_safely(path: str, options: Options, limits: Limits) -> Tables:
    """Have a file read by this thread's reader, by another one if it crashes.

    Raises:
        StartError: no reader starts.
    """
    started = time.monotonic()
    error = ""
    for _ in range(TRIES):
        reader = getattr(_kept, "reader", None)
        if reader is None or reader.limits != limits:
            end_reader()
            reader = _kept.reader = Reader(limits)
        try:
            return reader.examine(path, options)
        except TooMuchError as failure:
            error = str(failure)
            _kept.reader = None
            break
        except CrashError as failure:
            error = f"its reader crashed {TRIES} times: {failure}"
            _kept.reader = None
    return failed_row(path, error, time.monotonic() - started)


def end_reader() -> None:
    """End this thread's reader, if it has one."""
    if getattr(_kept, "reader", None) is not None:
        _kept.reader.end()
    _kept.reader = None
