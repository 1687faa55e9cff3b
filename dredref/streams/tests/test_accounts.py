"""The accounts of every capture of the tests add up: all that is in it is told once."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dredref.spec.errors import InputError
from dredref.streams import Record
from dredref.streams.batch import RecordBatch, single_events
from dredref.streams.capture.census import Census
from dredref.streams.capture.files import Frame, read_frames
from dredref.streams.capture.messages import Messages
from dredref.streams.detect import detect_format
from dredref.streams.record import Event
from dredref.streams.rtp.dumps import read_mjr, read_rtpdump
from dredref.streams.rtp.labels import OPUS, RED
from dredref.streams.rtp.reader import read_rtp
from dredref.streams.source import Source
from dredref.streams.stream import RTP_CONTAINERS
from dredref.streams.tests import make
from dredref.streams.tests.cases import CASES
from dredref.streams.tests.inputs import call
from dredref.streams.tests.test_columns import captured
from dredref.streams.tests.wraps import WRAPS

STREAMS = Path(__file__).parents[3] / "spec" / "streams"


def source_of(data: bytes) -> Source:
    """A source of bytes."""
    return Source(io.BytesIO(data), "given")


def captures() -> Iterator[tuple[str, bytes]]:
    """All captures of the tests: public cases, encapsulations, committed and drawn ones."""
    yield from ((path.name, path.read_bytes()) for path in sorted(STREAMS.glob("*.pcap*")))
    for name, (link, wrap) in WRAPS.items():
        yield name, make.pcap([wrap(make.udp(one)) for one in call()], link)
    for case in CASES:
        data = case.make()
        try:
            kind = detect_format(source_of(data))
            if kind in RTP_CONTAINERS and case.right.get("error") != "input.no_opus_track":
                yield case.name, data
        except InputError:
            continue
    yield from ((f"drawn {seed}", captured(random.Random(seed))) for seed in range(12))


CAPTURES = dict(captures())


def events(data: bytes) -> Iterator[Event | RecordBatch]:
    """All that is read, up to the error that it may end with."""
    with suppress(InputError):
        yield from read_rtp(source_of(data))


def frames_of(data: bytes) -> list[Frame]:
    """The frames of a capture."""
    kind = detect_format(source_of(data))
    reader = {"rtpdump": read_rtpdump, "mjr": read_mjr}.get(kind, read_frames)
    return [frame for frame in reader(source_of(data)) if isinstance(frame, Frame)]


@pytest.mark.parametrize("name", CAPTURES)
def test_packets_in_are_packets_told(name: str) -> None:
    data = CAPTURES[name]
    found = list(single_events(events(data)))
    (census,) = (event for event in found if isinstance(event, Census))
    frames = frames_of(data)
    assert sum(census.frames.values()) == len(frames)
    messages = Messages(Census())
    datagrams = sum(1 for frame in frames for _ in messages.push(frame))
    assert sum(census.packets.values()) == datagrams
    received = sum(isinstance(event, Record) and event.packet is not None for event in found)
    assert census.packets[OPUS] + census.packets[RED] == received
    if len(census.sources) < 256:
        of_sources = sum(sum(source.packets.values()) for source in census.sources)
        assert of_sources <= datagrams
        streams = [source.stream for source in census.sources if source.stream is not None]
        assert len(streams) == len(set(streams))
