"""The benchmark of surveys measures what it says, on a few files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.table import Table

from dredref.spec.errors import InputError
from dredref.survey.examine import OK, UNREADABLE, Options, examine
from tools.bench import survey
from tools.bench.survey import Result, Roles, Run


def test_variants_differ_and_some_are_broken(tmp_path: Path) -> None:
    paths = survey.write_variants(tmp_path / "small", 5, survey.VARIANTS)
    assert len({path.read_bytes() for path in paths}) == survey.VARIANTS
    files = [examine(str(path), Options()).files[0] for path in paths]
    assert {path.suffix for path in paths} == set(survey.KINDS)
    # Of a .bit file that is cut the records before the cut are there.
    broken = [file for file in files if file["status"] != OK]
    assert [file["status"] for file in broken] == [UNREADABLE] * len(broken)
    assert 0 < len(broken) <= survey.VARIANTS // survey.BROKEN_EACH
    assert {file["records"] for file in files if file not in broken} == {2, 5}
    size = survey.write_fleet(tmp_path / "many", paths, 70)
    made = sorted((tmp_path / "many").rglob("*.*"))
    assert len(made) == 70
    assert size == sum(path.stat().st_size for path in made)


def test_a_survey_is_measured(tmp_path: Path) -> None:
    paths = survey.write_variants(tmp_path / "small", 5, 3)
    survey.write_fleet(tmp_path / "many", paths, 4)
    run = survey.measure(tmp_path / "many", 1, tmp_path / "out")
    assert (run.files, run.failed) == (4, 0)
    assert run.out_bytes > 1000
    assert min(run.cpu.command, run.cpu.worker, run.cpu.reader) > 0
    assert min(run.middle.command, run.end.command) > 0  # others may have ended by then
    assert run.seconds > 0
    with pytest.raises(InputError, match=r"\[bench.failed\]"):
        survey.measure(tmp_path / "many", 1, tmp_path / "many")


def test_ratio_and_plan_follow_from_the_runs() -> None:
    memory = Roles(90, 60, 150)
    start = Run(1, 5.0, Roles(2, 1, 1), memory, memory, 10_000, 0)
    one = replace(start, files=1000, seconds=25.0, cpu=Roles(3, 2, 19))
    two = replace(one, seconds=15.0)
    calls = replace(start, files=10, seconds=6.0, cpu=Roles(2, 1, 1.36), out_bytes=20_000)
    result = Result((start, start), (one, two), calls, 3.0, 2000, "here")
    assert result.ratio == pytest.approx(2)
    assert result.cpu_ratio == pytest.approx(2)
    plan = json.loads(json.dumps(result.to_json()))["plan"]
    assert plan == {
        "calls": 1_000_000,
        "core_hours": pytest.approx(10),
        "bytes_read": 2_000_000_000,
        "bytes_written": 2_000_000_000,
    }
    table, *sentences = survey.report(result)
    assert isinstance(table, Table)
    assert list(table.columns[4].cells) == ["50", "100", "10"]
    assert "2.00 times as fast as one; bar 1.7: met" in str(sentences[0])
    assert "10 hours of a core (5 h on 2, 0.2 h on 64)" in str(sentences[1])
