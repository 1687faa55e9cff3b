"""Questions and answers as files, for programs that read one file and write another.

==========  =============================================  ==================================
operation   input file                                     output file
==========  =============================================  ==================================
records     records of upstream's ``-dred-decoding``       float32 features, oldest first
decode      the same, where one level serves all chunks    the same
vocode      float32 features                               16-bit samples
encode      16-bit samples                                 opus_demo's ``.bit``
conceal     opus_demo's ``.bit``; losses in ``{mask}``     16-bit samples
pcm         opus_demo's ``.bit``                           16-bit samples
others      the question as JSON                           the reply's body as JSON
==========  =============================================  ==================================
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from dredref.conformance.checkers import Answer
from dredref.conformance.running import strict
from dredref.conformance.running.replies import (
    FaultError,
    FaultKind,
    Reply,
    Unsupported,
    reply_from_json,
)
from dredref.rdovae.records import MAX_UNITS, UNITS_PER_CHUNK, write_records
from dredref.spec.dred import DredPayload, parse_payload
from dredref.spec.reading import read_packet
from dredref.vectors.model import DecodeInput, RecordsInput, Vector, VocodeInput

BINARY = ("records", "decode", "vocode", "encode", "conceal", "pcm")
"""Operations whose files are not JSON."""
MOST_CHUNKS = MAX_UNITS // UNITS_PER_CHUNK
"""Chunks that a record has room for."""
NO_RECORD = "no record form: it needs one level throughout, and a chunk"


def write_input(vector: Vector, folder: Path) -> Path | Unsupported:
    """Put a vector's input into a file of the operation's form."""
    given = vector.input
    path = folder / "input"
    if isinstance(given, DecodeInput):
        payload = _payload(given, vector.version)
        if payload is None:
            return Unsupported(NO_RECORD)
        path.write_bytes(write_records([payload]))
    elif isinstance(given, RecordsInput):
        path.write_bytes(given.records.read())
    elif isinstance(given, VocodeInput):
        if given.history_pcm is not None:
            return Unsupported("a command cannot be given history")
        path.write_bytes(given.features.read())
    elif vector.operation == "encode":
        path.write_bytes(bytes.fromhex(vector.request()["pcm"]))
    elif vector.operation == "conceal":
        request = vector.request()
        path.write_bytes(bytes.fromhex(request["stream"]))
        (folder / "mask").write_text("\n".join(request["mask"]) + "\n")
    elif vector.operation == "pcm":
        path.write_bytes(bytes.fromhex(vector.request()["stream"]))
    else:
        path.write_text(json.dumps({"operation": vector.operation, "input": vector.request()}))
    return path


def read_output(vector: Vector, path: Path) -> Reply:
    """The reply that an output file is.

    Raises:
        FaultError: ``garbage`` if it is not there or has not the form of the operation.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise FaultError(FaultKind.GARBAGE, "no output file") from None
    if vector.operation == "records":
        return Answer({"features": content.hex()})
    if vector.operation == "decode":
        if len(content) % 80:
            raise FaultError(FaultKind.GARBAGE, f"{len(content)} bytes are no whole vectors")
        rows = np.frombuffer(content, "<f4").reshape(-1, 20)[::-1]
        return Answer({"features": rows.tobytes().hex()})
    if vector.operation in ("vocode", "conceal", "pcm", "plc"):
        return Answer({"pcm": content.hex()})
    if vector.operation == "encode":
        return Answer({"packets": [packet.hex() for packet in read_bit(content)]})
    try:
        message: Any = strict.loads(content)
    except ValueError:
        raise FaultError(FaultKind.GARBAGE, "the output file is not JSON") from None
    if not isinstance(message, dict):
        raise FaultError(FaultKind.GARBAGE, "the output file does not hold an object")
    return reply_from_json(message)


def read_bit(content: bytes) -> list[bytes]:
    """Packets of opus_demo's ``.bit``: length, final range, bytes.

    Raises:
        FaultError: ``garbage`` if it breaks off.
    """
    packets, place = [], 0
    while place < len(content):
        if place + 8 > len(content):
            raise FaultError(FaultKind.GARBAGE, "the output stream breaks off")
        size = struct.unpack_from(">I", content, place)[0]
        place += 8
        if place + size > len(content):
            raise FaultError(FaultKind.GARBAGE, "the output stream breaks off")
        packets.append(content[place : place + size])
        place += size
    return packets


def _payload(given: DecodeInput, version: int | None) -> DredPayload | None:
    """The payload of a decode question, if it has the form of a record."""
    dred: DredPayload | None
    if given.payload is not None:
        dred = parse_payload(given.payload.read(), version or 12, limit=given.max_chunks)
    else:
        assert given.packet is not None
        dred = read_packet(given.packet.read()).dred
    if dred is None or not dred.chunks or any(one.level != dred.q0 for one in dred.chunks):
        return None
    return dred if len(dred.chunks) <= min(MOST_CHUNKS, given.max_chunks) else None
