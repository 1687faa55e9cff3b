"""Frames with an IP packet in every encapsulation that is read, put together by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from dredref.streams.tests import make

Wrap: TypeAlias = Callable[[bytes], bytes]
"""An IP packet -> the frame around it."""


def ethertype(packet: bytes) -> bytes:
    """The ethertype of an IP packet."""
    return b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"


def frame(kind: int, body: bytes) -> bytes:
    """An Ethernet frame of any ethertype."""
    return bytes(6) + b"\2\0\0\0\0\1" + struct.pack(">H", kind) + body


def ip4(protocol: int, body: bytes) -> bytes:
    """An IPv4 packet of any protocol."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 7, 0, 64, protocol, 0)
    head += b"\xc6\x33\x64\1\xc6\x33\x64\2"
    total = sum(struct.unpack(">10H", head))
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return head[:10] + struct.pack(">H", total) + head[12:] + body


def tunnel(port: int, head: bytes, inner: Wrap = bytes) -> Wrap:
    """A tunnel in UDP."""

    def wrap(packet: bytes) -> bytes:
        body = head + inner(packet)
        udp = struct.pack(">HHHH", 50000, port, 8 + len(body), 0) + body
        return make.ethernet(ip4(17, udp))

    return wrap


def ppp(packet: bytes) -> bytes:
    """PPP without HDLC address."""
    return (b"\0\x57" if packet[0] >> 4 == 6 else b"\0\x21") + packet


def gtp(packet: bytes) -> bytes:
    """GTP-U with a sequence number and an extension header of 4 bytes."""
    more = b"\0\1\0\x85" + b"\1\x10\1\0"
    return struct.pack(">BBHI", 0x36, 255, len(more) + len(packet), 9) + more + packet


def gre(packet: bytes, flags: int = 0, more: bytes = b"") -> bytes:
    """GRE in IPv4."""
    return make.ethernet(ip4(47, struct.pack(">H", flags) + ethertype(packet) + more + packet))


def snap(packet: bytes) -> bytes:
    """LLC and SNAP."""
    return b"\xaa\xaa\3\0\0\0" + ethertype(packet) + packet


def wifi(packet: bytes, *, qos: bool = True) -> bytes:
    """A data frame of 802.11."""
    head = (b"\x88" if qos else b"\x08") + b"\x01\0\0" + bytes(18) + b"\x10\0"
    return head + (b"\0\0" if qos else b"") + snap(packet)


def nflog(packet: bytes) -> bytes:
    """Linux netfilter log, the packet behind another attribute."""
    first = struct.pack("<HHHBx", 8, 1, 0x0008, 0)
    size = struct.pack("<HH", 4 + len(packet), 9)
    return b"\2\0\0\0" + first + size + packet + bytes(-len(packet) % 4)


def teredo(packet: bytes) -> bytes:
    """IPv6 around an IP packet."""
    kind = 41 if packet[0] >> 4 == 6 else 4
    return struct.pack(">IHBB", 6 << 28, len(packet), kind, 64) + bytes(31) + b"\1" + packet


MPLS = b"\0\1\x40\x40\0\2\x41\x40"
"""Two labels."""

WRAPS: dict[str, tuple[int, Wrap]] = {
    "Ethernet": (1, make.ethernet),
    "padded Ethernet": (1, lambda p: make.ethernet(p, pad=9)),
    "VLAN": (1, lambda p: make.ethernet(p, tags=[5])),
    "QinQ": (1, lambda p: make.ethernet(p, tags=[5, 6])),
    "802.3": (1, lambda p: bytes(12) + struct.pack(">H", 8 + len(p)) + snap(p)),
    "MPLS": (1, lambda p: frame(0x8847, MPLS + p)),
    "Ethernet over MPLS": (1, lambda p: frame(0x8847, MPLS + bytes(4) + make.ethernet(p))),
    "PPPoE": (
        1,
        lambda p: frame(0x8864, struct.pack(">BBHH", 0x11, 0, 3, 2 + len(p)) + ppp(p)),
    ),
    "PPPoE in VLAN": (
        1,
        lambda p: frame(
            0x8100, b"\0\5\x88\x64" + struct.pack(">BBHH", 0x11, 0, 3, 2 + len(p)) + ppp(p)
        ),
    ),
    "GRE": (1, gre),
    "GRE with key and sequence": (1, lambda p: gre(p, 0x3000, b"\0\0\0\x09\0\0\0\1")),
    "Ethernet over GRE": (1, lambda p: make.ethernet(ip4(47, b"\0\0\x65\x58" + make.ethernet(p)))),
    "ERSPAN": (
        1,
        lambda p: make.ethernet(
            ip4(47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x10\1\0\1\0\0\0\0" + make.ethernet(p))
        ),
    ),
    "PPTP": (
        1,
        lambda p: make.ethernet(
            ip4(47, b"\x30\1\x88\x0b" + struct.pack(">HHI", 2 + len(p), 1, 1) + ppp(p))
        ),
    ),
    "IP in IP": (1, lambda p: make.ethernet(ip4(41 if p[0] >> 4 == 6 else 4, p))),
    "IPv6 around IP": (1, lambda p: make.ethernet(teredo(p))),
    "MPLS in IP": (1, lambda p: make.ethernet(ip4(137, MPLS + p))),
    "EtherIP": (1, lambda p: make.ethernet(ip4(97, b"\x30\0" + make.ethernet(p)))),
    "AH": (
        1,
        lambda p: make.ethernet(ip4(51, bytes([41 if p[0] >> 4 == 6 else 4, 4]) + bytes(22) + p)),
    ),
    "VXLAN": (1, tunnel(4789, b"\x08\0\0\0\0\0\5\0", make.ethernet)),
    "Geneve": (1, tunnel(6081, b"\1\0\x65\x58\0\0\5\0\0\0\0\0", make.ethernet)),
    "GTP-U": (1, tunnel(2152, b"", gtp)),
    "L2TP": (1, tunnel(1701, b"\0\2\0\1\0\1", lambda p: b"\xff\3" + ppp(p))),
    "raw": (101, bytes),
    "raw on BSD": (12, bytes),
    "loopback, little-endian": (
        0,
        lambda p: (b"\x1e\0\0\0" if p[0] >> 4 == 6 else b"\2\0\0\0") + p,
    ),
    "loopback, big-endian": (108, lambda p: (b"\0\0\0\x18" if p[0] >> 4 == 6 else b"\0\0\0\2") + p),
    "PPP": (9, ppp),
    "PPP in HDLC": (50, lambda p: b"\xff\3" + ppp(p)),
    "Cisco HDLC": (104, lambda p: b"\x0f\0" + ethertype(p) + p),
    "cooked": (113, lambda p: b"\0\0\0\1\0\6" + bytes(8) + ethertype(p) + p),
    "cooked 2": (276, lambda p: ethertype(p) + bytes(6) + b"\0\1\0\6" + bytes(8) + p),
    "802.11": (105, wifi),
    "802.11 without QoS": (105, lambda p: wifi(p, qos=False)),
    "radiotap": (127, lambda p: b"\0\0\x08\0\0\0\0\0" + wifi(p)),
    "PPI": (192, lambda p: struct.pack("<BBHI", 0, 0, 8, 1) + make.ethernet(p)),
    "NFLOG": (239, nflog),
}
"""Name -> link type, and what wraps."""
