"""What an implementation says of itself and to a question; and how it can fail to say anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from dredref.conformance.checkers import Answer, Refusal
from dredref.text import clean
from dredref.vectors.model import INPUTS

PROTOCOL = 1
"""Version of the protocol in PROTOCOL.md."""
NAME_CHARACTERS, SAID_CHARACTERS, DETAILS = 200, 500, 50
"""What is kept of a name, of a sentence, and of details."""
LAST_VERSION = 255


class FaultKind(StrEnum):
    """How an implementation failed to answer; each is told apart."""

    CRASH = "crash"
    """It ended by a signal or with an exit code other than 0."""
    EXIT = "exit"
    """It ended with exit code 0 while a question was open."""
    HANG = "hang"
    """It was still silent when the time was up."""
    GARBAGE = "garbage"
    """It wrote what is not a reply."""
    NUMBER = "wrong-number"
    """It answered another question than the one asked."""
    FLOOD = "flood"
    """It wrote more than a reply can be."""
    UNASKED = "unasked"
    """It wrote before it was asked."""
    MEMORY = "memory"
    """It took more memory than allowed."""
    START = "start"
    """It could not be started."""
    FAILURE = "failure"
    """It said itself that something went wrong inside."""


class FaultError(Exception):
    """There is no reply, and why."""

    def __init__(self, kind: FaultKind, detail: str, said: str = "") -> None:
        """Remember kind and detail, and what was said on standard error."""
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.said = said


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The implementation does not do this."""

    reason: str


Reply = Answer | Refusal | Unsupported


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an implementation says of itself."""

    name: str
    operations: tuple[str, ...]
    version: str = ""
    versions: tuple[int, ...] = (10, 12)
    """DRED experiment versions."""
    codes: bool = False
    """Whether refusals and errors carry this project's codes."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Anything worth a line in the report: compiler, platform, build."""

    def to_json(self) -> dict[str, Any]:
        """As the protocol writes it."""
        return {
            "name": self.name,
            "version": self.version,
            "operations": list(self.operations),
            "versions": list(self.versions),
            "codes": self.codes,
            "details": dict(self.details),
        }


def capabilities_from_json(message: Mapping[str, Any]) -> Capabilities:
    """Read the reply to ``start``.

    Raises:
        FaultError: ``garbage`` if it is not one.
    """
    protocol = message.get("protocol")
    if protocol != PROTOCOL:
        raise FaultError(FaultKind.GARBAGE, f"protocol {_said(protocol)}, not {PROTOCOL}")
    name, operations = message.get("name"), message.get("operations")
    if not isinstance(name, str) or not name:
        raise FaultError(FaultKind.GARBAGE, "the reply to start has no name")
    if not isinstance(operations, list) or not all(
        isinstance(one, str) and one in INPUTS for one in operations
    ):
        known = ", ".join(INPUTS)
        raise FaultError(FaultKind.GARBAGE, f"operations {_said(operations)}; there are: {known}")
    versions = message.get("versions", [10, 12])
    if not isinstance(versions, list) or not all(type(one) is int for one in versions):
        raise FaultError(FaultKind.GARBAGE, f"versions {_said(versions)}")
    if any(not 0 <= one <= LAST_VERSION for one in versions):
        raise FaultError(FaultKind.GARBAGE, "a version that no byte can hold")
    details = message.get("details", {})
    if not isinstance(details, dict):
        raise FaultError(FaultKind.GARBAGE, f"details {_said(details)}")
    return Capabilities(
        name=clean(name, NAME_CHARACTERS),
        operations=tuple(dict.fromkeys(operations)),
        version=clean(str(message.get("version", "")), NAME_CHARACTERS),
        versions=tuple(dict.fromkeys(versions)),
        codes=message.get("codes") is True,
        details={
            clean(str(key), NAME_CHARACTERS): clean(str(value), SAID_CHARACTERS)
            for key, value in islice(details.items(), DETAILS)
        },
    )


def _said(value: object) -> str:
    """A value of others, for a line."""
    return clean(repr(value), NAME_CHARACTERS)


def reply_from_json(message: Mapping[str, Any]) -> Reply:
    """Read the body of a reply: exactly one of answer, reject, unsupported, failure.

    Raises:
        FaultError: ``garbage`` if it is none, ``failure`` if the implementation says so.
    """
    bodies = [key for key in ("answer", "reject", "unsupported", "failure") if key in message]
    if len(bodies) != 1:
        raise FaultError(FaultKind.GARBAGE, f"a reply with {' and '.join(bodies) or 'no body'}")
    body = message[bodies[0]]
    if bodies[0] in ("answer", "reject"):
        if not isinstance(body, dict):
            raise FaultError(FaultKind.GARBAGE, f"{bodies[0]} is not an object")
        if bodies[0] == "answer":
            return Answer(body)
        code, detail = body.get("code"), body.get("detail", "")
        known = clean(code, NAME_CHARACTERS) if isinstance(code, str) else None
        return Refusal(known, clean(str(detail), SAID_CHARACTERS))
    if bodies[0] == "unsupported":
        return Unsupported(clean(str(body), SAID_CHARACTERS))
    raise FaultError(FaultKind.FAILURE, clean(str(body), SAID_CHARACTERS))
