"""What is read into columns is what is read packet by packet: of all kinds of files."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dredref.spec.errors import InputError
from dredref.streams import Event, Record, open_stream
from dredref.streams.batch import RecordBatch
from dredref.streams.clock import packet_duration_48k
from dredref.streams.oggpage import Page, build_page, build_pages
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.rtp import runs
from dredref.streams.tests import make
from dredref.streams.tests.cases import CASES, Case

STREAMS = Path(__file__).parents[3] / "spec" / "streams"


def no_run(self: object, before: int) -> tuple[int, Iterator[Event | RecordBatch]]:
    """Take nothing."""
    return 0, iter(())


def read(path: Path) -> list[object]:
    """All that a file gives, its accounts included, and the error that it ends with."""
    found: list[object] = []
    try:
        with open_stream(path) as stream:
            found += stream.events()
    except InputError as error:
        found.append(str(error))
    return found


def one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The same, without columns."""
    with monkeypatch.context() as patch:
        patch.setattr("dredref.streams.rtp.runs.Runs.take", no_run)
        patch.setattr("dredref.streams.ogg.OggReader.run", lambda reader: None)
        return read(path)


@pytest.fixture(params=["as it is", "short runs"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs as they are, and so short that much is carried from one to the next."""
    if request.param == "short runs":
        monkeypatch.setattr("dredref.streams.source.WANTED_BYTES", 3000)
        monkeypatch.setattr("dredref.streams.source.BLOCK", 1500)
        monkeypatch.setattr(runs, "RUN", 5)
        monkeypatch.setattr(runs, "SHORT_RUN", 0)
        monkeypatch.setattr("dredref.streams.ogg.RUN", 260)


def captured(draw: random.Random) -> bytes:
    """A capture of some sources whose packets are lost, late, doubled, renumbered, and changed."""
    frames: list[tuple[float, bytes]] = []
    for source in range(draw.randrange(1, 4)):
        packets = make.packets(draw.randrange(20, 300), seed=draw.randrange(99))
        sequence, stamp, kind = draw.randrange(1 << 16), draw.randrange(1 << 32), 111
        more: dict[str, Any] = {"extension": bytes(4), "csrc": 1} if draw.random() < 0.3 else {}
        wrap = draw.choice((link_ethernet, link_tagged, link_v6))
        rough = draw.choice((0.0, 0.05, 0.3, 1.0))
        red_from = draw.choice((0, 40, 1000, 1000))
        before = b""
        for place, packet in enumerate(packets):
            if draw.random() < 0.04 * rough:
                sequence += draw.choice((5, 70, 300, 2000, 20000))
            if draw.random() < 0.01 * rough:
                kind = 96 + draw.randrange(20)
            if draw.random() < 0.04 * rough:
                packet = draw.choice((b"", b"\x08", bytes([draw.randrange(256)]) + packet[1:]))
            plain, before = packet, before[: len(before) - (draw.random() < 0.1)]
            if place >= red_from and packet:
                head = (0xEF << 24 | 960 << 10 | len(before)).to_bytes(4, "big") + b"\x6f"
                packet = head + before + packet
            before = plain
            stamp += 960 * (1 if draw.random() > 0.05 * rough else 50)
            data = make.rtp(
                *(packet, sequence + place, stamp),
                payload_type=63 if place >= red_from else kind,
                ssrc=source,
                padding=4 * (draw.random() < 0.1),
                **more,
            )
            at = place + draw.random() * draw.choice((0,) * 9 + (3, 90))
            if draw.random() > 0.05 * rough:
                frames.append((at, wrap(data, 5000 + source)))
            if draw.random() < 0.03:
                frames.append((at + draw.choice((0, 1, 100)), wrap(data, 5000 + source)))
            if draw.random() < 0.05:
                report = struct.pack(">BBHI", 0x80, 200, 6, source) + bytes(20)
                frames.append((at, wrap(report, 5000 + source)))
    ordered = [frame for _, frame in sorted(frames, key=lambda one: one[0])]
    if draw.random() < 0.5:
        return make.pcap(ordered, order=draw.choice("<>"), nano=draw.random() < 0.5)
    head = make.section() + make.interface(1, options=make.option(9, b"\x09"))
    blocks = [make.enhanced(frame, at=1000 * at) for at, frame in enumerate(ordered)]
    blocks.insert(draw.randrange(len(blocks)), make.block(5, bytes(12)))
    return head + b"".join(blocks)


def link_ethernet(data: bytes, port: int) -> bytes:
    """Ethernet with IPv4."""
    return make.ethernet(make.udp(data, port=port), pad=2)


def link_tagged(data: bytes, port: int) -> bytes:
    """Ethernet with two VLAN tags."""
    return make.ethernet(make.udp(data, port=port), tags=(5, 6))


def link_v6(data: bytes, port: int) -> bytes:
    """Ethernet with IPv6."""
    return make.ethernet(make.udp(data, port=port, v6=True))


def ogg(draw: random.Random) -> bytes:
    """Ogg of some streams side by side, whose pages are lost, damaged, flagged and out of time."""
    rough = draw.choice((0.0, 0.02, 0.1))
    streams: list[list[Page]] = []
    for serial in range(draw.randrange(1, 4)):
        channels = draw.choice((1, 2, 2, 6))
        head = OpusHead(channels)
        if channels == 6:
            head = OpusHead(6, family=1, streams=4, coupled=2, mapping=bytes(range(6)))
        pages = build_pages([(build_head(head), 0)], serial, 0, first=True)
        pages += build_pages([(build_tags(), 0)], serial, 1)
        at = draw.choice((0, 0, 48000))
        for _ in range(draw.randrange(2, 40)):
            packets = make.mixed_packets(draw.randrange(1, 9), seed=draw.randrange(999))
            packets = make.packets(5) if draw.random() < 0.7 else packets
            held = []
            for packet in packets:
                packet = packet + bytes(draw.choice((0,) * 30 + (255, 70000)))
                at += packet_duration_48k(packet) + draw.choice((0, 960)) * (draw.random() < rough)
                held.append((packet, at))
            last = draw.random() < rough / 2
            pages += build_pages(held, serial, pages[-1].sequence + 1, last=last)
            if draw.random() < rough:
                changed: dict[str, Any] = draw.choice(
                    ({"granule": -1}, {"continued": True}, {"granule": 7})
                )
                pages[-1] = replace(pages[-1], **changed)
        streams.append(pages)
    data = b""
    while any(streams):
        built = build_page(draw.choice([pages for pages in streams if pages]).pop(0))
        if draw.random() < rough:
            built = draw.choice((b"", built[:-1] + b"x", built[:40], b"junk" + built, built * 2))
        data += built
    return data


@pytest.mark.parametrize("seed", range(12))
def test_drawn_ogg(seed: int, run: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "drawn"
    path.write_bytes(ogg(random.Random(seed)))
    found = read(path)
    assert found == one_by_one(path, monkeypatch)


def test_most_of_what_is_routine_is_read_in_columns(tmp_path: Path) -> None:
    """The other tests here would pass without columns, too."""
    path = tmp_path / "drawn"
    for data, most in (
        (make.pcap([make.ethernet(make.udp(one)) for one in make.call(make.packets(900))]), 60),
        (ogg(random.Random(5)), 60),
    ):
        path.write_bytes(data)
        with open_stream(path) as stream:
            single = sum(isinstance(one, Record) for one in stream._portions())
        with open_stream(path) as stream:
            assert sum(1 for _ in stream) > 100
        assert single < most


@pytest.mark.parametrize("seed", range(12))
def test_drawn_captures(
    seed: int, run: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drawn"
    path.write_bytes(captured(random.Random(seed)))
    found = read(path)
    assert found == one_by_one(path, monkeypatch)


@pytest.mark.parametrize("path", sorted(STREAMS.glob("*.*")), ids=lambda path: path.name)
def test_committed_streams(path: Path, run: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(path) == one_by_one(path, monkeypatch)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Case, run: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "case"
    path.write_bytes(case.make())
    assert read(path) == one_by_one(path, monkeypatch)
