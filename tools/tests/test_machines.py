"""The comparison with other machines finds what differs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.spec.errors import InputError
from tools.machines import __main__ as machines
from tools.machines import oldest, programs
from tools.machines.programs import Program

HERE = [sys.executable]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree with a program, and what is recorded of it."""
    (tmp_path / "said.py").write_text('print(\'{"a": 1, "b": 2, "c": 3}\')')
    (tmp_path / "recorded.json").write_text(json.dumps({"a": 1, "b": 7, "d": 4}))
    monkeypatch.setattr(programs, "ROOT", tmp_path)
    return tmp_path


def test_a_difference_is_found(tree: Path) -> None:
    """A changed digest, a missing one and one too many; a program that fails is an error."""
    found = programs.differing(Program("said", "recorded.json"), HERE)
    assert found == ["b", "c", "d"]
    assert programs.differing(Program("said"), HERE) == []
    with pytest.raises(InputError, match=r"\[machine.failed\]"):
        programs.differing(Program("missing", "recorded.json"), HERE)


def test_exit_codes(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 where something differs, 2 where a machine cannot be had."""
    monkeypatch.setattr(oldest, "interpreter", lambda: HERE)
    monkeypatch.setattr(machines, "DIGESTS", (Program("said", "recorded.json"),))
    found = CliRunner().invoke(machines.main, ["oldest"])
    assert found.exit_code == 1
    assert "differ: b, c, d" in found.output
    monkeypatch.setattr("shutil.which", lambda _name: None)
    found = CliRunner().invoke(machines.main, ["s390x"])
    assert found.exit_code == 2
    assert "mmdebstrap" in found.stderr


def test_it_is_the_oldest_that_the_project_asks_for() -> None:
    """pyproject.toml names the same versions."""
    text = (Path(oldest.__file__).parents[2] / "pyproject.toml").read_text()
    assert f'"numpy>={oldest.NUMPY.removesuffix(".0")}"' in text
    assert '"numba>=0.60"' in text
    assert "numba==0.60.0" in oldest.NEEDED
