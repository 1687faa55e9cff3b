"""Records of upstream's fargan_demo: round trip, damage, and upstream's own program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from dredref.conformance.adapters.libopus import builds
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.records import HEAD, read_records, write_records
from dredref.rdovae.tests.inputs import constant, payloads
from dredref.spec.dred import DredPayload, make_payload
from dredref.spec.errors import BuildError, ParseError


def speech() -> list[DredPayload]:
    """Payloads of real speech that have one level, with one chunk or with none after it."""
    found = payloads("v12-fine.bit")
    return [
        make_payload(12, p.q0, 0, 16, p.state, [p.chunks[0].latents])
        for p in found
        if p.chunks
    ]  # fmt: skip


def test_round_trip() -> None:
    """Values come back, the header's fields do not exist."""
    given = [*speech()[:20], constant(12, 15, 0, 25), make_payload(12, 4, 0, 16, [0] * 50, [])]
    found = read_records(write_records(given), 12)
    assert len(found) == len(given)
    for one, other in zip(given, found, strict=True):
        assert (one.q0, one.state, one.chunks) == (other.q0, other.state, other.chunks)
    assert write_records(found) == write_records(given)
    assert read_records(b"", 12) == []


def test_what_a_record_cannot_say() -> None:
    """Several levels, more than 25 chunks."""
    several = next(p for p in payloads("v12-frame-20ms.bit") if p.chunks[-1].level != p.q0)
    with pytest.raises(BuildError, match=r"\[record.level\]"):
        write_records([several])
    with pytest.raises(BuildError, match=r"\[record.chunks\]"):
        write_records([constant(12, 15, 0, 26)])


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ((16, 2, 8), "record.level"),
        ((0xFFFFFFFF, 2, 8), "record.level"),
        ((3, 1, 8), "record.chunks"),
        ((3, 52, 8), "record.chunks"),
        ((3, 2, 100_001), "record.size"),
        ((3, 2, 9), "record.truncated"),
    ],
)
def test_heads_out_of_range(head: tuple[int, int, int], code: str) -> None:
    """Each field, with its place."""
    good = write_records(speech()[:1])
    with pytest.raises(ParseError, match=code) as caught:
        read_records(good + HEAD.pack(*head) + bytes(8), 12)
    assert len(good) <= caught.value.byte < len(good) + HEAD.size


def test_every_truncation() -> None:
    """Refused, or left out where that is asked for, as upstream's program does."""
    one, two = (write_records([p]) for p in speech()[:2])
    for size in range(len(one) + 1, len(one + two)):
        cut = (one + two)[:size]
        with pytest.raises(ParseError, match=r"record.truncated"):
            read_records(cut, 12)
        assert len(read_records(cut, 12, partial=True)) == 1


@pytest.mark.peer
@pytest.mark.parametrize(("release", "version"), [("1.6.1-c", 12)])
def test_upstreams_program(release: str, version: int, peer_161_c: object, tmp_path: Path) -> None:
    """``fargan_demo -dred-decoding`` of the portable build gives the same features."""
    given = speech()[:30]
    source, target = tmp_path / "records.bit", tmp_path / "features.f32"
    source.write_bytes(write_records(given))
    program = builds.get(release).path / "bin" / "fargan_demo"
    subprocess.run(
        [program, "-dred-decoding", source, target], check=True, capture_output=True
    )  # fmt: skip
    theirs = np.frombuffer(target.read_bytes(), "<f4").reshape(-1, 20)
    found = read_records(source.read_bytes(), version)
    ours = np.concatenate([rows[::-1] for rows in decode_payloads(found)])
    np.testing.assert_array_equal(ours, theirs)
