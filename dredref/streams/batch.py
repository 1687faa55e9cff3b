"""Records in columns: some records of an input, their bytes in one buffer.

A batch says of many records what :class:`dredref.streams.record.Record` says of one. Where only
numbers are asked for, no object a record is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dredref.spec.tables import CURRENT_VERSION
from dredref.streams.clock import NO_TIME
from dredref.streams.record import Event, Kind, Record

BATCH_RECORDS = 8192
"""Records of a batch."""
BATCH_BYTES = 1 << 22
"""A batch is closed once it holds this many bytes, so that its memory is bounded."""
NO_RANGE = -1
"""Stands in the column of final ranges where there is none."""
Number = TypeVar("Number", bound=np.generic)
LOST = 0
"""In the column of kinds: a lost packet."""
KINDS: tuple[Kind, ...] = ("packet", "extension_area", "dred_payload")
"""In the column of kinds these count from 1."""
_KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS, start=1)}


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Some records of an input, in turn.

    Attributes:
        data: the bytes of all records, and of what may stand between them, uint8.
        start: first byte of each record, int64 [n].
        end: first byte past it, int64 [n].
        kind: ``LOST``, or 1 and up as in ``KINDS``, uint8 [n].
        companion: frames of an area's packet, or version of a payload, uint8 [n]; else 0.
        stream: number of the stream, int32 [n].
        index: position among all packets of the input, int64 [n].
        count: packets that each stands for, int64 [n]; 1 but for gaps.
        timestamp_48k: int64 [n], ``NO_TIME`` where there is none.
        final_range: int64 [n], ``NO_RANGE`` where there is none.
        records: the records themselves, where they were at hand.
    """

    data: NDArray[np.uint8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.uint8]
    companion: NDArray[np.uint8]
    stream: NDArray[np.int32]
    index: NDArray[np.int64]
    count: NDArray[np.int64]
    timestamp_48k: NDArray[np.int64]
    final_range: NDArray[np.int64]
    records: Sequence[Record] | None = None

    def __len__(self) -> int:
        """How many records."""
        return len(self.index)

    def packet(self, row: int) -> bytes | None:
        """The bytes of a record; None of a lost one."""
        if self.kind[row] == LOST:
            return None
        return self.data[self.start[row] : self.end[row]].tobytes()

    def record(self, row: int) -> Record:
        """One record as an object."""
        if self.records is not None:
            return self.records[row]
        kind = KINDS[max(int(self.kind[row]), 1) - 1]
        companion = int(self.companion[row])
        timestamp, final_range = int(self.timestamp_48k[row]), int(self.final_range[row])
        return Record(
            int(self.index[row]),
            self.packet(row),
            kind,
            int(self.stream[row]),
            None if timestamp == NO_TIME else timestamp,
            None if final_range == NO_RANGE else final_range,
            nb_frames=companion if kind == "extension_area" else None,
            version=companion if kind == "dred_payload" else None,
            count=int(self.count[row]),
        )

    def __iter__(self) -> Iterator[Record]:
        """The records as objects."""
        return iter(self.records) if self.records is not None else map(self.record, self._rows())

    def _rows(self) -> range:
        return range(len(self))


def batch_of(records: Sequence[Record]) -> RecordBatch:
    """The same records in columns."""
    n = len(records)
    pieces = [record.packet or b"" for record in records]
    end = np.cumsum(np.fromiter(map(len, pieces), np.int64, n))
    start = np.concatenate((np.zeros(1, np.int64), end))[:n]

    def column(values: Iterable[int], dtype: type[Number]) -> NDArray[Number]:
        return np.fromiter(values, dtype, n)

    return RecordBatch(
        np.frombuffer(b"".join(pieces), np.uint8),
        start,
        end,
        column((LOST if r.packet is None else _KIND_NUMBERS[r.kind] for r in records), np.uint8),
        column((_companion(record) for record in records), np.uint8),
        column((record.stream for record in records), np.int32),
        column((record.index for record in records), np.int64),
        column((record.count for record in records), np.int64),
        column(
            (NO_TIME if r.timestamp_48k is None else r.timestamp_48k for r in records), np.int64
        ),
        column((NO_RANGE if r.final_range is None else r.final_range for r in records), np.int64),
        records,
    )


def _companion(record: Record) -> int:
    """What has to be known beside the bytes of an area or a payload."""
    if record.kind == "extension_area":
        return record.nb_frames or 1
    if record.kind == "dred_payload":
        return record.version or CURRENT_VERSION
    return 0


def batches_of(records: Iterable[Record], size: int = BATCH_RECORDS) -> Iterator[RecordBatch]:
    """Cut records into batches of at most ``size`` records and about ``BATCH_BYTES`` bytes."""
    held: list[Record] = []
    nb_bytes = 0
    for record in records:
        held.append(record)
        nb_bytes += len(record.packet or b"")
        if len(held) == size or nb_bytes >= BATCH_BYTES:
            yield batch_of(held)
            held, nb_bytes = [], 0
    if held:
        yield batch_of(held)


def single_events(events: Iterable[Event | RecordBatch]) -> Iterator[Event]:
    """The same events, the records of batches one by one."""
    for event in events:
        if isinstance(event, RecordBatch):
            yield from event
        else:
            yield event
