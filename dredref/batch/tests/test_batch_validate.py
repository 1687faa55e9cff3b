"""Records validated in batches get the verdicts that the reference gives, in their order."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.batch import Verdict, validate_records
from dredref.batch.certificate import PROVEN
from dredref.batch.outline import outline_of
from dredref.batch.validate import BATCH_BYTES, batches
from dredref.inspection import inspections
from dredref.spec.dred import add_prefix, build_payload, make_payload
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import read_packet
from dredref.spec.requirements import requirements
from dredref.spec.tables import LATENT_DIM, STATE_DIM
from dredref.spec.tests.strategies import packets, payloads, wire_bytes
from dredref.streams import Record, open_stream
from tools.libopus import draw

STREAMS = sorted(
    path
    for path in (Path(__file__).parents[3] / "spec" / "streams").iterdir()
    if path.suffix != ".json"
)
CHUNK = [0, 0, -11, 0, 0, -1, 0, 9, 0, 1, -1, 0, 0, -3] + [0] * 11
GOOD = build_payload(make_payload(12, 6, 3, 6, [0] * 50, [CHUNK] * 4))
DRED = add_prefix(12, GOOD)


def area(*data: bytes, frame: int = 0, id_: int = 126) -> bytes:
    """An area of two frames with extensions on one of them."""
    return pack_extensions([Extension(id_, frame, item) for item in data], 2)


def packet(padding: bytes | None) -> bytes:
    """A packet of two frames of 20 ms."""
    return build_packet(Packet(Toc(9, False, 3), (Frame(b"frame"),) * 2, False, padding))


def carrying(*data: bytes, frame: int = 0) -> bytes:
    """A packet with DRED extensions."""
    return packet(area(*data, frame=frame))


def saying(**changes: object) -> bytes:
    """A packet whose DRED has other values than the good one."""
    values: dict[str, object] = {
        "version": 12, "q0": 6, "dQ": 3, "offset": 6, "state": [0] * 50, "latents": [CHUNK] * 4,
    }  # fmt: skip
    made = make_payload(**(values | changes))  # type: ignore[arg-type]
    return carrying(add_prefix(12, build_payload(made, allow_unseen=True)))


def hiding() -> bytes:
    """A packet whose last chunk, which is not all zeros, is not seen; found by trying."""
    last = [0] * 7 + [1] + [0] * 17
    for count in range(1, 16):
        data = saying(q0=14, dQ=0, latents=[[0] * 25] * count + [last])
        dred = read_packet(data).dred
        if dred is not None and len(dred.chunks) == count:
            return data
    raise AssertionError("no such payload")


VIOLATING: dict[str, bytes] = {
    "packet.r1": b"",
    "packet.r2": bytes(1277),
    "packet.r3": b"\x01\x00",
    "packet.r4": b"\x02\x05",
    "packet.r5": b"\x03\x00",
    "packet.r6": b"\x03\x41\xff",
    "packet.r7": b"\x03\x82\x05",
    "packet.padding-length": b"\x03\x41\xff\x00" + bytes(254),
    "extension.frame": packet(b"\x03\x02"),
    "extension.short": packet(b"\x07"),
    "extension.length": packet(b"\x41\x02\x00"),
    "extension.repeat": packet(bytes.fromhex("4101aa09bb09cc04dd")),
    "extension.padding-zero": packet(b"\x00\x00\x01"),
    "extension.separator-zero": packet(b"\x03\x00"),
    "extension.repeat-nothing": packet(b"\x05"),
    "dred.prefix": carrying(b"E\x0c" + GOOD),
    "dred.version": carrying(b"D\x0b" + GOOD),
    "dred.size-empty": carrying(b"D\x0c"),
    "dred.size-max": carrying(DRED + bytes(1000)),
    "dred.one-per-frame": carrying(DRED, DRED),
    "dred.one-per-packet": carrying(DRED, DRED),
    "dred.first-frame": carrying(DRED, frame=1),
    "dred.header-overrun": carrying(add_prefix(12, b"\x63")),
    "dred.state-overrun": carrying(DRED[:6]),
    "dred.chunk-overrun": carrying(DRED[:-4]),
    "dred.chunks-none": saying(latents=[]),
    "dred.chunks-max": saying(latents=[CHUNK] * 16 + [[0] * 25] * 11, dQ=0),
    "dred.chunk-unseen": hiding(),
    "dred.trailing-bytes": carrying(DRED + bytes(8)),
    "dred.trailing-bits": carrying(DRED[:-1] + bytes([DRED[-1] ^ 1])),
    "dred.extra-offset": saying(extra_offset=0),
    "dred.value-range": saying(state=[0] * 15 + [4000] + [0] * 34),
}
"""Requirement -> a packet that violates it."""


def check(
    records: Iterable[Record], *, batch: int = 64, final_id: int | None = None
) -> list[Verdict]:
    """Validate records both ways and compare all that is said of them."""
    held = list(records)
    verdicts = list(validate_records(iter(held), batch=batch, final_id=final_id))
    for verdict, expected in zip(verdicts, inspections(held, final_id=final_id), strict=True):
        assert verdict.record is expected.record
        assert verdict.violations == expected.violations
        assert verdict.outline == outline_of(expected.reading)
        if verdict.inspection is not None:
            assert verdict.inspection.reading.dred == expected.reading.dred
    return verdicts


def records(data: Iterable[bytes | None]) -> list[Record]:
    """These packets as the records of one stream."""
    return [Record(index, item) for index, item in enumerate(data)]


def test_all_that_is_required_is_proven_somewhere() -> None:
    """A new requirement must be thought of here before any packet can be certified to meet it."""
    for requirement in requirements().values():
        if requirement.check != "implementation":
            group = f"{requirement.group}."
            assert (requirement.id in PROVEN) != (group in PROVEN), requirement.id
    assert {key for key in PROVEN if not key.endswith(".")} <= set(requirements())


@pytest.mark.parametrize("requirement", sorted(VIOLATING))
def test_a_violation_is_never_certified_away(requirement: str) -> None:
    (verdict,) = check(records([VIOLATING[requirement]]))
    assert requirement in {violation.requirement.id for violation in verdict.violations}


def test_every_requirement_on_a_record_is_violated_here() -> None:
    elsewhere = ("stream", "implementation")
    catalogue = {entry.id for entry in requirements().values() if entry.check not in elsewhere}
    assert set(VIOLATING) == catalogue


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_committed_streams_get_the_same_verdicts_and_need_no_reference(path: Path) -> None:
    with open_stream(path) as stream:
        some = [record for record in stream if record.index % 9 == 0]
    assert not any(verdict.inspection for verdict in check(some))


def streams_packets() -> Iterator[bytes]:
    """Packets of the committed ``.bit`` streams, in turn."""
    for path in STREAMS:
        if path.suffix == ".bit":
            with open_stream(path) as stream:
                yield from (record.packet for record in stream if record.packet)


def test_damaged_packets_get_the_same_verdicts() -> None:
    rng = random.Random(31)
    data = list(streams_packets())[::25]
    found = check(records(draw.damaged(rng, item)[0] for item in data), batch=100)
    seen = {violation.requirement.id for verdict in found for violation in verdict.violations}
    assert len(seen) > 12
    assert any(verdict.inspection is None and verdict.outline.dred for verdict in found)


def test_drawn_packets_with_drawn_payloads_get_the_same_verdicts() -> None:
    for version in (10, 12):
        drawn = [draw.payload(32, number, version).payload for number in range(120)]
        drawn = [item for item in drawn if len(item) < 300]
        found = check(records(carrying(add_prefix(version, item)) for item in drawn))
        assert sum(verdict.inspection is None for verdict in found) > 20
    check(records(draw.packet(33, number) for number in range(300)))


@settings(max_examples=60)
@given(
    st.lists(
        packets().map(build_packet)
        | wire_bytes.map(packet)
        | payloads().map(
            lambda values: carrying(
                add_prefix(values.version, build_payload(values, allow_unseen=True))
            )
        )
        | st.none(),
        max_size=8,
    ),
    st.integers(1, 4),
)
def test_any_packets_get_the_same_verdicts(data: list[bytes | None], batch: int) -> None:
    check(records(data), batch=batch)


def test_other_kinds_of_records_and_lost_ones_get_the_same_verdicts() -> None:
    made = [
        Record(0, None),
        Record(1, area(DRED), "extension_area", nb_frames=2),
        Record(2, GOOD, "dred_payload", version=12),
        Record(3, carrying(DRED)),
        Record(4, b"", "extension_area", nb_frames=1),
        Record(5, b"", "dred_payload", version=12),
        Record(6, area(b"\x00" * 3, id_=40), "extension_area"),
        Record(7, GOOD, "dred_payload"),
        Record(8, b"\x48frame"),
        Record(9, packet(None)),
        Record(10, packet(b"")),
        Record(11, carrying(DRED[:-1]), stream=1),
    ]
    found = check(made, batch=5)
    assert sum(verdict.inspection is None for verdict in found) == 9
    again = list(validate_records(reversed(made), batch=100))
    assert [verdict.record.index for verdict in again] == list(range(11, -1, -1))


def test_a_new_version_is_told_of_its_own_stream() -> None:
    old = build_payload(make_payload(10, 6, 3, 6, [0] * STATE_DIM[10], [[1] * LATENT_DIM[10]] * 2))
    new = carrying(DRED)
    other = carrying(add_prefix(10, old))
    pattern = [new, new, other, None, other, new, b"\x48frame", new]
    made = [replace(r, stream=r.index % 2) for r in records(pattern * 3)]
    found = check(made, batch=7)
    said = [v.record.index for v in found if any("change" in x.code for x in v.violations)]
    assert said
    assert all(found[index].inspection is not None for index in said)


def test_the_final_form_is_certified_too() -> None:
    final = packet(area(GOOD, id_=40))
    verdicts = check(records([final, carrying(DRED)] * 3), final_id=40)
    assert [verdict.outline.dred is not None for verdict in verdicts] == [True, False] * 3
    assert not any(verdict.inspection for verdict in verdicts)
    short = packet(pack_extensions([Extension(5, 0, b"x")], 2))
    assert check(records([short]), final_id=5)[0].inspection is not None


def test_a_batch_is_bounded_in_records_and_in_bytes() -> None:
    assert [len(held) for held in batches(records([b"x"] * 10), 4)] == [4, 4, 2]
    large = records([bytes(BATCH_BYTES // 2)] * 5)
    assert [len(held) for held in batches(large, 100)] == [2, 2, 1]
    assert list(batches([], 4)) == []


def peak(data: list[bytes], count: int) -> int:
    """Bytes allocated at most while ``count`` records are validated."""
    tracemalloc.start()
    for _ in validate_records((Record(k, data[k % len(data)]) for k in range(count)), batch=256):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_stream() -> None:
    data = list(streams_packets())[:256]
    peak(data, 256)
    assert peak(data, 256 * 12) < 1.2 * peak(data, 256 * 3)
