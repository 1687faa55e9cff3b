"""Payloads read in step hold the numbers that the reference reads, every one of them."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.batch.payload import NO_EXTRA, Payloads, hidden_chunks, read_payloads
from dredref.batch.rangecoder import Strings
from dredref.spec.checks import value_limits
from dredref.spec.dred import Chunk, DredPayload, build_payload, make_payload, parse_payload
from dredref.spec.tables import LATENT_DIM, quantizer_tables
from dredref.spec.tests.strategies import payloads
from tools.libopus import draw

LIMIT = 26
EXACT = 1050
"""Magnitudes up to this are read exactly."""


def chunks_of(found: Payloads, row: int) -> tuple[list[Chunk], list[tuple[int, int]]]:
    """The chunks of one payload, and where each starts and what it costs."""
    chunks, places = [], []
    for column in found.columns:
        for at in np.flatnonzero(column.rows == row).tolist():
            chunks.append(Chunk(int(column.level[at]), tuple(column.latents[:, at].tolist())))
            places.append((int(column.start[at]), int(column.cost[at])))
    return chunks, places


def is_outside(dred: DredPayload) -> bool:
    """Whether some value is out of the encoder's range."""
    state, latent = value_limits(dred.version)
    vectors = [(dred.state, state[dred.q0])]
    vectors += [(chunk.latents, latent[chunk.level]) for chunk in dred.chunks]
    return any((np.abs(values) > limit).any() for values, limit in vectors)


def largest(dred: DredPayload) -> int:
    """The largest magnitude of all values."""
    return max(abs(v) for values in (dred.state, *(c.latents for c in dred.chunks)) for v in values)


def agrees(found: Payloads, row: int, dred: DredPayload, longer: DredPayload) -> None:
    """Check one payload against the reference's reading of it."""
    extra = NO_EXTRA if dred.extra_offset is None else dred.extra_offset
    header = (found.q0, found.dQ, found.qmax, found.offset, found.extra_offset)
    expected = (dred.q0, dred.dQ, dred.qmax, dred.offset, extra)
    assert tuple(int(column[row]) for column in header) == expected
    if largest(dred) > EXACT:
        assert found.outside[row]
        return
    assert tuple(found.state[:, row].tolist()) == dred.state
    chunks, places = chunks_of(found, row)
    assert tuple(chunks) == dred.chunks
    assert places == [(chunk.start, chunk.cost) for chunk in dred.chunks]
    assert found.nb_chunks[row] == len(dred.chunks)
    assert found.used[row] == dred.used
    assert found.unread[row] == (len(longer.chunks) > LIMIT)
    assert found.outside[row] == is_outside(dred)


def hidden_by_reference(dred: DredPayload, data: bytes) -> int:
    """Chunks past those seen with which an encoder writes this payload; -1 if with none."""
    more = parse_payload(data + b"\0\0", dred.version, limit=len(dred.chunks) + 8)
    if dred.used >= 8 * dred.bits_total:
        more = dred
    for count in range(len(dred.chunks), len(more.chunks) + 1):
        values = DredPayload(
            *(more.version, more.q0, more.dQ, more.qmax, more.offset, more.extra_offset),
            *(more.state, more.chunks[:count]),
        )
        if build_payload(values, allow_unseen=True) == data:
            return count - len(dred.chunks)
    return -1


def check(data: list[bytes], version: int) -> Counter[int]:
    """Check payloads of one version; how many there are of each number of hidden chunks."""
    strings = Strings(data)
    found = read_payloads(strings, version, keep=True)
    hidden = hidden_chunks(found, strings)
    kinds: Counter[int] = Counter()
    for row, string in enumerate(data):
        dred = parse_payload(string, version, limit=LIMIT)
        agrees(found, row, dred, parse_payload(string, version, limit=LIMIT + 1))
        if not found.unread[row] and largest(dred) <= EXACT:
            assert hidden[row] == hidden_by_reference(dred, string)
            kinds[int(hidden[row])] += 1
    return kinds


@pytest.mark.parametrize("version", [10, 12])
def test_drawn_payloads_hold_the_reference_numbers(version: int) -> None:
    data = [draw.payload(21, number, version).payload for number in range(200)]
    kinds = check(data, version)
    assert kinds[0] > 50
    assert kinds[-1] > 50


@pytest.mark.parametrize("version", [10, 12])
def test_hidden_chunks_are_counted(version: int) -> None:
    """Coarse payloads, whose chunks cost little more than a bit, of every length."""
    rng = random.Random(23)
    coded = quantizer_tables(version).state.coded[15].tolist()
    data = []
    for number in range(96):
        state = [rng.randrange(-2, 3) if possible else 0 for possible in coded]
        chunks = [[0] * LATENT_DIM[version]] * (number % 12)
        made = make_payload(version, 15, 0, number % 32, state, chunks)
        data.append(build_payload(made, allow_unseen=True))
    kinds = check(data, version)
    assert min(kinds[count] for count in (0, 1, 2, 3)) > 3
    flipped = [string[:-1] + bytes([string[-1] ^ 1 << rng.randrange(8)]) for string in data]
    assert check(flipped, version)[-1] > 30


@settings(max_examples=25)
@given(st.lists(payloads(), min_size=1, max_size=4), st.integers(0, 3), st.binary(max_size=3))
def test_built_payloads_hold_the_reference_numbers(
    values: list[DredPayload], cut: int, more: bytes
) -> None:
    for version in (10, 12):
        data = [build_payload(v, allow_unseen=True) for v in values if v.version == version]
        data += [string[: len(string) - cut] for string in data]
        data += [string + more for string in data]
        if data:
            check(data, version)


def test_keeping_the_chunks_changes_no_number() -> None:
    data = [draw.payload(22, number, 12).payload for number in range(100)]
    kept, plain = (read_payloads(Strings(data), 12, keep=keep) for keep in (True, False))
    assert plain.columns == ()
    for name in ("q0", "nb_chunks", "used", "outside", "unread", "state"):
        assert np.array_equal(getattr(kept, name), getattr(plain, name))
