"""The range coder: RFC 6716 sections 4.1 and 5.1."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.spec.errors import BuildError
from dredref.spec.rangecoder import RangeDecoder, RangeEncoder, fractional_log2

INVERSES = [(16384, 8192, 0), (32761, 0), (7, 6, 5, 4, 3, 2, 1, 0), (32767, 1, 0)]

uints = st.integers(2, 1 << 20).flatmap(
    lambda total: st.tuples(st.just("uint"), st.just(total), st.integers(0, total - 1))
)
symbols = st.sampled_from(INVERSES).flatmap(
    lambda inverse: st.tuples(st.just("symbol"), st.just(inverse), st.integers(0, len(inverse) - 1))
)
raws = st.integers(0, 25).flatmap(
    lambda count: st.tuples(st.just("raw"), st.just(count), st.integers(0, (1 << count) - 1))
)


def write(coder: RangeEncoder, kind: str, model: object, value: int) -> None:
    """Write one drawn symbol."""
    match kind, model:
        case "uint", int(total):
            coder.uint(value, total)
        case "raw", int(count):
            coder.raw_bits(value, count)
        case _, tuple(inverse):
            coder.symbol(value, inverse, 32768)


def read(coder: RangeDecoder, kind: str, model: object) -> int:
    """Read one drawn symbol."""
    match kind, model:
        case "uint", int(total):
            return coder.uint(total)
        case "raw", int(count):
            return coder.raw_bits(count)
        case _, tuple(inverse):
            return coder.symbol(inverse, 32768)
    raise AssertionError(kind)


@given(st.lists(st.one_of(uints, symbols, raws), max_size=60), st.integers(0, 9))
def test_what_is_written_is_read_with_equal_tell(
    drawn: list[tuple[str, object, int]], spare: int
) -> None:
    encoder = RangeEncoder()
    tells = []
    for kind, model, value in drawn:
        write(encoder, kind, model, value)
        tells.append((encoder.tell(), encoder.tell_frac()))
    string = encoder.finish((encoder.tell() + 7) // 8 + spare)
    decoder = RangeDecoder(string)
    for (kind, model, value), tell in zip(drawn, tells, strict=True):
        assert read(decoder, kind, model) == value
        assert (decoder.tell(), decoder.tell_frac()) == tell


def test_a_fresh_coder_has_used_one_bit() -> None:
    assert RangeDecoder(b"").tell() == RangeEncoder().tell() == 1
    assert RangeDecoder(b"").tell_frac() == RangeEncoder().tell_frac() == 8


@given(st.binary(max_size=20), st.lists(st.sampled_from(INVERSES), max_size=80))
def test_past_the_end_the_decoder_reads_zeros(data: bytes, inverses: list[tuple[int, ...]]) -> None:
    short, padded = RangeDecoder(data), RangeDecoder(data + bytes(200))
    for inverse in inverses:
        assert short.symbol(inverse, 32768) == padded.symbol(inverse, 32768)


def test_raw_bits_past_the_end_are_zeros() -> None:
    decoder = RangeDecoder(b"\xff")
    assert decoder.raw_bits(25) == 0xFF
    assert decoder.tell() == 26


@given(st.integers(1 << 23, (1 << 32) - 1))
def test_fractional_log2_rounds_up_in_eighths(value: int) -> None:
    exact = 8 * (math.log2(value) + 1)
    assert -0.001 < exact - fractional_log2(value) < 1.001


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
