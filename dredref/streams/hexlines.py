"""Packets in hexadecimal: one a line, or a JSON array of strings or of objects.

Lines are what ``tshark -T fields -e rtp.payload`` prints, or a debug log: digits, which colons,
spaces or commas may part, with or without ``0x``. Objects in an array are those of JSON lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from dredref.spec.errors import InputError
from dredref.streams.clock import Clock
from dredref.streams.jsonl import LINE_LIMIT, parse_line
from dredref.streams.record import MAX_PACKET_BYTES, Event, Record, StreamInfo
from dredref.streams.source import BLOCK, Source

MAX_ARRAY = 1 << 28
"""Longest JSON array: it is read as a whole."""

_LINE = re.compile(rb"^(?:0x)?[0-9a-f]{2}(?:[ \t:,]*(?:0x)?[0-9a-f]{2})*$", re.IGNORECASE)
_DIGITS = re.compile(rb"0x|[ \t:,]", re.IGNORECASE)
_FIRST = frozenset(bytes([byte]) for byte in b"0123456789abcdefABCDEF[ \t\r\n\xef")
_LOST = (b"lost", b"null", b"-")


def looks_like_hex(source: Source) -> bool:
    """Whether the first line is hexadecimal, or a JSON array of packets begins."""
    if source.peek(1) not in _FIRST:
        return False
    head = source.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if re.match(rb"\[\s*(?:\"(?:0x)?[0-9a-fA-F]{2}|\{|null)", head):
        return True
    line, end, _ = head.partition(b"\n")
    line = line.strip()
    if not end and len(head) >= 4000:
        line = line[: len(line) // 2 * 2]
    return len(line) >= 2 and _LINE.match(line) is not None


def read_hex(source: Source) -> Iterator[Event]:
    """Yield the records of hexadecimal lines, or of a JSON array.

    Lines that say ``lost``, ``null`` or ``-`` are lost packets; empty lines are skipped.

    Raises:
        InputError: ``input.hex`` or ``input.json`` at the first that is no packet.
    """
    yield StreamInfo(0, "hex")
    clock = Clock()
    array = source.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    for index, record in enumerate(_array(source) if array else _lines(source)):
        if record.kind != "packet":
            yield Record(index, record.packet, record.kind, nb_frames=record.nb_frames)
            continue
        stamp = clock.stamp(record.packet, record.timestamp_48k)
        yield Record(index, record.packet, timestamp_48k=stamp, final_range=record.final_range)


def _lines(source: Source) -> Iterator[Record]:
    """The records of lines."""
    number = 0
    while line := source.read_line(LINE_LIMIT):
        number += 1
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text or text.startswith(b"#"):
            continue
        if text.lower() in _LOST:
            yield Record(0, None)
            continue
        if not _LINE.match(text):
            raise InputError(
                "input.hex", f"{source.name}: line {number} is no packet in hexadecimal"
            )
        yield Record(0, bytes.fromhex(_DIGITS.sub(b"", text).decode()))


def _array(source: Source) -> Iterator[Record]:
    """The records of a JSON array."""
    parts: list[bytes] = []
    size = 0
    while block := source.read(BLOCK):
        parts.append(block)
        size += len(block)
        if size > MAX_ARRAY:
            raise InputError(
                "input.json",
                f"{source.name}: an array of over {MAX_ARRAY} bytes; use JSON lines",
            )
    try:
        items = json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise InputError("input.json", f"{source.name}: no valid JSON array") from error
    for place, item in enumerate(items):
        try:
            yield _item(item)
        except ValueError as error:
            raise InputError("input.json", f"{source.name}: element {place}: {error}") from error


def _item(item: object) -> Record:
    """The record of an element.

    Raises:
        ValueError: it is none.
    """
    if item is None:
        return Record(0, None)
    if isinstance(item, str):
        data = bytes.fromhex(item.removeprefix("0x").replace(":", ""))
        if len(data) > MAX_PACKET_BYTES:
            raise ValueError("longer than any packet")
        return Record(0, data)
    return parse_line(json.dumps(item).encode(), 0)
