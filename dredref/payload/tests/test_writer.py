"""Payloads of a batch against the specification's writer, one at a time, and against libopus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.arithmetic.significand import Words
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.payload.writer import Levels, Request, write_payloads
from dredref.rdovae.quantize import quantize
from dredref.spec.dred import build_payload, make_payload, offset_fields, parse_payload
from dredref.spec.errors import BuildError, UsageError
from dredref.spec.tables import LATENT_DIM, STATE_DIM, quantizer_tables


def draw(seed: int, steps: int, version: int, spread: float) -> tuple[Words, Words]:
    rng = np.random.default_rng(seed)
    latents = rng.normal(0, spread, (steps, LATENT_DIM[version]))
    states = rng.normal(0, spread, (steps, STATE_DIM[version]))
    return latents.astype(np.float32).view(np.int32), states.astype(np.float32).view(np.int32)


def by_specification(
    latents: Words, states: Words, request: Request, levels: Levels, version: int
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
        payload = make_payload(
            version,
            levels.q0,
            levels.dQ,
            offset,
            state,
            chunks[:count],
            qmax=levels.qmax,
            extra_offset=extra,
        )
        try:
            string = build_payload(payload)
        except BuildError:  # dred.chunk.unseen
            continue
        if len(string) <= request.max_bytes:
            return string
    return None


@st.composite
def level_settings(draw_from: st.DrawFn) -> Levels:
    q0 = draw_from(st.integers(0, 15))
    rise = draw_from(st.integers(0, 7))
    top = draw_from(st.integers(q0 + 1, 15)) if q0 < 14 and rise > 0 else 15
    return Levels(q0, rise, top)


requests = st.builds(
    Request,
    step=st.integers(0, 29),
    dred_offset=st.integers(-400, 16),
    chunks=st.integers(1, 30),
    max_bytes=st.integers(8, 700),
)


@settings(max_examples=40, deadline=None)
@given(
    levels=level_settings(),
    wanted=st.lists(requests, min_size=1, max_size=4),
    seed=st.integers(0, 1000),
    version=st.sampled_from([10, 12]),
    spread=st.sampled_from([0.0, 0.5, 8.0, 300.0]),
)
def test_batch_is_the_specification_s_writer(
    levels: Levels, wanted: list[Request], seed: int, version: int, spread: float
) -> None:
    latents, states = draw(seed, 30, version, spread)
    got = write_payloads(latents, states, wanted, levels, version)
    expected = [by_specification(latents, states, one, levels, version) for one in wanted]
    assert got == expected


def test_every_chunk_written_is_read_again() -> None:
    latents, states = draw(3, 60, 12, 6.0)
    levels = Levels(8, 3, 15)
    wanted = [Request(step, -step, 26) for step in range(60)]
    for request, payload in zip(
        wanted, write_payloads(latents, states, wanted, levels), strict=True
    ):
        assert payload is not None
        found = parse_payload(payload, 12)
        assert found.dred_offset == request.dred_offset
        assert len(found.chunks) <= request.step // 2 + 1
        assert build_payload(found) == payload


def test_no_requests_give_no_payloads() -> None:
    latents, states = draw(0, 2, 12, 1.0)
    assert write_payloads(latents, states, [], Levels()) == []


def test_offset_out_of_reach_is_refused() -> None:
    latents, states = draw(0, 2, 12, 1.0)
    for offset in (17, 16 - 32 * 256):
        with pytest.raises(BuildError) as caught:
            write_payloads(latents, states, [Request(0, offset, 1)], Levels())
        assert caught.value.code == "dred.offset"


@pytest.mark.parametrize("values", [(16, 0, 15), (-1, 0, 15), (6, 8, 15), (6, 5, 6), (14, 3, 14)])
def test_levels_that_cannot_be_said_are_refused(values: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError) as caught:
        Levels(*values)
    assert caught.value.code == "encode.levels"


def test_integers_define_the_payloads() -> None:
    latents, states = draw(4, 12, 12, 8.0)
    wanted = [Request(step, 8, 5) for step in range(12)]
    levels = Levels(3, 5, 9)
    defined = write_payloads(latents, states, wanted, levels, form="pairs")
    assert write_payloads(latents, states, wanted, levels) == defined


@pytest.mark.peer
@pytest.mark.parametrize("levels", [Levels(), Levels(3, 2, 9), Levels(15, 0, 15), Levels(0, 7, 1)])
def test_payloads_are_libopus_s(levels: Levels, peer_161_c: Peer) -> None:
    """From the same latents, at the same levels, libopus says the same in the same bytes."""
    latents, states = draw(11, 52, 12, 6.0)
    for step, offset in ((51, 8), (40, -3), (51, -40)):
        [ours] = write_payloads(latents, states, [Request(step, offset, 20, 600)], levels)
        theirs = peer_161_c.write_payload(
            latents[step::-1].view(np.float32),
            states[step::-1].view(np.float32),
            q0=levels.q0,
            dQ=levels.dQ,
            qmax=levels.qmax,
            max_chunks=20,
            max_bytes=600,
            dred_offset=offset,
        )
        assert ours is not None
        assert len(ours) == len(theirs)
        assert parse_payload(ours, 12) == parse_payload(theirs, 12)
        if build_payload(parse_payload(theirs, 12)) == theirs:  # no chunk that cannot be seen
            assert ours == theirs
