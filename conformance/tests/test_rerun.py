"""Baselines, stopping early, running again, replaying: what changed is what counts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dredref.conformance.cli.replay import replay
from dredref.conformance.cli.run import run
from dredref.conformance.record import read_run
from dredref.spec.errors import UsageError

WRAPPER = Path(__file__).with_name("wrapper.py")
GLOBS = ("--ids", "payload.v12.large.body-0998.*", "--ids", "payload.v12.large.body-1024.*")


def put(mode: str, *more: str | Path) -> Result:
    """A run of the wrapper."""
    words = ["--command", f"{sys.executable} {WRAPPER} {mode}", "--jobs", "1"]
    return CliRunner().invoke(run, [*words, *GLOBS, *map(str, more)])


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of an implementation that refuses large bodies."""
    folder = tmp_path_factory.mktemp("large")
    assert put("large", "--report", folder, "--label", "before").exit_code == 1
    return folder / "results.jsonl"


def test_only_regressions_fail(refused: Path) -> None:
    same = put("large", "--baseline", refused, "--json")
    assert same.exit_code == 0
    assert json.loads(same.output)["regressed"] == []
    worse = put("refuse", "--baseline", refused)
    assert worse.exit_code == 1
    assert "regressed since the baseline: 2" in worse.output
    better = json.loads(put("none", "--baseline", refused, "--json").output)
    assert len(better["fixed"]) == 2


def test_run_again_what_failed_and_stop_at_the_first(refused: Path, tmp_path: Path) -> None:
    assert read_run(refused).title.endswith("(before)")
    assert put("none", "--rerun-failed", refused, "--report", tmp_path).exit_code == 0
    found = read_run(tmp_path / "results.jsonl")
    assert {one.id.split(".")[3] for one in found.results} == {"body-1024"}
    assert put("refuse", "--fail-fast", "--report", tmp_path).exit_code == 1
    assert len(read_run(tmp_path / "results.jsonl").results) == 1


def test_an_installed_package_registers_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "other-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[dredref.implementations]\nother = other:make\n")
    (tmp_path / "other.py").write_text(
        "import sys\n"
        "from dredref.conformance.adapters.registry import Adapter\n"
        f"words = (sys.executable, {str(WRAPPER)!r}, 'none')\n"
        "def make():\n"
        "    return Adapter('other', 'another one', words, lambda: '')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    done = CliRunner().invoke(run, ["--impl", "other", "--ids", "packet.code0.basic", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["counts"]["pass"] == 1


def test_replay_shows_request_and_reply(refused: Path) -> None:
    command = f"{sys.executable} {WRAPPER} large"
    name = "payload.v12.large.body-1024.laced"
    done = CliRunner().invoke(replay, [str(refused), name, "--command", command])
    assert done.exit_code == 1, done.output
    assert 'request  {"cmd":"run","seq":1,"operation":"payload"' in done.output
    assert "body of more than 1000 bytes" in done.output
    done = CliRunner().invoke(replay, [str(refused), name, "--command", command, "--json"])
    form = json.loads(done.output)
    assert form["request"]["operation"] == "payload"
    assert form["now"]["outcome"] == form["then"]["outcome"] == "fail"
    assert form["reply"]
    done = CliRunner().invoke(replay, [str(refused), "no.such", "--command", command])
    assert isinstance(done.exception, UsageError)


def test_pages_show_the_exchange(refused: Path) -> None:
    page = (refused.parent / "report.html").read_text("utf-8")
    assert "Request and reply" in page
    assert "dredref replay results.jsonl payload.v12.large.body-1024" in page
    assert "LargeBody" in page
