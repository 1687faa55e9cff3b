"""IP fragments put together (RFC 791, section 3.2; RFC 8200, section 4.5)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from dredref.streams.capture.segment import Fragment

MAX_PACKETS = 1024
"""Packets that wait for fragments at a time; the one that waits longest is given up."""

MAX_BYTES = 1 << 24
"""Bytes that wait."""

MAX_PARTS = 512
"""Fragments of one packet: 64 kB make 45 of Ethernet's size."""


@dataclass
class _Pieces:
    """The fragments of one packet so far."""

    parts: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None
    held: int = 0

    def whole(self) -> bytes | None:
        """The payload, if no byte is missing; where fragments overlap, the first one holds."""
        if self.size is None or self.held < self.size:
            return None
        data = bytearray()
        for offset in sorted(self.parts):
            if offset > len(data):
                return None
            data += self.parts[offset][len(data) - offset :]
        return bytes(data[: self.size]) if len(data) >= self.size else None


class FragmentBuffer:
    """Holds the fragments of packets. ``given_up`` counts fragments that never made one."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self.given_up = 0
        self._waiting: OrderedDict[tuple[bytes, bytes, int, int], _Pieces] = OrderedDict()
        self._bytes = 0

    def push(self, fragment: Fragment) -> bytes | None:
        """Take a fragment; the payload of its packet, if that is whole now."""
        key = fragment.source, fragment.target, fragment.protocol, fragment.identification
        pieces = self._waiting.setdefault(key, _Pieces())
        if fragment.offset not in pieces.parts and len(pieces.parts) < MAX_PARTS:
            pieces.parts[fragment.offset] = fragment.data
            pieces.held += len(fragment.data)
            self._bytes += len(fragment.data)
        if not fragment.more:
            pieces.size = fragment.offset + len(fragment.data)
        data = pieces.whole()
        if data is not None:
            self._bytes -= self._waiting.pop(key).held
        while len(self._waiting) > MAX_PACKETS or self._bytes > MAX_BYTES:
            _, oldest = self._waiting.popitem(last=False)
            self._bytes -= oldest.held
            self.given_up += len(oldest.parts)
        return data

    def end(self) -> int:
        """How many fragments never made a packet, those that still wait included."""
        return self.given_up + sum(len(pieces.parts) for pieces in self._waiting.values())
