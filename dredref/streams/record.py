"""What travels out of a stream: its description, its records, and notices about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dredref.streams.capture.census import Census

Kind: TypeAlias = Literal["packet", "extension_area", "dred_payload"]
"""What the bytes of a record are: an Opus packet, or a part of one (JSON lines only)."""

Container: TypeAlias = Literal[
    "bit", "ogg", "matroska", "mp4", "media", "pcap", "pcapng", "rtpdump", "mjr", "jsonl", "hex"
]
"""Kinds of file that are read; ``media`` is all that FFmpeg reads beside Matroska and MP4, ``hex``
hexadecimal lines and JSON arrays."""

MAX_PACKET_BYTES = 1 << 20
"""Longest packet taken from any container. RFC 6716 sets no limit to padding; 48 frames of 1275
bytes need 61 kB, and a longer claim than this one only serves to exhaust memory."""


@dataclass(frozen=True, slots=True)
class RtpOrigin:
    """The RTP packet that a record came in.

    Attributes:
        sequence: its sequence number, 16 bits.
        timestamp: its timestamp, 32 bits, at 48 kHz.
        frame: number of the captured frame, from 1, as Wireshark counts.
        arrival_ns: when it was captured, in ns since 1970; None where the capture does not say.
    """

    sequence: int
    timestamp: int
    frame: int
    arrival_ns: int | None = None


@dataclass(frozen=True, slots=True)
class RedundantCopy:
    """A copy of an earlier packet that came along with a later one (RED, RFC 2198).

    Attributes:
        packet: the bytes of the earlier packet, as it was sent.
        timestamp_48k: its first sample, on the clock of `Record.timestamp_48k`; it may precede the
            first record.
        payload_type: RTP payload type of the copy.
    """

    packet: bytes
    timestamp_48k: int
    payload_type: int


@dataclass(frozen=True, slots=True)
class Record:
    """One packet of a stream, or the gap that one or more lost packets leave.

    Attributes:
        index: position among all packets of the input, from 0, lost ones counted.
        packet: the bytes, or None for a gap.
        kind: what the bytes are.
        stream: number of the `StreamInfo` it belongs to.
        timestamp_48k: first sample of the packet on the decoder's clock, at 48 kHz; pre-skip is
            not subtracted. None where the container says nothing and it cannot be derived.
        final_range: range coder state after the frame, as opus_demo stores it.
        nb_frames: frames of the packet an ``extension_area`` belongs to.
        version: DRED experiment version of a ``dred_payload``.
        discard_48k: samples at the packet's end that a player drops (end trimming).
        rtp: the RTP packet it came in; None in other containers and for lost packets.
        count: packets that this record stands for: those lost in a gap, 1 for any other record.
            The next record of the input has the index ``index + count``.
        redundancy: copies of earlier packets that came with this one, oldest first.
    """

    index: int
    packet: bytes | None
    kind: Kind = "packet"
    stream: int = 0
    timestamp_48k: int | None = None
    final_range: int | None = None
    nb_frames: int | None = None
    version: int | None = None
    discard_48k: int = 0
    rtp: RtpOrigin | None = None
    count: int = 1
    redundancy: tuple[RedundantCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One Opus stream of an input.

    A multistream track (RFC 7845, section 5.1.1) gives one `StreamInfo` for each of its elementary
    streams; ``part`` tells them apart and ``parts`` counts them.

    Attributes:
        number: what `Record.stream` says, from 0 in order of appearance.
        container: kind of file.
        channels: output channels of the whole track.
        pre_skip: samples at 48 kHz to drop at the start.
        input_rate: sample rate of the original, in Hz; 0 or None if not stated.
        mapping_family: channel mapping family of RFC 7845.
        part: which elementary stream of a multistream track.
        parts: elementary streams in the track.
        track: Ogg serial number, Matroska or MP4 track number, or RTP SSRC.
        ssrc: RTP synchronisation source.
        payload_type: RTP payload type.
        flow: UDP ends of an RTP stream, ``source:port > destination:port``.
        dred_sends_ms: the most DRED that SDP says will be sent; None where it says nothing.
        dred_takes_ms: the most DRED that SDP says its receiver can use.
        head: the OpusHead packet, verbatim.
        tags: the OpusTags packet, verbatim (Ogg only).
    """

    number: int
    container: Container
    channels: int | None = None
    pre_skip: int | None = None
    input_rate: int | None = None
    mapping_family: int | None = None
    part: int = 0
    parts: int = 1
    track: int | None = None
    ssrc: int | None = None
    payload_type: int | None = None
    flow: str | None = None
    dred_sends_ms: int | None = None
    dred_takes_ms: int | None = None
    head: bytes | None = None
    tags: bytes | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the stream that is no packet: a gap, a duplicate, a broken end.

    Attributes:
        code: stable and dotted, such as ``rtp.gap``.
        detail: one line for people.
        index: index of the record that follows.
        stream: number of the stream, or None if it concerns the whole input.
        count: how many packets, pages or bytes it speaks of.
    """

    code: str
    detail: str
    index: int
    stream: int | None = None
    count: int = 1


Event: TypeAlias = StreamInfo | Record | Notice | Census
"""What a reader yields. A `StreamInfo` comes before the first record of its stream; the accounts of
a capture come last."""
