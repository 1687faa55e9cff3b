"""Containers that FFmpeg reads and does not write so: Matroska with lacing, and CAF with Opus."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

from dredref.streams.opushead import OpusHead, build_head

FRAME_MS = 20


def element(identifier: int, body: bytes) -> bytes:
    """An element of EBML (RFC 8794), its size in eight bytes."""
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + (1 << 56 | len(body)).to_bytes(8, "big") + body


def number(identifier: int, value: int) -> bytes:
    """An element with an unsigned integer."""
    return element(identifier, value.to_bytes(8, "big"))


def _xiph(sizes: Sequence[int]) -> bytes:
    return b"".join(b"\xff" * (size // 255) + bytes([size % 255]) for size in sizes[:-1])


def _ebml(sizes: Sequence[int]) -> bytes:
    """The first size, and the others as differences, two bytes each."""
    coded = (0x4000 | sizes[0]).to_bytes(2, "big")
    for before, size in pairwise(sizes[:-1]):
        coded += (0x4000 | size - before + 0x1FFF).to_bytes(2, "big")
    return coded


LACINGS = {"none": 0, "Xiph": 1, "fixed": 2, "EBML": 3}
"""Lacing -> its number in a block's flags (RFC 9559, section 10.3)."""


def matroska(packets: Sequence[bytes], lacing: str, each: int = 4) -> bytes:
    """Matroska whose blocks hold ``each`` packets; one with fixed lacing wants equal sizes."""
    each = 1 if lacing == "none" else each
    audio = element(0xB5, struct.pack(">d", 48000.0)) + number(0x9F, 1)
    entry = number(0xD7, 1) + number(0x73C5, 1) + number(0x83, 2) + element(0x86, b"A_OPUS")
    entry += number(0x23E383, FRAME_MS * 10**6) + number(0x9C, 1)
    entry += element(0x63A2, build_head(OpusHead(1))) + element(0xE1, audio)
    blocks = b""
    for place in range(0, len(packets), each):
        held = packets[place : place + each]
        sizes = [len(packet) for packet in held]
        laced = b"" if lacing == "none" else bytes([len(held) - 1])
        laced += {"Xiph": _xiph, "EBML": _ebml}.get(lacing, lambda _: b"")(sizes)
        head = b"\x81" + struct.pack(">hB", place * FRAME_MS, 0x80 | LACINGS[lacing] << 1)
        blocks += element(0xA3, head + laced + b"".join(held))
    head = element(0x1A45DFA3, element(0x4282, b"matroska") + number(0x4287, 4) + number(0x4285, 2))
    info = element(0x1549A966, number(0x2AD7B1, 10**6))
    tracks = element(0x1654AE6B, element(0xAE, entry))
    cluster = element(0x1F43B675, number(0xE7, 0) + blocks)
    return head + element(0x18538067, info + tracks + cluster)


def caf(packets: Sequence[bytes]) -> bytes:
    """Apple's Core Audio Format with Opus: description, packet table and data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack(">q", len(body)) + body

    samples = 48 * FRAME_MS
    description = struct.pack(">d4sIIIII", 48000.0, b"opus", 0, 0, samples, 1, 0)
    table = struct.pack(">qqii", len(packets), samples * len(packets), 0, 0)
    for packet in packets:
        high = [0x80 | len(packet) >> 7] if len(packet) > 127 else []
        table += bytes([*high, len(packet) & 127])
    cookie = chunk(b"kuki", build_head(OpusHead(1)))
    data = chunk(b"data", bytes(4) + b"".join(packets))
    start = b"caff" + struct.pack(">HH", 1, 0)
    return start + chunk(b"desc", description) + cookie + chunk(b"pakt", table) + data
