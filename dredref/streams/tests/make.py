"""Streams made for tests: plain packets, Opus from PyAV, captures from dpkt."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

import av
import dpkt
import numpy as np

from dredref.streams import Event, Notice, Record, expand_gaps, open_stream
from dredref.streams.clock import FRAME_48K

SILK_20MS = 9 << 3
"""TOC of one wide-band SILK frame of 20 ms."""


def packets(count: int, size: int = 40, seed: int = 0) -> list[bytes]:
    """Opus packets of one 20 ms frame each, of any content."""
    draw = random.Random(seed)
    return [bytes([SILK_20MS]) + draw.randbytes(draw.randrange(3, size)) for _ in range(count)]


def mixed_packets(count: int, seed: int = 0) -> list[bytes]:
    """Packets of one frame of any configuration, and so of any length of time."""
    draw = random.Random(seed)
    tocs = [draw.randrange(32) << 3 for _ in range(count)]
    assert len(FRAME_48K) == 32
    return [bytes([toc]) + draw.randbytes(draw.randrange(2, 400)) for toc in tocs]


@cache
def encoded(kind: str, channels: int = 1, seconds: float = 1.3) -> bytes:
    """A tone encoded by PyAV's libopus into a container (a name that FFmpeg knows)."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as output:
        stream = output.add_stream("libopus", rate=48000, layout=layout)
        output.metadata["title"] = "a title"
        time = np.arange(round(48000 * seconds))
        tone = (9000 * np.sin(time * 0.05)).astype(np.int16)
        interleaved = np.repeat(tone[:, None], channels, axis=1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = 48000
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def demuxed(data: bytes) -> list[bytes]:
    """The packets of the first audio track, as PyAV gives them."""
    with av.open(io.BytesIO(data), "r") as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def events(data: bytes, **options: Any) -> list[Event]:
    """All that is read from some bytes."""
    with open_stream(io.BytesIO(data), **options) as stream:
        return list(stream.events())


def records(data: bytes, **options: Any) -> list[Record]:
    """The records among them, one for each lost packet."""
    found = events(data, **options)
    return list(expand_gaps(event for event in found if isinstance(event, Record)))


def notices(data: bytes, **options: Any) -> list[Notice]:
    """The notices among them."""
    return [event for event in events(data, **options) if isinstance(event, Notice)]


def rtp(
    payload: bytes,
    sequence: int,
    timestamp: int,
    *,
    payload_type: int = 111,
    ssrc: int = 0x1234,
    csrc: int = 0,
    extension: bytes | None = None,
    padding: int = 0,
) -> bytes:
    """An RTP packet, put together by hand (RFC 3550, section 5.1)."""
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extension is not None else 0) | csrc
    head = struct.pack(
        ">BBHII", first, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc
    )
    head += bytes(range(4 * csrc))
    if extension is not None:
        head += struct.pack(">HH", 0xBEDE, len(extension) // 4) + extension
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return head + payload + tail


def udp(payload: bytes, *, port: int = 5004, v6: bool = False) -> bytes:
    """An IP packet with a UDP datagram."""
    datagram = dpkt.udp.UDP(sport=40000, dport=port, ulen=8 + len(payload), data=payload)
    if v6:
        packet = dpkt.ip6.IP6(
            src=bytes(15) + b"\x01", dst=bytes(15) + b"\x02", nxt=17, data=datagram
        )
        packet.plen = 8 + len(payload)
        packet.p = 17
        packet.extension_hdrs = {}
        return bytes(packet)
    return bytes(
        dpkt.ip.IP(src=b"\xc0\0\2\1", dst=b"\xc0\0\2\2", p=17, data=datagram, len=28 + len(payload))
    )


def ethernet(packet: bytes, *, tags: Sequence[int] = (), pad: int = 0) -> bytes:
    """An Ethernet frame, with VLAN tags and padding as asked for."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    outer = [0x88A8, 0x8100][2 - len(tags) :] if tags else []
    tagged = b"".join(struct.pack(">HH", *pair) for pair in zip(outer, tags, strict=True))
    return bytes(6) + b"\2\0\0\0\0\1" + tagged + struct.pack(">H", kind) + packet + bytes(pad)


def pcap(
    frames: Sequence[bytes],
    link: int = 1,
    *,
    order: str = "<",
    nano: bool = False,
    times: Sequence[float] = (),
) -> bytes:
    """A pcap file; without times, in seconds, all frames come at once."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 1 << 18, link)
    for place, frame in enumerate(frames):
        second, tick = divmod(round(times[place] * 10**6), 10**6) if times else (1, place)
        data += struct.pack(order + "IIII", second, tick, len(frame), len(frame)) + frame
    return data


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    """A pcapng section header."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def option(code: int, value: bytes) -> bytes:
    """A little-endian pcapng option."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(link: int, order: str = "<", snap: int = 0, options: bytes = b"") -> bytes:
    """A pcapng interface description."""
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def enhanced(frame: bytes, order: str = "<", number: int = 0, cut: int = 0, at: int = 0) -> bytes:
    """A pcapng enhanced packet block at a time, the end of the frame cut off if asked for."""
    kept = frame[: len(frame) - cut]
    head = (number, at >> 32, at & 0xFFFFFFFF, len(kept), len(frame))
    body = struct.pack(order + "IIIII", *head) + kept
    return block(6, body, order)


def call(
    payloads: Sequence[bytes], *, first: int = 100, start: int = 7000, step: int = 960, **more: int
) -> list[bytes]:
    """RTP packets of a call, one after the other."""
    return [
        rtp(payload, first + place, start + step * place, **more)  # type: ignore[arg-type]
        for place, payload in enumerate(payloads)
    ]


def demuxed_head(data: bytes) -> bytes:
    """OpusHead of the first audio track, as PyAV gives it."""
    with av.open(io.BytesIO(data)) as container:
        return bytes(container.streams.audio[0].codec_context.extradata or b"")
