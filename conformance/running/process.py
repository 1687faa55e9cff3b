"""A child process in a group of its own, watched for time, memory and amount of output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dredref.conformance.running.family import Family
from dredref.conformance.running.pipes import WAITING, Inlet, Outlet
from dredref.conformance.running.replies import FaultError, FaultKind
from dredref.conformance.running.said import key_line
from dredref.conformance.running.starving import starved_seconds
from dredref.text import clean

try:
    import resource as _resource
except ImportError:  # Windows sets no such limits
    _limits: Any = None
else:
    _limits = _resource

MEBI = 1 << 20
POLL_SECONDS = 0.05
"""How often memory is looked at while waiting."""
ENDING_SECONDS = 1.0
"""Time to end after closing the output."""
TAIL_BYTES = 32_000
"""How much of a child's standard error is kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take.

    Seconds pass while the child runs or sleeps, not while it waits for a processor that others
    use, where the system tells how long that was (Linux).
    """

    seconds: float = 20.0
    start_seconds: float = 30.0
    memory_bytes: int = 2048 * MEBI
    """Resident memory of the child and its children together."""
    reply_bytes: int = 64 * MEBI
    """The longest reply, and the most on standard error."""


class Child:
    """A running child; of its standard error the end is kept."""

    def __init__(
        self,
        command: Sequence[str],
        limits: Limits,
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start ``command``.

        Raises:
            FaultError: ``start`` if there is no such program.
        """
        self.limits = limits
        self.family = Family()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**self.family.environment(), **(environment or {})},
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise FaultError(FaultKind.START, f"{command[0]}: {error.strerror or error}") from error
        self.family.pid = self.process.pid
        self._limit("RLIMIT_CORE", 0)
        self._tail = b""
        self._said = 0
        self.input = Inlet(_pipe(self.process.stdin))
        self.output = Outlet(_pipe(self.process.stdout))
        self._errors = Outlet(_pipe(self.process.stderr), self._keep)

    def _keep(self, part: bytes) -> None:
        """Keep the end of what comes on standard error."""
        self._said += len(part)
        self._tail = (self._tail + part)[-TAIL_BYTES:]

    def said(self) -> str:
        """The end of what is on standard error, for a report."""
        self._errors.join(0.2)
        return clean(self._tail.decode("utf-8", "replace").strip(), keep="\n\t")

    def exchange(self, outgoing: bytes, buffer: bytearray, deadline: float) -> bool:
        """Write ``outgoing`` and read until ``buffer`` holds a line.

        Returns:
            False if the child closed its output before a whole line.

        Raises:
            FaultError: ``hang``, ``memory`` or ``flood``; the child is left as it is.
        """
        if outgoing:
            self.input.write(outgoing)
        starved = starved_seconds(self.process.pid)
        late_parts = 0
        while b"\n" not in buffer:
            is_late = self._is_late(deadline, starved)
            late_parts += is_late
            part = self.output.read(0 if is_late else POLL_SECONDS)
            buffer += part or b""
            self.check_amounts(len(buffer))
            if part == b"":
                return False
            # What came while this process itself waited for a processor came in time.
            if is_late and (part is None or late_parts > WAITING):
                raise FaultError(FaultKind.HANG, "no reply in time")
        return True

    def _is_late(self, deadline: float, starved: float) -> bool:
        """Whether it is past the deadline, and past what the child has starved since then."""
        late = time.monotonic() - deadline
        return late > 0 and late > starved_seconds(self.process.pid) - starved

    def wait(self, deadline: float) -> int:
        """Let the child run to its end, its output thrown away; returns its exit code.

        Raises:
            FaultError: ``hang``, ``memory`` or ``flood``; the child is left as it is.
        """
        self.input.close()
        replied = 0
        starved = starved_seconds(self.process.pid)
        while self.process.poll() is None:
            if self._is_late(deadline, starved):
                raise FaultError(FaultKind.HANG, "still running when the time was up")
            part = self.output.read(POLL_SECONDS)
            replied += len(part or b"")
            self.check_amounts(replied)
            if part == b"":
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(timeout=POLL_SECONDS)
        return self.process.returncode

    def limit_files(self, size: int) -> None:
        """Let the child write no file larger than ``size``."""
        self._limit("RLIMIT_FSIZE", size)

    def _limit(self, name: str, amount: int) -> None:
        """Set a limit of the system's, where it can be set for another process."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            _limits.prlimit(self.process.pid, getattr(_limits, name), (amount, amount))

    def check_amounts(self, replied: int) -> None:
        """See that memory and output are within the limits.

        Raises:
            FaultError: ``memory`` or ``flood``.
        """
        if replied > self.limits.reply_bytes or self._said > self.limits.reply_bytes:
            raise FaultError(
                FaultKind.FLOOD, f"more than {self.limits.reply_bytes / MEBI:g} MiB of output"
            )
        if self.family.resident_bytes() > self.limits.memory_bytes:
            raise FaultError(
                FaultKind.MEMORY, f"more than {self.limits.memory_bytes / MEBI:g} MiB of memory"
            )

    def spoke(self, buffer: bytearray) -> bool:
        """Whether anything is there to be read although nothing was asked."""
        buffer += self.output.read() or b""
        return bool(buffer)

    def ending(self) -> FaultError:
        """How a child ended that closed its output, as a fault."""
        try:
            code = self.process.wait(timeout=ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            return FaultError(FaultKind.EXIT, "closed its output and stayed")
        if code == 0:
            return FaultError(FaultKind.EXIT, "ended with exit code 0 while a question was open")
        how = f"ended by {_signal(-code)}" if code < 0 else f"exit code {code}"
        return FaultError(FaultKind.CRASH, _and(how, key_line(self.said())))

    def kill(self) -> None:
        """End the child and all that came of it, and close the pipes."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.family.kill()
        self.process.kill()
        self.process.wait()
        for pipe in (self.input, self.output, self._errors):
            pipe.join()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """A pipe that was asked for."""
    assert stream is not None
    return stream


def _signal(number: int) -> str:
    """The name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _and(what: str, said: str) -> str:
    return f"{what}: {said}" if said else what
