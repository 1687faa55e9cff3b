"""Payloads of a batch against the specification's writer, one at a time, and read again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dredref.payload.insert import insert_dred
from dredref.payload.reader import carried_by, read_carried
from dredref.payload.writer import Levels, Request, write_payloads
from dredref.rdovae.quantize import quantize
from dredref.spec.dred import build_payload, make_payload, offset_fields
from dredref.spec.errors import BuildError, UsageError
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import read_packet
from dredref.spec.tables import LATENT_DIM, STATE_DIM, quantizer_tables

Floats = NDArray[np.float32]
STEPS = 30
PLAIN = build_packet(Packet(Toc(9, False, 0), (Frame(b"speech"),)))


def vectors(seed: int, version: int, spread: float) -> tuple[Floats, Floats]:
    """Latents and states at random."""
    rng = np.random.default_rng(seed)
    sizes = LATENT_DIM[version], STATE_DIM[version]
    latents, states = (rng.normal(0, spread, (STEPS, n)).astype(np.float32) for n in sizes)
    return latents, states


def by_specification(
    latents: Floats, states: Floats, request: Request, levels: Levels, version: int
) -> bytes | None:
    """The longest payload that the specification's writer lets through."""
    tables = quantizer_tables(version)
    offset, extra = offset_fields(request.dred_offset)
    state = quantize(states[request.step], np.array(levels.q0), tables.state).tolist()
    chunks = [
        quantize(latents[step], np.array(levels.of_chunk(index)), tables.latent).tolist()
        for index, step in enumerate(range(request.step, -1, -2))
    ]
    for count in range(min(len(chunks), request.chunks), 0, -1):
        head = (version, levels.q0, levels.dQ, offset, state, chunks[:count])
        try:
            string = build_payload(make_payload(*head, qmax=levels.qmax, extra_offset=extra))
        except BuildError:  # dred.chunk.unseen
            continue
        if len(string) <= request.max_bytes:
            return string
    return None


@st.composite
def level_settings(draw: st.DrawFn) -> Levels:
    q0, rise = draw(st.integers(0, 15)), draw(st.integers(0, 7))
    return Levels(q0, rise, draw(st.integers(q0 + 1, 15)) if q0 < 14 and rise > 0 else 15)


requests = st.builds(
    Request,
    step=st.integers(0, STEPS - 1),
    dred_offset=st.integers(-400, 16),
    chunks=st.integers(1, 30),
    max_bytes=st.integers(8, 700),
)


@settings(max_examples=25, deadline=None)
@given(
    levels=level_settings(),
    wanted=st.lists(requests, max_size=4),
    seed=st.integers(0, 1000),
    version=st.sampled_from([10, 12]),
    spread=st.sampled_from([0.0, 0.5, 8.0, 300.0]),
)
def test_a_batch_is_what_the_specification_writes(
    levels: Levels, wanted: list[Request], seed: int, version: int, spread: float
) -> None:
    drawn = vectors(seed, version, spread)
    expected = [by_specification(*drawn, one, levels, version) for one in wanted]
    assert write_payloads(*drawn, wanted, levels, version) == expected


@pytest.mark.parametrize("offset", [17, 16 - 32 * 256])
def test_an_offset_out_of_reach_is_refused(offset: int) -> None:
    with pytest.raises(BuildError) as caught:
        write_payloads(*vectors(0, 12, 1.0), [Request(0, offset, 1)], Levels())
    assert caught.value.code == "dred.offset"


@pytest.mark.parametrize("values", [(16, 0, 15), (-1, 0, 15), (6, 8, 15), (6, 5, 6), (14, 3, 14)])
def test_levels_that_cannot_be_said_are_refused(values: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError) as caught:
        Levels(*values)
    assert caught.value.code == "encode.levels"


def test_a_reader_of_many_finds_what_the_reference_finds() -> None:
    packets = []
    for version, spread in ((12, 6.0), (10, 6.0), (12, 900.0)):
        wanted = [Request(step, 10 - step, 1 + step // 2, 2000) for step in range(STEPS)]
        drawn = vectors(version, version, spread)
        written = write_payloads(*drawn, wanted, Levels(4, 3, 13), version)
        packets += [insert_dred(PLAIN, one, version) for one in written if one is not None]
    carried = [carried_by(packet) for packet in packets]
    found = read_carried([one for one in carried if one is not None])
    readings = [read_packet(packet) for packet in packets]
    assert found == [reading.dred for reading in readings]
    assert [one.size for one in found] == [len(reading.payload) for reading in readings]
    assert [carried_by(packet) for packet in (PLAIN, b"")] == [None, None]
