"""An implementation that is a program: one run of a command for each question.

A command is a template: ``{input}`` and ``{output}`` are files (see files.py), and ``{rate}``,
``{channels}``, ``{bitrate}``, ``{frame_ms}``, ``{dred_ms}``, ``{dred_frames}`` (units of 10 ms),
``{loss}`` and ``{mask}`` come from the question. Exit code 0 is an answer. A refusal has an exit
code of its own, if one is agreed on; every other end of the program is a crash.
"""

from __future__ import annotations

import shlex
import string
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dredref.conformance.checkers import Refusal
from dredref.conformance.running.files import read_output, write_input
from dredref.conformance.running.process import MEBI, Child, Limits
from dredref.conformance.running.replies import (
    Capabilities,
    FaultError,
    FaultKind,
    Reply,
    Unsupported,
)
from dredref.conformance.running.said import key_line
from dredref.spec.errors import UsageError
from dredref.temporary import temporary_folder
from dredref.vectors.model import INPUTS, Vector

PLACES = frozenset(
    {
        "input",
        "output",
        "mask",
        "rate",
        "channels",
        "bitrate",
        "frame_ms",
        "dred_ms",
        "dred_frames",
        "loss",
    }
)
"""What a template may ask for."""
_XFSZ = 25


class Command:
    """A command template as an implementation."""

    def __init__(
        self,
        template: str,
        operations: Sequence[str],
        limits: Limits | None = None,
        *,
        reject_code: int | None = None,
        versions: Sequence[int] = (10, 12),
    ) -> None:
        """Check the template; nothing runs yet.

        Raises:
            UsageError: ``run.template`` if it cannot be filled in, ``run.operation`` if it is
                not said what the command does.
        """
        self.words = _words(template)
        self._child: Child | None = None
        unknown = [one for one in operations if one not in INPUTS]
        if unknown or not operations:
            raise UsageError(
                "run.operation",
                "say with --operation what the command does, out of: " + ", ".join(INPUTS),
            )
        self.operations = tuple(operations)
        self.limits = limits or Limits()
        self.reject_code = reject_code
        self.versions = tuple(versions)

    def capabilities(self) -> Capabilities:
        """What was said on the command line: a program does not tell."""
        name = Path(self.words[0]).name
        operations = self.operations
        if "records" in operations and "decode" not in operations:
            operations = (*operations, "decode")
        details = {"command": shlex.join(self.words)}
        return Capabilities(name, operations, versions=self.versions, details=details)

    def ask(self, vector: Vector) -> Reply:
        """Run the command on one question.

        Raises:
            FaultError: if it does not end as it should.
        """
        with temporary_folder() as folder:
            written = write_input(vector, folder)
            if isinstance(written, Unsupported):
                return written
            code, said = self._run(_fill(self.words, vector, folder), folder)
            if code == self.reject_code:
                return Refusal(None, key_line(said))
            if code == -_XFSZ:
                size = self.limits.reply_bytes / MEBI
                raise FaultError(FaultKind.FLOOD, f"a file of more than {size:g} MiB")
            if code:
                what = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
                line = key_line(said)
                raise FaultError(FaultKind.CRASH, f"{what}: {line}" if line else what, said)
            return read_output(vector, folder / "output")

    def close(self) -> None:
        """End what runs, if a question is open."""
        if self._child is not None:
            self._child.kill()

    def _run(self, command: Sequence[str], folder: Path) -> tuple[int, str]:
        """Exit code and what was said on standard error."""
        child = self._child = Child(command, self.limits)
        try:
            child.limit_files(self.limits.reply_bytes)
            code = child.wait(time.monotonic() + self.limits.seconds)
            return code, child.said()
        except FaultError as fault:
            fault.said = child.said()
            raise
        finally:
            child.kill()
            self._child = None


def _words(template: str) -> list[str]:
    """The words of a template, its places checked."""
    try:
        words = shlex.split(template)
        places = {
            name for word in words for _, name, _, _ in string.Formatter().parse(word) if name
        }
    except ValueError as error:
        raise UsageError("run.template", f"the command cannot be read: {error}") from None
    if unknown := places - PLACES:
        raise UsageError("run.template", f"the command asks for {', '.join(sorted(unknown))}")
    if not {"input", "output"} <= places:
        raise UsageError("run.template", "the command needs {input} and {output}")
    return words


def _fill(words: Sequence[str], vector: Vector, folder: Path) -> list[str]:
    """The words with the question's values."""
    given = vector.input
    values: dict[str, Any] = {
        "input": folder / "input",
        "output": folder / "output",
        "mask": folder / "mask",
        "rate": getattr(given, "rate", 16000),
        "channels": getattr(given, "channels", 1),
        "bitrate": getattr(given, "bitrate", 32000),
        "frame_ms": f"{getattr(given, 'frame_ms', 20):g}",
        "dred_ms": getattr(given, "dred_ms", 1000),
        "dred_frames": getattr(given, "dred_ms", 1000) // 10,
        "loss": getattr(given, "loss_percent", 20),
    }
    return [word.format(**values) for word in words]
