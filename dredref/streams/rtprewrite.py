"""Giving the Opus packets in a capture other bytes, and keeping all else of it.

Frames leave in the order they came, but packets are transformed in the order they were sent: so
frames wait until the packets in those before them are settled.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from dredref.spec.errors import BuildError
from dredref.streams.capture import Block, Broken, read_blocks, with_data, with_room
from dredref.streams.datagram import with_payload
from dredref.streams.record import Notice, Record
from dredref.streams.rewrite import Observe, Transform
from dredref.streams.rtp import Flows, Taken, kind_of_capture
from dredref.streams.rtpguess import RtpPacket
from dredref.streams.source import Source

MAX_WAITING = 4096
"""Frames that wait; when there are more, all sources are settled as if they ended."""

MAX_WAITING_BYTES = 1 << 24

_REMEMBERED = 1024
"""New payloads kept for duplicates of their packets."""

_MAX_DATAGRAM = 65507
"""What IPv4 leaves to a UDP payload."""


PacketKey: TypeAlias = tuple[int, int, bytes]
"""SSRC, sequence number and payload."""


@dataclass
class _Waiting:
    """A block on its way out. ``datagram`` is the UDP payload of a packet that is not settled."""

    block: Block
    datagram: bytes | None
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

    def add(self, block: Block, datagram: bytes | None) -> None:
        """Put a block at the end; without a datagram to settle it goes out as it is."""
        raw = block.raw if block.frame else with_room(block)
        self.waiting.append(_Waiting(block, datagram, raw))
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
        slot = self.waiting[packet.frame - self.first]
        datagram, slot.datagram = slot.datagram, None
        if payload is None or payload == packet.payload or datagram is None:
            return
        end = packet.start + len(packet.payload)
        changed = datagram[: packet.start] + payload + datagram[end:]
        if len(changed) > _MAX_DATAGRAM:
            raise BuildError("output.datagram", f"{len(changed)} bytes fit no UDP datagram")
        assert slot.block.frame is not None
        slot.out = with_data(slot.block, with_payload(slot.block.frame, changed))

    def flush(self) -> None:
        """Write what no longer waits."""
        while self.waiting and self.waiting[0].datagram is None:
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
        BuildError: ``output.datagram`` for a packet that fits no datagram.
        MissingExtraError: dpkt is not installed.
    """
    flows = Flows(kind_of_capture(source), None, None)
    queue = _Queue(file, transform, observe)
    for block in read_blocks(source):
        if isinstance(block, Broken):
            observe(Notice("stream.truncated", block.detail, flows.numbering.records))
            break
        datagram = flows.datagram(block.frame) if block.frame else None
        if isinstance(datagram, Notice):
            observe(datagram)
            datagram = None
        packet = flows.accepts(datagram, queue.next_number) if datagram else None
        queue.add(block, datagram.payload if datagram and packet else None)
        if datagram and packet:
            for taken in flows.push(datagram, packet):
                queue.settle(taken)
        if queue.full:
            queue.settle_all(flows)
        queue.flush()
    queue.settle_all(flows)
    queue.flush()
    flows.require_stream(source.name)
