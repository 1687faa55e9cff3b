"""One RTP source: put in order, judged by payload type, and turned into records."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dredref.streams.capture.census import SourceCensus
from dredref.streams.clock import packet_duration_48k, unwrap
from dredref.streams.columns.sources import SourceRows
from dredref.streams.record import (
    Container,
    Event,
    Notice,
    RedundantCopy,
    RtpOrigin,
    StreamInfo,
)
from dredref.streams.rtp import labels
from dredref.streams.rtp.copies import CopyChecker
from dredref.streams.rtp.heuristics import (
    ACCEPT,
    ACCEPT_SHORT,
    DOUBT,
    HOPE,
    JUDGED,
    REJECT,
    SHORT,
    Evidence,
    RedEvidence,
    looks_random,
    red_blocks,
)
from dredref.streams.rtp.packet import RtpPacket, parse_red
from dredref.streams.rtp.reorder import START, Anomaly, Gap, ReorderBuffer
from dredref.streams.rtp.sdp import DredDurations
from dredref.streams.track import Numbering, Track

FORCED_AFTER = 8
"""Looks at packets after which it is known whether a payload type named by the user is RED."""

ACCEPTED_AFTER = 6
"""Packets after which one may be taken for Opus; a source that ends is judged by what it has."""

JUDGED_AFTER = 12
"""Packets after which a payload type may be told to be no Opus, but encrypted or another codec."""

MAX_HELD = 64
"""Packets that wait until their payload type is judged; then it is judged as it stands."""

KNOWN_BONUS = 2.5
"""What it counts that another source of the capture has Opus under the same payload type."""

ANOMALIES = {
    "rtp.reordered": ("arrived late and was put in its place", ""),
    "rtp.duplicate": ("arrived twice", labels.DUPLICATE),
    "rtp.late": ("arrived after it was counted as lost", labels.LATE),
    "rtp.stray": ("is far from all others and was left out", labels.STRAY),
    "rtp.restart": ("begins a new run of numbers", ""),
}
"""Code of an anomaly -> what it says of the packet, and what a dropped one is counted as."""

SourceKey: TypeAlias = tuple[bytes, int, bytes, int, int]
"""What tells a source from others: address and port of sender and receiver, and SSRC."""

Item: TypeAlias = "RtpPacket | Gap | Anomaly[RtpPacket]"


@dataclass(frozen=True, slots=True)
class Taken:
    """An event, and the packet that it settles: given out as a record, or dropped.

    Every packet that a source takes is settled once.
    """

    event: Event | None
    packet: RtpPacket | None = None


@dataclass(slots=True)
class PayloadState:
    """What is known of one payload type of a source.

    Attributes:
        label: what its packets are; None while that is open.
        trusted: it need not be judged.
        inner: where not None, it can only be RED with Opus of this payload type.
        forced: the user says that it is Opus, be it in RED or plain.
    """

    label: str | None = None
    trusted: bool = False
    inner: int | None = None
    forced: bool = False
    plain: Evidence = field(default_factory=Evidence)
    red: RedEvidence = field(default_factory=RedEvidence)

    @property
    def carries_opus(self) -> bool:
        """Whether its packets give records."""
        return self.label in (labels.OPUS, labels.RED)

    @property
    def hopeless(self) -> bool:
        """Whether it can be told already that it is no Opus."""
        enough = self.plain.packets >= JUDGED_AFTER
        return self.label is None and enough and max(self._totals()) <= REJECT

    def judge(self, packet: RtpPacket) -> None:
        """Weigh one more packet; what is known may change, or become open again."""
        if self.trusted or (self.label == labels.OPUS and self.plain.is_routine(packet.payload)):
            return
        self.plain.add(packet.sequence, packet.timestamp, packet.payload)
        if self.label != labels.OPUS:
            self.red.add(packet, red_blocks(packet))
        plain, red = self._totals()
        if self.forced and self.red.primary.packets + self.plain.packets >= FORCED_AFTER:
            self.label, self.trusted = (
                labels.RED if red >= ACCEPT and red > plain else labels.OPUS,
                True,
            )
            return
        best = max(plain, red)
        if best >= ACCEPT and self.plain.packets >= ACCEPTED_AFTER:
            self.label = labels.OPUS if plain >= red else labels.RED
        elif self.carries_opus:
            own = plain if self.label == labels.OPUS else red
            if own < DOUBT:
                self.label = None
        elif self.label is not None and best > HOPE:
            self.label = None

    def _totals(self) -> tuple[float, float]:
        """What speaks for plain Opus, and for RED."""
        plain = self.plain.total if self.inner is None else REJECT
        fits = self.inner in (None, self.red.inner)
        return plain, self.red.total if fits and self.label != labels.OPUS else REJECT

    def decide(self, packets: list[RtpPacket], bonus: float, name: str | None) -> None:
        """Settle what is open with what is known."""
        plain, red = (total + bonus for total in self._totals())
        if self.forced:
            self.label, self.trusted = (
                labels.RED if red >= ACCEPT and red > plain else labels.OPUS,
                True,
            )
            return
        needed = ACCEPT_SHORT if self.plain.packets <= SHORT else ACCEPT
        if name is not None and name.lower() in ("opus", "red"):
            needed = 0.0  # signalling says so, and nothing speaks against it
        if max(plain, red) >= needed:
            self.label = labels.OPUS if plain >= red else labels.RED
            return
        payloads = [packet.payload for packet in packets if packet.payload]
        kind = packets[-1].payload_type
        if all(labels.is_event(payload) for payload in payloads):
            self.label = labels.EVENTS
        elif plain > 0 or len(payloads) < 2:
            self.label = f"{labels.UNDECIDED} ({labels.codec_label(kind, name)})"
        elif looks_random(payloads):
            self.label = f"{labels.ENCRYPTED}, payload type {kind}"
        else:
            self.label = labels.codec_label(kind, name)


@dataclass(slots=True)
class Wanted:
    """What the user or signalling says of a capture.

    Attributes:
        payload_type: this one is Opus.
        codecs: payload type -> codec, as SDP says.
        durations: payload type -> how much DRED, as SDP says.
    """

    payload_type: int | None = None
    codecs: dict[int, str] = field(default_factory=dict)
    durations: dict[int, DredDurations] = field(default_factory=dict)

    def state(self, payload_type: int) -> PayloadState:
        """What is known of a payload type before any packet."""
        if self.payload_type is not None:
            if payload_type == self.payload_type:
                return PayloadState(forced=True)
            if payload_type in JUDGED:
                return PayloadState(inner=self.payload_type)
        name = self.codecs.get(payload_type)
        if payload_type in labels.COMFORT_TYPES or name == "CN":
            return PayloadState(labels.COMFORT_NOISE, trusted=True)
        if name == "telephone-event":
            return PayloadState(labels.EVENTS, trusted=True)
        if name is not None and name.lower() not in ("opus", "red"):
            return PayloadState(labels.codec_label(payload_type, name), trusted=True)
        if payload_type not in JUDGED and name is None:
            return PayloadState(labels.codec_label(payload_type), trusted=True)
        state = PayloadState()
        if name is not None:
            state.plain.steady = state.red.primary.steady = KNOWN_BONUS
        return state


class RtpSource:
    """Follows one source between two ends."""

    def __init__(
        self,
        key: SourceKey,
        flow: str,
        census: SourceCensus,
        wanted: Wanted,
        known: Counter[int],
        container: Container,
        numbering: Numbering,
        sources: SourceRows,
    ) -> None:
        """Begin before its first packet; ``known`` counts payload types found to be Opus."""
        self.key = key
        self.flow = flow
        self.row = sources.take()
        self.ended = False
        self.census = census
        self.wanted = wanted
        self.known = known
        self.container: Container = container
        self.order: ReorderBuffer[RtpPacket] = ReorderBuffer(START, sources, self.row)
        self.states: dict[int, PayloadState] = {}
        self.held: deque[Item] = deque()
        self.track = Track(numbering)
        self.copies = CopyChecker(census.copies)
        self.missing = 0
        self._opus_types: set[int] = set()
        self._told: set[str] = set()
        self.base = 0
        self.duration: int | None = None
        self.last_48k = 0

    def push(self, packet: RtpPacket) -> Iterator[Taken]:
        """Take a packet as it arrives."""
        for item in self.order.push(packet.sequence, packet, len(packet.payload)):
            yield from self._take(item)

    @property
    def routine(self) -> tuple[int, int] | None:
        """Payload type of packets that need no more looking at, and for the six highest bits of
        their first byte a bit each; None while there is something to be looked at.
        """
        if self.held or len(self.track.infos) != 1 or not self.order.is_settled:
            return None
        for kind, state in reversed(self.states.items()):
            if state.label == labels.OPUS and kind in self._opus_types:
                kinds = -1 if state.trusted else state.plain.routine_kinds
                waiting = self.order.waiting.values()
                known = all(
                    one.payload_type == kind and one.payload and kinds >> (one.payload[0] >> 2) & 1
                    for one in waiting
                )
                return (kind, kinds) if kinds and known else None
        return None

    def end(self) -> Iterator[Taken]:
        """Settle all that is held; the source may go on."""
        for item in self.order.flush():
            yield from self._take(item)
        while self.held:
            self._decide_first()
            yield from self._pump()

    def _take(self, item: Item) -> Iterator[Taken]:
        """Judge what is in order now, and give out what is known."""
        self.held.append(item)
        if isinstance(item, RtpPacket) and item.payload:
            state = self._state(item.payload_type)
            state.judge(item)
            if state.hopeless:
                self._decide(item.payload_type)
        yield from self._pump()
        if len(self.held) > MAX_HELD:
            self._decide_first()
            yield from self._pump()

    def _state(self, payload_type: int) -> PayloadState:
        state = self.states.get(payload_type)
        if state is None:
            state = self.states[payload_type] = self.wanted.state(payload_type)
        return state

    def _decide_first(self) -> None:
        """Decide on the payload type that all that is held waits for."""
        first = self.held[0]
        assert isinstance(first, RtpPacket)
        self._decide(first.payload_type)

    def _decide(self, kind: int) -> None:
        """Decide on a payload type with what is held of it."""
        packets = [
            item for item in self.held if isinstance(item, RtpPacket) and item.payload_type == kind
        ]
        bonus = KNOWN_BONUS if self.known[kind] else 0.0
        self.states[kind].decide(packets, bonus, self.wanted.codecs.get(kind))

    def _pump(self) -> Iterator[Taken]:
        """Give out what is held, up to the first packet of which too little is known."""
        while self.held:
            item = self.held[0]
            if self._is_open(item):
                return
            self.held.popleft()
            yield from self._give(item)

    def _is_open(self, item: Item) -> bool:
        """Whether it is not known yet what a packet is."""
        if not isinstance(item, RtpPacket) or not item.payload:
            return False
        return self._state(item.payload_type).label is None

    def _give(self, item: Item) -> Iterator[Taken]:
        """Turn a packet, a gap, or something out of turn into events."""
        if isinstance(item, Anomaly):
            said, label = ANOMALIES[item.code]
            if item.dropped is not None:
                self.census.count(label)
            notice = self.track.notice(item.code, f"packet {item.sequence} {said}")
            yield Taken(notice, item.dropped)
        elif isinstance(item, Gap):
            self.missing += item.count
        else:
            yield from self._packet(item)

    def _packet(self, packet: RtpPacket) -> Iterator[Taken]:
        """A packet in order, after the gap before it.

        Other payload types of the source share its sequence numbers, but give no records.
        """
        label = self._label(packet)
        self.census.count(label)
        opus = label in (labels.OPUS, labels.RED)
        if opus:
            yield from self._describe(packet, label)
        if not self.track.infos:
            self.missing = 0
            yield Taken(None, packet)
            return
        stamp = unwrap(packet.timestamp - self.base, self.last_48k, 32)
        yield from self._gap(packet, stamp)
        self.last_48k = stamp
        if not opus:
            self.duration = None
            revoked = label.startswith(labels.ENCRYPTED) and label not in self._told
            yield Taken(self._revoke(packet, label) if revoked else None, packet)
            return
        origin = RtpOrigin(packet.sequence, packet.timestamp, packet.frame, packet.arrival_ns)
        if label == labels.OPUS:
            copies: tuple[RedundantCopy, ...] = ()
        else:
            blocks = parse_red(packet.payload) or []
            copies = tuple(block.copy(stamp) for block in blocks[:-1] if block.data)
            packet = replace(packet, payload=blocks[-1].data, start=packet.start + blocks[-1].start)
        for copy in self.copies.check(packet.payload, stamp, copies):
            age = stamp - copy.timestamp_48k
            detail = f"packet {packet.sequence} holds a copy, {age / 48:g} ms back, of other bytes"
            yield Taken(self.track.notice("rtp.red.different", f"{detail} than were sent"))
        events = self.track.packet(packet.payload, stamp, rtp=origin, redundancy=copies)
        self.duration = packet_duration_48k(packet.payload)
        for event in events:
            yield Taken(event, packet)

    def _label(self, packet: RtpPacket) -> str:
        """What a packet is, now that its payload type is known."""
        if not packet.payload:
            return labels.PADDING
        label = self._state(packet.payload_type).label or labels.UNDECIDED
        if label == labels.RED:
            blocks = parse_red(packet.payload)
            if blocks is None or not blocks[-1].data:
                return "RED without a primary block"
        return label

    def _describe(self, packet: RtpPacket, label: str) -> Iterator[Taken]:
        """Begin the Opus stream, or tell that its payload type is another now."""
        kind = packet.payload_type
        if kind in self._opus_types:
            return
        first = not self._opus_types
        self._opus_types.add(kind)
        self.known[kind] += 1
        if not first:
            name = f"{kind} (RED)" if label == labels.RED else f"{kind}"
            detail = f"payload type {name} begins at packet {packet.sequence}"
            yield Taken(self.track.notice("rtp.payload_type", detail))
            return
        self.base = packet.timestamp
        durations = self.wanted.durations.get(kind, DredDurations())
        info = StreamInfo(
            0,
            self.container,
            mapping_family=0,
            track=packet.ssrc,
            ssrc=packet.ssrc,
            payload_type=kind,
            flow=self.flow,
            dred_sends_ms=durations.sends_ms,
            dred_takes_ms=durations.takes_ms,
        )
        for description in self.track.describe(info, None):
            self.census.stream = description.number
            yield Taken(description)

    def _revoke(self, packet: RtpPacket, label: str) -> Notice:
        """Tell that a source of Opus goes on with what is none."""
        self._told.add(label)
        detail = f"from packet {packet.sequence} on packets {label}: they are no Opus"
        return self.track.notice("rtp.encrypted", detail)

    def _gap(self, packet: RtpPacket, stamp: int) -> Iterator[Taken]:
        """The gap before a packet, with its time if that follows from both sides."""
        if not self.missing:
            return
        count, self.missing = self.missing, 0
        detail = gap_detail(count, packet.sequence)
        yield Taken(self.track.notice("rtp.gap", detail, count))
        start = None
        each = self.duration
        if each is not None and stamp - self.last_48k == (count + 1) * each:
            start = self.last_48k + each
        for record in self.track.lost(count, start):
            yield Taken(record)


def gap_detail(count: int, sequence: int) -> str:
    """What is said of missing packets before one that came."""
    return f"{count} packets are missing before packet {sequence}"
