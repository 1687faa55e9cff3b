"""What a receiver hears of a stream with losses, before DRED: speech, holes, and who may fill them.

Time is that of the records where they state it, else packets follow each other and a lost one lasts
as long as the one before it. Speech is of 16 kHz, one channel; through a hole it is what the codec
makes up by itself, which fades out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from dredref.opusdecoder import STEP, Decimator, OpusDecoder, Pcm
from dredref.payload.reader import Carried, carried_by
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import Record
from spec.errors import InputError, ParseError
from spec.packet import parse_packet
from spec.tables import VERSIONS

LONGEST_48K = 600 * 48_000
"""Longest time without a packet, ten minutes: a wild timestamp must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Time in which packets were lost, in samples at 16 kHz."""

    start: int
    end: int
    packets: int
    """How many were lost."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that carries DRED and came soon after a hole."""

    index: int
    """Of its record."""
    start: int
    """Its first sample, at 16 kHz."""
    carried: Carried


@dataclass(frozen=True, slots=True)
class Reception:
    """What came of a stream."""

    pcm: Pcm
    """Speech from the first packet on, received or lost; 16 kHz."""
    holes: tuple[Hole, ...]
    """Oldest first."""
    arrivals: tuple[Arrival, ...]
    """Oldest first."""
    packets: int
    lost: int
    """Packets lost, malformed ones included: receivers drop those."""
    malformed: int


def receive(
    records: Iterable[Record],
    *,
    hold_ms: float = 0,
    final_id: int | None = None,
    versions: Collection[int] = VERSIONS,
) -> Reception:
    """Decode what was received of one stream.

    Args:
        records: Opus packets of one stream in their order.
        hold_ms: packets that start up to this long after a hole are arrivals; the first one is
            in any case.
        final_id: id of DRED extensions without prefix, instead of the experiments'.
        versions: DRED versions that are taken; none, and there are no arrivals.

    Raises:
        InputError: ``conceal.kind`` for records that are no packets, ``conceal.nothing`` if no
            packet was received, ``conceal.hole``, ``decode.opus``.
        MissingExtraError: PyAV is not installed.
    """
    receiver = _Receiver(round(hold_ms * 48), final_id, versions)
    for record in records:
        receiver.take(record)
    return receiver.end()


class _Receiver:
    """The decoder and its clock, at 48 kHz."""

    def __init__(self, hold: int, final_id: int | None, versions: Collection[int]) -> None:
        self._hold, self._final_id, self._versions = hold, final_id, versions
        self._decoder, self._decimator = OpusDecoder(), Decimator()
        self._parts: list[Pcm] = []
        self._holes: list[Hole] = []
        self._arrivals: list[Arrival] = []
        self._packets = self._lost = self._malformed = 0
        self._pending = 0
        self._now = self._duration = 0
        self._shift: int | None = None

    def take(self, record: Record) -> None:
        """One record."""
        if record.kind != "packet":
            raise InputError("conceal.kind", f"record {record.index} is no whole Opus packet")
        self._packets += 1
        packet = record.packet
        if packet is not None and _is_malformed(packet):
            self._malformed += 1
            packet = None
        if packet is None:
            self._lost += 1
            self._pending += 1
            return
        self._duration = packet_duration_48k(packet)
        start = self._start(record.timestamp_48k)
        self._pass_time(start, record.index)
        self._note(record.index, packet, start)
        self._add(self._decoder.decode(packet), self._duration)

    def _start(self, stated: int | None) -> int:
        """When a packet starts; never before the end of what came before it."""
        expected = self._now + self._pending * self._duration
        if stated is None:
            return expected
        if self._shift is None:
            self._shift = expected - stated
        start = max(self._now, stated + self._shift)
        self._shift = start - stated
        return start

    def _pass_time(self, start: int, index: int) -> None:
        """Let the codec fill the time up to ``start``; it is a hole if packets were lost."""
        missing = start - self._now
        if missing > LONGEST_48K:
            raise InputError(
                "conceal.hole", f"{missing / 48_000:.0f} s without a packet before record {index}"
            )
        if self._pending and missing:
            self._holes.append(Hole(self._now // STEP, start // STEP, self._pending))
        self._pending = 0
        self._add(self._decoder.conceal(missing), missing)

    def _note(self, index: int, packet: bytes, start: int) -> None:
        """Keep the DRED of a packet that may fill a hole."""
        if not self._versions or not self._holes:
            return
        if start // STEP - self._holes[-1].end > self._hold // STEP:
            return
        carried = carried_by(packet, final_id=self._final_id)
        if carried is not None and carried.version in self._versions:
            self._arrivals.append(Arrival(index, start // STEP, carried))

    def _add(self, pcm: Pcm, duration: int) -> None:
        """Take samples, exactly as many as time has passed."""
        whole = np.zeros(duration, np.int16)
        whole[: len(pcm)] = pcm[:duration]
        self._now += duration
        self._parts.append(self._decimator.convert(whole))

    def end(self) -> Reception:
        """All of it; losses at the end are left to the codec."""
        if self._packets == self._lost:
            raise InputError("conceal.nothing", "no packet of the stream was received")
        self._pass_time(self._now + self._pending * self._duration, self._packets)
        self._parts.append(self._decimator.flush())
        return Reception(
            np.concatenate(self._parts)[: self._now // STEP],
            tuple(self._holes),
            tuple(self._arrivals),
            self._packets,
            self._lost,
            self._malformed,
        )


def _is_malformed(packet: bytes) -> bool:
    """Whether receivers drop a packet."""
    try:
        parse_packet(packet)
    except ParseError:
        return True
    return False
