"""JSON lines: one packet, extension area or DRED payload a line, in hexadecimal.

Each line is an object with exactly one of::

    {"packet": hex}                             an Opus packet; null for a lost one
    {"extension_area": hex, "nb_frames": n}     the padding bytes of a packet of n frames
    {"dred_payload": hex, "version": 12}        a DRED payload, without the experiment prefix

and, as may be, ``timestamp_48k``, ``final_range``, ``stream`` and ``discard_48k``. Further keys are
left alone. Empty lines are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dredref.spec.errors import InputError
from dredref.streams.clock import Clock
from dredref.streams.record import MAX_PACKET_BYTES, Event, Kind, Record, StreamInfo
from dredref.streams.source import Source

LINE_LIMIT = 2 * MAX_PACKET_BYTES + (1 << 16)
"""Longest line: the longest packet in hexadecimal, and room for the rest."""

MAX_STREAMS = 4096
"""Most streams that one input may number: each keeps a clock."""

PAYLOAD_KEYS: dict[Kind, str | None] = {
    "packet": None,
    "extension_area": "nb_frames",
    "dred_payload": "version",
}
"""What the bytes are -> the key that must come with them."""

_RANGES = {
    "nb_frames": (1, 48),
    "version": (0, 255),
    "final_range": (0, 2**32 - 1),
    "timestamp_48k": (-(2**63), 2**63 - 1),
    "discard_48k": (0, 2**31 - 1),
    "stream": (0, MAX_STREAMS - 1),
}
"""Key of a whole number -> its least and greatest value."""


def _number(fields: dict[str, Any], key: str) -> int | None:
    """A whole number of the line, or None if it is absent or null."""
    value = fields.get(key)
    if value is None:
        return None
    low, high = _RANGES[key]
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f'"{key}" must be a whole number from {low} to {high}')
    return value


def parse_line(line: bytes, index: int) -> Record:
    """Turn one line into a record; ``timestamp_48k`` only if the line states it.

    Raises:
        ValueError: with a sentence on what is wrong.
    """
    try:
        fields = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError("no valid JSON") from error
    kinds = [kind for kind in PAYLOAD_KEYS if kind in fields] if isinstance(fields, dict) else []
    if len(kinds) != 1:
        raise ValueError('no object with exactly one of "packet", "extension_area", "dred_payload"')
    kind = kinds[0]
    companion = PAYLOAD_KEYS[kind]
    if companion and _number(fields, companion) is None:
        raise ValueError(f'"{kind}" needs "{companion}"')
    text = fields[kind]
    lost = kind == "packet" and text is None
    if not lost and not isinstance(text, str):
        raise ValueError(f'"{kind}" must be a string')
    try:
        data = None if lost else bytes.fromhex(text)
    except ValueError as error:
        raise ValueError(f'"{kind}" is no hexadecimal string') from error
    return Record(
        index,
        data,
        kind,
        stream=_number(fields, "stream") or 0,
        timestamp_48k=_number(fields, "timestamp_48k"),
        final_range=_number(fields, "final_range"),
        nb_frames=_number(fields, "nb_frames") if companion == "nb_frames" else None,
        version=_number(fields, "version") if companion == "version" else None,
        discard_48k=_number(fields, "discard_48k") or 0,
    )


def read_jsonl(source: Source) -> Iterator[Event]:
    """Yield the records of JSON lines.

    Raises:
        InputError: ``input.json`` at the first line that is none of the above.
    """
    return (event for event, _ in read_lines(source))


def read_lines(source: Source) -> Iterator[tuple[Event, bytes]]:
    """The same, each record with its line; descriptions come with none.

    Raises:
        InputError: ``input.json``.
    """
    clocks: dict[int, Clock] = {}
    index = number = 0
    while line := source.read_line(LINE_LIMIT):
        number += 1
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            if len(line) >= LINE_LIMIT:
                raise ValueError("longer than any packet")
            record = parse_line(text, index)
        except ValueError as error:
            raise InputError("input.json", f"{source.name}: line {number}: {error}") from error
        if record.stream not in clocks:
            clocks[record.stream] = Clock()
            yield StreamInfo(record.stream, "jsonl"), b""
        if record.kind == "packet":
            stamp = clocks[record.stream].stamp(record.packet, record.timestamp_48k)
            record = _stamped(record, stamp)
        yield record, text
        index += 1


def _stamped(record: Record, timestamp_48k: int | None) -> Record:
    """The record with a timestamp (written out: `dataclasses.replace` is slow)."""
    return Record(
        record.index,
        record.packet,
        record.kind,
        record.stream,
        timestamp_48k,
        record.final_range,
        record.nb_frames,
        record.version,
        record.discard_48k,
    )


def format_line(record: Record) -> bytes:
    """One line for a record, as `parse_line` reads it; absent values are left out."""
    fields: dict[str, Any] = {
        record.kind: None if record.packet is None else record.packet.hex(),
        "nb_frames": record.nb_frames,
        "version": record.version,
        "stream": record.stream or None,
        "timestamp_48k": record.timestamp_48k,
        "final_range": record.final_range,
        "discard_48k": record.discard_48k or None,
    }
    kept = {key: value for key, value in fields.items() if value is not None or key == record.kind}
    return json.dumps(kept).encode() + b"\n"
