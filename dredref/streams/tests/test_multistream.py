"""Splitting multistream packets and putting them together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import ParseError
from dredref.streams.multistream import (
    delimit_packet,
    join_packets,
    split_packet,
    take_packet,
)

frames = st.binary(max_size=300)


def length_field(size: int) -> bytes:
    """A frame length, written from the formula of RFC 6716, section 3.2.1."""
    return (
        bytes([size]) if size < 252 else bytes([252 + (size & 3), (size - 252 - (size & 3)) // 4])
    )


@st.composite
def both_framings(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A packet in plain and in self-delimited framing, put together by hand."""
    config = draw(st.integers(0, 63)) << 2
    code = draw(st.integers(0, 3))
    if code == 0:
        body = draw(frames)
        return bytes([config]) + body, bytes([config]) + length_field(len(body)) + body
    if code == 1:
        size = draw(st.integers(0, 300))
        toc, body = bytes([config | 1]), bytes(2 * size)
        return toc + body, toc + length_field(size) + body
    if code == 2:
        one, two = draw(frames), draw(frames)
        toc = bytes([config | 2]) + length_field(len(one))
        return toc + one + two, toc + length_field(len(two)) + one + two
    count, vbr = draw(st.integers(1, 6)), draw(st.booleans())
    padding = draw(st.none() | st.sampled_from([0, 1, 253, 254, 255, 600]))
    head = bytes([config | 3, count | vbr << 7 | (padding is not None) << 6])
    if padding is not None:
        full, left = divmod(padding, 254)
        head += b"\xff" * full + bytes([left])
    tail = bytes(range(256)) * 3
    tail = tail[: padding or 0]
    if vbr:
        sizes = draw(st.lists(st.integers(0, 300), min_size=count, max_size=count))
        head += b"".join(map(length_field, sizes[:-1]))
    else:
        sizes = [draw(st.integers(0, 300))] * count
    body = b"\x55" * sum(sizes) + tail
    return head + body, head + length_field(sizes[-1]) + body


@given(both_framings(), st.binary(max_size=20))
def test_the_two_framings_convert(pair: tuple[bytes, bytes], rest: bytes) -> None:
    plain, delimited = pair
    assert delimit_packet(plain) == delimited
    assert take_packet(delimited + rest) == (plain, rest)


@given(st.lists(both_framings(), min_size=1, max_size=4))
def test_streams_split_and_join(pairs: list[tuple[bytes, bytes]]) -> None:
    whole = b"".join(delimited for _, delimited in pairs[:-1]) + pairs[-1][0]
    packets = [plain for plain, _ in pairs]
    assert split_packet(whole, len(packets)) == packets
    assert join_packets(packets) == whole


@given(both_framings(), st.data())
def test_every_truncation_is_refused(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    _, delimited = pair
    cut = data.draw(st.integers(0, len(delimited) - 1))
    with pytest.raises(ParseError) as caught:
        take_packet(delimited[:cut])
    assert caught.value.code == "multistream.malformed"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x03",
        b"\x03\x00",  # no frames
        b"\x03\x41",  # padding length missing
        b"\x03\x41\x09\x00",  # more padding than bytes
        b"\x01\x00\x00\x00",  # two equal frames in three bytes
        b"\x02\xfc",  # length cut off
        b"\x02\x05\x00",  # first frame longer than the packet
        b"\x00" + bytes(1276),  # frame too long
    ],
)
def test_packets_without_sound_framing_are_refused(packet: bytes) -> None:
    with pytest.raises(ParseError):
        delimit_packet(packet)


def test_positions_count_from_the_start_of_the_whole() -> None:
    with pytest.raises(ParseError) as caught:
        split_packet(b"\x48\x01\xaa" + b"\x48\x09\xaa", 3)
    assert caught.value.byte == 4


@given(st.binary(max_size=80), st.integers(1, 5))
def test_random_bytes_split_exactly_or_not_at_all(data: bytes, streams: int) -> None:
    try:
        packets = split_packet(data, streams)
    except ParseError:
        return
    try:
        joined = join_packets(packets)
    except ParseError:  # a frame may be longer than 1275 bytes only in the plain framing
        return
    assert joined == data
