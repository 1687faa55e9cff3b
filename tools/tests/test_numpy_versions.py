"""The recorded digests hold with the oldest numpy supported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dredref.spec.errors import InputError
from tools import numpy_versions
from tools.numpy_versions import Program


@pytest.mark.slow
@pytest.mark.parametrize("program", numpy_versions.PROGRAMS, ids=lambda program: program.module)
def test_oldest_numpy(program: Program) -> None:
    """In an environment of its own; made in CI, skipped elsewhere if it was not made before."""
    if not numpy_versions.available():
        if not os.environ.get("CI"):
            pytest.skip("no such environment: run python -m tools.numpy_versions")
        numpy_versions.make()
    command = [str(numpy_versions.interpreter()), "-c", "import numpy; print(numpy.__version__)"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert version.strip() == numpy_versions.OLDEST
    assert numpy_versions.differing(program, "1") == []


def test_a_difference_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed digest, a missing one and one too many; a program that fails is an error."""
    (tmp_path / "said.py").write_text('print(\'{"a": 1, "b": 2, "c": 3}\')')
    (tmp_path / "recorded.json").write_text(json.dumps({"a": 1, "b": 7, "d": 4}))
    monkeypatch.setattr(numpy_versions, "ROOT", tmp_path)
    python = Path(sys.executable)
    found = numpy_versions.differing(Program("said", "recorded.json"), "1", python)
    assert found == ["b", "c", "d"]
    with pytest.raises(InputError, match=r"\[numpy.failed\]"):
        numpy_versions.differing(Program("missing", "recorded.json"), "1", python)


def test_it_is_the_oldest_that_the_project_asks_for() -> None:
    """pyproject.toml names the same version."""
    text = (Path(numpy_versions.__file__).parents[1] / "pyproject.toml").read_text()
    assert f'"numpy>={numpy_versions.OLDEST.removesuffix(".0")}"' in text
