"""The scan says of every record what the reference says: all numbers, violations and values."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dredref.inspection import inspections
from dredref.scan import Scan, scan_batch, scan_stream, validate_records
from dredref.scan.columns import PRESENT, SLOTS, Code
from dredref.scan.tests.packets import (
    DRED,
    GOOD,
    MORE,
    STREAMS,
    VIOLATING,
    area,
    carrying,
    packet,
    records,
    stream_packets,
)
from dredref.scan.wording import WORDS
from dredref.spec.dred import add_prefix, build_payload, make_payload
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import build_packet
from dredref.spec.requirements import requirements
from dredref.spec.tables import LATENT_DIM, STATE_DIM
from dredref.spec.tests.strategies import packets, payloads, wire_bytes
from dredref.streams import Record, open_stream
from dredref.streams.batch import batch_of, batches_of
from tools.compare_scan import compare, compare_vectors, differences
from tools.libopus import draw
from tools.scan_draws import drawn


def check(given_records: Iterable[Record], final_id: int | None = None) -> Scan:
    """Compare all that scan and reference say of some records."""
    batch = batch_of(list(given_records))
    wrong = [one for one in differences(batch, final_id) if one is not None]
    assert wrong == []
    return scan_batch(batch, final_id=final_id)


@pytest.mark.parametrize("requirement", sorted(VIOLATING))
def test_a_violation_is_told_as_the_reference_tells_it(requirement: str) -> None:
    scan = check(records([VIOLATING[requirement]]))
    assert requirement in {violation.requirement.id for violation in scan.violations[0]}


def test_every_requirement_on_a_record_is_violated_here() -> None:
    elsewhere = ("stream", "signalling", "implementation")
    catalogue = {entry.id for entry in requirements().values() if entry.check not in elsewhere}
    assert set(VIOLATING) == catalogue


def test_packets_with_other_faults_and_with_several() -> None:
    scan = check(records(MORE))
    assert max(scan.rows["violations"]) > SLOTS
    assert sum(scan.rows["by_reference"]) < len(MORE) // 2


def test_every_code_of_the_scan_has_its_words() -> None:
    assert set(WORDS) == set(Code)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_committed_streams_need_no_reference(path: Path) -> None:
    with open_stream(path) as stream:
        some = [record for number, record in enumerate(stream) if number % 9 == 0]
    assert not check(some).rows["by_reference"].any()


def test_damaged_packets() -> None:
    rng = random.Random(31)
    data = list(stream_packets())[::25]
    scan = check(records(draw.damaged(rng, item)[0] for item in data))
    seen = {one.requirement.id for found in scan.violations.values() for one in found}
    assert len(seen) > 11
    sound = (scan.rows["absence"] == PRESENT) & ~scan.rows["by_reference"]
    assert sound.any()


@pytest.mark.parametrize("what", ["packets", "payloads"])
def test_a_small_draw(what: str) -> None:
    made = [one for one in drawn(what, 32, range(400)) if len(one.packet or b"") < 300]
    tally = compare(made, [str(one.index) for one in made])
    assert tally.examples == []
    assert tally.counts["differing"] == 0


@pytest.mark.peer
@pytest.mark.usefixtures("peer_161")
def test_a_small_draw_of_areas() -> None:
    made = drawn("areas", 33, range(1000))
    tally = compare(made, [str(one.index) for one in made])
    assert (tally.examples, tally.counts["differing"]) == ([], 0)
    assert 300 < tally.counts["worded by the scan"] < 700


@settings(max_examples=60, deadline=None)
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
        min_size=1,
        max_size=8,
    )
)
def test_any_packets(data: list[bytes | None]) -> None:
    check(records(data))


def test_other_kinds_of_records_and_lost_ones() -> None:
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
        Record(12, None, count=3),
    ]
    check(made)
    again = list(validate_records(reversed(made), batch=5))
    assert [verdict.record.index for verdict in again] == list(range(12, -1, -1))
    assert batch_of(made).record(12).count == 3


def test_a_change_of_version_is_told_in_its_own_stream() -> None:
    old = build_payload(make_payload(10, 6, 3, 6, [0] * STATE_DIM[10], [[1] * LATENT_DIM[10]] * 2))
    new, other = carrying(DRED), carrying(add_prefix(10, old))
    pattern = [new, new, other, None, other, new, b"\x48frame", new]
    made = [replace(one, stream=one.index % 2) for one in records(pattern * 3)]
    found = [verdict.violations for verdict in validate_records(made, batch=7)]
    assert found == [inspection.violations for inspection in inspections(made)]
    assert sum(any("change" in one.code for one in said) for said in found) > 3


def test_the_final_form() -> None:
    final = packet(area(GOOD, id_=40))
    scan = check(records([final, carrying(DRED), packet(b"\x50")] * 3), final_id=40)
    assert ((scan.rows["absence"] == PRESENT).tolist()) == [True, False, False] * 3
    short = packet(pack_extensions([Extension(5, 0, b"x")], 2))
    assert check(records([short, packet(b"\x0a")]), final_id=5).rows["by_reference"][0]


def test_either_form_is_found_unasked() -> None:
    given = [[(32, GOOD)], [(32, GOOD), (126, DRED)], [(126, DRED), (32, GOOD)], [(40, GOOD)]]
    given += [[(126, b"XY"), (32, GOOD)], [(126, b"D\x0bxx"), (32, GOOD)], [(126, b"D\x0c")]]
    given += [[(32, b""), (32, GOOD)], [(32, b"")], [(126, b"D\x0c"), (32, b"")]]
    given += [[(126, b"")] * 9 + [(32, GOOD)], [(126, b"")] * 5 + [(32, b"")] * 5]
    made = [
        packet(pack_extensions([Extension(id_, 0, data) for id_, data in one], 2)) for one in given
    ]
    repeated = [Extension(32, frame, GOOD) for frame in (0, 1)]
    made += [packet(pack_extensions(repeated, 2)), packet(b"\x41\x02abc\x04" + GOOD)]
    scan = check(records(made))
    assert scan.rows["final"].tolist()[:8] == [True, *[False] * 3, True, True, False, True]
    assert (scan.rows["absence"] == PRESENT).tolist()[:4] == [True, True, True, False]


def test_committed_vectors() -> None:
    """All packets, areas and payloads of the suite that cost the reference little."""
    tally = compare_vectors(most_bytes=60)
    assert (tally.examples, tally.counts["differing"]) == ([], 0)
    assert tally.counts["records"] > 400


def test_the_text_of_the_scan_runs_uncompiled() -> None:
    """Where numba compiles nothing, the same functions run as Python and say the same."""
    script = (
        "from dredref.scan.kernel import scan_rows\n"
        "assert not hasattr(scan_rows, 'py_func')\n"
        "from dredref.scan.tests.test_scan import check, records, VIOLATING, MORE\n"
        "check(records([*VIOLATING.values(), *MORE]))\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_batch_is_bounded_in_records_and_in_bytes() -> None:
    assert [len(held) for held in batches_of(records([b"x"] * 10), 4)] == [4, 4, 2]
    large = records([bytes(1 << 21)] * 5)
    assert [len(held) for held in batches_of(large, 100)] == [2, 2, 1]
    assert list(batches_of([], 4)) == []


def peak(data: list[bytes], count: int) -> int:
    """Bytes allocated at most while ``count`` records are scanned."""
    tracemalloc.start()
    endless = (Record(k, data[k % len(data)]) for k in range(count))
    for _ in scan_stream(batches_of(endless, 256)):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_stream() -> None:
    data = list(stream_packets())[:256]
    peak(data, 256)
    assert peak(data, 256 * 12) < 1.2 * peak(data, 256 * 3)
