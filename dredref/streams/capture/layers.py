"""From a captured frame to the UDP datagram or TCP segment in it, header by header.

Each header is a function of a frame and a place in it that gives the kind of the next header and
where that begins; tables say which function a link type, an ethertype, an IP or PPP protocol number
or a UDP port stands for. Positions are kept, as a payload that grows changes the lengths and
checksums of all headers around it (`dredref.streams.capture.edit`). What no table knows is named
with its number. dpkt lacks VXLAN, Geneve, GTP-U, L2TP and NFLOG, and forgets where headers were;
`tshark` is asked in the tests whether it sees the same.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

MAX_HEADERS = 24
"""Headers that one frame may have: hostile frames nest thousands of them."""

TCP, UDP, UDP_LITE = 6, 17, 136

LINK_RTP = -1
"""Stands for frames that are RTP packets without any header before them."""

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


Next: TypeAlias = "tuple[str, int, int] | Segment | Fragment | Unread"
"""Kind of the next header (a table's name), its number there, and where it begins; or the end."""


@dataclass
class _Walk:
    """What is known of a frame so far."""

    data: bytes
    end: int
    source: bytes = b""
    target: bytes = b""
    sized: list[tuple[str, int]] = field(default_factory=list)

    def number(self, at: int, size: int = 2) -> int:
        """An integer, most significant byte first.

        Raises:
            IndexError: the frame ends before.
        """
        if at + size > len(self.data):
            raise IndexError
        return int.from_bytes(self.data[at : at + size], "big")


Header: TypeAlias = Callable[[_Walk, int], Next]


def dissect(link: int, data: bytes) -> Segment | Fragment | Unread:
    """Find the UDP datagram or TCP segment in a frame of a link type."""
    return _walk(_Walk(data, len(data)), ("link type", link, 0))


def dissect_assembled(first: Fragment, data: bytes) -> Segment | Fragment | Unread:
    """The same in the payload of an IP packet that was put together."""
    walk = _Walk(data, len(data), first.source, first.target, [FIXED])
    return _walk(walk, ("IP protocol", first.protocol, 0))


def _walk(walk: _Walk, step: Next) -> Segment | Fragment | Unread:
    """Go from header to header."""
    for _ in range(MAX_HEADERS):
        if not isinstance(step, tuple):
            return step
        table, number, at = step
        header = TABLES[table].get(number)
        if header is None:
            return Unread(_named(table, number))
        try:
            step = header(walk, at)
        except IndexError:
            return Unread("cut or malformed headers")
    return Unread(f"more than {MAX_HEADERS} headers")


def _named(table: str, number: int) -> str:
    """What people call something that is not read."""
    name = NAMES.get((table, number))
    shown = f"{number:#06x}" if table == "ethertype" else str(number)
    return f"{name} ({table} {shown})" if name else f"{table} {shown}"


# Links


def _ethernet(walk: _Walk, at: int) -> Next:
    return _type_or_length(walk, at + 12)


def _type_or_length(walk: _Walk, at: int) -> Next:
    """An ethertype, or a length with LLC behind it (IEEE 802.3)."""
    kind = walk.number(at)
    if kind >= 0x600:
        return "ethertype", kind, at + 2
    walk.sized.append(("length", at))
    return _llc(walk, at + 2)


def _llc(walk: _Walk, at: int) -> Next:
    """LLC with SNAP (IEEE 802.2), as Wi-Fi and ATM have it."""
    if walk.data[at : at + 3] != b"\xaa\xaa\x03":
        return Unread(f"LLC {walk.data[at : at + 2].hex(' ')}")
    if walk.data[at + 3 : at + 6] not in (b"\0\0\0", b"\0\0\xf8"):
        return Unread(f"SNAP {walk.data[at + 3 : at + 8].hex(' ')}")
    return "ethertype", walk.number(at + 6), at + 8


def _cooked(walk: _Walk, at: int) -> Next:
    """Linux cooked capture."""
    return "ethertype", walk.number(at + 14), at + 16


def _cooked_2(walk: _Walk, at: int) -> Next:
    return "ethertype", walk.number(at), at + 20


def _wifi(walk: _Walk, at: int) -> Next:
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
    return _llc(walk, start)


def _radiotap(walk: _Walk, at: int) -> Next:
    return _wifi(walk, at + int.from_bytes(walk.data[at + 2 : at + 4], "little"))


def _prism(walk: _Walk, at: int) -> Next:
    return _wifi(walk, at + 144)


def _avs(walk: _Walk, at: int) -> Next:
    return _wifi(walk, at + walk.number(at + 4, 4))


def _per_packet(walk: _Walk, at: int) -> Next:
    """PPI: a header with a length and the link type of what follows."""
    size = int.from_bytes(walk.data[at + 2 : at + 4], "little")
    return "link type", int.from_bytes(walk.data[at + 4 : at + 8], "little"), at + size


def _nflog(walk: _Walk, at: int) -> Next:
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


def _ppp(walk: _Walk, at: int) -> Next:
    """PPP, with its HDLC address where that was not left out (RFC 1662)."""
    if walk.data[at : at + 2] == b"\xff\x03":
        at += 2
    if walk.number(at, 1) & 1:  # a protocol number of one byte
        return "PPP protocol", walk.number(at, 1), at + 1
    return "PPP protocol", walk.number(at), at + 2


def _cisco_hdlc(walk: _Walk, at: int) -> Next:
    return "ethertype", walk.number(at + 2), at + 4


def _frame_relay(walk: _Walk, at: int) -> Next:
    if walk.data[at + 2 : at + 4] == b"\x03\xcc":
        return "link type", 101, at + 4
    return Unread("Frame Relay without IP")


def _skip(size: int) -> Header:
    """A header of fixed size with IP behind it."""
    return lambda walk, at: ("link type", 101, at + size)


def _bare(walk: _Walk, at: int) -> Next:
    return Segment(UDP, bytes(4), 0, bytes(4), 0, walk.data, at, walk.end, (FIXED,))


# Between the link and IP


def _tag(walk: _Walk, at: int) -> Next:
    """A VLAN tag (IEEE 802.1Q, 802.1ad)."""
    return _type_or_length(walk, at + 2)


def _long_tag(walk: _Walk, at: int) -> Next:
    """VN-Tag and E-Tag (IEEE 802.1BR)."""
    return _type_or_length(walk, at + (4 if walk.number(at - 2) == 0x8926 else 6))


def _mpls(walk: _Walk, at: int) -> Next:
    """A stack of labels (RFC 3032); what is below the last must be guessed from its first bits."""
    while not walk.number(at + 2, 1) & 1:
        at += 4
    at += 4
    first = walk.number(at, 1)
    if first >> 4 in (4, 6):
        return _ip(walk, at)
    if first >> 4 == 0 and walk.number(at, 4) < 1 << 28:  # a pseudo-wire control word
        return _ethernet(walk, at + 4)
    return _ethernet(walk, at)


def _pppoe(walk: _Walk, at: int) -> Next:
    walk.sized.append(("length", at + 4))
    return _ppp(walk, at + 6)


def _erspan(walk: _Walk, at: int) -> Next:
    version = walk.number(at, 1) >> 4
    if version == 1:
        return _ethernet(walk, at + 8)
    if version == 2:
        return _ethernet(walk, at + 12 + 8 * (walk.number(at + 11, 1) & 1))
    return _ethernet(walk, at)


def _nsh(walk: _Walk, at: int) -> Next:
    kind = walk.number(at + 3, 1)
    after = at + 4 * (walk.number(at + 1, 1) & 63)
    ethertype = {1: 0x0800, 2: 0x86DD, 3: 0x6558, 5: 0x8847}.get(kind)
    return ("ethertype", ethertype, after) if ethertype else Unread(f"NSH protocol {kind}")


# IP and what it carries


def _ip(walk: _Walk, at: int) -> Next:
    """IPv4 or IPv6, told apart by the version."""
    version = walk.number(at, 1) >> 4
    if version == 4:
        return _ip4(walk, at)
    return _ip6(walk, at) if version == 6 else Unread(f"IP version {version}")


def _ip4(walk: _Walk, at: int) -> Next:
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


def _ip6(walk: _Walk, at: int) -> Next:
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


def _authentication(walk: _Walk, at: int) -> Next:
    return "IP protocol", walk.number(at, 1), at + 8 + 4 * walk.number(at + 1, 1)


def _ether_ip(walk: _Walk, at: int) -> Next:
    return _ethernet(walk, at + 2)


def _gre(walk: _Walk, at: int) -> Next:
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
        return _ethernet(walk, after)  # ERSPAN of type I has no header
    return "ethertype", kind, after


def _udp(walk: _Walk, at: int) -> Next:
    """UDP; a tunnel in it is followed if there is something to be read in there."""
    ports = walk.number(at), walk.number(at + 2)
    length = walk.number(at + 4)
    end = at + length if length >= 8 else walk.end
    walk.sized.append(("udp", at))
    sized = tuple(walk.sized)
    walk.number(at + 7, 1)
    for port in dict.fromkeys(reversed(ports)):
        tunnel = TUNNELS.get(port)
        if tunnel is not None:
            inner = _Walk(walk.data, end, sized=list(sized))
            try:
                found = _walk(inner, tunnel(inner, at + 8))
            except IndexError:
                continue
            if not isinstance(found, Unread):
                return found
    end = min(end, walk.end) if walk.end > at + 8 else end
    return Segment(UDP, walk.source, ports[0], walk.target, ports[1], walk.data, at + 8, end, sized)


def _udp_lite(walk: _Walk, at: int) -> Next:
    """RFC 3828: the length's place says how much the checksum covers."""
    ports = walk.number(at), walk.number(at + 2)
    sized = (*walk.sized, ("fixed", at))
    return Segment(
        *(UDP_LITE, walk.source, ports[0], walk.target, ports[1]),
        *(walk.data, at + 8, walk.end, sized),
    )


def _tcp(walk: _Walk, at: int) -> Next:
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


# Tunnels in UDP


def _vxlan(walk: _Walk, at: int) -> Next:
    """RFC 7348."""
    return _ethernet(walk, at + 8) if walk.number(at, 1) & 8 else Unread("no VXLAN")


def _vxlan_gpe(walk: _Walk, at: int) -> Next:
    kind = {1: 0x0800, 2: 0x86DD, 3: 0x6558, 4: 0x894F, 5: 0x8847}.get(walk.number(at + 3, 1))
    return ("ethertype", kind, at + 8) if kind else Unread("no VXLAN-GPE")


def _geneve(walk: _Walk, at: int) -> Next:
    """RFC 8926."""
    if walk.number(at, 1) >> 6:
        return Unread("no Geneve")
    return "ethertype", walk.number(at + 2), at + 8 + 4 * (walk.number(at, 1) & 63)


def _gtp_u(walk: _Walk, at: int) -> Next:
    """GTPv1-U (3GPP TS 29.281), G-PDU with its extension headers."""
    flags = walk.number(at, 1)
    if flags >> 4 != 3 or walk.number(at + 1, 1) != 255:
        return Unread("no GTP-U")
    walk.sized.append(("length", at + 2))
    after = at + 8
    if flags & 7:
        after += 4
        kind = walk.number(at + 11, 1) if flags & 4 else 0
        while kind:
            size = 4 * walk.number(after, 1)
            if not size:
                return Unread("no GTP-U")
            kind, after = walk.number(after + size - 1, 1), after + size
    return _ip(walk, after)


def _l2tp(walk: _Walk, at: int) -> Next:
    """Version 2 (RFC 2661), data messages."""
    flags = walk.number(at)
    if flags & 0x8000 or flags & 15 != 2:
        return Unread("L2TP control")
    after = at + 2
    if flags & 0x4000:
        walk.sized.append(("length", after))
        after += 2
    after += 4 + 4 * bool(flags & 0x0800)
    if flags & 0x0200:
        after += 2 + walk.number(after)
    return _ppp(walk, after)


def _teredo(walk: _Walk, at: int) -> Next:
    return _ip6(walk, at) if walk.number(at, 1) >> 4 == 6 else Unread("no Teredo")


def _tzsp(walk: _Walk, at: int) -> Next:
    """TaZmen Sniffer Protocol, as routers mirror with it."""
    kind = walk.number(at + 2)
    after = at + 4
    while (tag := walk.number(after, 1)) != 1:
        after += 1 if tag == 0 else 2 + walk.number(after + 1, 1)
    link = {1: 1, 0x12: 105}.get(kind)
    return ("link type", link, after + 1) if link else Unread("no TZSP")


def _capwap(walk: _Walk, at: int) -> Next:
    """CAPWAP data (RFC 5415) with a Wi-Fi frame, not encrypted."""
    if walk.number(at, 1):
        return Unread("CAPWAP encrypted")
    size = 4 * (walk.number(at + 1, 1) >> 3)
    native = walk.number(at + 3, 1) & 1 or walk.number(at + 2, 1) & 1
    return _wifi(walk, at + size) if native else _ethernet(walk, at + size)


TUNNELS: dict[int, Header] = {
    4789: _vxlan,
    8472: _vxlan,
    4790: _vxlan_gpe,
    6081: _geneve,
    2152: _gtp_u,
    1701: _l2tp,
    3544: _teredo,
    4754: _gre,
    6635: _mpls,
    37008: _tzsp,
    5247: _capwap,
}
"""UDP port -> the tunnel that usually runs there."""

TABLES: dict[str, dict[int, Header]] = {
    "link type": {
        LINK_RTP: _bare,
        0: _skip(4),
        1: _ethernet,
        9: _ppp,
        12: _ip,
        14: _ip,
        50: _ppp,
        51: _pppoe,
        100: _llc,
        101: _ip,
        104: _cisco_hdlc,
        105: _wifi,
        107: _frame_relay,
        108: _skip(4),
        109: _skip(12),
        113: _cooked,
        119: _prism,
        127: _radiotap,
        163: _avs,
        166: _ppp,
        192: _per_packet,
        228: _ip,
        229: _ip,
        239: _nflog,
        276: _cooked_2,
    },
    "ethertype": {
        0x0800: _ip,
        0x86DD: _ip,
        **dict.fromkeys((0x8100, 0x88A8, 0x9100, 0x9200, 0x9300), _tag),
        **dict.fromkeys((0x8926, 0x893F), _long_tag),
        **dict.fromkeys((0x8847, 0x8848), _mpls),
        0x6558: _ethernet,
        0x8864: _pppoe,
        0x880B: _ppp,
        **dict.fromkeys((0x88BE, 0x22EB), _erspan),
        0x894F: _nsh,
    },
    "PPP protocol": {0x21: _ip, 0x57: _ip, 0x281: _mpls, 0x283: _mpls},
    "IP protocol": {
        4: _ip,
        TCP: _tcp,
        UDP: _udp,
        41: _ip,
        47: _gre,
        51: _authentication,
        94: _ip,
        97: _ether_ip,
        UDP_LITE: _udp_lite,
        137: _mpls,
    },
}

NAMES: dict[tuple[str, int], str] = {
    ("ethertype", 0x0806): "ARP",
    ("ethertype", 0x8863): "PPPoE discovery",
    ("ethertype", 0x888E): "EAPOL",
    ("ethertype", 0x88CC): "LLDP",
    ("ethertype", 0x88E5): "MACsec, encrypted",
    ("ethertype", 0x88F7): "PTP",
    ("IP protocol", 1): "ICMP",
    ("IP protocol", 2): "IGMP",
    ("IP protocol", 33): "DCCP",
    ("IP protocol", 50): "IPsec, encrypted",
    ("IP protocol", 58): "ICMPv6",
    ("IP protocol", 115): "L2TPv3",
    ("IP protocol", 132): "SCTP",
    ("PPP protocol", 0xC021): "PPP link control",
    ("PPP protocol", 0x8021): "PPP address control",
    ("PPP protocol", 0xFD): "PPP compressed",
    ("link type", 147): "private link type",
    ("link type", 187): "Bluetooth",
    ("link type", 189): "USB",
    ("link type", 195): "IEEE 802.15.4",
    ("link type", 220): "USB",
    ("link type", 252): "Wireshark upper PDU",
}
"""What people call numbers that are not followed."""
