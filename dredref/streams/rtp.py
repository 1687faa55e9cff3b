"""Opus in RTP (RFC 7587), out of captures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from dredref.spec.errors import InputError
from dredref.streams.capture import (
    SECTION_HEADER,
    Broken,
    Frame,
    import_dpkt,
    read_frames,
)
from dredref.streams.clock import packet_duration_48k
from dredref.streams.datagram import Datagram, read_datagram
from dredref.streams.record import Container, Event, Notice, Record, RtpOrigin, StreamInfo
from dredref.streams.rtpguess import ENOUGH, MOST, RtpPacket, opus_payload_type
from dredref.streams.rtporder import Gap, Oddity, Orderer, unwrap
from dredref.streams.source import Source
from dredref.streams.track import Numbering, Track

MAX_FLOWS = 256
"""Most sources followed at a time; the one silent for longest is ended for a new one."""

MAX_JUDGED_BYTES = 1 << 24
"""Most bytes of packets held until their source can be judged."""

MAX_TRIES = 8
"""How often `MOST` packets of a source are judged before it is left aside."""

MAX_NAMED = 8
"""Most sources that an error names."""

ODDITIES = {
    "rtp.reordered": "arrived late and was put in its place",
    "rtp.duplicate": "arrived twice",
    "rtp.late": "arrived after it was counted as lost",
    "rtp.stray": "is far from all others and was left out",
    "rtp.restart": "begins a new run of numbers",
}
"""Code of an oddity -> what it says of the packet."""

FlowKey: TypeAlias = tuple[bytes, int, bytes, int, int]


def parse_rtp(data: bytes, frame: int = 0, arrival_ns: int | None = None) -> RtpPacket | None:
    """The RTP packet in a datagram, None if it cannot be one (RFC 3550, section 5.1).

    Contributing sources, header extension and padding are left out of the payload. ``frame`` and
    ``arrival_ns`` are noted in the result.
    """
    dpkt = import_dpkt()
    if len(data) < dpkt.rtp.RTP.__hdr_len__ or data[0] >> 6 != dpkt.rtp.VERSION:
        return None
    rtp = dpkt.rtp.RTP(data)
    start, end = dpkt.rtp.RTP.__hdr_len__ + 4 * rtp.cc, len(data)
    if rtp.x:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if rtp.p:
        end -= data[-1] or end  # a count of 0 cannot be
    if start > end:
        return None
    payload = data[start:end]
    return RtpPacket(rtp.pt, rtp.seq, rtp.ts, rtp.ssrc, payload, start, frame, arrival_ns)


@dataclass(frozen=True, slots=True)
class Taken:
    """An event, and the packet that it settles: given out as a record, or dropped.

    Every packet that `Flows.push` takes is settled once.
    """

    event: Event | None
    packet: RtpPacket | None = None


@dataclass
class Flow:
    """One RTP source between two UDP ends: first judged, then, if it carries Opus, followed."""

    datagram: Datagram
    waiting: list[RtpPacket] = field(default_factory=list)
    tries: int = 0
    payload_type: int | None = None
    order: Orderer[RtpPacket] | None = None
    track: Track | None = None
    base: int = 0
    last: RtpPacket | None = None
    last_48k: int = 0
    missing: int = 0

    def follow(
        self, payload_type: int, container: Container, numbering: Numbering
    ) -> Iterator[Taken]:
        """Begin to follow this source; yields what waited."""
        self.payload_type = payload_type
        waiting, self.waiting = self.waiting, []
        near = waiting[0].sequence
        first = min(unwrap(packet.sequence, near, 16) for packet in waiting)
        self.order = Orderer(first)
        self.track = Track(numbering)
        info = StreamInfo(
            0,
            container,
            mapping_family=0,
            track=waiting[0].ssrc,
            ssrc=waiting[0].ssrc,
            payload_type=payload_type,
            flow=self.datagram.flow,
        )
        for description in self.track.describe(info, None):
            yield Taken(description)
        for packet in waiting:
            yield from self.push(packet)

    def push(self, packet: RtpPacket) -> Iterator[Taken]:
        """Take a packet of a source that is followed."""
        assert self.order is not None
        for item in self.order.push(packet.sequence, packet, len(packet.payload)):
            yield from self._give(item)

    def end(self) -> Iterator[Taken]:
        """Give out what still waits for missing packets."""
        if self.order is not None:
            for item in self.order.flush():
                yield from self._give(item)

    def _give(self, item: RtpPacket | Gap | Oddity[RtpPacket]) -> Iterator[Taken]:
        """Turn a packet in order, a gap, or something out of turn into events."""
        assert self.track is not None
        if isinstance(item, Oddity):
            detail = f"packet {item.sequence} {ODDITIES[item.code]}"
            yield Taken(self.track.notice(item.code, detail), item.dropped)
        elif isinstance(item, Gap):
            self.missing += item.count
        else:
            yield from self._packet(item)

    def _packet(self, packet: RtpPacket) -> Iterator[Taken]:
        """A packet in order, after the lost ones before it.

        Other payload types of the source share its sequence numbers, but give no records.
        """
        assert self.track is not None
        if self.last is None:
            self.base = packet.timestamp
        stamp = unwrap(packet.timestamp - self.base, self.last_48k, 32)
        if self.missing:
            detail = f"{self.missing} packets are missing before packet {packet.sequence}"
            yield Taken(self.track.notice("rtp.gap", detail, self.missing))
            for record in self._lost(self.missing, stamp):
                yield Taken(record)
            self.missing = 0
        self.last, self.last_48k = packet, stamp
        if packet.payload_type != self.payload_type:
            yield Taken(None, packet)
            return
        origin = RtpOrigin(packet.sequence, packet.timestamp, packet.frame, packet.arrival_ns)
        for event in self.track.packet(packet.payload, stamp, rtp=origin):
            yield Taken(event, packet)

    def _lost(self, count: int, after_48k: int) -> Iterator[Record]:
        """The gap of lost packets, with its time if that follows from both sides."""
        assert self.track is not None
        start = None
        if self.last is not None:
            each = packet_duration_48k(self.last.payload)
            if after_48k - self.last_48k == (count + 1) * each:
                start = self.last_48k + each
        return self.track.lost(count, start)


class Flows:
    """All RTP sources of a capture."""

    def __init__(self, container: Container, payload_type: int | None, ssrc: int | None) -> None:
        """Follow all that carry Opus, or only those asked for.

        Raises:
            MissingExtraError: dpkt is not installed.
        """
        import_dpkt()
        self.container = container
        self.payload_type = payload_type
        self.ssrc = ssrc
        self.numbering = Numbering()
        self.flows: OrderedDict[FlowKey, Flow] = OrderedDict()
        self.seen_types: set[int] = set()
        self.other_sources: dict[int, None] = {}
        self.datagrams = 0
        self.held = 0

    def datagram(self, frame: Frame) -> Datagram | Notice | None:
        """The whole UDP datagram in a frame, None if there is none; a notice if a part is gone."""
        datagram = read_datagram(frame)
        if datagram is None:
            return None
        self.datagrams += 1
        index = self.numbering.records
        if datagram.fragment:
            return Notice("capture.fragment", "an IP fragment was left out", index)
        if frame.cut:
            return Notice("capture.cut", f"a frame lacks its last {frame.cut} bytes", index)
        return datagram

    def require_stream(self, name: str) -> None:
        """Raise an error if no source was followed.

        Raises:
            InputError: ``input.no_rtp``.
        """
        if self.numbering.streams:
            return
        types = ", ".join(map(str, sorted(self.seen_types))) or "none"
        seen = f"{self.datagrams} UDP datagrams; payload types seen: {types}"
        if self.ssrc is not None and not self.seen_types:
            others = ", ".join(f"{one:#010x}" for one in self.other_sources) or "none"
            what = f"no RTP source with SSRC {self.ssrc:#010x}"
            raise InputError("input.no_rtp", f"{name}: {what} ({seen}; SSRCs seen: {others})")
        raise InputError(
            "input.no_rtp", f"{name}: no RTP source carries Opus by the look of it ({seen})"
        )

    def accepts(
        self, datagram: Datagram, frame: int = 0, arrival_ns: int | None = None
    ) -> RtpPacket | None:
        """The RTP packet in a datagram, if it may be of a source that is wanted."""
        packet = parse_rtp(datagram.payload, frame, arrival_ns)
        if packet is None or self.ssrc in (None, packet.ssrc):
            return packet
        if len(self.other_sources) < MAX_NAMED:
            self.other_sources[packet.ssrc] = None
        return None

    def push(self, datagram: Datagram, packet: RtpPacket) -> Iterator[Taken]:
        """Take a packet that `accepts` gave."""
        ends = (datagram.source, datagram.source_port, datagram.target, datagram.target_port)
        key = (*ends, packet.ssrc)
        flow = self.flows.get(key)
        if flow is None:
            flow = self.flows[key] = Flow(datagram)
            if len(self.flows) > MAX_FLOWS:
                _, oldest = self.flows.popitem(last=False)
                yield from self._end(oldest)
        self.flows.move_to_end(key)
        if flow.order is not None:
            yield from flow.push(packet)
        elif flow.tries >= MAX_TRIES:
            yield Taken(None, packet)
        else:
            self.seen_types.add(packet.payload_type)
            flow.waiting.append(packet)
            self.held += len(packet.payload)
            if len(flow.waiting) >= ENOUGH:
                yield from self._judge(flow)
            while self.held > MAX_JUDGED_BYTES:
                longest = max(self.flows.values(), key=lambda flow: len(flow.waiting))
                yield from self._judge(longest, final=True)

    def _judge(self, flow: Flow, *, final: bool = False) -> Iterator[Taken]:
        """Follow a source if it carries Opus; if that cannot be told, wait for more packets."""
        payload_type = self._type_of(flow.waiting)
        if payload_type is None and len(flow.waiting) < MOST and not final:
            return
        self.held -= sum(len(packet.payload) for packet in flow.waiting)
        if payload_type is not None:
            yield from flow.follow(payload_type, self.container, self.numbering)
            return
        for packet in flow.waiting:
            yield Taken(None, packet)
        flow.waiting.clear()
        flow.tries += 1

    def _type_of(self, packets: list[RtpPacket]) -> int | None:
        """The payload type to follow, as asked for or as found."""
        if not packets:
            return None
        if self.payload_type is None:
            return opus_payload_type(packets)
        chosen = [packet for packet in packets if packet.payload_type == self.payload_type]
        return self.payload_type if chosen else None

    def _end(self, flow: Flow) -> Iterator[Taken]:
        """Judge a source that will not go on, and give out what it holds."""
        if flow.order is None:
            yield from self._judge(flow, final=True)
        yield from flow.end()

    def end(self) -> Iterator[Taken]:
        """Give out all that is held; the sources may go on."""
        for flow in self.flows.values():
            yield from self._end(flow)


def read_rtp(
    source: Source, *, payload_type: int | None = None, ssrc: int | None = None
) -> Iterator[Event]:
    """Yield the records of all RTP sources of a capture that carry Opus.

    Records of a source come in the order they were sent; sources mix as they arrived, but the first
    packets of each wait until it is known for Opus.

    Args:
        source: a pcap or pcapng file.
        payload_type: take this payload type to be Opus, instead of looking for one.
        ssrc: follow this source only.

    Raises:
        InputError: ``input.truncated``, ``input.no_rtp``.
        MissingExtraError: dpkt is not installed.
    """
    flows = Flows(kind_of_capture(source), payload_type, ssrc)
    for number, frame in enumerate(read_frames(source), start=1):
        if isinstance(frame, Broken):
            yield Notice("stream.truncated", frame.detail, flows.numbering.records)
            break
        datagram = flows.datagram(frame)
        if isinstance(datagram, Notice):
            yield datagram
        elif datagram and (packet := flows.accepts(datagram, number, frame.time_ns)):
            yield from (taken.event for taken in flows.push(datagram, packet) if taken.event)
    yield from (taken.event for taken in flows.end() if taken.event)
    flows.require_stream(source.name)


def kind_of_capture(source: Source) -> Container:
    """The classic format or pcapng."""
    return "pcapng" if source.peek(4) == SECTION_HEADER.to_bytes(4, "big") else "pcap"
