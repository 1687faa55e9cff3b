"""RTP in TCP: segments put in order, and packets found in the stream of bytes.

Four framings: RTP over TCP (RFC 4571), TURN over TCP (RFC 8656), RTP interleaved with RTSP (RFC
7826, section 14), and SIP, whose messages may hold SDP. What is none of these is left alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from dredref.streams.capture.relay import COOKIE, is_text, text_size
from dredref.streams.capture.segment import Segment

MAX_STREAMS = 1024
"""Directions of connections that are followed at a time."""

MAX_PENDING = 64
"""Segments that wait for one that is missing."""

MAX_HELD = 1 << 17
"""Bytes that wait to become a message: RFC 4571 needs 65,537."""


@dataclass
class _Stream:
    """One direction of a connection."""

    next: int | None = None
    pending: dict[int, bytes] = field(default_factory=dict)
    buffer: bytearray = field(default_factory=bytearray)
    framing: str | None = None

    def push(self, sequence: int, data: bytes) -> Iterator[bytes]:
        """Take a segment; the messages that are whole now."""
        if self.next is None:
            self.next = sequence
        ahead = (sequence - self.next + (1 << 31)) % (1 << 32) - (1 << 31)
        if ahead > 0:
            self.pending[sequence] = data
            if len(self.pending) <= MAX_PENDING:
                return
            sequence = min(self.pending, key=lambda one: (one - (self.next or 0)) % (1 << 32))
            data, self.next, ahead = self.pending.pop(sequence), sequence, 0
            self.buffer.clear()
            self.framing = None
        while True:
            fresh = data[-ahead:] if ahead else data
            if len(data) + ahead > 0:
                self.next = (self.next + len(fresh)) % (1 << 32)
                yield from self._messages(fresh)
            if self.next not in self.pending:
                return
            data, ahead = self.pending.pop(self.next), 0

    def _messages(self, data: bytes) -> Iterator[bytes]:
        """The messages that end in some more bytes."""
        self.buffer += data
        if self.framing is None:
            self.framing = _framing(self.buffer)
            if self.framing is None:  # the middle of something: the next segment may begin anew
                self.buffer.clear()
                return
        at = 0
        while at < len(self.buffer):
            start, size = _message(self.framing, self.buffer, at)
            if size < 0 or size > MAX_HELD:
                self.framing = None
                at = len(self.buffer)
                break
            if not size or at + start + size > len(self.buffer):
                break
            yield bytes(self.buffer[at + start : at + start + size])
            at += start + size
            if self.framing == "turn":
                at += -size % 4 if self.buffer[at - size] >> 6 == 1 else 0
        del self.buffer[:at]


def _framing(data: bytearray) -> str | None:
    """How messages are framed, by the beginning of a stream."""
    if is_text(data) or data[:1] == b"$":
        return "text"
    if len(data) >= 8 and data[4:8] == COOKIE:
        return "turn"
    if len(data) >= 8 and 0x40 <= data[0] <= 0x4F and data[4] >> 6 == 2:
        return "turn"
    long_enough = len(data) >= 3 and int.from_bytes(data[:2], "big") >= 12
    if long_enough and (data[2] >> 6 == 2 or bytes(data[6:10]) == COOKIE):
        return "rfc4571"
    return None


def _message(framing: str, data: bytearray, at: int) -> tuple[int, int]:
    """Where the message behind ``at`` begins, and its size: 0 if more bytes are needed, -1 if it
    is none.
    """
    head = bytes(data[at : at + 20])
    if framing == "rfc4571":
        return (2, int.from_bytes(head[:2], "big") or -1) if len(head) >= 2 else (0, 0)
    if framing == "turn":
        if len(head) < 4:
            return 0, 0
        size = int.from_bytes(head[2:4], "big")
        return 0, size + (4 if head[0] >> 6 == 1 else 20)
    if head[:1] == b"$":
        return (4, int.from_bytes(head[2:4], "big") or -1) if len(head) >= 4 else (0, 0)
    return 0, text_size(data, at)


class TcpStreams:
    """All connections of a capture."""

    def __init__(self) -> None:
        """Know of none yet."""
        self._streams: OrderedDict[tuple[bytes, int, bytes, int], _Stream] = OrderedDict()

    def push(self, segment: Segment) -> tuple[bool, list[bytes]]:
        """Take a segment: whether its stream is one that is read, and the messages that end."""
        key = segment.source, segment.source_port, segment.target, segment.target_port
        stream = self._streams.setdefault(key, _Stream())
        self._streams.move_to_end(key)
        if len(self._streams) > MAX_STREAMS:
            self._streams.popitem(last=False)
        messages = list(stream.push(segment.sequence, segment.payload)) if segment.payload else []
        return stream.framing is not None, messages
