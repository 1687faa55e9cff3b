"""Inputs as the public cases need them: calls, captures, Ogg pages, dumps, and their faults."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import av
import numpy as np

from dredref.streams.oggpage import Page, build_page, build_pages, lace
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.tests import make
from dredref.streams.tests.wraps import WRAPS


@cache
def packets(count: int = 40) -> tuple[bytes, ...]:
    """Opus packets, most of them with padding."""
    plain = make.packets(count)
    return tuple(
        one if place % 8 == 0 else b"\x4b\x41\x14" + one[1:] + bytes(20)
        for place, one in enumerate(plain)
    )


def call(payloads: Sequence[bytes] = (), **more: int) -> list[bytes]:
    """RTP packets of a call."""
    return make.call(payloads or packets(), **more)


def capture(datagrams: Sequence[bytes]) -> bytes:
    """A capture of datagrams in Ethernet."""
    return make.pcap([make.ethernet(make.udp(one)) for one in datagrams])


def srtp(count: int, seed: int = 3) -> list[bytes]:
    """RTP packets with random payloads, as SRTP has them."""
    draw = random.Random(seed)
    return call([draw.randbytes(draw.randrange(30, 120)) for _ in range(count)])


def red(payloads: Sequence[bytes], first: int = 0) -> list[bytes]:
    """RTP packets of type 63: RED with the packet before (RFC 2198)."""
    sent = []
    for place, payload in enumerate(payloads):
        before = payloads[place - 1] if place else b""
        head = (0xEF << 24 | 960 << 10 | len(before)).to_bytes(4, "big") if before else b""
        body = head + b"\x6f" + before + payload
        at = first + place
        sent.append(make.rtp(body, 100 + at, 7000 + 960 * at, payload_type=63))
    return sent


def ogg(
    groups: Sequence[Sequence[bytes]],
    *,
    scale: int = 1,
    last: bool = True,
    flagged: bool = True,
    shift: int = 0,
    comment: str = "",
) -> list[Page]:
    """Pages of Ogg Opus; granule positions are ``1/scale`` of the true ones."""
    head = build_head(OpusHead(channels=1))
    tags = build_tags(comments=(comment,) if comment else ())
    pages = [Page(0, 7, 0, lace(len(head)), head, first=flagged), *build_pages([(tags, 0)], 7, 1)]
    end = shift
    for group in groups:
        end += 960 * len(group)
        following = pages[-1].sequence + 1
        pages += build_pages([(one, end // scale) for one in group], 7, following)
    if last:
        pages[-1] = replace(pages[-1], last=True)
    return pages


def joined(pages: Sequence[Page]) -> bytes:
    """The bytes of pages."""
    return b"".join(map(build_page, pages))


def grouped() -> list[tuple[bytes, ...]]:
    """Packets by tens."""
    all_packets = packets()
    return [all_packets[at : at + 10] for at in range(0, 40, 10)]


def unsummed(data: bytes) -> bytes:
    """Ogg with all page checksums 0."""
    out, at = bytearray(data), 0
    while (at := out.find(b"OggS", at)) >= 0:
        out[at + 22 : at + 26] = bytes(4)
        at += 27
    return bytes(out)


def even() -> list[bytes]:
    """Packets of one size."""
    return [make.SILK_20MS.to_bytes() + bytes([place] * 20) for place in range(40)]


def sound(kind: str, codec: str) -> bytes:
    """A tone in another codec, in a container of FFmpeg's."""
    file = io.BytesIO()
    with av.open(file, "w", kind) as target:
        track: Any = target.add_stream(codec, rate=44100)
        tone = (9000 * np.sin(np.arange(22050) * 0.05)).astype(np.float32)[None] / 32768
        frame = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
        frame.sample_rate = 44100
        for packet in [*track.encode(frame), *track.encode(None)]:
            target.mux(packet)
    return file.getvalue()


def remuxed(kind: str) -> bytes:
    """The stream in a container of FFmpeg's."""
    file = io.BytesIO()
    given = io.BytesIO(joined(ogg(grouped())))
    with av.open(given, "r") as source, av.open(file, "w", kind) as target:
        track = target.add_stream_from_template(source.streams[0])
        for packet in source.demux():
            if packet.size:
                packet.stream = track
                target.mux(packet)
    return file.getvalue()


def bit(*records: bytes | None) -> bytes:
    """An opus_demo file."""
    return b"".join(struct.pack(">II", len(one or b""), 0) + (one or b"") for one in records)


def rtpdump(datagrams: Sequence[bytes]) -> bytes:
    """A file of rtptools."""
    data = b"#!rtpplay1.0 10.0.0.1/5004\n" + struct.pack(">IIIHH", 1, 0, 0x0A000001, 5004, 0)
    for place, one in enumerate(datagrams):
        data += struct.pack(">HHI", 8 + len(one), len(one), 20 * place) + one
    return data


def mjr(datagrams: Sequence[bytes], codec: str = "opus") -> bytes:
    """A recording of Janus."""
    info = json.dumps({"t": "a", "c": codec, "s": 1, "u": 2}).encode()
    data = b"MJR00002" + struct.pack(">H", len(info)) + info
    for place, one in enumerate(datagrams):
        data += b"MEET" + struct.pack(">IH", 20 * place, len(one)) + one
    return data


def tcp(datagrams: Sequence[bytes], size: int = 100) -> bytes:
    """RTP over TCP (RFC 4571), cut into segments of a size that fits no packet."""
    stream = b"".join(struct.pack(">H", len(one)) + one for one in datagrams)
    frames = []
    for at in range(0, len(stream), size):
        part = stream[at : at + size]
        segment = struct.pack(">HHIIBBHHH", 4000, 5000, 1 + at, 0, 0x50, 0x18, 999, 0, 0) + part
        head = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 40 + len(part), 1, 0, 64, 6, 0, b"\xc0\0\2\1", b"\xc0\0\2\2"
        )
        frames.append(make.ethernet(head + segment))
    return make.pcap(frames)


def turn(datagrams: Sequence[bytes]) -> bytes:
    """RTP in TURN ChannelData."""
    return capture([struct.pack(">HH", 0x4001, len(one)) + one for one in datagrams])


def indications(datagrams: Sequence[bytes]) -> bytes:
    """RTP in TURN Data indications."""
    sent = []
    for one in datagrams:
        body = struct.pack(">HH", 0x13, len(one)) + one + bytes(-len(one) % 4)
        sent.append(struct.pack(">HH", 0x17, len(body)) + b"\x21\x12\xa4\x42" + bytes(12) + body)
    return capture(sent)


def pauses() -> bytes:
    """A muted sender: numbers go on one by one, and time by a second each."""
    stamps = [960 * i if i < 20 else 960 * 20 + 48000 * (i - 20) for i in range(30)]
    return capture([make.rtp(one, 7 + i, 50 + stamps[i]) for i, one in enumerate(packets()[:30])])


def wrapped(name: str) -> bytes:
    """A call in an encapsulation."""
    link, wrap = WRAPS[name]
    return make.pcap([wrap(make.udp(one)) for one in call()], link)


def cut(size: int) -> bytes:
    """A capture whose frames are cut."""
    data = make.pcap([])
    for one in call():
        whole = make.ethernet(make.udp(one + bytes(100)))
        data += struct.pack("<IIII", 1, 0, size, len(whole)) + whole[:size]
    return data


def sip() -> bytes:
    """A call whose payload type SIP names; one packet, of which nothing could be told."""
    sdp = b"v=0\r\nm=audio 5004 RTP/AVP 99\r\na=rtpmap:99 opus/48000/2\r\n"
    text = b"INVITE sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n" % len(sdp) + sdp
    return capture([text, *call(packets()[:1], payload_type=99)])


def many(count: int) -> bytes:
    """Interleaved sources of two packets."""
    calls = [call(packets()[:2], ssrc=one) for one in range(count)]
    return capture([one[place] for place in range(2) for one in calls])
