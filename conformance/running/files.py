"""Questions and answers as files, for programs that read one file and write another.

==========  =============================================  ==================================
operation   input file                                     output file
==========  =============================================  ==================================
records     records of upstream's ``-dred-decoding``       float32 features, oldest first
decode      the same, where one level serves all chunks    the same
vocode      float32 features                               16-bit samples
encode      16-bit samples                                 opus_demo's ``.bit``
conceal     opus_demo's ``.bit``; losses in ``{mask}``     16-bit samples
others      the question as JSON                           the reply's body as JSON
==========  =============================================  ==================================
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checkers import Answer
from conformance.running.replies import (
    FaultError,
    FaultKind,
    Reply,
    Unsupported,
    reply_from_json,
)
from spec.dred import DredPayload, make_payload, parse_payload
from spec.errors import ParseError
from spec.rangecoder import RangeDecoder, RangeEncoder
from spec.reading import read_packet
from spec.symbols import read_laplace, write_laplace
from spec.tables import quantizer_tables
from vectors.model import DecodeInput, RecordsInput, Vector, VocodeInput

BINARY = ("records", "decode", "vocode", "encode", "conceal")
"""Operations whose files are not JSON."""
NO_RECORD = "no record form: it needs one level throughout, and a chunk"


def write_input(vector: Vector, folder: Path) -> Path | Unsupported:
    """Put a vector's input into a file of the operation's form."""
    given = vector.input
    path = folder / "input"
    if isinstance(given, DecodeInput):
        payload = _payload(given, vector.version)
        if payload is None:
            return Unsupported(NO_RECORD)
        path.write_bytes(as_record(payload))
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
    if vector.operation in ("vocode", "conceal"):
        return Answer({"pcm": content.hex()})
    if vector.operation == "encode":
        return Answer({"packets": [packet.hex() for packet in read_bit(content)]})
    try:
        message: Any = json.loads(content)
    except (ValueError, RecursionError):
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


def as_record(payload: DredPayload) -> bytes:
    """A payload as one record: level, 20 ms units, bytes; then state and chunks, no header."""
    coder = RangeEncoder()
    tables = quantizer_tables(payload.version)
    for value, p0, r in zip(
        payload.state,
        tables.state.p0[payload.q0].tolist(),
        tables.state.r[payload.q0].tolist(),
        strict=True,
    ):
        write_laplace(coder, value, p0, r)
    for chunk in payload.chunks:
        for value, p0, r in zip(
            chunk.latents,
            tables.latent.p0[payload.q0].tolist(),
            tables.latent.r[payload.q0].tolist(),
            strict=True,
        ):
            write_laplace(coder, value, p0, r)
    string = coder.finish(None)
    return struct.pack(">III", payload.q0, 2 * len(payload.chunks), len(string)) + string


def read_records(content: bytes, version: int) -> list[DredPayload]:
    """The records of upstream's ``-dred-decoding`` as payloads of one level.

    Raises:
        ParseError: ``record.truncated``, ``record.level`` or ``record.chunks``.
    """
    tables = quantizer_tables(version)
    payloads, place = [], 0
    while place < len(content):
        if place + 12 > len(content):
            raise _broken("truncated", "the file ends within a record's head", place)
        level, units, size = struct.unpack_from(">III", content, place)
        string = content[place + 12 : place + 12 + size]
        if level > 15:
            raise _broken("level", f"there is no level {level}", place)
        if units % 2 or units > 50:
            raise _broken("chunks", f"{units} is no even number of units up to 50", place)
        if len(string) < size:
            raise _broken("truncated", "the file ends within a record", place)
        coder = RangeDecoder(string)
        rows = [(tables.state.p0[level], tables.state.r[level])]
        rows += [(tables.latent.p0[level], tables.latent.r[level])] * (units // 2)
        state, *latents = [
            tuple(read_laplace(coder, p, q) for p, q in zip(p0.tolist(), r.tolist(), strict=True))
            for p0, r in rows
        ]
        payloads.append(make_payload(version, level, 0, 16, state, latents))
        place += 12 + size
    return payloads


def _broken(code: str, detail: str, byte: int) -> ParseError:
    return ParseError(f"record.{code}", detail, byte=byte, clause="dred_vectors.sh")


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
    return dred if len(dred.chunks) <= min(25, given.max_chunks) else None
