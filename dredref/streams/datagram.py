"""UDP datagrams in captured frames, taken apart and put together with dpkt."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from dredref.streams.capture import Frame, import_dpkt

LINK_ETHERNET = 1
LINK_COOKED = 113
LINK_COOKED_2 = 276

TYPED_LINKS = {LINK_ETHERNET: (12, 14), LINK_COOKED: (14, 16), LINK_COOKED_2: (0, 20)}
"""Link type -> where it says what it carries, and where that begins."""

PLAIN_LINKS = {0: 4, 108: 4, 12: 0, 14: 0, 101: 0, 228: 0, 229: 0}
"""Link type -> where IP begins: loopback, whose address family has several codes, while IP itself
says its version; and IP without a link header, under the numbers of some BSDs as well."""

_IP_TYPES = (0x0800, 0x86DD)
_VLAN_TYPES = (0x8100, 0x88A8, 0x9100, 0x9200)


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram. ``fragment`` marks a part of one, whose payload is of no use alone."""

    source: bytes
    source_port: int
    target: bytes
    target_port: int
    payload: bytes
    fragment: bool = False

    @property
    def flow(self) -> str:
        """Both ends, for people."""
        ends = ((self.source, self.source_port), (self.target, self.target_port))
        return " > ".join(f"{_address(address)}:{port}" for address, port in ends)


def _address(address: bytes) -> str:
    if len(address) == 4:
        return socket.inet_ntop(socket.AF_INET, address)
    return f"[{socket.inet_ntop(socket.AF_INET6, address)}]"


def ip_start(frame: Frame) -> int | None:
    """Where the IP packet begins in a frame; None if there is none or the link is unknown."""
    if frame.link in PLAIN_LINKS:
        return PLAIN_LINKS[frame.link]
    if frame.link not in TYPED_LINKS:
        return None
    type_at, at = TYPED_LINKS[frame.link]
    kind = int.from_bytes(frame.data[type_at : type_at + 2], "big")
    while kind in _VLAN_TYPES and at < len(frame.data):
        kind = int.from_bytes(frame.data[at + 2 : at + 4], "big")
        at += 4
    return at if kind in _IP_TYPES else None


def _ip_packet(data: bytes) -> Any:
    """The IP packet as dpkt's object.

    Raises:
        Exception: dpkt lets many sorts of error through on bad packets.
    """
    dpkt = import_dpkt()
    return (dpkt.ip6.IP6 if data[0] >> 4 == 6 else dpkt.ip.IP)(data)


def read_datagram(frame: Frame) -> Datagram | None:
    """The UDP datagram in a frame, None if there is none or it cannot be read."""
    dpkt = import_dpkt()
    start = ip_start(frame)
    if start is None:
        return None
    try:
        packet = _ip_packet(frame.data[start:])
        if isinstance(packet, dpkt.ip.IP):
            protocol, fragment = packet.p, bool(packet.mf or packet.offset)
        else:
            protocol = getattr(packet, "p", None)
            part = packet.extension_hdrs.get(dpkt.ip.IP_PROTO_FRAGMENT)
            fragment = part is not None and bool(part.m_flag or part.frag_off)
        if protocol != dpkt.ip.IP_PROTO_UDP:
            return None
        if fragment:
            return Datagram(packet.src, 0, packet.dst, 0, b"", True)
        udp = packet.data
        if not isinstance(udp, dpkt.udp.UDP):
            return None
        payload = udp.data[: max(0, udp.ulen - 8)] if udp.ulen else udp.data
        return Datagram(packet.src, udp.sport, packet.dst, udp.dport, payload)
    except Exception:  # dpkt raises what it happens to run into; such a frame is no datagram
        return None


def with_payload(frame: Frame, payload: bytes) -> bytes:
    """A frame's bytes with another payload in its UDP datagram; lengths and checksums follow.

    Only for a frame that `read_datagram` could read, and read as no fragment.
    """
    dpkt = import_dpkt()
    start = ip_start(frame)
    assert start is not None
    data = frame.data[start:]
    packet = _ip_packet(data)
    udp = packet.data
    more = len(payload) - len(udp.data)
    four = isinstance(packet, dpkt.ip.IP)
    whole = (packet.len if four else packet.plen and 40 + packet.plen) or len(data)
    udp.data = payload
    udp.ulen = 8 + len(payload)
    udp.sum = packet.sum = 0
    if four:
        packet.len = whole + more
    else:
        packet.plen = whole - 40 + more
    return frame.data[:start] + bytes(packet) + data[whole:]
