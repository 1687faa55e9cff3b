"""The records that upstream's ``fargan_demo -dred-decoding`` decodes.

A record is three big-endian 32-bit numbers - quantizer level, units of 20 ms (two a chunk), bytes -
and a range-coded string of that many bytes: the initial state, then the chunks, newest first, all
at the one level. There is no DRED header, so offset and level steps have no place in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from dredref.spec.coder import RangeDecoder, RangeEncoder
from dredref.spec.dred import OFFSET_BIAS, DredPayload, make_payload
from dredref.spec.errors import BuildError, ParseError
from dredref.spec.tables import LEVELS, QuantizerTable, quantizer_tables

HEAD = struct.Struct(">III")
"""Level, units, bytes."""
UNITS_PER_CHUNK = 2
MAX_UNITS = 50
"""Upstream's program has room for no more."""
MAX_BYTES = 100_000
"""The same, of the string."""
CLAUSE = "fargan_demo"


def read_records(data: bytes, version: int, *, partial: bool = False) -> list[DredPayload]:
    """Every record of ``data`` as a payload whose chunks have one level.

    Args:
        data: the file.
        version: DRED version whose tables it was coded with.
        partial: leave out a record that breaks off at the end, as upstream's program does.

    Raises:
        ParseError: ``record.level``, ``record.chunks`` (an odd number, or past 50),
            ``record.size``, ``record.truncated``.
    """
    payloads = []
    place = 0
    while place < len(data):
        if place + HEAD.size > len(data):
            if partial:
                break
            raise _broken("truncated", "it breaks off within a record's head", place)
        level, units, size = HEAD.unpack_from(data, place)
        _check_head(level, units, size, place)
        string = data[place + HEAD.size : place + HEAD.size + size]
        if len(string) < size:
            if partial:
                break
            raise _broken("truncated", "it breaks off within a record", place)
        payloads.append(_read_string(string, version, level, units // UNITS_PER_CHUNK))
        place += HEAD.size + size
    return payloads


def write_records(payloads: Iterable[DredPayload]) -> bytes:
    """The records of ``payloads``, one after the other.

    Raises:
        BuildError: ``record.level`` if a payload's chunks have several levels, ``record.chunks``
            if there are more than 25.
    """
    return b"".join(_write_record(payload) for payload in payloads)


def _check_head(level: int, units: int, size: int, place: int) -> None:
    if level >= LEVELS:
        raise _broken("level", f"there is no quantizer level {level}", place)
    if units % UNITS_PER_CHUNK or units > MAX_UNITS:
        raise _broken("chunks", f"{units} is no even number of up to {MAX_UNITS} units", place + 4)
    if size > MAX_BYTES:
        raise _broken("size", f"{size} bytes are more than {MAX_BYTES}", place + 8)


def _read_string(string: bytes, version: int, level: int, chunks: int) -> DredPayload:
    """State and chunks of one record."""
    tables = quantizer_tables(version)
    coder = RangeDecoder(string)
    state = _read_vector(coder, tables.state, level)
    latents = [_read_vector(coder, tables.latent, level) for _ in range(chunks)]
    return make_payload(version, level, 0, OFFSET_BIAS, state, latents)


def _read_vector(coder: RangeDecoder, table: QuantizerTable, level: int) -> list[int]:
    return [coder.laplace(*row) for row in zip(*table.rows(level), strict=True)]


def _write_record(payload: DredPayload) -> bytes:
    if any(chunk.level != payload.q0 for chunk in payload.chunks):
        raise BuildError("record.level", "a record has one level, this payload has several")
    units = UNITS_PER_CHUNK * len(payload.chunks)
    if units > MAX_UNITS:
        raise BuildError("record.chunks", f"a record has at most {MAX_UNITS} units, not {units}")
    tables = quantizer_tables(payload.version)
    coder = RangeEncoder()
    _write_vector(coder, tables.state, payload.q0, payload.state)
    for chunk in payload.chunks:
        _write_vector(coder, tables.latent, payload.q0, chunk.latents)
    string = coder.finish()
    return HEAD.pack(payload.q0, units, len(string)) + string


def _write_vector(
    coder: RangeEncoder, table: QuantizerTable, level: int, values: Sequence[int]
) -> None:
    for value, *row in zip(values, *table.rows(level), strict=True):
        coder.laplace(value, *row)


def _broken(code: str, detail: str, byte: int) -> ParseError:
    return ParseError(f"record.{code}", detail, byte=byte, clause=CLAUSE)
