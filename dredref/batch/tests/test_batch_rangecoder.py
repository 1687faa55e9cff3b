"""Decoders in step read what decoders one by one read, and know where an encoder would end."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dredref.batch.ending import is_canonical
from dredref.batch.laplace import read_vector, vector_table
from dredref.batch.rangecoder import Decoders, Strings, bit_length, fractional_log2
from dredref.spec import rangecoder
from dredref.spec.rangecoder import RangeDecoder, RangeEncoder
from dredref.spec.symbols import read_laplace
from dredref.spec.tables import LEVELS, quantizer_tables

TOTALS = (2, 8, 16, 32, 256, 3, 5, 13, 28, 255)


def strings(seed: int, count: int) -> list[bytes]:
    """Random strings of 0 to 40 bytes, some of extreme bytes only."""
    rng = random.Random(seed)
    found = [rng.randbytes(rng.randrange(41)) for _ in range(count)]
    found += [bytes(size) for size in range(6)] + [b"\xff" * size for size in range(6)]
    return found + [bytes([rng.choice((0, 255))] * 3 + [rng.randrange(256)]) for _ in range(20)]


def same_places(decoders: Decoders, ones: list[RangeDecoder]) -> bool:
    """Whether all stand where the others stand."""
    pairs = (
        (decoders.tell(), [one.tell() for one in ones]),
        (decoders.tell_frac(), [one.tell_frac() for one in ones]),
        (decoders.range, [one.range for one in ones]),
        (decoders.difference, [one.difference for one in ones]),
    )
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def test_uniform_integers_and_places_are_the_same_far_past_the_end() -> None:
    data = strings(1, 300)
    decoders, ones = Decoders(Strings(data)), [RangeDecoder(string) for string in data]
    assert same_places(decoders, ones)
    rng = random.Random(2)
    for _ in range(120):
        total = rng.choice(TOTALS)
        assert decoders.uint(total).tolist() == [one.uint(total) for one in ones]
        assert same_places(decoders, ones)


def test_vectors_are_the_same_at_every_level() -> None:
    for version in (10, 12):
        tables = quantizer_tables(version)
        for name, rows in (("state", tables.state), ("latent", tables.latent)):
            data = strings(version, 500)
            levels = np.arange(len(data)) % LEVELS
            decoders, ones = Decoders(Strings(data)), [RangeDecoder(string) for string in data]
            values = read_vector(decoders, vector_table(version, name), levels)
            expected = [
                [
                    read_laplace(one, p0, r)
                    for p0, r in zip(rows.p0[level].tolist(), rows.r[level].tolist(), strict=True)
                ]
                for one, level in zip(ones, levels.tolist(), strict=True)
            ]
            assert values.T.tolist() == expected
            assert same_places(decoders, ones)


def test_logarithms_are_those_of_the_specification() -> None:
    rng = np.random.default_rng(3)
    powers = np.array([(1 << bits) + step for bits in range(24, 32) for step in (-1, 0, 1)])
    values = np.append(rng.integers(1 << 23, 1 << 31, 5000), powers).astype(np.uint32)
    assert fractional_log2(values).tolist() == [
        rangecoder.fractional_log2(value) for value in values.tolist()
    ]
    assert bit_length(values).tolist() == [value.bit_length() for value in values.tolist()]


@given(
    st.lists(st.tuples(st.sampled_from(TOTALS), st.integers(0, 255)), max_size=40),
    st.integers(0, 3),
    st.binary(max_size=2),
)
def test_an_ending_is_told_from_any_other(
    symbols: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    """What an encoder ends with, all strings of one bit changed, cut ones and longer ones."""
    encoder = RangeEncoder()
    for total, value in symbols:
        encoder.uint(value % total, total)
    string = encoder.finish()
    whole = int.from_bytes(string, "big")
    data = [string, string[: len(string) - cut], string + more]
    data += [
        (whole ^ 1 << bit).to_bytes(len(string), "big") for bit in range(min(8 * len(string), 40))
    ]
    laid = Strings(data)
    decoders = Decoders(laid)
    read = [decoders.uint(total) for total, _ in symbols]
    found = is_canonical(decoders, laid.bits)
    for row, other in enumerate(data):
        again = RangeEncoder()
        for values, (total, _) in zip(read, symbols, strict=True):
            again.uint(int(values[row]), total)
        assert found[row] == (again.finish() == other)
    assert found[0]


def test_what_is_selected_goes_on_by_itself() -> None:
    data = strings(5, 50)
    decoders, ones = Decoders(Strings(data)), [RangeDecoder(string) for string in data]
    rows = np.arange(0, len(data), 3)
    some = decoders.select(rows)
    some.uint(256)
    assert same_places(decoders, ones)
    decoders.replace(rows, some)
    for row in rows.tolist():
        ones[row].uint(256)
    assert same_places(decoders, ones)
