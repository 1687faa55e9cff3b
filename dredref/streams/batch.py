"""Records in columns: some records of an input, their bytes in one buffer.

A batch says of many records what :class:`dredref.streams.record.Record` says of one. Where only
numbers are asked for, no object a record is made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dredref.spec.tables import CURRENT_VERSION
from dredref.streams.clock import NO_TIME
from dredref.streams.record import Event, Kind, Record, RtpOrigin

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
ORIGIN = np.dtype(
    [
        ("sequence", np.uint16),
        ("timestamp", np.uint32),
        ("frame", np.int64),
        ("arrival_ns", np.int64),
    ]
)
"""A column of :class:`dredref.streams.record.RtpOrigin`; a time may be ``NO_TIME``."""
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
        origin: the RTP packets that they came in, ``ORIGIN`` [n]; None of other containers.
        records: the records themselves, where they were at hand.
        parts: the batches that this one was joined of, and where each begins.
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
    origin: NDArray[Any] | None = None
    records: Sequence[Record] | None = None
    parts: tuple[Sequence[RecordBatch], Sequence[int]] | None = field(default=None, repr=False)

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
        if self.parts is not None:
            part = bisect_right(self.parts[1], row) - 1
            return self.parts[0][part].record(row - self.parts[1][part])
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
            rtp=self._origin(row),
            count=int(self.count[row]),
        )

    def _origin(self, row: int) -> RtpOrigin | None:
        """The RTP packet of a record."""
        if self.origin is None or self.kind[row] == LOST:
            return None
        sequence, timestamp, frame, arrival_ns = self.origin[row].tolist()
        return RtpOrigin(sequence, timestamp, frame, None if arrival_ns == NO_TIME else arrival_ns)

    def arrivals_ns(self) -> NDArray[np.int64] | None:
        """When each was captured, int64 [n], ``NO_TIME`` where that is not known; or None."""
        if self.origin is not None:
            return np.where(self.kind == LOST, NO_TIME, self.origin["arrival_ns"])
        if self.parts is not None:
            found = [part.arrivals_ns() for part in self.parts[0]]
            known = [one for one in found if one is not None]
            return np.concatenate(known) if len(known) == len(found) else None
        if self.records is None or not any(one.rtp for one in self.records):
            return None
        times = (one.rtp.arrival_ns if one.rtp else None for one in self.records)
        fit = (NO_TIME if time is None or abs(time) >> 62 else time for time in times)
        return np.fromiter(fit, np.int64, len(self))

    def cut(self, start: int, stop: int) -> RecordBatch:
        """The records from row ``start`` to before row ``stop``."""
        columns = {name: getattr(self, name)[start:stop] for name in COLUMNS}
        origin = None if self.origin is None else self.origin[start:stop]
        return replace(self, **columns, origin=origin)

    def __iter__(self) -> Iterator[Record]:
        """The records as objects."""
        return map(self.record, range(len(self)))


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
        records=records,
    )


def _companion(record: Record) -> int:
    """What has to be known beside the bytes of an area or a payload."""
    if record.kind == "extension_area":
        return record.nb_frames or 1
    if record.kind == "dred_payload":
        return record.version or CURRENT_VERSION
    return 0


def batches_of(
    events: Iterable[Event | RecordBatch], size: int = BATCH_RECORDS
) -> Iterator[RecordBatch]:
    """The records among events in batches of about ``size`` records, or ``BATCH_BYTES`` bytes.

    Batches among the events are joined with what is around them where they are small.
    """
    held: list[RecordBatch] = []
    records: list[Record] = []
    count = nb_bytes = 0

    def all_held() -> RecordBatch:
        made = _join([*held, batch_of(tuple(records))] if records else held)
        held.clear()
        records.clear()
        return made

    for event in events:
        if isinstance(event, RecordBatch):
            if count and (2 * len(event) >= size or count + len(event) > size):
                yield all_held()
                count = nb_bytes = 0
            if records:
                held.append(batch_of(tuple(records)))
                records.clear()
            if not held or event.data is not held[-1].data:
                nb_bytes += len(event.data)
            held.append(event)
            count += len(event)
        elif isinstance(event, Record):
            records.append(event)
            count += 1
            nb_bytes += len(event.packet or b"")
        if count >= size or nb_bytes >= BATCH_BYTES:
            yield all_held()
            count = nb_bytes = 0
    if count:
        yield all_held()


COLUMNS = (
    *("kind", "companion", "stream", "index", "count", "timestamp_48k", "final_range"),
    *("start", "end"),
)
"""Names of the columns that every batch has."""


def _join(batches: Sequence[RecordBatch]) -> RecordBatch:
    """One batch of all records of several."""
    if len(batches) == 1:
        return batches[0]
    sizes = [len(batch) for batch in batches]
    buffers: list[NDArray[np.uint8]] = []
    shifts, place = [], 0
    for number, batch in enumerate(batches):
        if not number or batch.data is not buffers[-1]:
            place += len(buffers[-1]) if buffers else 0
            buffers.append(batch.data)
        shifts.append(place)
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in batches]) for name in COLUMNS
    }
    shift = np.repeat(np.array(shifts, np.int64), sizes)
    starts = [0, *accumulate(sizes[:-1])]
    data = np.concatenate(buffers) if len(buffers) > 1 else buffers[0]
    columns |= {"start": columns["start"] + shift, "end": columns["end"] + shift}
    return RecordBatch(data, **columns, parts=(tuple(batches), starts))


def single_events(events: Iterable[Event | RecordBatch]) -> Iterator[Event]:
    """The same events, the records of batches one by one."""
    for event in events:
        if isinstance(event, RecordBatch):
            yield from event
        else:
            yield event
