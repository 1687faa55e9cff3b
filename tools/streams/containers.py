"""Packets into files: opus_demo's ``.bit``, Ogg and WebM by libavformat, RTP in pcap by dpkt.

Where a format has room for a random number, a date or a program's name, a fixed one stands there.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import dpkt

from dredref.streams.oggpage import build_page, build_pages
from dredref.streams.opushead import OpusHead, build_head, build_tags

SERIAL = 0x44524544
PAYLOAD_TYPE = 111
SSRC = 0x0DEDC0DE
# Addresses set aside for documentation (RFC 5737).
SENDER, RECEIVER = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet with its place among all (lost ones counted) and the final range after it."""

    number: int
    data: bytes
    final_range: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """Packets and what a container states about them; ``duration`` in samples at 48 kHz."""

    packets: Sequence[Sent]
    duration: int
    head: OpusHead


def write_bit(track: Track, path: Path) -> None:
    """The format of opus_demo: length and final range, big-endian, length 0 for a lost packet."""
    with path.open("wb") as file:
        for sent in track.packets:
            if sent.lost:
                file.write(struct.pack(">II", 0, 0))
            else:
                file.write(struct.pack(">II", len(sent.data), sent.final_range) + sent.data)


def plain_ogg(track: Track) -> bytes:
    """The track as Ogg Opus, one packet a page: the form in which libavformat is given it."""
    pages = build_pages([(build_head(track.head), 0)], SERIAL, 0, first=True)
    pages += build_pages([(build_tags(), 0)], SERIAL, 1)
    for k, sent in enumerate(track.packets):
        last = k + 1 == len(track.packets)
        ends = (sent.number + 1) * track.duration
        pages += build_pages([(sent.data, ends)], SERIAL, len(pages), last=last)
    return b"".join(map(build_page, pages))


def write_muxed(track: Track, path: Path, kind: str) -> None:
    """Ogg or WebM by libavformat, packets passed on as they are."""
    options = {"fflags": "+bitexact"}
    with (
        av.open(io.BytesIO(plain_ogg(track)), "r", format="ogg") as source,
        av.open(str(path), "w", format=kind, options=options) as target,
    ):
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size == 0:
                continue
            packet.stream = stream
            target.mux(packet)


def write_pcap(track: Track, path: Path, swapped: frozenset[int]) -> None:
    """RTP over UDP over IPv4 over Ethernet; packets in ``swapped`` arrive one later."""
    arriving = [sent for sent in track.packets if not sent.lost]
    order = sorted(arriving, key=lambda s: s.number + (1.5 if s.number in swapped else 0))
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file, snaplen=65535)
        for position, sent in enumerate(order):
            at = float(Fraction(1_700_000_000) + Fraction(position * track.duration, 48_000))
            writer.writepkt(ethernet(sent, track.duration), ts=at)


def ethernet(sent: Sent, duration: int) -> bytes:
    """One packet of the stream as an Ethernet frame."""
    rtp = struct.pack(
        ">BBHII",
        *(0x80, PAYLOAD_TYPE | (0x80 if sent.number == 0 else 0)),
        *((65_500 + sent.number) & 0xFFFF, sent.number * duration & 0xFFFFFFFF, SSRC),
    )
    udp = dpkt.udp.UDP(sport=40_000, dport=40_002, data=rtp + sent.data)
    udp.ulen = len(udp)
    ip = dpkt.ip.IP(src=SENDER, dst=RECEIVER, p=dpkt.ip.IP_PROTO_UDP, id=sent.number, data=udp)
    ip.len = len(ip)
    frame = dpkt.ethernet.Ethernet(
        src=b"\x02\x00\x00\x00\x00\x01", dst=b"\x02\x00\x00\x00\x00\x02", data=ip
    )
    return bytes(frame)


def write(track: Track, path: Path, container: str, swapped: frozenset[int]) -> None:
    """Write a track to ``path`` in the container named."""
    if container == "bit":
        write_bit(track, path)
    elif container == "pcap":
        write_pcap(track, path, swapped)
    else:
        write_muxed(track, path, container)
