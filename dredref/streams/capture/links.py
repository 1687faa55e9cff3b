"""Headers of links: Ethernet and its tags, Wi-Fi, PPP, Linux' cooked capture and others.

Each is a function of a frame and a place in it that gives the kind of the next header and where
that begins.
"""

from __future__ import annotations

from dredref.streams.capture.segment import FIXED, UDP, Segment, Unread
from dredref.streams.capture.walk import Header, Next, Walk


def ethernet(walk: Walk, at: int) -> Next:
    """IEEE 802.3 or Ethernet II."""
    return type_or_length(walk, at + 12)


def type_or_length(walk: Walk, at: int) -> Next:
    """An ethertype, or a length with LLC behind it (IEEE 802.3)."""
    kind = walk.number(at)
    if kind >= 0x600:
        return "ethertype", kind, at + 2
    walk.sized.append(("length", at))
    return llc(walk, at + 2)


def llc(walk: Walk, at: int) -> Next:
    """LLC with SNAP (IEEE 802.2), as Wi-Fi and ATM have it."""
    if walk.data[at : at + 3] != b"\xaa\xaa\x03":
        return Unread(f"LLC {walk.data[at : at + 2].hex(' ')}")
    if walk.data[at + 3 : at + 6] not in (b"\0\0\0", b"\0\0\xf8"):
        return Unread(f"SNAP {walk.data[at + 3 : at + 8].hex(' ')}")
    return "ethertype", walk.number(at + 6), at + 8


def cooked(walk: Walk, at: int) -> Next:
    """Linux cooked capture."""
    return "ethertype", walk.number(at + 14), at + 16


def cooked_2(walk: Walk, at: int) -> Next:
    """Linux cooked capture, version 2."""
    return "ethertype", walk.number(at), at + 20


def wifi(walk: Walk, at: int) -> Next:
    """IEEE 802.11: data frames that are not encrypted."""
    control = walk.number(at, 1)
    flags = walk.number(at + 1, 1)
    kind, subtype = control >> 2 & 3, control >> 4
    if kind != 2:
        return Unread("802.11 " + ("management", "control", "", "extension")[kind])
    if subtype & 4:
        return Unread("802.11 without data")
    if flags & 0x40:
        return Unread("802.11 encrypted (WEP, WPA)")
    start = at + 24 + (6 if flags & 3 == 3 else 0)
    if subtype & 8:
        if walk.number(start, 1) & 0x80:
            return Unread("802.11 A-MSDU")
        start += 2 + (4 if flags & 0x80 else 0)
    if (
        walk.data[start : start + 2] != b"\xaa\xaa"
        and walk.data[start + 2 : start + 4] == b"\xaa\xaa"
    ):
        start += 2  # some drivers pad the header to 4 bytes
    return llc(walk, start)


def radiotap(walk: Walk, at: int) -> Next:
    """Radiotap before a Wi-Fi frame."""
    return wifi(walk, at + int.from_bytes(walk.data[at + 2 : at + 4], "little"))


def prism(walk: Walk, at: int) -> Next:
    """Prism before a Wi-Fi frame."""
    return wifi(walk, at + 144)


def avs(walk: Walk, at: int) -> Next:
    """AVS before a Wi-Fi frame."""
    return wifi(walk, at + walk.number(at + 4, 4))


def per_packet(walk: Walk, at: int) -> Next:
    """PPI: a header with a length and the link type of what follows."""
    size = int.from_bytes(walk.data[at + 2 : at + 4], "little")
    return "link type", int.from_bytes(walk.data[at + 4 : at + 8], "little"), at + size


def nflog(walk: Walk, at: int) -> Next:
    """Linux netfilter log: attributes, of which number 9 is the packet."""
    order: str = "little"
    at += 4
    while at + 4 <= len(walk.data):
        size = int.from_bytes(walk.data[at : at + 2], order)  # type: ignore[arg-type]
        if size < 4:
            break
        if walk.data[at + 2 : at + 4] in (b"\x09\0", b"\0\x09"):
            walk.sized.append(("fixed", at))
            return "link type", 101, at + 4
        at += size + -size % 4
    return Unread("NFLOG without a packet")


def ppp(walk: Walk, at: int) -> Next:
    """PPP, with its HDLC address where that was not left out (RFC 1662)."""
    if walk.data[at : at + 2] == b"\xff\x03":
        at += 2
    if walk.number(at, 1) & 1:  # a protocol number of one byte
        return "PPP protocol", walk.number(at, 1), at + 1
    return "PPP protocol", walk.number(at), at + 2


def cisco_hdlc(walk: Walk, at: int) -> Next:
    """Cisco HDLC."""
    return "ethertype", walk.number(at + 2), at + 4


def frame_relay(walk: Walk, at: int) -> Next:
    """Frame Relay with IP."""
    if walk.data[at + 2 : at + 4] == b"\x03\xcc":
        return "link type", 101, at + 4
    return Unread("Frame Relay without IP")


def skip(size: int) -> Header:
    """A header of fixed size with IP behind it."""
    return lambda walk, at: ("link type", 101, at + size)


def tag(walk: Walk, at: int) -> Next:
    """A VLAN tag (IEEE 802.1Q, 802.1ad)."""
    return type_or_length(walk, at + 2)


def long_tag(walk: Walk, at: int) -> Next:
    """VN-Tag and E-Tag (IEEE 802.1BR)."""
    return type_or_length(walk, at + (4 if walk.number(at - 2) == 0x8926 else 6))


def pppoe(walk: Walk, at: int) -> Next:
    """PPP over Ethernet (RFC 2516)."""
    walk.sized.append(("length", at + 4))
    return ppp(walk, at + 6)


def bare(walk: Walk, at: int) -> Next:
    """An RTP packet without headers before it."""
    return Segment(UDP, bytes(4), 0, bytes(4), 0, walk.data, at, walk.end, (FIXED,))
