"""What packets of a capture are called in its accounts."""

from __future__ import annotations

OPUS = "Opus"
RED = "RED with Opus"
ENCRYPTED = "look encrypted (SRTP?)"
PADDING = "padding only"
CUT = "RTP, cut"
DUPLICATE = "RTP duplicates"
LATE = "RTP too late"
STRAY = "RTP strays"
UNDECIDED = "RTP, too few to tell"
UNWANTED = "RTP of other sources"
RTCP = "RTCP"
COMFORT_NOISE = "comfort noise"
EVENTS = "telephone events"

STATIC = {
    0: "PCMU",
    3: "GSM",
    4: "G.723",
    5: "DVI4",
    6: "DVI4",
    7: "LPC",
    8: "PCMA",
    9: "G.722",
    10: "L16",
    11: "L16",
    12: "QCELP",
    14: "MPEG audio",
    15: "G.728",
    16: "DVI4",
    17: "DVI4",
    18: "G.729",
    25: "CelB",
    26: "JPEG",
    28: "nv",
    31: "H.261",
    32: "MPEG video",
    33: "MPEG-TS",
    34: "H.263",
}
"""Payload types of RFC 3551 -> codec."""

COMFORT_TYPES = (13, 19)


def codec_label(payload_type: int, name: str | None = None) -> str:
    """What packets of another codec are called."""
    known = name or STATIC.get(payload_type)
    return f"{known} (payload type {payload_type})" if known else f"payload type {payload_type}"


def is_event(payload: bytes) -> bool:
    """Whether a payload may be a telephone event (RFC 4733): a key or tone, no Opus as short."""
    return len(payload) == 4 and payload[0] <= 16 and not payload[1] & 0x40
