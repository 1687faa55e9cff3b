"""UDP datagrams out of captured frames, taken apart with dpkt."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from dredref.streams.capture import Frame, import_dpkt

LINK_NULL = 0
LINK_ETHERNET = 1
LINK_RAW = frozenset((12, 14, 101, 228, 229))
"""IP without a link header; the first two numbers are those of some BSDs."""
LINK_LOOP = 108
LINK_COOKED = 113
LINK_COOKED_2 = 276

_COOKED_BYTES = 16
_COOKED_2_BYTES = 20
_NO_ADDRESSES = bytes(12)


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


def network_packet(frame: Frame) -> Any:
    """The frame's link layer as dpkt's Ethernet, or its IP packet where there is none.

    Raises:
        Exception: dpkt lets many sorts of error through on bad frames.
    """
    dpkt = import_dpkt()
    data = frame.data
    if frame.link in (LINK_NULL, LINK_LOOP):
        data = data[4:]  # the address family, in one of several codes; IP itself says its version
    elif frame.link == LINK_ETHERNET:
        return dpkt.ethernet.Ethernet(data)
    elif frame.link == LINK_COOKED:  # the rest is as in Ethernet, VLAN tags included
        return dpkt.ethernet.Ethernet(_NO_ADDRESSES + data[_COOKED_BYTES - 2 :])
    elif frame.link == LINK_COOKED_2:
        return dpkt.ethernet.Ethernet(_NO_ADDRESSES + data[:2] + data[_COOKED_2_BYTES:])
    elif frame.link not in LINK_RAW:
        return None
    return (dpkt.ip6.IP6 if data[0] >> 4 == 6 else dpkt.ip.IP)(data)


def read_datagram(frame: Frame) -> Datagram | None:
    """The UDP datagram in a frame, None if there is none or it cannot be read."""
    dpkt = import_dpkt()
    try:
        packet = network_packet(frame)
        if isinstance(packet, dpkt.ethernet.Ethernet):
            packet = packet.data
        if isinstance(packet, dpkt.ip.IP):
            protocol, fragment = packet.p, bool(packet.mf or packet.offset)
        elif isinstance(packet, dpkt.ip6.IP6):
            protocol = getattr(packet, "p", None)
            part = packet.extension_hdrs.get(dpkt.ip.IP_PROTO_FRAGMENT)
            fragment = part is not None and bool(part.m_flag or part.frag_off)
        else:
            return None
        if protocol != dpkt.ip.IP_PROTO_UDP:
            return None
        udp = packet.data
        if fragment or not isinstance(udp, dpkt.udp.UDP):
            return Datagram(packet.src, 0, packet.dst, 0, b"", True) if fragment else None
        payload = udp.data[: max(0, udp.ulen - 8)] if udp.ulen else udp.data
        return Datagram(packet.src, udp.sport, packet.dst, udp.dport, payload)
    except Exception:  # dpkt raises what it happens to run into; such a frame is no datagram
        return None
