"""Headers of IP and of what it carries, and those between a link and IP."""

from __future__ import annotations

from dredref.streams.capture.links import ethernet
from dredref.streams.capture.segment import TCP, UDP_LITE, Fragment, Segment, Unread
from dredref.streams.capture.walk import Next, Walk


def ip(walk: Walk, at: int) -> Next:
    """IPv4 or IPv6, told apart by the version."""
    version = walk.number(at, 1) >> 4
    if version == 4:
        return ip4(walk, at)
    return ip6(walk, at) if version == 6 else Unread(f"IP version {version}")


def ip4(walk: Walk, at: int) -> Next:
    """IPv4 (RFC 791)."""
    header = 4 * (walk.number(at, 1) & 15)
    length = walk.number(at + 2)
    if header < 20 or walk.number(at + header - 1, 1) < 0:
        raise IndexError
    if length >= header:  # 0 where the network card cuts large packets up
        walk.end = at + length
    walk.sized.append(("ip4", at))
    walk.source, walk.target = walk.data[at + 12 : at + 16], walk.data[at + 16 : at + 20]
    protocol, place = walk.number(at + 9, 1), walk.number(at + 6)
    if place & 0x3FFF:
        part = walk.data[at + header : walk.end]
        cut = walk.end > len(walk.data)
        identification = walk.number(at + 4)
        offset, more = 8 * (place & 0x1FFF), bool(place & 0x2000)
        return Fragment(walk.source, walk.target, protocol, identification, offset, more, part, cut)
    return "IP protocol", protocol, at + header


_IP6_OPTIONS = frozenset((0, 43, 60, 135, 139, 140))


def ip6(walk: Walk, at: int) -> Next:
    """IPv6 (RFC 8200) with its extension headers."""
    length = walk.number(at + 4)
    if length:
        walk.end = at + 40 + length
    walk.sized.append(("ip6", at))
    walk.source, walk.target = walk.data[at + 8 : at + 24], walk.data[at + 24 : at + 40]
    kind, at = walk.number(at + 6, 1), at + 40
    while kind in _IP6_OPTIONS:
        kind, at = walk.number(at, 1), at + 8 + 8 * walk.number(at + 1, 1)
    if kind != 44:
        return "IP protocol", kind, at
    place = walk.number(at + 2)
    part, cut = walk.data[at + 8 : walk.end], walk.end > len(walk.data)
    protocol, offset, more = walk.number(at, 1), place & 0xFFF8, bool(place & 1)
    if not offset and not more:
        return "IP protocol", protocol, at + 8
    identification = walk.number(at + 4, 4)
    return Fragment(walk.source, walk.target, protocol, identification, offset, more, part, cut)


def authentication(walk: Walk, at: int) -> Next:
    """Authentication header (RFC 4302)."""
    return "IP protocol", walk.number(at, 1), at + 8 + 4 * walk.number(at + 1, 1)


def ether_ip(walk: Walk, at: int) -> Next:
    """Ethernet in IP (RFC 3378)."""
    return ethernet(walk, at + 2)


def gre(walk: Walk, at: int) -> Next:
    """RFC 2784 with keys (2890), and the version 1 of PPTP (2637)."""
    flags, kind = walk.number(at), walk.number(at + 2)
    after = at + 4
    if flags & 7 == 1:
        walk.sized.append(("length", at + 4))
        after += 4 + 4 * bool(flags & 0x1000) + 4 * bool(flags & 0x0080)
        return "ethertype", kind, after
    if flags & 0x8000:
        walk.sized.append(("fixed", at))
    after += 4 * bool(flags & 0xC000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
    if kind == 0x88BE and not flags & 0x1000:
        return ethernet(walk, after)  # ERSPAN of type I has no header
    return "ethertype", kind, after


def udp_lite(walk: Walk, at: int) -> Next:
    """RFC 3828: the length's place says how much the checksum covers."""
    ports = walk.number(at), walk.number(at + 2)
    sized = (*walk.sized, ("fixed", at))
    return Segment(
        *(UDP_LITE, walk.source, ports[0], walk.target, ports[1]),
        *(walk.data, at + 8, walk.end, sized),
    )


def tcp(walk: Walk, at: int) -> Next:
    """TCP (RFC 9293)."""
    ports = walk.number(at), walk.number(at + 2)
    sequence, start = walk.number(at + 4, 4), at + 4 * (walk.number(at + 12, 1) >> 4)
    if walk.number(at + 13, 1) & 2:  # SYN counts as a byte
        sequence = (sequence + 1) & 0xFFFFFFFF
    sized = (*walk.sized, ("fixed", at))
    end = max(start, walk.end)
    return Segment(
        *(TCP, walk.source, ports[0], walk.target, ports[1]),
        *(walk.data, start, end, sized, sequence),
    )


def mpls(walk: Walk, at: int) -> Next:
    """A stack of labels (RFC 3032); what is below the last must be guessed from its first bits."""
    while not walk.number(at + 2, 1) & 1:
        at += 4
    at += 4
    first = walk.number(at, 1)
    if first >> 4 in (4, 6):
        return ip(walk, at)
    if first >> 4 == 0 and walk.number(at, 4) < 1 << 28:  # a pseudo-wire control word
        return ethernet(walk, at + 4)
    return ethernet(walk, at)


def erspan(walk: Walk, at: int) -> Next:
    """Cisco ERSPAN, types II and III."""
    version = walk.number(at, 1) >> 4
    if version == 1:
        return ethernet(walk, at + 8)
    if version == 2:
        return ethernet(walk, at + 12 + 8 * (walk.number(at + 11, 1) & 1))
    return ethernet(walk, at)


def nsh(walk: Walk, at: int) -> Next:
    """Network service header (RFC 8300)."""
    kind = walk.number(at + 3, 1)
    after = at + 4 * (walk.number(at + 1, 1) & 63)
    ethertype = {1: 0x0800, 2: 0x86DD, 3: 0x6558, 5: 0x8847}.get(kind)
    return ("ethertype", ethertype, after) if ethertype else Unread(f"NSH protocol {kind}")
