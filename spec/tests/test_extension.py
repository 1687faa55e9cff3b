"""The extension area."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.delivered import Delivered
from dredref.spec.errors import BuildError
from dredref.spec.extension import (
    Extension,
    ExtensionArea,
    Item,
    build_area,
    pack_extensions,
    parse_area,
)
from dredref.spec.tests.strategies import extensions, wire_bytes

drawn_frames = st.integers(1, 48)


def delivered(text: str, nb_frames: int) -> list[tuple[int, int, str]]:
    """Id, frame and data of what an area without error delivers."""
    area = parse_area(bytes.fromhex(text), nb_frames)
    assert area.error is None
    return [(found.id, found.frame, found.data.hex()) for found in area.extensions]


def test_forms_of_extensions() -> None:
    assert delivered("06", 1) == [(3, 0, "")]
    assert delivered("07aa", 1) == [(3, 0, "aa")]
    assert delivered("3faa", 1) == [(31, 0, "aa")]
    assert delivered("40aabb", 1) == [(32, 0, "aabb")]
    assert delivered("4101aa06", 1) == [(32, 0, "aa"), (3, 0, "")]
    assert delivered("ff00ff01bb", 1) == [(127, 0, ""), (127, 0, "bb")]
    assert delivered("", 1) == []


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 509, 510, 511, 1275])
def test_lacing_of_any_length(size: int) -> None:
    lacing = b"\xff" * (size // 255) + bytes([size % 255])
    area = parse_area(b"\xfd" + lacing + bytes(size) + b"\x06", 1)
    assert [(found.id, len(found.data)) for found in area.extensions] == [(126, size), (3, 0)]
    assert area.extensions[1].offset == 1 + len(lacing) + size


def test_padding_both_ways() -> None:
    assert delivered("010106", 1) == [(3, 0, "")]
    assert delivered("0600ffff", 1) == [(3, 0, "")]


def test_separators() -> None:
    assert delivered("06020602 06", 3) == [(3, 0, ""), (3, 1, ""), (3, 2, "")]
    assert delivered("0305 06 0300 06", 6) == [(3, 5, ""), (3, 5, "")]


def test_repeat_gives_later_frames_their_own_payloads() -> None:
    """Short with and without payload and a laced one, for three frames, then frame 0 goes on."""
    text = "06 09aa 4101bb 05 cc02dddd ee01ff 07"
    assert delivered(text + "11", 3) == [
        (3, 0, ""), (4, 0, "aa"), (32, 0, "bb"),
        (3, 1, ""), (4, 1, "cc"), (32, 1, "dddd"),
        (3, 2, ""), (4, 2, "ee"), (32, 2, "ff"),
        (3, 0, "11"),
    ]  # fmt: skip


def test_repeat_without_length_of_the_last_long_one() -> None:
    """With L = 0 the last frame's last long payload leaves room for the shorts behind it."""
    assert delivered("4101bb 09aa 04 02 dddd cc ee eeee 99", 3) == [
        (32, 0, "bb"), (4, 0, "aa"),
        (32, 1, "dddd"), (4, 1, "cc"),
        (32, 2, "eeeeee"), (4, 2, "99"),
    ]  # fmt: skip


def test_repeat_with_l_0_goes_on_in_the_next_frame() -> None:
    assert delivered("09aa 04 bb 06", 2) == [(4, 0, "aa"), (4, 1, "bb"), (3, 1, "")]


def test_repeat_in_the_last_frame() -> None:
    assert delivered("09aa 04 ffff", 1) == [(4, 0, "aa")]
    assert delivered("09aa 05 06", 1) == [(4, 0, "aa"), (3, 0, "")]


def test_a_repeat_starts_anew_behind_a_repeat_or_separator() -> None:
    assert delivered("09aa 05 bb 06 05", 2) == [(4, 0, "aa"), (4, 1, "bb"), (3, 0, ""), (3, 1, "")]
    assert delivered("09aa 02 06 05", 3) == [(4, 0, "aa"), (3, 1, ""), (3, 2, "")]
    assert delivered("09aa 0300 06 05 bb", 2) == [
        (4, 0, "aa"), (3, 0, ""), (4, 1, "bb"), (3, 1, ""),
    ]  # fmt: skip


ERRORS = [
    ("extension.frame", "06 02", 1, 1, 1),
    ("extension.frame", "06 0302", 2, 1, 1),
    ("extension.short.truncated", "06 07", 1, 1, 2),
    ("extension.short.truncated", "03", 4, 0, 1),
    ("extension.lacing.truncated", "06 41", 1, 1, 2),
    ("extension.lacing.truncated", "06 41ff", 1, 1, 2),
    ("extension.long.truncated", "06 4102aa", 1, 1, 2),
    ("extension.short.truncated", "09aa 05 bb", 3, 2, 4),
    ("extension.long.truncated", "4101aa 05 01bb 02cc", 3, 2, 6),
    ("extension.repeat.truncated", "4101aa 09bb 09cc 04 dd", 2, 3, 8),
]


@pytest.mark.parametrize(("code", "text", "nb_frames", "count", "byte"), ERRORS)
def test_what_stands_before_an_error_is_delivered_with_it(
    code: str, text: str, nb_frames: int, count: int, byte: int
) -> None:
    area = parse_area(bytes.fromhex(text), nb_frames)
    assert area.error is not None
    assert (area.error.code, area.error.byte) == (code, byte)
    assert len(area.extensions) == count


@given(wire_bytes, drawn_frames)
def test_an_area_without_error_is_built_to_the_same_bytes(data: bytes, nb_frames: int) -> None:
    area = parse_area(data, nb_frames)
    if area.error is None:
        assert build_area(area) == data


@given(st.data(), drawn_frames)
def test_what_is_packed_is_parsed(data: st.DataObject, nb_frames: int) -> None:
    drawn = data.draw(extensions(nb_frames))
    packed = pack_extensions(drawn, nb_frames)
    assert list(parse_area(packed, nb_frames).extensions) == drawn
    padded = pack_extensions(drawn, nb_frames, size=len(packed) + 7)
    assert len(padded) == len(packed) + 7
    assert list(parse_area(padded, nb_frames).extensions) == drawn


@given(wire_bytes, drawn_frames)
def test_places_point_at_the_bytes(data: bytes, nb_frames: int) -> None:
    for found in parse_area(data, nb_frames).extensions:
        end = found.offset + found.size
        assert data[end - len(found.data) : end] == found.data
        if not found.repeated:
            assert data[found.offset] >> 1 == found.id


@given(wire_bytes, drawn_frames, st.data())
def test_a_truncated_area_delivers_what_stands_whole_before_the_cut(
    data: bytes, nb_frames: int, draw: st.DataObject
) -> None:
    """A cut changes nothing that stands whole before it, but for payloads counted from the end."""
    whole = parse_area(data, nb_frames).extensions
    cut = draw.draw(st.integers(0, len(data)))
    short = parse_area(data[:cut], nb_frames).extensions
    settled = [
        found
        for found in whole
        if found.offset + found.size <= cut and (found.id < 32 or found.laced)
    ]
    from_the_end = any(found.repeated and not found.laced and found.id >= 32 for found in whole)
    assert from_the_end or list(short[: len(settled)]) == settled


def test_10000_random_areas_end() -> None:
    draw = random.Random(126)
    errors = 0
    for _ in range(10_000):
        area = parse_area(draw.randbytes(draw.randint(0, 30)), draw.randint(1, 48))
        errors += area.error is not None
    assert 1000 < errors < 9900


@pytest.mark.parametrize(
    ("code", "items"),
    [
        ("extension.item", (Item(128, 0),)),
        ("extension.item", (Item(3, 1),)),
        ("extension.item", (Item(3, 0, b"x"),)),
        ("extension.unreachable", (Item(32, 0), Item(3, 0))),
        ("extension.frame", (Item(1, 0), Item(1, 0))),
        ("extension.repeat", (Item(3, 0), Item(2, 1, repeats=(Extension(4, 1, b""),)))),
    ],
)
def test_items_without_form_are_refused(code: str, items: tuple[Item, ...]) -> None:
    with pytest.raises(BuildError) as caught:
        build_area(ExtensionArea(items, Delivered(()), 2))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "extension", "size"),
    [
        ("extension.item", Extension(2, 0, b""), None),
        ("extension.item", Extension(3, 0, b"xy"), None),
        ("extension.frame", Extension(3, 2, b""), None),
        ("extension.size", Extension(3, 0, b"x"), 1),
    ],
)
def test_extensions_that_cannot_be_packed(code: str, extension: Extension, size: int) -> None:
    with pytest.raises(BuildError) as caught:
        pack_extensions([extension], 2, size=size)
    assert caught.value.code == code
