"""Opus in RTP (RFC 7587), out of captures."""

from __future__ import annotations

from collections.abc import Iterator

from dredref.streams.batch import RecordBatch
from dredref.streams.capture.files import SECTION_HEADER, Broken, Layout, read_frames
from dredref.streams.record import Container, Event, Notice
from dredref.streams.rtp.dumps import read_mjr, read_rtpdump
from dredref.streams.rtp.flows import Flows
from dredref.streams.rtp.options import RtpOptions
from dredref.streams.rtp.runs import Runs
from dredref.streams.source import Source


def read_rtp(source: Source, options: RtpOptions | None = None) -> Iterator[Event | RecordBatch]:
    """Yield the records of all RTP sources of a capture that carry Opus, and its accounts.

    Records of a source come in the order they were sent; sources mix as they arrived, but the first
    packets of each wait until it is known for Opus.

    Raises:
        InputError: ``input.truncated``, ``input.no_rtp``, ``input.encrypted``, ``sdp.empty``.
        MissingExtraError: there are keys, and pylibsrtp is not installed.
    """
    container = kind_of_capture(source)
    flows, layout = Flows(container, options or RtpOptions()), Layout()
    runs = None
    if container in ("pcap", "pcapng"):
        runs, frames = Runs(flows, layout, source), read_frames(source, layout)
    else:
        frames = (read_rtpdump if container == "rtpdump" else read_mjr)(source)
    number = 0
    while True:
        while runs is not None:
            count, events = runs.take(number)
            if not count:
                break
            yield from events
            number += count
        frame = next(frames, None)
        number += 1
        if frame is None:
            break
        if isinstance(frame, Broken):
            yield Notice("stream.truncated", frame.detail, flows.numbering.records)
            break
        for segment, packet, notice in flows.packets(frame, number):
            if notice is not None:
                yield notice
            if packet is not None:
                yield from (taken.event for taken in flows.push(segment, packet) if taken.event)
    yield from (taken.event for taken in flows.end() if taken.event)
    yield from flows.closing()
    flows.require_stream(source.name)


def kind_of_capture(source: Source) -> Container:
    """The classic format, pcapng, rtpdump or a recording of Janus."""
    head = source.peek(4)
    if head == SECTION_HEADER.to_bytes(4, "big"):
        return "pcapng"
    return "rtpdump" if head == b"#!rt" else "mjr" if head in (b"MJR0", b"MEET") else "pcap"
