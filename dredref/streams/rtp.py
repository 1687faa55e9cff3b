"""Opus in RTP (RFC 7587), out of captures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from dredref.streams.capture import Broken, import_dpkt, read_frames
from dredref.streams.clock import packet_duration_48k
from dredref.streams.datagram import Datagram, read_datagram
from dredref.streams.record import Container, Event, Notice, Record, StreamInfo
from dredref.streams.rtpguess import ENOUGH, MOST, RtpPacket, opus_payload_type
from dredref.streams.rtporder import Gap, Oddity, Orderer, unwrap
from dredref.streams.source import Source
from dredref.streams.track import Numbering, Track
from spec.errors import InputError

MAX_FLOWS = 256
"""Most sources followed at a time; the one silent for longest is ended for a new one."""

MAX_JUDGED_BYTES = 1 << 24
"""Most bytes of packets held until their source can be judged."""

MAX_TRIES = 8
"""How often `MOST` packets of a source are judged before it is left aside."""

ODDITIES = {
    "rtp.reordered": "arrived late and was put in its place",
    "rtp.duplicate": "arrived twice",
    "rtp.late": "arrived after it was counted as lost",
    "rtp.stray": "is far from all others and was left out",
    "rtp.restart": "begins a new run of numbers",
}
"""Code of an oddity -> what it says of the packet."""

FlowKey: TypeAlias = tuple[bytes, int, bytes, int, int]


def parse_rtp(data: bytes) -> RtpPacket | None:
    """The RTP packet in a datagram, None if it cannot be one (RFC 3550, section 5.1).

    Contributing sources, header extension and padding are left out of the payload.
    """
    dpkt = import_dpkt()
    if len(data) < dpkt.rtp.RTP.__hdr_len__ or data[0] >> 6 != dpkt.rtp.VERSION:
        return None
    rtp = dpkt.rtp.RTP(data)
    payload: bytes = rtp.data
    if len(rtp.csrc) < 4 * rtp.cc:
        return None
    if rtp.x:
        size = 4 + 4 * int.from_bytes(payload[2:4], "big")
        if len(payload) < size:
            return None
        payload = payload[size:]
    if rtp.p:
        count = payload[-1] if payload else 0
        if not 0 < count <= len(payload):
            return None
        payload = payload[:-count]
    return RtpPacket(rtp.pt, rtp.seq, rtp.ts, rtp.ssrc, payload)


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

    def follow(self, payload_type: int, container: Container, numbering: Numbering) -> list[Event]:
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
        events: list[Event] = [*self.track.describe(info, None)]
        for packet in waiting:
            events += self.push(packet)
        return events

    def push(self, packet: RtpPacket) -> Iterator[Event]:
        """Take a packet of a source that is followed."""
        assert self.order is not None
        for item in self.order.push(packet.sequence, packet, len(packet.payload)):
            yield from self._give(item)

    def end(self) -> Iterator[Event]:
        """Give out what still waits for missing packets."""
        if self.order is not None:
            for item in self.order.flush():
                yield from self._give(item)

    def _give(self, item: RtpPacket | Gap | Oddity) -> Iterator[Event]:
        """Turn a packet in order, a gap, or something out of turn into events."""
        assert self.track is not None
        if isinstance(item, Oddity):
            detail = f"packet {item.sequence} {ODDITIES[item.code]}"
            yield self.track.notice(item.code, detail)
        elif isinstance(item, Gap):
            self.missing += item.count
        else:
            yield from self._packet(item)

    def _packet(self, packet: RtpPacket) -> Iterator[Event]:
        """A packet in order, after the lost ones before it.

        Other payload types of the source share its sequence numbers, but give no records.
        """
        assert self.track is not None
        if self.last is None:
            self.base = packet.timestamp
        stamp = unwrap(packet.timestamp - self.base, self.last_48k, 32)
        if self.missing:
            yield self.track.notice(
                "rtp.gap",
                f"{self.missing} packets are missing before packet {packet.sequence}",
                self.missing,
            )
            yield from self._lost(self.missing, stamp)
            self.missing = 0
        self.last, self.last_48k = packet, stamp
        if packet.payload_type == self.payload_type:
            yield from self.track.packet(packet.payload, stamp)

    def _lost(self, count: int, after_48k: int) -> Iterator[Record]:
        """Records of lost packets, with their times if these follow from both sides."""
        assert self.track is not None
        start, each = None, 0
        if self.last is not None:
            each = packet_duration_48k(self.last.payload)
            if after_48k - self.last_48k == (count + 1) * each:
                start = self.last_48k + each
        return self.track.lost(count, start, each)


class Flows:
    """All RTP sources of a capture."""

    def __init__(self, container: Container, payload_type: int | None, ssrc: int | None) -> None:
        """Follow all that carry Opus, or only those asked for."""
        self.container = container
        self.payload_type = payload_type
        self.ssrc = ssrc
        self.numbering = Numbering()
        self.flows: OrderedDict[FlowKey, Flow] = OrderedDict()
        self.seen_types: set[int] = set()
        self.held = 0

    def push(self, datagram: Datagram) -> Iterator[Event]:
        """Take a datagram that may be RTP."""
        packet = parse_rtp(datagram.payload)
        if packet is None or self.ssrc not in (None, packet.ssrc):
            return
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
        elif flow.tries < MAX_TRIES:
            self.seen_types.add(packet.payload_type)
            flow.waiting.append(packet)
            self.held += len(packet.payload)
            if len(flow.waiting) >= ENOUGH:
                yield from self._judge(flow)
            while self.held > MAX_JUDGED_BYTES:
                longest = max(self.flows.values(), key=lambda flow: len(flow.waiting))
                yield from self._judge(longest, final=True)

    def _judge(self, flow: Flow, *, final: bool = False) -> Iterator[Event]:
        """Follow a source if it carries Opus; if that cannot be told, wait for more packets."""
        payload_type = self._type_of(flow.waiting)
        if payload_type is None and len(flow.waiting) < MOST and not final:
            return
        self.held -= sum(len(packet.payload) for packet in flow.waiting)
        if payload_type is None:
            flow.waiting.clear()
            flow.tries += 1
        else:
            yield from flow.follow(payload_type, self.container, self.numbering)

    def _type_of(self, packets: list[RtpPacket]) -> int | None:
        """The payload type to follow, as asked for or as found."""
        if not packets:
            return None
        if self.payload_type is None:
            return opus_payload_type(packets)
        chosen = [packet for packet in packets if packet.payload_type == self.payload_type]
        return self.payload_type if chosen else None

    def _end(self, flow: Flow) -> Iterator[Event]:
        """Judge a source that will not go on, and give out what it holds."""
        if flow.order is None:
            yield from self._judge(flow, final=True)
        yield from flow.end()

    def end(self) -> Iterator[Event]:
        """Give out all that is held."""
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
    container: Container = "pcapng" if source.peek(4) == b"\x0a\x0d\x0d\x0a" else "pcap"
    flows = Flows(container, payload_type, ssrc)
    datagrams = 0
    for frame in read_frames(source):
        index = flows.numbering.records
        if isinstance(frame, Broken):
            yield Notice("stream.truncated", frame.detail, index)
            break
        datagram = read_datagram(frame)
        if datagram is None:
            continue
        datagrams += 1
        if datagram.fragment:
            yield Notice("capture.fragment", "an IP fragment was left out", index)
        elif frame.cut:
            yield Notice("capture.cut", f"a frame lacks its last {frame.cut} bytes", index)
        else:
            yield from flows.push(datagram)
    yield from flows.end()
    if not flows.numbering.streams:
        types = ", ".join(map(str, sorted(flows.seen_types))) or "none"
        raise InputError(
            "input.no_rtp",
            f"{source.name}: no RTP source carries Opus by the look of it "
            f"({datagrams} UDP datagrams; payload types seen: {types})",
        )
