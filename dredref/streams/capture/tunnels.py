"""Headers of tunnels that run in UDP."""

from __future__ import annotations

from dredref.streams.capture.links import ethernet, ppp, wifi
from dredref.streams.capture.network import gre, ip, ip6, mpls
from dredref.streams.capture.segment import Unread
from dredref.streams.capture.walk import Header, Next, Walk


def vxlan(walk: Walk, at: int) -> Next:
    """RFC 7348."""
    return ethernet(walk, at + 8) if walk.number(at, 1) & 8 else Unread("no VXLAN")


def vxlan_gpe(walk: Walk, at: int) -> Next:
    """VXLAN with a next protocol."""
    kind = {1: 0x0800, 2: 0x86DD, 3: 0x6558, 4: 0x894F, 5: 0x8847}.get(walk.number(at + 3, 1))
    return ("ethertype", kind, at + 8) if kind else Unread("no VXLAN-GPE")


def geneve(walk: Walk, at: int) -> Next:
    """RFC 8926."""
    if walk.number(at, 1) >> 6:
        return Unread("no Geneve")
    return "ethertype", walk.number(at + 2), at + 8 + 4 * (walk.number(at, 1) & 63)


def gtp_u(walk: Walk, at: int) -> Next:
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
    return ip(walk, after)


def l2tp(walk: Walk, at: int) -> Next:
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
    return ppp(walk, after)


def teredo(walk: Walk, at: int) -> Next:
    """Teredo (RFC 4380)."""
    return ip6(walk, at) if walk.number(at, 1) >> 4 == 6 else Unread("no Teredo")


def tzsp(walk: Walk, at: int) -> Next:
    """TaZmen Sniffer Protocol, as routers mirror with it."""
    kind = walk.number(at + 2)
    after = at + 4
    while (tag := walk.number(after, 1)) != 1:
        after += 1 if tag == 0 else 2 + walk.number(after + 1, 1)
    link = {1: 1, 0x12: 105}.get(kind)
    return ("link type", link, after + 1) if link else Unread("no TZSP")


def capwap(walk: Walk, at: int) -> Next:
    """CAPWAP data (RFC 5415) with a Wi-Fi frame, not encrypted."""
    if walk.number(at, 1):
        return Unread("CAPWAP encrypted")
    size = 4 * (walk.number(at + 1, 1) >> 3)
    native = walk.number(at + 3, 1) & 1 or walk.number(at + 2, 1) & 1
    return wifi(walk, at + size) if native else ethernet(walk, at + size)


TUNNELS: dict[int, Header] = {
    4789: vxlan,
    8472: vxlan,
    4790: vxlan_gpe,
    6081: geneve,
    2152: gtp_u,
    1701: l2tp,
    3544: teredo,
    4754: gre,
    6635: mpls,
    37008: tzsp,
    5247: capwap,
}
"""UDP port -> the tunnel that usually runs there."""
