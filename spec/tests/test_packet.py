"""Framing: RFC 6716 section 3."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import BuildError, ParseError
from dredref.spec.packet import (
    Frame,
    Packet,
    Toc,
    build_packet,
    parse_packet,
    parse_toc,
    with_padding,
)
from dredref.spec.reading import read_packet
from dredref.spec.tests.strategies import packets, without_places


@given(packets())
def test_what_is_built_is_parsed(packet: Packet) -> None:
    assert without_places(parse_packet(build_packet(packet))) == packet


@given(packets())
def test_a_canonical_packet_is_built_to_the_same_bytes(packet: Packet) -> None:
    data = build_packet(packet)
    assert build_packet(parse_packet(data)) == data


def test_the_32_configs() -> None:
    """RFC 6716 table 2, row by row."""
    tocs = [parse_toc(config << 3) for config in range(32)]
    assert [toc.mode for toc in tocs] == ["SILK"] * 12 + ["hybrid"] * 4 + ["CELT"] * 16
    assert [toc.frame_ms for toc in tocs] == (
        [10, 20, 40, 60] * 3 + [10, 20] * 2 + [2.5, 5, 10, 20] * 4
    )
    bands = ["NB"] * 4 + ["MB"] * 4 + ["WB"] * 4 + ["SWB"] * 2 + ["FB"] * 2
    bands += ["NB"] * 4 + ["WB"] * 4 + ["SWB"] * 4 + ["FB"] * 4
    assert [toc.bandwidth for toc in tocs] == bands
    assert all(toc.byte == config << 3 for config, toc in enumerate(tocs))
    assert parse_toc(0b00001110) == Toc(1, True, 2)


MALFORMED = [
    ("packet.r1.empty", "", 0),
    ("packet.r2.length", "00" + "00" * 1276, 1),
    ("packet.r2.length", "01" + "00" * 2552, 1),
    ("packet.r2.length", "02" + "00" + "00" * 1276, 2),
    ("packet.r2.length", "0301" + "00" * 1276, 2),
    ("packet.r3.odd", "01 00", 1),
    ("packet.r4.header", "02", 1),
    ("packet.r4.header", "02 fc", 2),
    ("packet.r4.length", "02 02 00", 2),
    ("packet.r5.count", "03 00", 1),
    ("packet.r5.count", "03 c0 00", 1),
    ("packet.r5.duration", "03 0d", 1),
    ("packet.r5.duration", "83 31", 1),
    ("packet.r6.short", "03", 1),
    ("packet.r6.padding", "03 41", 2),
    ("packet.r6.padding", "03 41 ff", 3),
    ("packet.r6.padding", "03 41 01", 3),
    ("packet.r6.uneven", "03 02 00", 2),
    ("packet.r7.header", "03 82", 2),
    ("packet.r7.header", "03 82 fd", 3),
    ("packet.r7.length", "03 82 02 00", 3),
]


@pytest.mark.parametrize(("code", "text", "byte"), MALFORMED)
def test_each_malformed_case_has_its_code_and_place(code: str, text: str, byte: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse_packet(bytes.fromhex(text))
    assert (caught.value.code, caught.value.byte) == (code, byte)
    assert caught.value.clause.endswith(code.split(".")[1].upper())


def test_longest_valid_neighbours_of_the_malformed_cases() -> None:
    for text in ("00" + "00" * 1275, "01" + "00" * 2550, "8330", "0304", "03 41 00", "02 00"):
        assert parse_packet(bytes.fromhex(text)).nb_frames >= 1


@pytest.mark.parametrize("size", [0, 1, 253, 254, 255, 508, 509, 762])
def test_padding_length_takes_as_few_bytes_as_it_can(size: int) -> None:
    packet = Packet(Toc(9, False, 3), (Frame(b"abc"),), False, bytes(size))
    data = build_packet(packet)
    head = b"\xff" * (max(size - 1, 0) // 254) + bytes([size - max(size - 1, 0) // 254 * 254])
    assert data == b"\x4b\x41" + head + b"abc" + bytes(size)
    assert parse_packet(data).padding_offset == 2 + len(head) + 3


def test_a_longer_padding_length_is_read_but_not_built() -> None:
    data = b"\x4b\x41\xff\x00abc" + bytes(254)
    packet = parse_packet(data)
    assert len(packet.padding or b"") == 254
    assert len(build_packet(packet)) == len(data) - 1


@given(st.binary(max_size=1500))
def test_any_bytes_end_in_a_packet_or_a_parse_error(data: bytes) -> None:
    reading = read_packet(data)
    if reading.packet is None:
        assert 0 <= reading.errors[0].byte <= len(data)
    else:
        tail = reading.packet.padding or b""
        assert data.endswith(b"".join(frame.data for frame in reading.packet.frames) + tail)


def test_10000_random_packets_and_every_truncation() -> None:
    draw = random.Random(6716)
    outcomes = {True: 0, False: 0}
    for _ in range(10_000):
        data = draw.randbytes(draw.choice([1, 2, 3, 5, 20, 100]))
        try:
            parse_packet(data)
        except ParseError:
            outcomes[False] += 1
        else:
            outcomes[True] += 1
    assert min(outcomes.values()) > 1000
    whole = build_packet(Packet(Toc(9, False, 3), (Frame(b"x" * 300), Frame(b"y")), True, b"\x06"))
    for size in range(len(whole) - 1):
        with pytest.raises(ParseError):
            parse_packet(whole[:size])
    assert parse_packet(whole[:-1]).frames[1].data == b""


@pytest.mark.parametrize(
    ("code", "packet"),
    [
        ("packet.code", Packet(Toc(32, False, 0), (Frame(b""),))),
        ("packet.count", Packet(Toc(0, False, 0), (Frame(b""), Frame(b"")))),
        ("packet.count", Packet(Toc(0, False, 3), ())),
        ("packet.count", Packet(Toc(3, False, 3), (Frame(b""),) * 3)),
        ("packet.frame.length", Packet(Toc(0, False, 0), (Frame(bytes(1276)),))),
        ("packet.frame.length", Packet(Toc(0, False, 1), (Frame(b"a"), Frame(b"")))),
        ("packet.padding", Packet(Toc(0, False, 0), (Frame(b""),), False, b"")),
    ],
)
def test_what_a_code_cannot_carry_is_refused(code: str, packet: Packet) -> None:
    with pytest.raises(BuildError) as caught:
        build_packet(packet)
    assert caught.value.code == code


@given(packets(), st.binary(max_size=300))
def test_padding_can_be_given_to_any_packet(packet: Packet, padding: bytes) -> None:
    padded = parse_packet(build_packet(with_padding(packet, padding)))
    assert padded.padding == padding
    assert [frame.data for frame in padded.frames] == [frame.data for frame in packet.frames]
