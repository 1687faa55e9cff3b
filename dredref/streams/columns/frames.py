"""Captured frames, and the RTP packets in those of the usual kinds.

The usual kinds are Ethernet with or without VLAN tags, Linux cooked captures and bare IP, with UDP
that is no tunnel right behind one IP header. All else is left to `dredref.streams.capture.layers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.arithmetic.compiling import loop, scalar
from dredref.streams.capture.files import BLOCK_LIMIT, ENHANCED_PACKET, FRAME_LIMIT
from dredref.streams.capture.segment import UDP
from dredref.streams.capture.tunnels import TUNNELS
from dredref.streams.columns.numbers import big16, big32, little32
from dredref.streams.columns.sources import ADDRESS, SOURCE_PORT, SSRC, TARGET_PORT
from dredref.streams.rtp.packet import HEADER, RTCP_TYPES

BLOCKED, BIG_ENDIAN, HEAD, TICK_NS, LINK = range(5)
"""Columns of the layout of a file: it is pcapng; byte order; for pcap bytes of a record's header,
nanoseconds of a tick, and link type."""

INTERFACE_LINK, TICKS, OFFSET_S = range(3)
"""Columns of an interface of pcapng: link type, or `NO_LINK` if its times are unusual; ticks in a
second; offset of its times."""

NO_LINK = -1
END = -1
"""Where there is no next frame: the file is to be read another way."""

MOST_TICKS = 10**9
"""Ticks in a second that are counted here."""
MOST_SECONDS = 1 << 33

START, STOP, LINK_TYPE, TIME_NS = range(4)
"""Columns of a frame."""

SOURCE, TARGET, FIRST, LAST, SEQUENCE, TIMESTAMP, PAYLOAD_TYPE = range(7)
"""Columns of a packet: where both addresses begin, its payload, and its header."""

NOTHING, RTP, RTCP = range(3)
"""What a frame holds."""

_PORTS = np.array(sorted(TUNNELS), np.int64)
_ETHERNET, _COOKED, _COOKED_2 = 1, 113, 276
_NULL, _LOOP = 0, 108
_IP4, _IP6 = 0x0800, 0x86DD
_TAG, _TAGS = 4, 4
_RTP_HEADER = HEADER.size
_FIRST_RTCP, _LAST_RTCP = RTCP_TYPES[0], RTCP_TYPES[-1]


@scalar
def _word(data: Any, at: int, big: int) -> int:
    return big32(data, at) if big else little32(data, at)


@loop
def next_frame(data: Any, at: int, layout: Any, interfaces: Any, frame: Any) -> int:
    """Find the frame of the record or block at a place; where the next begins, or ``END``."""
    big = layout[BIG_ENDIAN]
    if layout[BLOCKED]:
        if at + 32 > len(data) or _word(data, at, big) != ENHANCED_PACKET:
            return END
        size, number = _word(data, at + 4, big), _word(data, at + 8, big)
        kept = _word(data, at + 20, big)
        if size % 4 or size > BLOCK_LIMIT or kept + 32 > size or at + size > len(data):
            return END
        if number >= len(interfaces) or interfaces[number, INTERFACE_LINK] == NO_LINK:
            return END
        ticks = _word(data, at + 12, big) << 32 | _word(data, at + 16, big)
        each = interfaces[number, TICKS]
        if ticks < 0 or ticks // each > MOST_SECONDS:
            return END
        seconds = interfaces[number, OFFSET_S] + ticks // each
        frame[TIME_NS] = seconds * 10**9 + ticks % each * 10**9 // each
        frame[LINK_TYPE] = interfaces[number, INTERFACE_LINK]
        frame[START], frame[STOP] = at + 28, at + 28 + kept
        return int(at + size)
    head = layout[HEAD]
    if at + head > len(data):
        return END
    kept = _word(data, at + 8, big)
    if kept > FRAME_LIMIT or at + head + kept > len(data):
        return END
    seconds, ticks = _word(data, at, big), _word(data, at + 4, big)
    frame[TIME_NS] = seconds * 10**9 + ticks * layout[TICK_NS]
    frame[LINK_TYPE] = layout[LINK]
    frame[START], frame[STOP] = at + head, at + head + kept
    return at + int(head) + kept


@loop
def _network(data: Any, frame: Any) -> int:
    """Where IP begins in a frame, or ``END``."""
    at, end, link = int(frame[START]), int(frame[STOP]), frame[LINK_TYPE]
    if link in (12, 14, 101, 228, 229):
        return at
    if link in (_NULL, _LOOP):
        return at + 4
    if link == _ETHERNET:
        at += 12
    elif link == _COOKED:
        at += 14
    elif link == _COOKED_2:
        if at + 20 > end or big16(data, at) not in (_IP4, _IP6):
            return END
        return at + 20
    else:
        return END
    for _ in range(_TAGS):
        if at + 2 > end:
            return END
        kind = big16(data, at)
        if kind in (_IP4, _IP6):
            return at + 2
        if kind not in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300):
            return END
        at += _TAG
    return END


@loop
def find_packet(data: Any, frame: Any, packet: Any, key: Any) -> int:
    """Find the RTP packet in a frame: ``RTP``, ``RTCP``, or ``NOTHING`` that is sure here."""
    at, end = _network(data, frame), int(frame[STOP])
    if at == END or at + 20 > end:
        return NOTHING
    version = int(data[at]) >> 4
    if version == 4:
        header, length = 4 * (int(data[at]) & 15), big16(data, at + 2)
        if header < 20 or at + header > end or int(data[at + 9]) != UDP:
            return NOTHING
        if big16(data, at + 6) & 0x3FFF:
            return NOTHING
        last = at + length if length >= header else end
        packet[SOURCE], packet[TARGET], key[ADDRESS] = at + 12, at + 16, 4
        at += header
    elif version == 6:
        if at + 40 > end or int(data[at + 6]) != UDP:
            return NOTHING
        length = big16(data, at + 4)
        last = at + 40 + length if length else end
        packet[SOURCE], packet[TARGET], key[ADDRESS] = at + 8, at + 24, 16
        at += 40
    else:
        return NOTHING
    if last > end or at + 8 >= last:
        return NOTHING
    key[SOURCE_PORT], key[TARGET_PORT] = big16(data, at), big16(data, at + 2)
    for port in _PORTS:
        if port in (key[SOURCE_PORT], key[TARGET_PORT]):
            return NOTHING
    length = big16(data, at + 4)
    if length >= 8:
        last = min(last, at + length)
    return _rtp(data, at + 8, last, packet, key)


@loop
def _rtp(data: Any, at: int, last: int, packet: Any, key: Any) -> int:
    """Find the parts of an RTP packet; see `dredref.streams.rtp.packet`."""
    if at + 8 > last or int(data[at]) >> 6 != 2:
        return NOTHING
    first, second = int(data[at]), int(data[at + 1])
    if _FIRST_RTCP <= second <= _LAST_RTCP:
        return RTCP
    start = at + _RTP_HEADER + 4 * (first & 15)
    if start > last:
        return NOTHING
    if first & 0x10:
        if start + 4 > last:
            return NOTHING
        start += 4 + 4 * big16(data, start + 2)
    if first & 0x20:
        padding = int(data[last - 1])
        if not padding:
            return NOTHING
        last -= padding
    if start >= last:
        return NOTHING
    packet[FIRST], packet[LAST], packet[PAYLOAD_TYPE] = start, last, second & 127
    packet[SEQUENCE], packet[TIMESTAMP] = big16(data, at + 2), big32(data, at + 4)
    key[SSRC] = big32(data, at + 8)
    return RTP
