"""The reference with one thing wrong: ``python wrapper.py MODE`` speaks the harness protocol.

``panic``, ``abort``: it dies with the words of a Rust or Go program and of a sanitizer;
``refuse``: it refuses everything; ``large``: it refuses bodies of more than 1000 bytes;
``none-large``: it finds no DRED in them; ``shift``: its speech comes 80 samples late;
``late``: the packets of its streams come 40 ms late; ``no-error``: it says "no DRED" where an area
breaks before any; ``silent``: it encodes every recording as silence; ``unsupported``: it answers
nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from dredref.conformance.adapters.reference import answer, capabilities
from dredref.conformance.adapters.serve import serve
from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.replies import Reply, Unsupported
from dredref.spec.reading import read_packet

LIMIT = 1000
DELAY = 80
PANIC = """\
thread 'main' panicked at src/dred/encoder.rs:77:9:
index out of bounds: the len is 26 but the index is 26
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
SANITIZER = """\
=================================================================
==77==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011
READ of size 1 at 0x602000000011 thread T0
    #0 0x4f in ec_read_byte celt/entdec.c:93
SUMMARY: AddressSanitizer: heap-buffer-overflow celt/entdec.c:93 in ec_read_byte
==77==ABORTING
"""


def body_bytes(given: Mapping[str, Any]) -> int:
    """Bytes of the DRED that is asked about, without prefix."""
    if "payload" in given:
        return len(given["payload"]) // 2
    if "packet" in given:
        return len(read_packet(bytes.fromhex(given["packet"])).payload)
    return 0


def wrapped(mode: str, operation: str, given: Mapping[str, Any]) -> Reply:
    """The reference's reply with what the mode makes wrong."""
    if mode in ("panic", "abort"):
        sys.stderr.write(PANIC if mode == "panic" else SANITIZER)
        sys.stderr.flush()
        sys.exit(101)
    if mode == "unsupported":
        return Unsupported("not done yet")
    if mode == "refuse":
        return Refusal(None, "bad argument")
    if mode in ("large", "none-large") and body_bytes(given) > LIMIT:
        if mode == "large":
            return Refusal(None, f"body of more than {LIMIT} bytes")
        return Answer({"dred": None} if operation == "payload" else {"features": ""})
    if mode == "silent" and operation == "encode":
        given = {**given, "pcm": "0" * len(given["pcm"])}
    if mode == "late" and operation == "encode":
        width = 8 * given["channels"] * given["rate"] // 100
        given = {**given, "pcm": "0" * 2 * width + given["pcm"]}
    reply = answer(operation, given)
    if mode == "no-error" and isinstance(reply, Refusal) and str(reply.code).startswith("ext"):
        return Answer({"dred": None})
    if mode == "shift" and isinstance(reply, Answer) and "pcm" in reply.value:
        pcm = reply.value["pcm"]
        return Answer({"pcm": "0000" * DELAY + pcm[: len(pcm) - 4 * DELAY]})
    return reply


if __name__ == "__main__":
    serve(capabilities(), lambda operation, given: wrapped(sys.argv[1], operation, given))
