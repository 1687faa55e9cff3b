"""The harness side of the protocol, for implementations in Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.replies import PROTOCOL, Capabilities, Reply, Unsupported

Answerer = Callable[[str, Mapping[str, Any]], Reply]
"""Operation and input to a reply."""


def serve(capabilities: Capabilities, answer: Answerer) -> None:
    """Speak the protocol on standard input and output until ``stop`` or the end of input."""
    for line in sys.stdin:
        message = json.loads(line)
        if message["cmd"] == "start":
            _say({"protocol": PROTOCOL, **capabilities.to_json()})
        elif message["cmd"] == "run":
            reply = answer(message["operation"], message["input"])
            _say({"seq": message["seq"], **body(reply)})
        else:
            return


def body(reply: Reply) -> dict[str, Any]:
    """The part of a reply that says what came out."""
    if isinstance(reply, Answer):
        return {"answer": reply.value}
    if isinstance(reply, Refusal):
        return {"reject": {"code": reply.code, "detail": reply.detail}}
    assert isinstance(reply, Unsupported)
    return {"unsupported": reply.reason}


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
