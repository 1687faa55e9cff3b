"""All RTP sources of a capture, and the accounts of all that was there."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator

from dredref.spec.errors import InputError
from dredref.streams.capture.census import Census
from dredref.streams.capture.files import Frame
from dredref.streams.capture.messages import Messages
from dredref.streams.capture.relay import is_text, name_of
from dredref.streams.capture.segment import Segment, address_text
from dredref.streams.columns.order import MAX_HELD_BYTES
from dredref.streams.columns.sources import SourceRows
from dredref.streams.record import Container, Event, Notice
from dredref.streams.rtp import labels
from dredref.streams.rtp.dtls import DtlsKeys
from dredref.streams.rtp.options import RtpOptions
from dredref.streams.rtp.packet import RtpPacket, is_rtcp, parse_rtp
from dredref.streams.rtp.sdp import Signalling
from dredref.streams.rtp.source import RtpSource, SourceKey, Taken, Wanted
from dredref.streams.rtp.srtp import Decryptor
from dredref.streams.track import Numbering

MAX_SOURCES = 1 << 14
"""Most sources followed at a time; the one silent for longest is ended for a new one."""

MAX_NAMED = 8
"""Most sources that an error names."""

GUIDE = "see the guide call-capture"


class Flows:
    """All RTP sources of a capture, and its accounts."""

    def __init__(self, container: Container, options: RtpOptions) -> None:
        """Follow all sources that carry Opus, or only those asked for.

        Raises:
            InputError: ``sdp.empty``.
        """
        self.container = container
        self.options = options
        self.numbering = Numbering()
        self.census = Census()
        self.messages = Messages(self.census)
        self.signalling = Signalling(options.sdp)
        self.dtls = DtlsKeys(options.keylog)
        self.sources: OrderedDict[SourceKey, RtpSource] = OrderedDict()
        self.other_ssrcs: dict[int, None] = {}
        self.rows = SourceRows()
        self.changed: set[RtpSource] = set()
        self.held = 0
        self._known: Counter[int] = Counter()
        self._keys = 0
        self._decryptor: Decryptor | None = None

    def packets(
        self, frame: Frame, number: int
    ) -> Iterator[tuple[Segment, RtpPacket | None, Notice | None]]:
        """The RTP packets in a frame, with what they came in; a notice where a part is gone."""
        for segment in self.messages.push(frame):
            yield segment, *self._read(segment, frame, number)

    def _read(
        self, segment: Segment, frame: Frame, number: int
    ) -> tuple[RtpPacket | None, Notice | None]:
        """The RTP packet of a segment; anything else is counted here."""
        data = segment.payload
        if segment.cut:
            self.census.packets[labels.CUT if data[:1] and data[0] >> 6 == 2 else "other, cut"] += 1
            detail = f"frames are cut at {len(frame.data)} bytes"
            return None, Notice("capture.cut", detail, self.numbering.records)
        packet = None
        if is_rtcp(data):
            self.census.packets[labels.RTCP] += 1
        elif (packet := self._parse(segment, data, number, frame.time_ns)) is None:
            name = name_of(data)
            self.census.packets[name] += 1
            if name == "DTLS":
                self.dtls.add(segment)
            elif is_text(data):
                self.signalling.add(data)
        elif self.options.ssrc not in (None, packet.ssrc):
            self.census.packets[labels.UNWANTED] += 1
            if len(self.other_ssrcs) < MAX_NAMED:
                self.other_ssrcs[packet.ssrc] = None
            packet = None
        return packet, None

    def _parse(
        self, segment: Segment, data: bytes, number: int, time_ns: int | None
    ) -> RtpPacket | None:
        """The RTP packet in a datagram, decrypted if a key fits."""
        packet = parse_rtp(data, number, time_ns)
        if packet is None:
            return None
        if (decryptor := self._keyed()) is not None:
            plain = decryptor.decrypt(_key(segment, packet.ssrc), data)
            if plain is not None:
                return parse_rtp(plain, number, time_ns)
        return packet

    @property
    def keyed(self) -> bool:
        """Whether there are keys, so that each packet is to be decrypted."""
        return bool(self.options.srtp_keys or self.signalling.keys or self.dtls.keys)

    def _keyed(self) -> Decryptor | None:
        """What decrypts, with all keys known by now."""
        keys = (*self.options.srtp_keys, *self.signalling.keys, *self.dtls.keys)
        if len(keys) > self._keys:
            self._keys = len(keys)
            self._decryptor = Decryptor(keys)
        return self._decryptor

    def push(self, segment: Segment, packet: RtpPacket) -> Iterator[Taken]:
        """Take a packet that `packets` gave."""
        key = _key(segment, packet.ssrc)
        source = self.sources.get(key)
        if source is None:
            source = self.sources[key] = self._begin(segment, packet)
            if len(self.sources) > MAX_SOURCES:
                _, oldest = self.sources.popitem(last=False)
                yield from self._counted(oldest.end())
                oldest.ended = True
                self.changed.add(oldest)
                self.rows.drop(oldest.row)
        self.sources.move_to_end(key)
        self.changed.add(source)
        self.held += len(packet.payload)
        yield from self._counted(source.push(packet))
        if self.held > MAX_HELD_BYTES:
            yield from self.end()

    def _begin(self, segment: Segment, packet: RtpPacket) -> RtpSource:
        """A new source."""
        ports = segment.source_port, segment.target_port
        signalling = self.signalling
        wanted = Wanted(
            self.options.payload_type,
            signalling.codecs(ports),
            signalling.durations(
                (address_text(segment.source), segment.source_port),
                (address_text(segment.target), segment.target_port),
            ),
        )
        accounts = self.census.source(packet.ssrc, segment.flow)
        known = self._known, self.container, self.numbering, self.rows
        return RtpSource(_key(segment, packet.ssrc), segment.flow, accounts, wanted, *known)

    def _counted(self, settled: Iterator[Taken]) -> Iterator[Taken]:
        """Pass on what is settled, and know how much is held."""
        for taken in settled:
            if taken.packet is not None:
                self.held -= len(taken.packet.payload)
            yield taken

    def end(self) -> Iterator[Taken]:
        """Give out all that is held; the sources may go on."""
        for source in self.sources.values():
            self.changed.add(source)
            yield from self._counted(source.end())
        self.held = 0

    def closing(self) -> Iterator[Event]:
        """The accounts, and notices about the capture as a whole."""
        index = self.numbering.records
        fragments = self.messages.fragments.end()
        if self.messages.assembled:
            detail = f"{self.messages.assembled} datagrams were put together of IP fragments"
            yield Notice("capture.fragments", detail, index, count=self.messages.assembled)
        if fragments:
            detail = f"{fragments} IP fragments lack the rest of their datagrams"
            yield Notice("capture.fragment", detail, index, count=fragments)
        yield self.census

    def require_stream(self, name: str) -> None:
        """Raise an error if no source was followed.

        Raises:
            InputError: ``input.no_rtp``, or ``input.encrypted``.
        """
        if self.numbering.streams:
            return
        told = self.census.told()
        packets = self.census.packets
        if self.options.ssrc is not None and self.other_ssrcs:
            others = ", ".join(f"{one:#010x}" for one in self.other_ssrcs)
            what = f"no RTP source with SSRC {self.options.ssrc:#010x} that carries Opus"
            raise InputError("input.no_rtp", f"{name}: {what} ({told}; SSRCs seen: {others})")
        if any(what.startswith(labels.ENCRYPTED) for what in packets):
            raise InputError(
                "input.encrypted",
                f"{name}: {told}. Give the keys (--srtp-key, --keylog, --sdp) or capture "
                f"behind the decryption; {GUIDE}",
            )
        if self.census.cut:
            size, count = self.census.cut.most_common(1)[0]
            what = f"{count} frames are cut at {size} bytes, so their packets are not whole; "
            what += f"capture with a larger snapshot length (tcpdump -s 0). Found: {told}"
            raise InputError("input.no_rtp", f"{name}: {what}")
        try_this = "if one of these is Opus, say which: --payload-type, --sdp"
        raise InputError(
            "input.no_rtp",
            f"{name}: no RTP source carries Opus. Found: {told}; {try_this}; {GUIDE}",
        )


def _key(segment: Segment, ssrc: int) -> SourceKey:
    """What tells a source from others."""
    ends = segment.source, segment.source_port, segment.target, segment.target_port
    return (*ends, ssrc)
