"""Several Opus streams in one packet (RFC 7845, section 5.1.1).

All but the last are in the self-delimited framing of RFC 6716, appendix B: the length of the last
frame, implied by the packet's end in the plain framing, is written as one more length field. So the
two framings differ by exactly that field, and a packet turned into one and back is the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import construct as c

from dredref.spec.errors import ParseError
from dredref.spec.packet import LACED_STEP, MAX_FRAME_BYTES, TWO_BYTE_LENGTH

CLAUSE = "RFC 6716 B"


class _FrameLength(c.Adapter):  # type: ignore[misc]
    """One or two bytes: below 252 the length itself, else 4 * second + first."""

    def _decode(self, obj: Any, context: Any, path: Any) -> int:
        return int(obj.first) + 4 * (obj.second or 0)

    def _encode(self, obj: int, context: Any, path: Any) -> dict[str, int | None]:
        if obj < TWO_BYTE_LENGTH:
            return {"first": obj, "second": None}
        first = TWO_BYTE_LENGTH + obj % 4
        return {"first": first, "second": (obj - first) // 4}


FRAME_LENGTH = _FrameLength(
    c.Struct("first" / c.Int8ub, "second" / c.If(c.this.first >= TWO_BYTE_LENGTH, c.Int8ub))
)
"""Length of a frame, 0 to 1275 (RFC 6716, section 3.2.1)."""

PADDING_LENGTH = c.RepeatUntil(lambda value, *_: value < 255, c.Int8ub)
"""Bytes of 255 count 254 and go on (RFC 6716, section 3.2.5)."""


def _explicit(context: Any) -> int:
    """Length fields of the plain framing."""
    code = context.toc & 3
    if code < 3:
        return int(code == 2)
    return (context.count & 63) - 1 if context.count & 0x80 else 0


_PLAIN_HEADER = (
    "toc" / c.Int8ub,
    "count" / c.If(c.this.toc & 3 == 3, c.Int8ub),
    c.Check(lambda context: context.count is None or context.count & 63),
    "padding" / c.If(lambda context: (context.count or 0) & 0x40, PADDING_LENGTH),
    "lengths" / c.Array(_explicit, FRAME_LENGTH),
    "split" / c.Tell,
)

PLAIN = c.Struct(*_PLAIN_HEADER)
"""All that precedes the frames; ``split`` is where the self-delimited framing adds its field."""

SELF_DELIMITED = c.Struct(*_PLAIN_HEADER, "last" / FRAME_LENGTH, "end" / c.Tell)


def _parse(layout: Any, data: bytes) -> Any:
    """Parse a packet's header with one of the two layouts."""
    try:
        return layout.parse(data)
    except c.ConstructError as error:
        raise ParseError(
            "multistream.malformed", "no Opus packet header", byte=0, clause=CLAUSE
        ) from error


def _padding(header: Any) -> int:
    """Bytes of padding after the frames."""
    return sum(min(byte, LACED_STEP) for byte in header.padding or ())


def _equal_frames(header: Any) -> int:
    """Over how many frames a single length extends: 1 unless all frames are of one size."""
    code = header.toc & 3
    if code == 3:
        return 1 if header.count & 0x80 else header.count & 63
    return 2 if code == 1 else 1


def take_packet(data: bytes) -> tuple[bytes, bytes]:
    """Split a self-delimited packet from what follows it; the packet comes in plain framing.

    Raises:
        ParseError: ``multistream.malformed``.
    """
    header = _parse(SELF_DELIMITED, data)
    frames = sum(header.lengths) + header.last * _equal_frames(header)
    end = header.end + frames + _padding(header)
    if end > len(data):
        raise ParseError(
            "multistream.malformed",
            f"self-delimited packet of {end} bytes in {len(data)}",
            byte=header.split,
            clause=CLAUSE,
        )
    return data[: header.split] + data[header.end : end], data[end:]


def delimit_packet(packet: bytes) -> bytes:
    """Bring a packet from plain into self-delimited framing.

    Raises:
        ParseError: ``multistream.malformed`` if the lengths in it do not fit together.
    """
    header = _parse(PLAIN, packet)
    left = len(packet) - header.split - sum(header.lengths) - _padding(header)
    last, rest = divmod(left, _equal_frames(header))
    if left < 0 or rest or last > MAX_FRAME_BYTES:
        raise ParseError(
            "multistream.malformed",
            f"{left} bytes are left for the last frame",
            byte=header.split,
            clause=CLAUSE,
        )
    return packet[: header.split] + bytes(FRAME_LENGTH.build(last)) + packet[header.split :]


def split_packet(data: bytes, streams: int) -> list[bytes]:
    """Split a multistream packet into its ``streams`` packets, in plain framing.

    Raises:
        ParseError: ``multistream.malformed``.
    """
    packets = []
    rest = data
    for _ in range(streams - 1):
        try:
            packet, rest = take_packet(rest)
        except ParseError as error:
            raise error.shifted(len(data) - len(rest)) from error
        packets.append(packet)
    return [*packets, rest]


def join_packets(packets: Sequence[bytes]) -> bytes:
    """Put the packets of all streams together: the inverse of `split_packet`.

    Raises:
        ParseError: ``multistream.malformed`` if one but the last is no Opus packet.
    """
    return b"".join(delimit_packet(packet) for packet in packets[:-1]) + packets[-1]
