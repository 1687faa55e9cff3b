"""From captured frames to what was sent in them, whatever is around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dredref.streams.capture.census import Census
from dredref.streams.capture.files import Frame
from dredref.streams.capture.layers import dissect, dissect_assembled
from dredref.streams.capture.reassembly import FragmentBuffer
from dredref.streams.capture.relay import unwrap_relay
from dredref.streams.capture.segment import FIXED, TCP, Fragment, Segment, Unread
from dredref.streams.capture.tcp import TcpStreams


class Messages:
    """Gives the datagrams of frames: fragments put together, TCP and TURN taken apart."""

    def __init__(self, census: Census) -> None:
        """Count frames in ``census``."""
        self.census = census
        self.fragments = FragmentBuffer()
        self.assembled = 0
        self._tcp = TcpStreams()

    def push(self, frame: Frame) -> Iterator[Segment]:
        """Take a frame; yield the datagrams, and messages in TCP, that are whole with it.

        A datagram whose end was cut off is given too (`Segment.cut`).
        """
        found: Segment | Fragment | Unread | None = dissect(frame.link, frame.data)
        label = ""
        if isinstance(found, Fragment):
            label = "IP fragment"
            if found.cut:
                self._note_cut(frame)
                found = Unread("IP fragment, cut")
            else:
                found = self._assemble(found)
        if isinstance(found, Unread):
            cut = frame.cut and found.what == "cut or malformed headers"
            if cut:
                self._note_cut(frame)
            self.census.frame(label or found.what)
        elif isinstance(found, Segment):
            yield from self._segment(found, frame, label)
        else:
            self.census.frame(label)

    def _assemble(self, fragment: Fragment) -> Segment | Fragment | Unread | None:
        """The segment in a packet that is whole with this fragment."""
        data = self.fragments.push(fragment)
        if data is None:
            return None
        self.assembled += 1
        return dissect_assembled(fragment, data)

    def _segment(self, segment: Segment, frame: Frame, label: str) -> Iterator[Segment]:
        """The messages of a UDP datagram or TCP segment."""
        if segment.cut:
            self._note_cut(frame)
        if segment.protocol != TCP:
            self.census.frame(label or "UDP")
            yield unwrap_relay(segment) or segment
            return
        framed, messages = (False, []) if segment.cut else self._tcp.push(segment)
        self.census.frame(label or ("TCP with messages" if framed else "TCP"))
        for message in messages:
            whole = replace(segment, data=message, start=0, end=len(message), sized=(FIXED,))
            yield unwrap_relay(whole) or whole

    def _note_cut(self, frame: Frame) -> None:
        self.census.cut[len(frame.data)] += 1
