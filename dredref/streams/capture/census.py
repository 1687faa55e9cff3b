"""The accounts of a capture: what became of every frame, and of every packet found in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

LISTED = 256
"""Most RTP sources, and most kinds of frame, that are listed one by one; all are counted."""

OTHERS = "other kinds"


@dataclass
class SourceCensus:
    """What became of the packets of one RTP source.

    Attributes:
        ssrc: synchronisation source.
        flow: UDP or TCP ends.
        stream: number of the Opus stream that came of it, or None.
        packets: what packets were -> how many.
        copies: what redundant copies (RED) were beside their originals -> how many.
    """

    ssrc: int
    flow: str
    _total: Counter[str]
    stream: int | None = None
    packets: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)

    def count(self, what: str, count: int = 1) -> None:
        """Count packets, here and in the whole capture."""
        self.packets[what] += count
        self._total[what] += count

    def to_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "ssrc": self.ssrc,
            "flow": self.flow,
            "stream": self.stream,
            "packets": dict(self.packets.most_common()),
            "red_copies": dict(self.copies.most_common()),
        }


@dataclass
class Census:
    """The accounts of a capture; each frame and each packet is counted once.

    Attributes:
        frames: what frames were -> how many.
        packets: what datagrams, or messages in TCP, were -> how many: Opus, RED, other codecs,
            encrypted, RTCP and so on.
        sources: RTP sources, the first `LISTED` of them.
        cut: captured length of frames that were cut -> how many.
    """

    frames: Counter[str] = field(default_factory=Counter)
    packets: Counter[str] = field(default_factory=Counter)
    sources: list[SourceCensus] = field(default_factory=list)
    cut: Counter[int] = field(default_factory=Counter)

    def frame(self, what: str, count: int = 1) -> None:
        """Count frames."""
        self.frames[what if what in self.frames or len(self.frames) < LISTED else OTHERS] += count

    def source(self, ssrc: int, flow: str) -> SourceCensus:
        """The accounts of a new source."""
        made = SourceCensus(ssrc, flow, self.packets)
        if len(self.sources) < LISTED:
            self.sources.append(made)
        return made

    def told(self) -> str:
        """What was found, in a few words, most frequent first."""
        found = [
            *(f"{count} {what}" for what, count in self.packets.most_common(8)),
            *(f"{count} frames: {what}" for what, count in self.unread().most_common(4)),
        ]
        return ", ".join(found) or "no frames"

    def unread(self) -> Counter[str]:
        """The frames that gave no datagram."""
        return Counter({what: n for what, n in self.frames.items() if what not in READ_FRAMES})

    def to_json(self) -> dict[str, Any]:
        """The published form."""
        return {
            "frames": dict(self.frames.most_common()),
            "packets": dict(self.packets.most_common()),
            "sources": [source.to_json() for source in self.sources],
        }


READ_FRAMES = frozenset(("UDP", "TCP with messages", "IP fragment"))
"""Kinds of frame whose contents are told by the packets."""
