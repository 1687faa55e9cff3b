"""What is found in a captured frame: a UDP datagram or TCP segment, an IP fragment, or neither."""

from __future__ import annotations

import socket
from dataclasses import dataclass

TCP, UDP, UDP_LITE = 6, 17, 136

FIXED = ("fixed", 0)
"""In `Segment.sized`: something around the payload that keeps it from being given another size."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A UDP datagram or a TCP segment.

    Attributes:
        protocol: `UDP`, `UDP_LITE` or `TCP`.
        source: address of the sender, 4 or 16 bytes.
        source_port: its port.
        target: address of the receiver.
        target_port: its port.
        data: the frame, or the IP packet put together, that it stands in.
        start: where its payload begins in ``data``.
        end: where it ends by the headers.
        sized: headers whose lengths or checksums depend on the payload: kind and place.
        sequence: sequence number of TCP.
    """

    protocol: int
    source: bytes
    source_port: int
    target: bytes
    target_port: int
    data: bytes
    start: int
    end: int
    sized: tuple[tuple[str, int], ...] = ()
    sequence: int = 0

    @property
    def payload(self) -> bytes:
        """What it carries; less than it should where the frame was cut."""
        return self.data[self.start : self.end]

    @property
    def cut(self) -> bool:
        """Whether the end of the payload was not captured."""
        return self.end > len(self.data)

    @property
    def flow(self) -> str:
        """Both ends, for people."""
        ends = ((self.source, self.source_port), (self.target, self.target_port))
        return " > ".join(f"{address_text(address)}:{port}" for address, port in ends)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of an IP packet."""

    source: bytes
    target: bytes
    protocol: int
    identification: int
    offset: int
    more: bool
    data: bytes
    cut: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A frame without UDP or TCP, or one whose headers are not known: its name."""

    what: str


def address_text(address: bytes) -> str:
    """An IP address for people."""
    if len(address) == 4:
        return socket.inet_ntop(socket.AF_INET, address)
    return f"[{socket.inet_ntop(socket.AF_INET6, address)}]"
