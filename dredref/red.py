"""Redundant copies of packets as RED sends them along (RFC 2198)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dredref.streams.record import Record, RedundantCopy

OPUS_PAYLOAD_TYPE, RED_PAYLOAD_TYPE = 111, 63
"""Payload types by which browsers send Opus, and RED around it."""
HEADER_BYTES, LAST_HEADER_BYTES = 4, 1
"""Header of a redundant block, and of the primary one, which is the last."""
MOST_OFFSET, MOST_BYTES = (1 << 14) - 1, (1 << 10) - 1
"""What a header can say: how much earlier a copy starts, and how long it is."""


def add_copies(records: Iterable[Record], copies: int) -> Iterator[Record]:
    """Yield packets with whole copies of the ``copies`` packets before them."""
    before: deque[RedundantCopy] = deque(maxlen=copies)
    for record in records:
        yield replace(record, redundancy=tuple(before)) if before else record
        if copies and record.packet is not None and record.timestamp_48k is not None:
            before.append(RedundantCopy(record.packet, record.timestamp_48k, OPUS_PAYLOAD_TYPE))


def red_payload(record: Record, payload_type: int) -> bytes | None:
    """Return an RTP payload of a packet and its copies; None if it has none that fits.

    A copy that is too old or too long for a header is left out.
    """
    assert record.packet is not None
    fitting = [
        (record.timestamp_48k - copy.timestamp_48k, copy)
        for copy in record.redundancy
        if record.timestamp_48k is not None
        and 0 < record.timestamp_48k - copy.timestamp_48k <= MOST_OFFSET
        and len(copy.packet) <= MOST_BYTES
    ]
    if not fitting:
        return None
    heads = b"".join(
        ((1 << 31) | copy.payload_type << 24 | offset << 10 | len(copy.packet)).to_bytes(4, "big")
        for offset, copy in fitting
    )
    copies = b"".join(copy.packet for _, copy in fitting)
    return heads + bytes([payload_type]) + copies + record.packet


def bytes_of(record: Record) -> int:
    """What a packet takes on the wire with its copies, the headers of RED among them."""
    if record.packet is None:
        return 0
    copies = sum(HEADER_BYTES + len(copy.packet) for copy in record.redundancy)
    return len(record.packet) + copies + (LAST_HEADER_BYTES if record.redundancy else 0)
