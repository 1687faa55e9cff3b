"""Giving the Opus packets in a capture other bytes, and keeping all else of it.

Frames leave in the order they came, but packets are transformed in the order they were sent: so
frames wait until the packets in those before them are settled.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from dredref.spec.errors import BuildError
from dredref.streams.capture.edit import with_payload
from dredref.streams.capture.files import Block, Broken, read_blocks, with_data, with_room
from dredref.streams.capture.segment import FIXED, Segment
from dredref.streams.record import Notice, Record
from dredref.streams.rewrite import Observe, Transform
from dredref.streams.rtp.flows import Flows
from dredref.streams.rtp.options import RtpOptions
from dredref.streams.rtp.packet import RtpPacket
from dredref.streams.rtp.reader import kind_of_capture
from dredref.streams.rtp.source import Taken
from dredref.streams.source import Source

MAX_WAITING = 4096
"""Frames that wait; when there are more, all sources are settled as if they ended."""

MAX_WAITING_BYTES = 1 << 24

_REMEMBERED = 1024
"""New payloads kept for duplicates of their packets."""


PacketKey: TypeAlias = tuple[int, int, bytes]
"""SSRC, sequence number and payload."""


@dataclass
class _Waiting:
    """A block on its way out. ``segment`` is the datagram of a packet that is not settled."""

    block: Block
    segment: Segment | None
    out: bytes


class _Queue:
    """Blocks in the order of the file."""

    def __init__(self, file: BinaryIO, transform: Transform, observe: Observe) -> None:
        self.file, self.transform, self.observe = file, transform, observe
        self.waiting: deque[_Waiting] = deque()
        self.first = 0
        self.bytes = 0
        self.done: OrderedDict[PacketKey, bytes] = OrderedDict()
        self.twins: dict[PacketKey, list[RtpPacket]] = {}

    def add(self, block: Block, segment: Segment | None) -> None:
        """Put a block at the end; without a datagram to settle it goes out as it is."""
        raw = block.raw if block.frame else with_room(block)
        self.waiting.append(_Waiting(block, segment, raw))
        self.bytes += len(raw)

    @property
    def next_number(self) -> int:
        """The number of the block that is added next."""
        return self.first + len(self.waiting)

    @property
    def full(self) -> bool:
        """Whether more wait than there should."""
        return len(self.waiting) > MAX_WAITING or self.bytes > MAX_WAITING_BYTES

    def settle(self, taken: Taken) -> None:
        """Transform or release a packet, and pass events on.

        A duplicate gets what its packet gets, be it before or after.
        """
        event, packet = taken.event, taken.packet
        key = (packet.ssrc, packet.sequence, packet.payload) if packet else (0, 0, b"")
        payload = None
        if isinstance(event, Record) and event.packet is not None and packet is not None:
            payload = self.done[key] = self.transform(event)
            for twin in self.twins.pop(key, ()):
                self._release(twin, payload)
            if len(self.done) > _REMEMBERED:
                self.done.popitem(last=False)
        elif event is not None:
            self.observe(event)
            if isinstance(event, Notice) and event.code == "rtp.duplicate" and packet:
                payload = self.done.get(key)
                if payload is None:
                    self.twins.setdefault(key, []).append(packet)
                    return
        if packet is not None:
            self._release(packet, payload)

    def settle_all(self, flows: Flows) -> None:
        """Settle all packets that still wait; those of no known packet stay as they are."""
        for taken in flows.end():
            self.settle(taken)
        for twins in self.twins.values():
            for twin in twins:
                self._release(twin, None)
        self.twins.clear()

    def _release(self, packet: RtpPacket, payload: bytes | None) -> None:
        """Let a packet's frame go, with another payload or as it is."""
        place = packet.frame - self.first
        slot = self.waiting[place] if place >= 0 else None
        segment = slot.segment if slot else None
        if slot:
            slot.segment = None
        if payload is None or payload == packet.payload:
            return
        if slot is None or segment is None or slot.block.frame is None:
            raise BuildError(
                "output.encapsulation",
                "packets in TCP, IP fragments or SRTP cannot be given other bytes",
            )
        before = segment.payload
        end = packet.start + len(packet.payload)
        changed = before[: packet.start] + payload + before[end:]
        slot.out = with_data(slot.block, with_payload(segment, changed))

    def flush(self) -> None:
        """Write what no longer waits."""
        while self.waiting and self.waiting[0].segment is None:
            slot = self.waiting.popleft()
            self.first += 1
            self.bytes -= len(slot.block.raw)
            self.file.write(slot.out)


def rewrite_rtp(source: Source, file: BinaryIO, transform: Transform, observe: Observe) -> None:
    """Rewrite the Opus packets of a capture.

    Sequence numbers, timestamps, header extensions and padding of RTP stay, as do other frames;
    lengths and checksums follow. A packet that came twice is changed twice; one that came too late,
    or cut short, stays as it is.

    Raises:
        InputError: ``input.truncated``, ``input.no_rtp``.
        BuildError: ``output.datagram`` for a packet that fits no datagram, ``output.encapsulation``
            for one in TCP, or in IP fragments.
    """
    flows = Flows(kind_of_capture(source), RtpOptions())
    queue = _Queue(file, transform, observe)
    for block in read_blocks(source):
        if isinstance(block, Broken):
            observe(Notice("stream.truncated", block.detail, flows.numbering.records))
            break
        found = list(flows.packets(block.frame, queue.next_number)) if block.frame else []
        packets = [(segment, packet) for segment, packet, _ in found if packet is not None]
        editable = [segment for segment, _ in packets if FIXED not in segment.sized]
        queue.add(block, editable[0] if editable else None)
        for _, _, notice in found:
            if notice is not None:
                observe(notice)
        for segment, packet in packets:
            for taken in flows.push(segment, packet):
                queue.settle(taken)
        if queue.full:
            queue.settle_all(flows)
        queue.flush()
    queue.settle_all(flows)
    queue.flush()
    for event in flows.closing():
        observe(event)
    flows.require_stream(source.name)
