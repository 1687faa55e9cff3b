"""The DRED payload: header, state, chunks."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.spec.dred import (
    Chunk,
    DredPayload,
    add_prefix,
    build_payload,
    make_payload,
    offset_fields,
    parse_payload,
    split_prefix,
)
from dredref.spec.errors import BuildError, ParseError, UsageError
from dredref.spec.laplace import magnitude_inverse
from dredref.spec.tables import (
    LATENT_DIM,
    STATE_DIM,
    VERSIONS,
    QuantizerTable,
    level_of_chunk,
    quantizer_tables,
)
from dredref.spec.tests.strategies import payloads

ZERO_STATE = {version: [0] * STATE_DIM[version] for version in VERSIONS}
ONES = {version: [1] * LATENT_DIM[version] for version in VERSIONS}


@given(payloads())
def test_what_is_built_is_parsed(payload: DredPayload) -> None:
    data = build_payload(payload, allow_unseen=True)
    parsed = parse_payload(data, payload.version)
    seen = len(parsed.chunks)
    assert parsed == replace(payload, chunks=payload.chunks[:seen])
    if seen < len(payload.chunks):
        with pytest.raises(BuildError) as caught:
            build_payload(payload)
        assert caught.value.code == "dred.chunk.unseen"
        return
    assert build_payload(parsed) == data
    assert parsed.bits_used <= parsed.bits_total < parsed.bits_used + 8


@pytest.mark.parametrize("version", VERSIONS)
def test_header_by_hand(version: int) -> None:
    """The header's symbols of the form uint stand in the first bits as they are."""
    payload = make_payload(version, 5, 0, 9, ZERO_STATE[version], [], extra_offset=0b10000001)
    data = build_payload(payload)
    bits = f"{int.from_bytes(data[:4]):032b}"
    assert bits.startswith("0101" + "000" + "1" + "10000001" + "01001")
    parsed = parse_payload(data, version)
    assert parsed.dred_offset == 16 - 9 - 32 * 129
    assert parse_payload(data, version, frame_offset=24).dred_offset == 40 - 9 - 32 * 129


def test_levels_are_rounded_half_up_and_capped() -> None:
    """q0 6 and dQ 3 (4/16) step up at chunks 2, 6, 10: where a half is reached."""
    assert [level_of_chunk(6, 3, 15, index) for index in range(11)] == [
        6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9,
    ]  # fmt: skip
    assert [level_of_chunk(6, 7, 9, index) for index in range(5)] == [6, 7, 8, 9, 9]
    assert {level_of_chunk(3, 0, 15, index) for index in range(26)} == {3}


@pytest.mark.parametrize("q0", range(16))
@pytest.mark.parametrize("dQ", [0, 1, 7])
def test_qmax_is_coded_only_below_14_with_steps(q0: int, dQ: int) -> None:
    payload = make_payload(12, q0, dQ, 0, ZERO_STATE[12], [])
    names = [symbol.name for symbol in parse_payload(build_payload(payload), 12).symbols]
    assert ("qmax" in names) == (q0 < 14 and dQ > 0)
    if "qmax" not in names:
        with pytest.raises(BuildError) as caught:
            build_payload(replace(payload, qmax=14))
        assert caught.value.code == "dred.qmax"
        return
    for qmax in range(q0 + 1, 16):
        assert parse_payload(build_payload(replace(payload, qmax=qmax)), 12).qmax == qmax
    with pytest.raises(BuildError):
        build_payload(replace(payload, qmax=q0))


def test_symbols_say_their_field_chunk_and_place() -> None:
    table = quantizer_tables(12).latent
    coded = (table.r[6] != 0) & (table.p0[6] != 255)
    chunks = [[9 * int(one) for one in coded]] * 2
    payload = make_payload(12, 6, 3, 0, ZERO_STATE[12], chunks, extra_offset=1)
    symbols = parse_payload(build_payload(payload), 12).symbols
    header = [(one.field, one.chunk, one.place) for one in symbols if one.place is None]
    fields = ("q0", "dQ", "has_extra", "extra_offset", "offset", "qmax")
    assert header == [(name, None, None) for name in fields]
    vectors = [(one.field, one.chunk, one.place) for one in symbols if one.place is not None]
    assert vectors == [
        *(("state", None, place) for place in range(STATE_DIM[12])),
        *(("latents", chunk, place) for chunk in (0, 1) for place in range(LATENT_DIM[12])),
    ]
    assert {one.name for one in symbols} >= {"q0", "state[3]", "chunks[1].latents[5]"}


def test_qmax_15_costs_one_bit() -> None:
    parsed = parse_payload(build_payload(make_payload(12, 6, 3, 0, ZERO_STATE[12], [])), 12)
    assert next(symbol.cost for symbol in parsed.symbols if symbol.name == "qmax") == 8


def test_laplace_frequencies_by_hand() -> None:
    p0 = np.array([[127, 1, 255, 127]], np.uint8)
    table = QuantizerTable(p0, p0, np.array([[9, 9, 9, 0]], np.uint8), p0)
    assert table.nonzero.tolist() == [[32768 - 16256, 32640, 0, 0]]
    assert magnitude_inverse(128) == (16384, 8192, 4096, 2048, 1024, 512, 256, 0)
    assert magnitude_inverse(1) == (128, 6, 5, 4, 3, 2, 1, 0)


@pytest.mark.parametrize("magnitude", [1, 7, 8, 14, 15, 21, 22, 70, 71, 127, 1000])
def test_escapes(magnitude: int) -> None:
    for sign in (1, -1):
        state = [0] * 50
        place = int(quantizer_tables(12).state.coded[0].nonzero()[0][-1])
        state[place] = sign * magnitude
        data = build_payload(make_payload(12, 0, 0, 0, state, []))
        assert parse_payload(data, 12).state[place] == sign * magnitude


def test_a_value_where_none_is_coded_is_refused() -> None:
    place = int((~quantizer_tables(12).state.coded[0]).nonzero()[0][0])
    state = [0] * 50
    state[place] = 1
    with pytest.raises(BuildError) as caught:
        build_payload(make_payload(12, 0, 0, 0, state, []))
    assert caught.value.code == "dred.symbol.not-coded"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_chunk_is_there_while_more_than_7_bits_are_left(version: int) -> None:
    """For each cut the chunks are those before which more than 7 bits are left."""
    whole = build_payload(make_payload(version, 3, 0, 0, ZERO_STATE[version], [ONES[version]] * 6))
    for size in range(len(whole) + 1):
        parsed = parse_payload(whole[:size], version)
        starts = [-(-chunk.start // 8) for chunk in parsed.chunks]
        assert all(8 * size - start > 7 for start in starts)
        assert 8 * size - parsed.bits_used <= 7
    assert len(parse_payload(whole, version).chunks) == 6


def test_an_unseen_chunk_is_refused_unless_asked_for() -> None:
    zeros = [[0] * 25] * 3
    payload = make_payload(12, 15, 0, 0, ZERO_STATE[12], zeros)
    with pytest.raises(BuildError) as caught:
        build_payload(payload)
    assert caught.value.code == "dred.chunk.unseen"
    data = build_payload(payload, allow_unseen=True)
    assert len(parse_payload(data, 12).chunks) < 3


@given(st.binary(max_size=120), st.sampled_from(VERSIONS))
def test_past_the_end_zeros_are_read(data: bytes, version: int) -> None:
    short = parse_payload(data, version, limit=0)
    padded = parse_payload(data + bytes(600), version, limit=0)
    assert short == replace(padded, size=len(data))
    if not data:
        assert short.used > 0


def test_every_byte_string_ends_in_bounded_time() -> None:
    """Escapes, chunks of no cost and long strings: work is linear in the bytes."""
    draw = random.Random(10)
    started = time.process_time()
    for _ in range(300):
        data = draw.randbytes(draw.randint(0, 60))
        parse_payload(data, draw.choice(VERSIONS))
    for fill in (0x00, 0xFF, 0x7F, 0x80):
        for version in VERSIONS:
            for head in range(0, 256, 51):
                parse_payload(bytes([head]) + bytes([fill]) * 1000, version)
    assert time.process_time() - started < 60


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=200), st.integers(0, 40))
def test_the_limit_bounds_the_chunks(data: bytes, limit: int) -> None:
    bounded = parse_payload(data, 12, limit=limit)
    assert bounded.chunks == parse_payload(data, 12).chunks[:limit]


@given(payloads())
def test_symbols_account_for_every_bit(payload: DredPayload) -> None:
    data = build_payload(payload, allow_unseen=True)
    parsed = parse_payload(data, payload.version)
    place = 8
    for symbol in parsed.symbols:
        assert symbol.start == place
        assert symbol.cost >= 0
        place += symbol.cost
    assert sum(chunk.cost for chunk in parsed.chunks) == parsed.used - parsed.end_of("state")


@pytest.mark.parametrize("total", [0, 1, 31, 32, 33, 255, 1024, 8191])
def test_offset_fields(total: int) -> None:
    offset, extra = offset_fields(16 - total)
    payload = make_payload(12, 6, 3, offset, ZERO_STATE[12], [], extra_offset=extra)
    assert payload.dred_offset == 16 - total
    assert (extra is not None) == (total > 31)
    with pytest.raises(BuildError):
        offset_fields(16 - 8192)
    with pytest.raises(BuildError):
        offset_fields(17)


def test_prefix() -> None:
    assert split_prefix(add_prefix(10, b"abc")) == (10, b"abc")
    for data, code in (
        (b"", "dred.prefix"),
        (b"D", "dred.prefix"),
        (b"E\x0cabc", "dred.prefix"),
        (b"D\x0babc", "dred.version"),
        (b"D\x0c", "dred.size.empty"),
    ):
        with pytest.raises(ParseError) as caught:
            split_prefix(data)
        assert caught.value.code == code


def test_values_that_contradict_each_other_are_refused() -> None:
    good = make_payload(12, 6, 3, 0, ZERO_STATE[12], [ONES[12]])
    for bad, code in (
        (replace(good, q0=16), "range.uint"),
        (replace(good, dQ=8), "range.uint"),
        (replace(good, offset=32), "range.uint"),
        (replace(good, extra_offset=256), "range.uint"),
        (replace(good, state=(0,) * 49), "dred.dimension"),
        (replace(good, chunks=(Chunk(7, tuple(ONES[12])),)), "dred.level"),
        (replace(good, qmax=6), "dred.qmax"),
    ):
        with pytest.raises(BuildError) as caught:
            build_payload(bad)
        assert caught.value.code == code
    with pytest.raises(UsageError):
        parse_payload(b"", 11)


@pytest.mark.parametrize("version", VERSIONS)
def test_tables_have_a_source(version: int) -> None:
    tables = quantizer_tables(version)
    assert tables.latent.scale.shape == (16, LATENT_DIM[version])
    assert tables.state.p0.shape == (16, STATE_DIM[version])
    assert len(tables.provenance["sha256"]) == 64
    assert {"package", "package_version", "file", "made_by", "licence"} <= set(tables.provenance)
