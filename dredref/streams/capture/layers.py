"""From a captured frame to the UDP datagram or TCP segment in it, header by header.

Each header is a function of a frame and a place in it that gives the kind of the next header and
where that begins; tables say which function a link type, an ethertype, an IP or PPP protocol number
or a UDP port stands for. Positions are kept, as a payload that grows changes the lengths and
checksums of all headers around it (`dredref.streams.capture.edit`). What no table knows is named
with its number. dpkt lacks VXLAN, Geneve, GTP-U, L2TP and NFLOG, and forgets where headers were;
`tshark` is asked in the tests whether it sees the same.
"""

from __future__ import annotations

from dredref.streams.capture import links, network
from dredref.streams.capture.segment import FIXED, TCP, UDP, UDP_LITE, Fragment, Segment, Unread
from dredref.streams.capture.tunnels import TUNNELS
from dredref.streams.capture.walk import Header, Next, Walk

MAX_HEADERS = 24
"""Headers that one frame may have: hostile frames nest thousands of them."""

LINK_RTP = -1
"""Stands for frames that are RTP packets without any header before them."""


def dissect(link: int, data: bytes) -> Segment | Fragment | Unread:
    """Find the UDP datagram or TCP segment in a frame of a link type."""
    return _walk(Walk(data, len(data)), ("link type", link, 0))


def dissect_assembled(first: Fragment, data: bytes) -> Segment | Fragment | Unread:
    """The same in the payload of an IP packet that was put together."""
    walk = Walk(data, len(data), first.source, first.target, [FIXED])
    return _walk(walk, ("IP protocol", first.protocol, 0))


def _walk(walk: Walk, step: Next) -> Segment | Fragment | Unread:
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


def _udp(walk: Walk, at: int) -> Next:
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
            inner = Walk(walk.data, end, sized=list(sized))
            try:
                found = _walk(inner, tunnel(inner, at + 8))
            except IndexError:
                continue
            if not isinstance(found, Unread):
                return found
    end = min(end, walk.end) if walk.end > at + 8 else end
    return Segment(UDP, walk.source, ports[0], walk.target, ports[1], walk.data, at + 8, end, sized)


TABLES: dict[str, dict[int, Header]] = {
    "link type": {
        LINK_RTP: links.bare,
        0: links.skip(4),
        1: links.ethernet,
        9: links.ppp,
        12: network.ip,
        14: network.ip,
        50: links.ppp,
        51: links.pppoe,
        100: links.llc,
        101: network.ip,
        104: links.cisco_hdlc,
        105: links.wifi,
        107: links.frame_relay,
        108: links.skip(4),
        109: links.skip(12),
        113: links.cooked,
        119: links.prism,
        127: links.radiotap,
        163: links.avs,
        166: links.ppp,
        192: links.per_packet,
        228: network.ip,
        229: network.ip,
        239: links.nflog,
        276: links.cooked_2,
    },
    "ethertype": {
        0x0800: network.ip,
        0x86DD: network.ip,
        **dict.fromkeys((0x8100, 0x88A8, 0x9100, 0x9200, 0x9300), links.tag),
        **dict.fromkeys((0x8926, 0x893F), links.long_tag),
        **dict.fromkeys((0x8847, 0x8848), network.mpls),
        0x6558: links.ethernet,
        0x8864: links.pppoe,
        0x880B: links.ppp,
        **dict.fromkeys((0x88BE, 0x22EB), network.erspan),
        0x894F: network.nsh,
    },
    "PPP protocol": {0x21: network.ip, 0x57: network.ip, 0x281: network.mpls, 0x283: network.mpls},
    "IP protocol": {
        4: network.ip,
        TCP: network.tcp,
        UDP: _udp,
        41: network.ip,
        47: network.gre,
        51: network.authentication,
        94: network.ip,
        97: network.ether_ip,
        UDP_LITE: network.udp_lite,
        137: network.mpls,
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
