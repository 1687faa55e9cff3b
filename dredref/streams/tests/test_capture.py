"""Frames and datagrams out of captures."""

from __future__ import annotations

import io
import struct

import pytest

from dredref.streams.capture.files import Broken, Frame, read_frames
from dredref.streams.source import Source
from dredref.streams.tests import make


def frames(data: bytes) -> list[Frame | Broken]:
    """The frames of a capture."""
    return list(read_frames(Source(io.BytesIO(data), "x")))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_classic_captures(order: str, nano: bool) -> None:
    data = make.pcap([b"one", b"", b"three"], 113, order=order, nano=nano)
    assert frames(data) == [Frame(113, b"one", 0), Frame(113, b"", 0), Frame(113, b"three", 0)]


def times(data: bytes) -> list[int | None]:
    """When each frame was captured."""
    return [frame.time_ns for frame in frames(data) if isinstance(frame, Frame)]


@pytest.mark.parametrize(("nano", "tick"), [(False, 1000), (True, 1)])
def test_times_of_classic_captures(nano: bool, tick: int) -> None:
    assert times(make.pcap([b"one", b"two"], nano=nano)) == [10**9, 10**9 + tick]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (b"", 5_000_007_000),
        (make.option(9, b"\x09"), 5_000_007),
        (make.option(2, b"eth0!") + make.option(9, b"\x83"), 5_000_007 * 10**9 // 8),
        (make.option(14, struct.pack("<q", 3)), 8_000_007_000),
        (make.option(9, b""), 5_000_007_000),
    ],
)
def test_times_of_pcapng(options: bytes, expected: int) -> None:
    data = make.section() + make.interface(1, options=options) + make.enhanced(b"x", at=5_000_007)
    simple = make.block(3, struct.pack("<I", 6) + b"simple")
    assert times(data + simple) == [expected, None]


def test_modified_captures() -> None:
    data = struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 99, 1)
    data += struct.pack("<IIIIIHBB", 0, 0, 3, 3, 7, 0, 0, 0) + b"abc"
    assert frames(data) == [Frame(1, b"abc", 0)]


def test_frames_cut_short_are_marked() -> None:
    data = make.pcap([])
    data += struct.pack("<IIII", 0, 0, 3, 50) + b"abc"
    assert frames(data) == [Frame(1, b"abc", 47)]
    data = make.section() + make.interface(1) + make.enhanced(b"abcdef", cut=2)
    assert frames(data) == [Frame(1, b"abcd", 2)]


@pytest.mark.parametrize("cut", range(1, 19))
def test_a_classic_capture_that_breaks_off(cut: int) -> None:
    whole = make.pcap([b"one", b"two"])
    found = frames(whole[:-cut])
    assert found[0] == Frame(1, b"one", 0)
    assert [type(frame) for frame in found[1:]] == [Broken]


def test_an_absurd_length_ends_a_classic_capture() -> None:
    data = make.pcap([b"one"]) + struct.pack("<IIII", 0, 0, 1 << 31, 1 << 31) + b"x"
    assert [type(frame) for frame in frames(data)] == [Frame, Broken]


def test_sections_interfaces_and_blocks() -> None:
    little = make.section("<") + make.interface(1) + make.interface(113, snap=40)
    big = make.section(">") + make.interface(101, ">")
    old = struct.pack("<HHIIII", 1, 0, 0, 0, 3, 3) + b"old"
    data = (
        little
        + make.block(5, b"statistics")
        + make.enhanced(b"first", number=0)
        + make.enhanced(b"second", number=1)
        + make.block(2, old)
        + make.block(3, struct.pack("<I", 6) + b"simple")
        + big
        + make.enhanced(b"third", ">")
    )
    assert frames(data) == [
        Frame(1, b"first", 0),
        Frame(113, b"second", 0),
        Frame(113, b"old", 0),
        Frame(1, b"simple", 0),
        Frame(101, b"third", 0),
    ]


def test_blocks_without_sense_are_passed_over() -> None:
    data = (
        make.section()
        + make.enhanced(b"no interface")
        + make.interface(1)
        + make.block(6, b"too short")
        + make.enhanced(b"good")
    )
    assert frames(data) == [Frame(1, b"good", 0)]


@pytest.mark.parametrize("cut", range(1, 36))
def test_pcapng_that_breaks_off(cut: int) -> None:
    whole = make.section() + make.interface(1) + make.enhanced(b"one") + make.enhanced(b"two")
    found = frames(whole[:-cut])
    assert found[0] == Frame(1, b"one", 0)
    assert [type(frame) for frame in found[1:]] == [Broken]


@pytest.mark.parametrize("length", [0, 8, 11, 1 << 25, 2**32 - 1])
def test_a_block_length_that_cannot_be(length: int) -> None:
    data = make.section() + make.interface(1) + struct.pack("<III", 6, length, 0)
    assert [type(frame) for frame in frames(data)] == [Broken]
