"""An implementation behind the JSON-lines protocol of PROTOCOL.md.

One process answers question after question. When it breaks the protocol it is ended, the question
at hand gets the fault, and the next question starts a new process.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Sequence
from typing import Any, Protocol

from dredref.conformance.running import strict
from dredref.conformance.running.process import Child, Limits
from dredref.conformance.running.replies import (
    PROTOCOL,
    Capabilities,
    FaultError,
    FaultKind,
    Reply,
    capabilities_from_json,
    reply_from_json,
)
from dredref.vectors.model import Vector

PATIENCE = 3
"""Failed starts in a row after which no more are tried."""
STOP_SECONDS = 2.0
"""Time to end after ``stop``."""


class Implementation(Protocol):
    """Whatever can be asked questions; one to a worker."""

    def capabilities(self) -> Capabilities:
        """What it says of itself; starts it if need be."""

    def ask(self, vector: Vector) -> Reply:
        """Put a vector's question; raises :class:`FaultError` if no reply comes."""

    def close(self) -> None:
        """End it."""


class Harness:
    """A harness process, started again whenever it broke."""

    def __init__(self, command: Sequence[str], limits: Limits | None = None) -> None:
        """Remember how to start it; nothing runs yet."""
        self.command = list(command)
        self.limits = limits or Limits()
        self._child: Child | None = None
        self._buffer = bytearray()
        self._failed_starts = 0
        self._capabilities: Capabilities | None = None

    def capabilities(self) -> Capabilities:
        """The reply to ``start``.

        Raises:
            FaultError: of any kind, if it does not start or says something else.
        """
        self._ensure()
        assert self._capabilities is not None
        return self._capabilities

    def ask(self, vector: Vector) -> Reply:
        """Send one question and wait for its reply.

        Raises:
            FaultError: if no proper reply comes; the process is then ended.
        """
        return self.request(vector.operation, vector.request())

    def request(self, operation: str, given: dict[str, Any]) -> Reply:
        """The same with the parts of a question.

        Raises:
            FaultError: if no proper reply comes; the process is then ended.
        """
        child = self._ensure()
        # Opaque to the harness: it can neither count nor guess it.
        number = secrets.randbelow(1 << 31)
        question = {"cmd": "run", "seq": number, "operation": operation, "input": given}
        try:
            if child.spoke(self._buffer):
                raise FaultError(FaultKind.UNASKED, f"wrote {_shown(self._buffer)} unasked")
            message = self._exchange(question, self.limits.seconds)
            if "seq" not in message or isinstance(message["seq"], bool):
                raise FaultError(FaultKind.GARBAGE, "a reply without a number")
            if type(message["seq"]) is not int or message["seq"] != number:
                raise FaultError(FaultKind.NUMBER, "the reply has another question's number")
            return reply_from_json(message)
        except FaultError as fault:
            if fault.kind is not FaultKind.FAILURE:
                fault.said = child.said()
                self._kill()
            raise

    def close(self) -> None:
        """Say ``stop``, wait a little, then end it."""
        if self._child is None:
            return
        child = self._child
        try:
            child.input.write(b'{"cmd":"stop"}\n')
            child.input.close()
            child.process.wait(timeout=STOP_SECONDS)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            pass
        self._kill()

    def _ensure(self) -> Child:
        """The running child, started if there is none.

        Raises:
            FaultError: if it does not start properly.
        """
        if self._child is not None:
            return self._child
        if self._failed_starts >= PATIENCE:
            raise FaultError(FaultKind.START, f"gave up after {PATIENCE} failed starts")
        try:
            self._child = Child(self.command, self.limits)
            self._buffer = bytearray()
            start = {"cmd": "start", "protocol": PROTOCOL}
            message = self._exchange(start, self.limits.start_seconds)
            self._capabilities = capabilities_from_json(message)
        except FaultError:
            self._failed_starts += 1
            self._kill()
            raise
        self._failed_starts = 0
        return self._child

    def _exchange(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Write one line, read one line."""
        assert self._child is not None
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        deadline = time.monotonic() + seconds
        if not self._child.exchange(line, self._buffer, deadline):
            raise self._child.ending()
        found, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        try:
            reply = strict.loads(found)
        except ValueError:
            raise FaultError(FaultKind.GARBAGE, f"not JSON: {_shown(found)}") from None
        if not isinstance(reply, dict):
            raise FaultError(FaultKind.GARBAGE, f"not an object: {_shown(found)}")
        return reply

    def _kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._buffer = bytearray()


def _shown(content: bytes | bytearray) -> str:
    """The start of some bytes, for a report."""
    return repr(bytes(content[:60]))
