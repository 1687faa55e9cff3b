"""Which bytes of an input are what, for a hex dump with its fields marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dredref.spec.dred import DredPayload
from dredref.spec.extension import PADDING, REPEAT, SEPARATOR, ExtensionArea
from dredref.spec.packet import Packet
from dredref.spec.reading import Reading, read_area, read_dred, read_packet
from dredref.vectors.model import (
    DecodeInput,
    ExtensionInput,
    PacketInput,
    PayloadInput,
    QueryInput,
    Vector,
)

SHOWN_BYTES = 256
"""Bytes of a dump, at most."""


@dataclass(frozen=True, slots=True)
class Span:
    """A field and its bytes, from ``start`` up to, not with, ``end``."""

    start: int
    end: int
    name: str
    kind: str
    """What it is coloured as."""


def dump_of(vector: Vector) -> tuple[bytes, tuple[Span, ...]] | None:
    """The bytes of a vector's input and their fields; None where bytes say nothing to people."""
    given = vector.input
    if isinstance(given, ExtensionInput):
        data = given.area.read()
        return data, spans(read_area(data, given.nb_frames))
    if isinstance(given, PacketInput):
        data = given.packet.read()
        return data, spans(read_packet(data))
    if isinstance(given, PayloadInput | DecodeInput) and given.payload is not None:
        data = given.payload.read()
        return data, spans(read_dred(data, vector.version or 12))
    if isinstance(given, PayloadInput | DecodeInput | QueryInput) and given.packet is not None:
        data = given.packet.read()
        final_id = given.final_id if isinstance(given, PayloadInput) else None
        return data, spans(read_packet(data, final_id=final_id))
    return None


def spans(reading: Reading) -> tuple[Span, ...]:
    """All fields of a record, in order, without overlap."""
    found: list[Span] = []
    if reading.packet is not None:
        found += _packet(reading.packet)
    if reading.area is not None:
        found += _area(reading.area, reading.area_byte)
    if reading.dred is not None:
        start = reading.carrier.payload_byte if reading.carrier else 0
        if reading.carrier is not None and start >= 2:
            found.append(Span(start - 2, start, "prefix and version", "prefix"))
        found += _dred(reading.dred, start)
    found += [Span(one.byte, one.byte + 1, f"error: {one.code}", "wrong") for one in reading.errors]
    return tuple(_cut(sorted(found, key=lambda span: (span.start, span.end)), reading.size))


def _cut(ordered: list[Span], size: int) -> Iterator[Span]:
    """Later, inner fields win over the outer ones that they lie in."""
    owner: list[Span | None] = [None] * size
    for span in sorted(ordered, key=lambda one: one.start - one.end):
        for byte in range(max(0, span.start), min(span.end, size)):
            owner[byte] = span
    start = 0
    for byte in range(1, size + 1):
        if byte == size or owner[byte] is not owner[start]:
            span_ = owner[start]
            if span_ is not None:
                yield Span(start, byte, span_.name, span_.kind)
            start = byte


def _packet(packet: Packet) -> Iterator[Span]:
    """TOC, what stands before the frames, the frames, the padding."""
    yield Span(0, 1, f"TOC: config {packet.toc.config}, code {packet.toc.code}", "toc")
    first = packet.frames[0].offset
    if first > 1:
        yield Span(1, first, "frame count and lengths", "header")
    for number, frame in enumerate(packet.frames):
        yield Span(frame.offset, frame.offset + len(frame.data), f"frame {number}", "frame")
    if packet.padding is not None:
        start = packet.padding_offset
        yield Span(start, start + len(packet.padding), "padding", "padding")


def _area(area: ExtensionArea, start: int) -> Iterator[Span]:
    """Padding, separators and repeats; each extension, its head apart from its payload."""
    for item in area.items:
        begin = start + item.offset
        if item.id == PADDING:
            yield Span(begin, begin + item.size, "padding", "padding")
        elif item.id == SEPARATOR:
            yield Span(begin, begin + item.size, f"separator: frame {item.frame}", "separator")
        elif item.id == REPEAT:
            yield Span(begin, begin + 1, "repeat", "separator")
    for extension in area.extensions:
        begin = start + extension.offset
        end = begin + extension.size
        body = end - len(extension.data)
        name = f"extension {extension.id}, frame {extension.frame}"
        if body > begin:
            yield Span(begin, body, f"{name}: id and length", "extension")
        if end > body:
            yield Span(body, end, f"{name}: payload", "payload")


def _dred(dred: DredPayload, start: int) -> Iterator[Span]:
    """Header, state and chunks, by the bytes in which they begin."""
    marks = [("header", "dred header")]
    bits = [0]
    bits.append(dred.end_of("qmax") or dred.end_of("offset"))
    marks.append(("state", "initial state"))
    for number, chunk in enumerate(dred.chunks):
        bits.append(chunk.start)
        marks.append((f"chunk{number % 2}", f"chunk {number}, level {chunk.level}"))
    bits.append(dred.used)
    bytes_ = [start + bit // 64 for bit in bits]
    end = start + dred.size
    for (kind, name), begin, stop in zip(marks, bytes_[:-1], bytes_[1:], strict=True):
        yield Span(begin, min(max(begin + 1, stop), end), name, kind)


def rows(data: bytes, fields: tuple[Span, ...], width: int = 16) -> list[dict[str, object]]:
    """A dump as rows of cells, each cell with its field; cut at :data:`SHOWN_BYTES`."""
    owner: list[Span | None] = [None] * len(data)
    for span in fields:
        for byte in range(span.start, min(span.end, len(data))):
            owner[byte] = span
    shown = data[:SHOWN_BYTES]
    return [
        {
            "offset": f"{start:04x}",
            "cells": [
                {
                    "hex": f"{shown[byte]:02x}",
                    "kind": one.kind if (one := owner[byte]) else "none",
                    "name": one.name if one else "",
                }
                for byte in range(start, min(start + width, len(shown)))
            ],
        }
        for start in range(0, len(shown), width)
    ]
