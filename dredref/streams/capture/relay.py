"""What travels beside and around RTP: STUN, TURN, DTLS, SIP and RTSP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dredref.streams.capture.segment import FIXED, Segment

COOKIE = bytes.fromhex("2112a442")
"""The magic cookie of STUN (RFC 8489, section 5)."""

_INDICATIONS = (0x0016, 0x0017)
"""Send and Data (RFC 8656, section 18)."""

_DATA = 0x0013

_TEXT = re.compile(rb"(?:SIP/2\.0 \d{3}|RTSP/[12]\.0 \d{3}|[A-Z_]{3,16} (?:sips?|tel|rtspu?s?):)")
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})", re.IGNORECASE)

MAX_TEXT = 1 << 16
"""Longest head of a message."""


def unwrap_relay(segment: Segment) -> Segment | None:
    """What a TURN client or server passes on in a datagram; None if it is no such datagram."""
    data = segment.payload
    if len(data) < 4:
        return None
    size = int.from_bytes(data[2:4], "big")
    if 0x40 <= data[0] <= 0x4F and 4 + size <= len(data) <= 4 + size + 3:
        start = segment.start + 4
        sized = (*segment.sized, ("length", segment.start + 2))
        return replace(segment, start=start, end=start + size, sized=sized)
    if int.from_bytes(data[:2], "big") in _INDICATIONS and data[4:8] == COOKIE:
        for kind, at, length in _attributes(data):
            if kind == _DATA:
                start = segment.start + at
                sized = (*segment.sized, FIXED)
                return replace(segment, start=start, end=start + length, sized=sized)
    return None


def _attributes(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each attribute of a STUN message."""
    at = 20
    while at + 4 <= len(data):
        kind, length = (
            int.from_bytes(data[at : at + 2], "big"),
            int.from_bytes(data[at + 2 : at + 4], "big"),
        )
        if at + 4 + length > len(data):
            return
        yield kind, at + 4, length
        at += 4 + length + -length % 4


def name_of(data: bytes) -> str:
    """What a datagram is that holds no RTP."""
    if data[4:8] == COOKIE and data[0] < 4:
        return "STUN"
    if len(data) > 12 and 20 <= data[0] <= 63 and data[1] == 0xFE and data[2] in (0xFD, 0xFF):
        return "DTLS"
    if is_text(data):
        return "SIP" if b"SIP/2.0" in data[:200] else "RTSP"
    if not data.strip(b"\0\r\n"):
        return "keep-alive"
    return "no RTP"


def is_text(data: bytes | bytearray) -> bool:
    """Whether a message of SIP or RTSP begins here."""
    return _TEXT.match(data) is not None


def text_size(data: bytearray, at: int) -> int:
    """Size of the text message at a place: 0 if its end is not there yet, -1 if it is none."""
    end = data.find(b"\r\n\r\n", at, at + MAX_TEXT)
    if end < 0:
        return 0 if len(data) - at < MAX_TEXT else -1
    length = _LENGTH.search(data, at, end + 2)
    return end + 4 - at + (int(length[1]) if length else 0)
