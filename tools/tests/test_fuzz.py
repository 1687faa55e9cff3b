"""Fuzzing finds what is planted, and a short run over all readers finds nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.fuzz import __main__ as fuzzing
from tools.fuzz.draw import drawn, seeds
from tools.fuzz.targets import TARGETS


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
