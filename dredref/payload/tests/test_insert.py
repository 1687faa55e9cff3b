"""DRED into packets and out of them: everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.payload.insert import (
    ParsedPacket,
    insert_dred,
    strip_dred,
)
from dredref.spec.dred import EXPERIMENT_ID, FINAL_ID
from dredref.spec.errors import BuildError, ParseError
from dredref.spec.extension import Extension, pack_extensions, parse_area
from dredref.spec.packet import Frame, Packet, Toc, build_packet, parse_packet
from dredref.spec.reading import read_packet

PAYLOAD = bytes(range(200, 230))


@st.composite
def packets(draw: st.DrawFn, *, extensions: bool = True) -> bytes:
    """Packets of any code, with extensions that are not DRED's."""
    config = draw(st.sampled_from([1, 5, 9, 13, 15, 17, 19, 27, 31]))
    count = draw(st.integers(1, 3))
    frames = [draw(st.binary(max_size=30)) for _ in range(count)]
    equal = len({len(frame) for frame in frames}) == 1
    shortest = {1: 0, 2: 1 if equal else 2}.get(count, 3)
    padding = None
    if extensions and draw(st.booleans()):
        shortest = 3
        found = draw(
            st.lists(
                st.builds(
                    Extension,
                    id=st.integers(3, 127).filter(lambda i: i not in (EXPERIMENT_ID, FINAL_ID)),
                    frame=st.integers(0, count - 1),
                    data=st.just(b"") | st.binary(max_size=1),
                ),
                max_size=5,
            )
        )
        padding = pack_extensions(found, count)
    toc = Toc(config, draw(st.booleans()), shortest)
    vbr = shortest == 3 and not equal
    return build_packet(Packet(toc, tuple(map(Frame, frames)), vbr, padding))


def extensions_of(data: bytes) -> list[Extension]:
    packet = parse_packet(data)
    area = parse_area(packet.padding or b"", packet.nb_frames)
    return sorted(area.extensions, key=lambda one: one.frame)


@given(packets(), st.sampled_from([10, 12]))
def test_insert_keeps_frames_and_other_extensions(data: bytes, version: int) -> None:
    out = insert_dred(data, PAYLOAD, version)
    before, after = parse_packet(data), parse_packet(out)
    assert [frame.data for frame in after.frames] == [frame.data for frame in before.frames]
    assert (after.toc.config, after.toc.stereo) == (before.toc.config, before.toc.stereo)
    others = [one for one in extensions_of(out) if one.id != EXPERIMENT_ID]
    assert others == extensions_of(data)
    reading = read_packet(out)
    assert reading.errors == ()
    assert reading.carrier is not None
    assert (reading.carrier.version, reading.payload) == (version, PAYLOAD)
    assert reading.carrier.extension.frame == 0
    assert len(reading.carriers) == 1


@given(packets())
def test_insert_replaces(data: bytes) -> None:
    once = insert_dred(data, PAYLOAD)
    assert insert_dred(insert_dred(data, b"other payload", 10), PAYLOAD) == once
    assert insert_dred(once, PAYLOAD) == once


@given(packets(extensions=False))
def test_strip_undoes_insert(data: bytes) -> None:
    assert strip_dred(insert_dred(data, PAYLOAD)) == data


@given(packets())
def test_strip_keeps_other_extensions(data: bytes) -> None:
    out = strip_dred(insert_dred(data, PAYLOAD))
    assert extensions_of(out) == extensions_of(data)
    assert read_packet(out).carriers == ()


@given(packets())
def test_packets_without_dred_are_left_alone(data: bytes) -> None:
    assert strip_dred(data) is data


def test_other_experiments_stay() -> None:
    other = Extension(EXPERIMENT_ID, 0, b"Xyz")
    data = build_packet(
        Packet(Toc(1, False, 3), (Frame(b"a"),), False, pack_extensions([other], 1))
    )
    out = insert_dred(data, PAYLOAD)
    assert extensions_of(out) == [other, Extension(EXPERIMENT_ID, 0, b"D\x0c" + PAYLOAD)]
    assert extensions_of(strip_dred(out)) == [other]


def test_final_form_has_no_prefix() -> None:
    data = build_packet(Packet(Toc(1, False, 0), (Frame(b"a"),)))
    out = insert_dred(data, PAYLOAD, final_id=50)
    assert extensions_of(out) == [Extension(50, 0, PAYLOAD)]
    assert read_packet(out, final_id=50).payload == PAYLOAD
    assert strip_dred(out) == out
    assert strip_dred(out, final_id=50) == data


def test_the_final_form_is_taken_out_unasked() -> None:
    final = insert_dred(b"\x48frame", PAYLOAD, final_id=FINAL_ID)
    assert read_packet(final).payload == PAYLOAD
    assert strip_dred(final) == b"\x48frame"
    again = insert_dred(final, PAYLOAD)
    assert [one.id for one in extensions_of(again)] == [EXPERIMENT_ID]


def test_final_form_takes_the_place_of_the_experiment() -> None:
    data = build_packet(Packet(Toc(1, False, 0), (Frame(b"a"),)))
    out = insert_dred(insert_dred(data, PAYLOAD), PAYLOAD, final_id=50)
    assert extensions_of(out) == [Extension(50, 0, PAYLOAD)]


def test_dred_without_payload_goes_too() -> None:
    bare = Extension(EXPERIMENT_ID, 0, b"D\x0c")
    data = build_packet(Packet(Toc(1, False, 3), (Frame(b"a"),), False, pack_extensions([bare], 1)))
    assert extensions_of(strip_dred(data)) == []


def test_no_packet_is_refused() -> None:
    for work in (strip_dred, lambda data: insert_dred(data, PAYLOAD)):
        with pytest.raises(ParseError):
            work(b"")


@given(packets(), st.integers(0, 600), st.binary(min_size=1, max_size=300))
def test_insert_fills_up_to_a_size(data: bytes, size: int, payload: bytes) -> None:
    bare = insert_dred(data, payload)
    out = insert_dred(data, payload, size=size)
    assert len(out) == max(size, len(bare))
    assert sorted_extensions(out) == sorted_extensions(bare)
    assert [one.data for one in parse_packet(out).frames] == [
        one.data for one in parse_packet(data).frames
    ]


@given(packets(), st.integers(0, 900))
def test_room_is_exact(data: bytes, size: int) -> None:
    room = ParsedPacket(data).room(size)
    if room:
        assert len(insert_dred(data, bytes(room), size=size)) == size
    if room or len(insert_dred(data, b"x", size=size)) > size:
        assert len(insert_dred(data, bytes(room + 1), size=size)) > size


@given(packets(), st.integers(0, 900))
def test_padding_leaves_all_else(data: bytes, size: int) -> None:
    out = ParsedPacket(data).pad(size)
    assert len(out) == max(size, len(data))
    assert extensions_of(out) == extensions_of(data)
    before, after = parse_packet(data), parse_packet(out)
    assert [one.data for one in after.frames] == [one.data for one in before.frames]
    assert after.duration_48k == before.duration_48k
    assert read_packet(out).errors == ()


def hostile_area(*, dred: bool) -> bytes:
    """A packet whose repeat gives 47 times as many extensions as the area has bytes."""
    area = b"\x06" * 2000 + (b"\xfd\x03D\x0cx" if dred else b"") + b"\x05"
    area += b"\x03D\x0cx" * 47 if dred else b""
    return build_packet(Packet(Toc(16, False, 3), (Frame(b"ab"),) * 48, False, area))


def test_repeats_are_not_written_out_without_bound() -> None:
    with pytest.raises(BuildError, match=r"\[extension.repeat\]"):
        strip_dred(hostile_area(dred=True))
    with pytest.raises(BuildError, match=r"\[extension.repeat\]"):
        insert_dred(hostile_area(dred=False), b"abc")
    with pytest.raises(BuildError, match=r"\[extension.repeat\]"):
        ParsedPacket(hostile_area(dred=False)).pad(5000)
    assert strip_dred(hostile_area(dred=False)) == hostile_area(dred=False)


def sorted_extensions(data: bytes) -> list[tuple[int, int, bytes]]:
    return sorted((one.frame, one.id, one.data) for one in extensions_of(data))


def test_padding_is_told_from_extensions() -> None:
    data = build_packet(Packet(Toc(1, False, 0), (Frame(b"a"),)))
    once = insert_dred(data, PAYLOAD)
    assert not ParsedPacket(data).has_padding
    assert not ParsedPacket(once).has_padding
    assert ParsedPacket(insert_dred(data, PAYLOAD, size=len(once) + 1)).has_padding
    assert ParsedPacket(ParsedPacket(data).pad(9)).has_padding
