"""Ogg pages: checksum, building, damage."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.spec.errors import InputError
from dredref.streams.oggpage import (
    MAX_DAMAGED,
    Damage,
    Page,
    Pages,
    build_page,
    build_pages,
    checksum,
)
from dredref.streams.source import Source


def bitwise_checksum(data: bytes) -> int:
    """RFC 3533, section 6, bit by bit."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register >> 31 else 0)) & 0xFFFFFFFF
    return register


def pages_of(data: bytes) -> list[Page | Damage]:
    """All that is read from some bytes."""
    return list(Pages(Source(io.BytesIO(data), "x")))


pages = st.builds(
    lambda sizes, seed, **rest: Page(
        lacing=bytes(sizes), body=random.Random(seed).randbytes(sum(sizes)), **rest
    ),
    st.lists(st.integers(0, 255), max_size=20),
    st.integers(0, 1000),
    granule=st.integers(-(2**63), 2**63 - 1),
    serial=st.integers(0, 2**32 - 1),
    sequence=st.integers(0, 2**32 - 1),
    continued=st.booleans(),
    first=st.booleans(),
    last=st.booleans(),
)


@given(st.binary(max_size=200))
def test_the_checksum_is_that_of_the_standard(data: bytes) -> None:
    assert checksum(data) == bitwise_checksum(data)


@given(st.lists(pages, max_size=5))
def test_pages_read_back(expected: list[Page]) -> None:
    assert pages_of(b"".join(map(build_page, expected))) == expected


@given(st.lists(pages, min_size=3, max_size=3), st.data())
def test_one_wrong_bit_costs_one_page(three: list[Page], data: st.DataObject) -> None:
    parts = list(map(build_page, three))
    at = data.draw(st.integers(0, 8 * len(parts[1]) - 1))
    damaged = bytearray(parts[1])
    damaged[at // 8] ^= 1 << at % 8
    found = pages_of(parts[0] + bytes(damaged) + parts[2])
    assert [item for item in found if isinstance(item, Page)] == [three[0], three[2]]
    lost = sum(item.skipped for item in found if isinstance(item, Damage))
    assert lost == len(damaged)


@given(pages, st.data())
def test_a_cut_page_is_told(page: Page, data: st.DataObject) -> None:
    whole = build_page(page)
    cut = data.draw(st.integers(4, len(whole) - 1))
    found = pages_of(whole + whole[:cut])
    assert found[0] == page
    damage = [item for item in found[1:] if isinstance(item, Damage)]
    assert len(damage) == len(found) - 1
    assert damage[0].code == "stream.truncated"
    assert sum(item.skipped for item in damage) == cut


def test_capture_patterns_across_blocks_are_found() -> None:
    page = Page(0, 1, 0, b"\x01", b"x")
    for size in range(65530, 65540):
        found = pages_of(bytes(size) + build_page(page))
        assert [type(item) for item in found] == [Damage, Page]


def test_a_file_of_false_captures_is_given_up() -> None:
    with pytest.raises(InputError) as caught:
        pages_of((b"OggS" + bytes(22) + b"\x01\x00") * (MAX_DAMAGED + 5))
    assert caught.value.code == "input.corrupt"


sizes = st.lists(
    st.sampled_from([0, 1, 254, 255, 256, 510, 600])
    | st.sampled_from([65024, 65025, 65026, 140000]),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(sizes, st.booleans(), st.booleans())
def test_laid_out_packets_come_back(lengths: list[int], first: bool, last: bool) -> None:
    packets = [(random.Random(i).randbytes(n), 960 * i) for i, n in enumerate(lengths)]
    made = build_pages(packets, 7, 40, first=first, last=last)
    assert [page.sequence for page in made] == list(range(40, 40 + len(made)))
    assert [page.first for page in made] == [first] + [False] * (len(made) - 1)
    assert [page.last for page in made] == [False] * (len(made) - 1) + [last]
    assert all(len(page.lacing) <= 255 and len(page.body) == sum(page.lacing) for page in made)
    found, partial = [], b""
    for page in made:
        assert page.continued == bool(partial)
        at, ends = 0, 0
        for value in page.lacing:
            partial += page.body[at : at + value]
            at += value
            if value < 255:
                found.append(partial)
                partial = b""
                ends += 1
        assert page.granule == (960 * (len(found) - 1) if ends else -1)
    assert found == [packet for packet, _ in packets]
    assert pages_of(b"".join(map(build_page, made))) == made
