"""Builds with sanitizers: made on demand, loaded only where they can run, their reports told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.library import load
from dredref.spec.errors import InputError
from tools.libopus import build, sanitized


@pytest.fixture
def empty_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> builds.Build:
    """A build with sanitizers in which there is nothing."""
    monkeypatch.setenv("DREDREF_LIBOPUS", str(tmp_path))
    library = tmp_path / "builds" / "1.6.1-san" / "libopus.a"
    library.parent.mkdir(parents=True)
    library.touch()
    return builds.get("1.6.1-san")


def test_made_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def ensure(name: str, *_: Any) -> builds.Build:
        asked.append(name)
        return builds.Build(name, tmp_path, tmp_path)

    monkeypatch.setattr(build, "ensure_build", ensure)
    assert CliRunner().invoke(build.main, []).exit_code == 0
    assert asked == ["1.6.1", "1.6.1-c", "1.5.2", "1.5.2-c"]
    assert CliRunner().invoke(build.main, ["1.6.1-san"]).exit_code == 0
    assert asked[-1] == "1.6.1-san"


def test_no_library_with_sanitizers_in_a_process_without(empty_build: builds.Build) -> None:
    with pytest.raises(InputError, match=r"\[libopus.sanitizer\]|there is no compiler"):
        load("1.6.1-san", traced=True)
    load.cache_clear()


def test_what_a_process_needs_for_it(
    empty_build: builds.Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = builds.Build("1.6.1-c", empty_build.path, empty_build.source)
    assert builds.preload(plain) == {}
    if shutil.which("gcc"):
        needed = builds.preload(empty_build)
        assert Path(needed["LD_PRELOAD"]).name == "libasan.so"
        assert "abort_on_error=1" in needed["UBSAN_OPTIONS"]
        monkeypatch.setenv("LD_PRELOAD", needed["LD_PRELOAD"])
        assert builds.preload(empty_build) == {}


@pytest.mark.parametrize(
    ("code", "stderr", "told"),
    [
        (0, "", "no report, 7 calls"),
        (-6, "SOURCE/dnn/a.c:1:2: runtime error: index 9 out of bounds\nTraceback", "dnn/a.c:1:2"),
        (-11, "", "exit code -11"),
    ],
)
def test_the_report_of_a_trial(
    code: int,
    stderr: str,
    told: str,
    empty_build: builds.Build,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = stderr.replace("SOURCE", str(empty_build.source))
    monkeypatch.setattr(builds, "preload", lambda _: {})
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, "7\n", said)
    )
    is_reported, line = sanitized.tried("one_call", empty_build)
    assert line.startswith(told)
    assert is_reported == bool(code)
