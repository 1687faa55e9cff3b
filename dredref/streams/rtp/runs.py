"""What is routine in a capture, read into columns; `dredref.streams.rtp.reader` reads the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dredref.streams.batch import LOST, NO_RANGE, ORIGIN, RecordBatch
from dredref.streams.capture.files import Layout
from dredref.streams.clock import NO_TIME
from dredref.streams.columns import capture, frames
from dredref.streams.columns.order import NO_ITEM, WAITING, WINDOW
from dredref.streams.columns.sources import (
    BASE,
    CLOCK,
    DUPLICATES,
    DURATION,
    GIVEN,
    KINDS,
    LATES,
    MISSING,
    NO_DURATION,
    READY,
    STREAM,
    TOUCHED,
    TYPE,
)
from dredref.streams.record import Event
from dredref.streams.rtp import labels
from dredref.streams.rtp.flows import Flows
from dredref.streams.rtp.packet import RtpPacket
from dredref.streams.rtp.reorder import CODES
from dredref.streams.rtp.source import ANOMALIES, RtpSource, gap_detail
from dredref.streams.source import Source

RUN = 4096
"""Packets of a run."""

SHORT_RUN = 4
"""A run of fewer frames is not worth its beginning."""

MAX_PATIENCE = 64
"""Most frames that are read one by one after a short run, before the next is tried."""

Integers = NDArray[np.int64]


class Runs:
    """Reads runs of frames that hold RTP packets of known sources, each such as those before."""

    def __init__(self, flows: Flows, layout: Layout, source: Source) -> None:
        """Read what ``layout`` describes, and share what ``flows`` knows."""
        self.flows = flows
        self.layout = layout
        self.source = source
        self.patience = self._patience = 0
        self._carrying: dict[int, RtpSource] = {}
        self._ready: dict[int, RtpSource] = {}
        self._arrivals = np.zeros((0, 6), np.int64)
        self._rows, self._notes = np.zeros((0, 5), np.int64), np.zeros((0, 6), np.int64)

    def take(self, before: int) -> tuple[int, Iterator[Event | RecordBatch]]:
        """Read a run that begins behind ``before`` frames; how many it took, and what it gave.

        What it gave is to be taken before anything else is read.
        """
        if self.patience or self.flows.keyed:
            self.patience = max(0, self.patience - 1)
            return 0, iter(())
        self._prepare()
        if not self._ready or not (self.layout.blocked or self.layout.head):
            return 0, iter(())
        carried = self._carried()
        ahead = self.source.ahead()
        payloads = b"".join(packet.payload for _, packet in carried)
        data = np.frombuffer(payloads + ahead if payloads else ahead, np.uint8)
        state = np.zeros(9, np.int64)
        state[[capture.AT, capture.FRAMES, capture.INDEX, capture.HELD, capture.ARRIVED]] = (
            *(len(payloads), before, self.flows.numbering.records, self.flows.held),
            len(carried),
        )
        self._walk(data, state, carried)
        count = int(state[capture.FRAMES]) - before
        self.source.skip(int(state[capture.AT]) - len(payloads))
        if count < SHORT_RUN:
            self._patience = self.patience = min(MAX_PATIENCE, 2 * self._patience + 1)
        else:
            self._patience = 0
        if not count:
            return 0, iter(())
        self._account(data, state)
        return count, self._events(data, state)

    def _prepare(self) -> None:
        """Bring the rows of sources up to date that were read packet by packet."""
        numbers = self.flows.rows.numbers
        for source in self.flows.changed:
            row, routine = source.row, source.routine
            self._carrying.pop(row, None)
            if routine is None or source.ended or not _has_usual_times(source):
                self._ready.pop(row, None)
                if not source.ended:
                    numbers[row, READY] = 0
                continue
            duration = NO_DURATION if source.duration is None else source.duration
            numbers[row, [TYPE, KINDS]] = routine[0], _signed(routine[1])
            numbers[row, [STREAM, BASE]] = source.track.infos[0].number, source.base
            numbers[row, [CLOCK, DURATION]] = source.last_48k, duration
            numbers[row, [MISSING, READY]] = source.missing, 1
            if self._ready.get(row) is not source:
                self._ready[row] = source
                self.flows.rows.name(row, source.key)
            if source.order.waiting:
                self._carrying[row] = source
        self.flows.changed.clear()

    def _carried(self) -> list[tuple[int, RtpPacket]]:
        """Packets that wait from before, with their numbers; their items count from 0."""
        carried: list[tuple[int, RtpPacket]] = []
        for row, source in self._carrying.items():
            waiting = self.flows.rows.waiting[row]
            for place in range(int(self.flows.rows.numbers[row, WAITING])):
                number = int(waiting[place, 0])
                waiting[place, 2] = len(carried)
                carried.append((number, source.order.waiting[number]))
        return carried

    def _walk(
        self, data: NDArray[np.uint8], state: Integers, carried: list[tuple[int, RtpPacket]]
    ) -> None:
        """Run the walk."""
        room = RUN + len(carried)
        if len(self._arrivals) < room:
            self._arrivals = np.zeros((room, 6), np.int64)
            self._rows = np.zeros((room + 4 * WINDOW, 5), np.int64)
            self._notes = np.zeros((room + 4 * WINDOW, 6), np.int64)
        at = 0
        for arrival, (_, packet) in zip(self._arrivals, carried, strict=False):
            end = at + len(packet.payload)
            time = NO_TIME if packet.arrival_ns is None else packet.arrival_ns
            arrival[:] = at, end, packet.sequence, packet.timestamp, packet.frame, time
            at = end
        rows = self.flows.rows
        slots = rows.find_slots()
        capture.walk_capture(
            *(data, *self._described(), rows.numbers, rows.addresses, rows.past, rows.waiting),
            *(slots, state, self._arrivals, self._rows, self._notes),
        )

    def _described(self) -> tuple[Integers, Integers]:
        """The layout of the file as the walk takes it."""
        layout = self.layout
        numbers = (layout.blocked, layout.order == ">", layout.head, layout.tick_ns, layout.link)
        interfaces = np.zeros((len(layout.interfaces), 3), np.int64)
        for row, one in zip(interfaces, layout.interfaces, strict=True):
            usual = 0 < one.ticks_per_second <= frames.MOST_TICKS
            usual &= abs(one.offset_s) < frames.MOST_SECONDS // 4
            row[:] = (
                (one.link, one.ticks_per_second, one.offset_s) if usual else (frames.NO_LINK, 1, 0)
            )
        return np.array(numbers, np.int64), interfaces

    def _account(self, data: NDArray[np.uint8], state: Integers) -> None:
        """Let all who count know what the run took."""
        flows, numbers = self.flows, self.flows.rows.numbers
        if state[capture.DATAGRAMS]:
            flows.census.frame("UDP", int(state[capture.DATAGRAMS]))
        if state[capture.CONTROLS]:
            flows.census.packets[labels.RTCP] += int(state[capture.CONTROLS])
        flows.numbering.records = int(state[capture.INDEX])
        flows.held = int(state[capture.HELD])
        self._keep_originals(data, self._rows[: state[capture.ROWS]])
        touched = np.flatnonzero(numbers[:, TOUCHED])
        for row in touched[np.argsort(numbers[touched, TOUCHED])].tolist():
            source = self._ready[row]
            flows.sources.move_to_end(source.key)
            missing, source.last_48k, duration = numbers[row, [MISSING, CLOCK, DURATION]].tolist()
            source.missing = missing
            source.duration = None if duration == NO_DURATION else duration
            for column, what in ((GIVEN, labels.OPUS), *DROPPED):
                if numbers[row, column]:
                    source.census.count(what, int(numbers[row, column]))
            numbers[row, [TOUCHED, GIVEN, DUPLICATES, LATES]] = 0
            self._keep_waiting(source, data)

    def _keep_originals(self, data: NDArray[np.uint8], rows: Integers) -> None:
        """Let the sources know the packets of the run, for copies of them may follow."""
        rows = rows[rows[:, capture.ITEM] != NO_ITEM]
        rows = rows[np.argsort(rows[:, capture.OF_SOURCE], kind="stable")]
        for group in np.split(rows, np.flatnonzero(np.diff(rows[:, capture.OF_SOURCE])) + 1):
            if not len(group):
                return
            items = group[:, capture.ITEM]

            def packet_at(place: int, items: Integers = items) -> bytes:
                begin, end = self._arrivals[items[place], : capture.END_BYTE + 1].tolist()
                return data[begin:end].tobytes()

            source = self._ready[int(group[0, capture.OF_SOURCE])]
            source.copies.skip(group[:, capture.STAMP], packet_at)

    def _keep_waiting(self, source: RtpSource, data: NDArray[np.uint8]) -> None:
        """Make packets of what waits beyond the run."""
        rows, row = self.flows.rows, source.row
        kept: dict[int, RtpPacket] = {}
        for place in range(int(rows.numbers[row, WAITING])):
            number, _, item = rows.waiting[row, place].tolist()
            packet = source.order.waiting.get(number)
            if packet is None:
                begin, end, sequence, timestamp, frame, time = self._arrivals[item].tolist()
                kind, ssrc = int(rows.numbers[row, TYPE]), source.key[-1]
                payload = data[begin:end].tobytes()
                arrival_ns = None if time == NO_TIME else time
                packet = RtpPacket(kind, sequence, timestamp, ssrc, payload, 0, frame, arrival_ns)
            kept[number] = packet
        source.order.waiting = kept
        if kept:
            self._carrying[row] = source
        else:
            self._carrying.pop(row, None)

    def _events(self, data: NDArray[np.uint8], state: Integers) -> Iterator[Event | RecordBatch]:
        """The records of the run, and notices where they belong."""
        batch = self._batch(data, self._rows[: state[capture.ROWS]])
        done = 0
        for place, what, row, index, number, count in self._notes[: state[capture.NOTES]].tolist():
            if place > done:
                yield batch.cut(done, place)
                done = place
            track = self._ready[row].track
            if what == capture.GAP:
                yield track.notice("rtp.gap", gap_detail(count, number), count, index)
            else:
                said, _ = ANOMALIES[CODES[what]]
                yield track.notice(CODES[what], f"packet {number} {said}", 1, index)
        if done < len(batch):
            yield batch.cut(done, len(batch)) if done else batch

    def _batch(self, data: NDArray[np.uint8], rows: Integers) -> RecordBatch:
        """All records of the run."""
        item, count = rows[:, capture.ITEM], len(rows)
        came = item != NO_ITEM
        arrivals = self._arrivals[np.where(came, item, 0)] if count else self._arrivals[:0]
        origin = np.zeros(count, ORIGIN)
        for name, column in (
            *(("sequence", capture.OF_SEQUENCE), ("timestamp", capture.OF_TIMESTAMP)),
            *(("frame", capture.OF_FRAME), ("arrival_ns", capture.OF_TIME)),
        ):
            origin[name] = arrivals[:, column]
        return RecordBatch(
            data,
            np.where(came, arrivals[:, capture.BEGIN], 0),
            np.where(came, arrivals[:, capture.END_BYTE], 0),
            kind=np.where(came, 1, LOST).astype(np.uint8),
            companion=np.zeros(count, np.uint8),
            stream=self.flows.rows.numbers[rows[:, capture.OF_SOURCE], STREAM].astype(np.int32),
            index=rows[:, capture.OF_INDEX].copy(),
            count=rows[:, capture.COUNT].copy(),
            timestamp_48k=rows[:, capture.STAMP].copy(),
            final_range=np.full(count, NO_RANGE, np.int64),
            origin=origin,
        )


DROPPED = ((DUPLICATES, labels.DUPLICATE), (LATES, labels.LATE))
"""Columns that count packets that were dropped, and what they are called."""


def _has_usual_times(source: RtpSource) -> bool:
    """Whether the times of what waits fit a column."""
    times = (packet.arrival_ns or 0 for packet in source.order.waiting.values())
    return all(abs(time) < 1 << 62 for time in times)


def _signed(bits: int) -> int:
    """64 bits as a signed integer."""
    return (bits + (1 << 63)) % (1 << 64) - (1 << 63)
