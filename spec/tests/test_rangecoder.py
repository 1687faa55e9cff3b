"""The range coder: RFC 6716 sections 4.1 and 5.1."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.coder import RangeDecoder, RangeEncoder
from dredref.spec.errors import BuildError
from dredref.spec.rangecoder import START_BYTES, finish, tell_frac

uints = st.integers(2, 256).flatmap(
    lambda total: st.tuples(st.just(total), st.integers(0, total - 1))
)
values = st.tuples(
    st.integers(1, 127).map(lambda n: n << 8), st.integers(1, 255), st.integers(-300, 300)
)
symbols = st.lists(st.one_of(uints, values), max_size=60)
"""Integers (total, value) and Laplace values (nonzero, r, value)."""


def write(coder: RangeEncoder, drawn: tuple[int, ...]) -> None:
    """Write one drawn symbol."""
    if len(drawn) == 2:
        coder.uint(drawn[1], drawn[0])
    else:
        coder.laplace(drawn[2], *drawn[:2])


def read(coder: RangeDecoder, drawn: tuple[int, ...]) -> int:
    """Read one drawn symbol."""
    return coder.uint(drawn[0]) if len(drawn) == 2 else coder.laplace(drawn[0], drawn[1])


@given(symbols, st.integers(0, 9))
def test_what_is_written_is_read_with_equal_tell(drawn: list[tuple[int, ...]], spare: int) -> None:
    encoder = RangeEncoder()
    tells = []
    for one in drawn:
        write(encoder, one)
        tells.append((encoder.tell(), encoder.tell_frac()))
    string = encoder.finish((encoder.tell() + 7) // 8 + spare)
    decoder = RangeDecoder(string)
    for one, tell in zip(drawn, tells, strict=True):
        assert read(decoder, one) == one[-1]
        assert (decoder.tell(), decoder.tell_frac()) == tell


@given(symbols)
def test_a_string_ends_at_any_state_that_it_went_through(drawn: list[tuple[int, ...]]) -> None:
    """Digits that came later, and their carries, do not count."""
    whole = RangeEncoder()
    strings, states = [], []
    for one in drawn:
        write(whole, one)
        strings.append(whole.finish())
        states.append(whole.state)
    for string, (extent, bottom, place) in zip(strings, states, strict=True):
        assert finish(whole.digits[:place], extent, bottom) == string


def test_a_fresh_coder_has_used_one_bit() -> None:
    assert RangeDecoder(b"").tell() == RangeEncoder().tell() == 1
    assert RangeDecoder(b"").tell_frac() == RangeEncoder().tell_frac() == 8


@given(st.binary(max_size=20), symbols)
def test_past_the_end_the_decoder_reads_zeros(data: bytes, drawn: list[tuple[int, ...]]) -> None:
    short, padded = RangeDecoder(data), RangeDecoder(data + bytes(400))
    for one in drawn[:20]:
        if len(one) == 2 or one[1] < 200:  # of zeros a slow decay is an escape without end
            assert read(short, one) == read(padded, one)


@given(st.integers(1 << 23, (1 << 32) - 1))
def test_bits_are_counted_in_eighths_rounded_up(extent: int) -> None:
    exact = 8 * (8 * START_BYTES - math.log2(extent))
    assert -0.001 < tell_frac(START_BYTES, extent) - exact < 1.001


def test_a_string_too_long_for_its_size_is_refused() -> None:
    encoder = RangeEncoder()
    for _ in range(40):
        encoder.uint(129, 256)
    with pytest.raises(BuildError) as caught:
        encoder.finish(20)
    assert caught.value.code == "range.size"


def test_an_integer_out_of_range_is_refused() -> None:
    with pytest.raises(BuildError) as caught:
        RangeEncoder().uint(16, 16)
    assert caught.value.code == "range.uint"


def test_a_known_string() -> None:
    """Hand-checked: after uint(16)=6 and uint(8)=3 the string starts with 0110 011."""
    encoder = RangeEncoder()
    encoder.uint(6, 16)
    encoder.uint(3, 8)
    string = encoder.finish()
    assert string[0] >> 1 == 0b0110011
    decoder = RangeDecoder(string)
    assert (decoder.uint(16), decoder.uint(8)) == (6, 3)
