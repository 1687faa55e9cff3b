"""The headers of an Opus track: OpusHead and OpusTags (RFC 7845, section 5).

Ogg carries both as packets; Matroska and MP4 hold OpusHead, or its contents, as codec data.
"""

from __future__ import annotations

from dataclasses import dataclass

import construct as c

from dredref.spec.errors import ParseError

HEAD_SIGNATURE = b"OpusHead"
TAGS_SIGNATURE = b"OpusTags"

_HEAD = c.Struct(
    c.Const(HEAD_SIGNATURE),
    "version" / c.Int8ul,
    "channels" / c.Int8ul,
    "pre_skip" / c.Int16ul,
    "input_rate" / c.Int32ul,
    "gain" / c.Int16sl,
    "family" / c.Int8ul,
    "table" / c.If(c.this.family != 0, c.Struct("streams" / c.Int8ul, "coupled" / c.Int8ul)),
    "mapping" / c.GreedyBytes,
)
"""RFC 7845, section 5.1. The mapping (family 3 of RFC 8486: matrix) is kept as it is."""

_TAGS = c.Struct(
    c.Const(TAGS_SIGNATURE),
    "vendor" / c.PascalString(c.Int32ul, "utf8"),
    "comments" / c.PrefixedArray(c.Int32ul, c.PascalString(c.Int32ul, "utf8")),
)
"""RFC 7845, section 5.2."""


@dataclass(frozen=True, slots=True)
class OpusHead:
    """What OpusHead states.

    Attributes:
        channels: output channels.
        pre_skip: samples at 48 kHz to drop at the start.
        input_rate: rate of the original in Hz, 0 if not stated.
        gain: output gain, Q7.8 dB.
        family: channel mapping family.
        streams: elementary Opus streams in each packet.
        coupled: how many of these are stereo.
        mapping: the bytes of the channel mapping, empty for family 0.
        version: upper four bits 0 for all that can be read here.
    """

    channels: int
    pre_skip: int = 0
    input_rate: int = 48000
    gain: int = 0
    family: int = 0
    streams: int = 1
    coupled: int = 0
    mapping: bytes = b""
    version: int = 1


def parse_head(data: bytes) -> OpusHead:
    """Read OpusHead.

    Raises:
        ParseError: ``opushead.malformed`` or ``opushead.version``.
    """
    clause = "RFC 7845 5.1"
    try:
        head = _HEAD.parse(data)
    except c.ConstructError as error:
        raise ParseError("opushead.malformed", "no OpusHead", byte=0, clause=clause) from error
    if head.version > 15:
        raise ParseError(
            "opushead.version", f"OpusHead of version {head.version}", byte=8, clause=clause
        )
    table = head.table
    streams = table.streams if table else 1
    coupled = table.coupled if table else max(0, head.channels - 1)
    if not head.channels or not streams or coupled > streams or streams + coupled > 255:
        raise ParseError(
            "opushead.malformed",
            f"{head.channels} channels from {streams} streams, {coupled} of them coupled",
            byte=9,
            clause=clause,
        )
    return OpusHead(
        channels=head.channels,
        pre_skip=head.pre_skip,
        input_rate=head.input_rate,
        gain=head.gain,
        family=head.family,
        streams=streams,
        coupled=coupled,
        mapping=head.mapping,
        version=head.version,
    )


def build_head(head: OpusHead) -> bytes:
    """The bytes of an OpusHead packet."""
    table = {"streams": head.streams, "coupled": head.coupled} if head.family else None
    built: bytes = _HEAD.build(
        {
            "version": head.version,
            "channels": head.channels,
            "pre_skip": head.pre_skip,
            "input_rate": head.input_rate,
            "gain": head.gain,
            "family": head.family,
            "table": table,
            "mapping": head.mapping,
        }
    )
    return built


def build_tags(vendor: str = "dredref", comments: tuple[str, ...] = ()) -> bytes:
    """The bytes of an OpusTags packet; comments as ``NAME=value``."""
    built: bytes = _TAGS.build({"vendor": vendor, "comments": list(comments)})
    return built
