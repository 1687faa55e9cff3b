"""Fuzzing finds what is planted, and a short run over all readers finds nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.fuzz import __main__ as fuzzing
from tools.fuzz import targets
from tools.fuzz.draw import drawn, seeds
from tools.fuzz.targets import TARGETS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_some_inputs_of_each_target(name: str) -> None:
    rng, known = random.Random(126), seeds(name)
    for _ in range(20):
        assert fuzzing.trouble(TARGETS[name], drawn(rng, known)) == ""


def test_a_fault_is_found_kept_and_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(data: bytes) -> None:
        assert b"\x07" not in data

    monkeypatch.setitem(TARGETS, "area", faulty)
    arguments = ["--minutes", "0.02", "--target", "area", "--findings", str(tmp_path)]
    done = CliRunner().invoke(fuzzing.main, arguments)
    assert done.exit_code == 1, done.output
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"\x07"]


def test_targets_swallow_no_error_of_programming(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a fault")

    monkeypatch.setattr(targets, "file_to_text", broken)
    monkeypatch.setattr(targets, "check_record", lambda _: ["something"])
    for name in ("vectors", "scan"):
        assert fuzzing.trouble(TARGETS[name], seeds(name)[0])


def test_the_figures_of_a_run() -> None:
    done = CliRunner().invoke(fuzzing.main, ["--minutes", "0", "--target", "output"])
    assert done.exit_code == 0
    assert done.output.splitlines()[1].split()[:2] == ["output", "1"]
