"""The ``.bit`` file of opus_demo.

Each record is a length and a final range, both 32 bits big-endian, and the packet's bytes. A length
of 0 stands for a lost packet. The file has no signature: it is known by its structure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dredref.spec.errors import InputError
from dredref.streams.batch import BATCH_RECORDS, RecordBatch
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import MAX_PACKET_BYTES, Event, Notice, StreamInfo
from dredref.streams.source import Source

RECORD_HEAD = struct.Struct(">II")
"""Length in bytes, final range."""

_PROBED_PACKETS = 8
_PROBED_BYTES = 1 << 16


def looks_like_bit(source: Source) -> bool:
    """Whether the bytes ahead are plausible as opus_demo records.

    Lengths must lead from record to record. A source that ends exactly where a record ends passes;
    otherwise at least half of the packets looked at must have a TOC and frame count that an Opus
    packet can have. One packet at least must be there, be it behind lost ones: a row of zeros is
    not a stream.
    """
    offset = packets = sound = 0
    while offset < _PROBED_BYTES and packets < _PROBED_PACKETS:
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
    ends_here = len(source.peek(offset + 1)) == offset
    return packets > 0 and (ends_here or 2 * sound >= packets)


def read_bit(source: Source) -> Iterator[Event | RecordBatch]:
    """Yield the records of a ``.bit`` file, as many at a time as are at hand.

    A file that breaks off inside a record ends with the notice ``stream.truncated``.

    Raises:
        InputError: ``input.corrupt`` at a length that no packet has; ``input.truncated`` if not
            even the first record is whole.
    """
    yield StreamInfo(0, "bit")
    clock = np.zeros(2, np.int64)
    index, least = 0, RECORD_HEAD.size
    while data := source.ahead(least):
        batch = _batch(data, index, clock)
        if len(batch):
            source.skip(int(batch.end[-1]))
            index, least = index + len(batch), RECORD_HEAD.size
            yield batch
            continue
        needed = _size_of_record(data, index, source)
        if len(data) < needed and needed > least:
            least = needed
            continue
        detail = f"record {index} at byte {source.offset} breaks off"
        if index == 0:
            raise InputError("input.truncated", f"{source.name}: {detail}")
        yield Notice("stream.truncated", detail, index, 0)
        return


def _size_of_record(data: memoryview, index: int, source: Source) -> int:
    """Bytes of the record that ``data`` begins with, or more than there are at its end."""
    if len(data) < RECORD_HEAD.size:
        return RECORD_HEAD.size
    length, _ = RECORD_HEAD.unpack_from(data)
    if length > MAX_PACKET_BYTES:
        raise InputError(
            "input.corrupt",
            f"{source.name}: record {index} at byte {source.offset} claims {length} bytes",
        )
    return RECORD_HEAD.size + int(length)


def _batch(data: memoryview, index: int, clock: NDArray[np.int64]) -> RecordBatch:
    """The whole records that ``data`` begins with, at most a batch of them."""
    from dredref.streams.columns.bit import walk_bit

    most = min(BATCH_RECORDS, len(data) // RECORD_HEAD.size)
    buffer = np.frombuffer(data, np.uint8)
    start, end, final_range, stamp = np.zeros((4, most), np.int64)
    count = walk_bit(buffer, start, end, final_range, stamp, clock)
    start, end = start[:count], end[:count]
    return RecordBatch(
        buffer,
        start,
        end,
        kind=(end > start).astype(np.uint8),
        companion=np.zeros(count, np.uint8),
        stream=np.zeros(count, np.int32),
        index=np.arange(index, index + count),
        count=np.ones(count, np.int64),
        timestamp_48k=stamp[:count],
        final_range=final_range[:count],
    )
