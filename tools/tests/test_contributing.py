"""What CONTRIBUTING tells contributors to do has the effect that it says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dredref.spec import checks
from dredref.spec.reading import Reading, read_dred
from dredref.spec.requirements import Level, Requirement, requirements
from dredref.spec.tests.test_checks import GOOD
from dredref.streams import Record, StreamInfo, open_stream, stream
from dredref.streams.record import Event
from dredref.streams.source import Source
from dredref.vectors.coverage import is_covered, requirement_coverage
from dredref.vectors.suite import load_suite

ROOT = Path(__file__).parents[2]


def test_files_that_it_names_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for name in (
        "spec/data/requirements.json",
        "spec/checks.py",
        "dredref/streams/stream.py",
        "dredref/streams/detect.py",
        "dredref/streams/record.py",
        "vectors/suite.py",
    ):
        assert name in text
        assert (ROOT / name).is_file()


def test_a_requirement_is_an_entry_and_a_check_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Requirement(
        "dred.odd-q0", Level.SHOULD, "this suite", "q0 is even.", "dred_odd_q0", ("dred.odd",)
    )

    def dred_odd_q0(reading: Reading) -> Iterator[checks.Found]:
        """q0 is even."""
        if reading.dred is not None and reading.dred.q0 % 2 == 0:
            yield 0, 0, f"q0 {reading.dred.q0}"

    catalogue = dict(requirements()) | {entry.id: entry}
    monkeypatch.setattr(checks, "dred_odd_q0", dred_odd_q0, raising=False)
    monkeypatch.setattr(checks, "requirements", lambda: catalogue)
    monkeypatch.setattr("dredref.vectors.coverage.requirements", lambda: catalogue)
    checks._functions.cache_clear()
    try:
        [found] = checks.check_record(read_dred(GOOD, 12))
        assert (found.requirement, found.code, found.detail) == (entry, "dred.odd", "q0 6")
        few = list(load_suite().vectors(["packet"], ["packet.code0.*"]))
        [asked] = [row for row in requirement_coverage(few) if row.requirement == entry]
        assert not is_covered(asked)
    finally:
        checks._functions.cache_clear()


def test_a_reader_is_a_generator_an_entry_and_a_rule(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def read_toy(source: Source) -> Iterator[Event]:
        """Packets of three bytes behind a signature."""
        yield StreamInfo(0, "hex")
        content = source.read(1 << 16).removeprefix(b"TOY!")
        for index, place in enumerate(range(0, len(content), 3)):
            yield Record(index, content[place : place + 3])

    module = ModuleType("toy_reader")
    module.read_toy = read_toy  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_reader", module)
    monkeypatch.setitem(stream.READERS, "hex", "toy_reader:read_toy")
    path = tmp_path / "toy.bin"
    path.write_bytes(b"TOY!" + bytes.fromhex("48aabb48ccdd"))
    monkeypatch.setattr(stream, "detect_format", lambda source: "hex")
    with open_stream(path) as opened:
        packets = [record.packet for record in opened]
    assert packets == [bytes.fromhex("48aabb"), bytes.fromhex("48ccdd")]
