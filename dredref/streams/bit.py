"""The ``.bit`` file of opus_demo.

Each record is a length and a final range, both 32 bits big-endian, and the packet's bytes. A length
of 0 stands for a lost packet. The file has no signature: it is known by its structure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from dredref.spec.errors import InputError
from dredref.streams.clock import Clock, packet_duration_48k
from dredref.streams.record import MAX_PACKET_BYTES, Event, Notice, Record, StreamInfo
from dredref.streams.source import Source

RECORD_HEAD = struct.Struct(">II")
"""Length in bytes, final range."""

_PROBED_RECORDS = 8
_PROBED_BYTES = 1 << 16


def looks_like_bit(source: Source) -> bool:
    """Whether the bytes ahead are plausible as opus_demo records.

    Lengths must lead from record to record. A source that ends exactly where a record ends passes;
    otherwise at least half of the packets looked at must have a TOC and frame count that an Opus
    packet can have. One packet at least must be there: a row of zeros is not a stream.
    """
    offset = packets = sound = 0
    for _ in range(_PROBED_RECORDS):
        head = source.peek(offset + RECORD_HEAD.size)[offset:]
        if len(head) < RECORD_HEAD.size:
            break
        length, _range = RECORD_HEAD.unpack(head)
        if length > MAX_PACKET_BYTES:
            return False
        offset += RECORD_HEAD.size + length
        if length:
            packet = source.peek(offset)[offset - length :]
            if len(packet) < length:
                break
            packets += 1
            sound += packet_duration_48k(packet) > 0
        if offset > _PROBED_BYTES:
            break
    ends_here = len(source.peek(offset + 1)) == offset
    return packets > 0 and (ends_here or 2 * sound >= packets)


def read_bit(source: Source) -> Iterator[Event]:
    """Yield the records of a ``.bit`` file, one at a time.

    A file that breaks off inside a record ends with the notice ``stream.truncated``.

    Raises:
        InputError: ``input.corrupt`` at a length that no packet has; ``input.truncated`` if not
            even the first record is whole.
    """
    yield StreamInfo(0, "bit")
    clock = Clock()
    index = 0
    while head := source.read(RECORD_HEAD.size):
        start = source.offset - len(head)
        length, final_range = RECORD_HEAD.unpack(head) if len(head) == RECORD_HEAD.size else (1, 0)
        if length > MAX_PACKET_BYTES:
            raise InputError(
                "input.corrupt",
                f"{source.name}: record {index} at byte {start} claims {length} bytes",
            )
        data = source.read(length)
        if len(data) < length:
            detail = f"record {index} at byte {start} breaks off"
            if index == 0:
                raise InputError("input.truncated", f"{source.name}: {detail}")
            yield Notice("stream.truncated", detail, index, 0)
            return
        packet = data or None
        yield Record(
            index,
            packet,
            timestamp_48k=clock.stamp(packet),
            final_range=final_range,
        )
        index += 1
