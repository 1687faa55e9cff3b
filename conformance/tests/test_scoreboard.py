"""The scoreboard: entries are checked, the page is in step, a run becomes an entry."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dredref.conformance.cli.scoreboard import scoreboard
from dredref.conformance.outcome import Outcome
from dredref.conformance.record import write_run
from dredref.conformance.scoreboard import (
    FOLDER,
    badge,
    entries,
    entry_of_run,
    entry_text,
    read_entry,
    scoreboard_markdown,
)
from dredref.conformance.tests.test_record import GOOD
from dredref.spec.errors import InputError
from dredref.vectors.suite import SUITE_VERSION, load_suite

PAGE = FOLDER.parent / "SCOREBOARD.md"


def test_page_is_in_step_with_the_entries() -> None:
    """After a change: dredref scoreboard -o conformance/SCOREBOARD.md."""
    assert PAGE.read_text("utf-8") == scoreboard_markdown(entries())


def test_entries_of_ports_are_whole() -> None:
    names = {one.name for one in entries()}
    assert {"gopus", "mousiki", "ropus"} <= names
    for one in entries():
        bad = sum(
            number
            for found in one.counts.values()
            for outcome, number in found.items()
            if outcome in ("fail", "error", "timeout")
        )
        assert bad == len(one.missed), one.name


def test_a_run_becomes_an_entry(tmp_path: Path) -> None:
    broken = replace(GOOD, results=(replace(GOOD.results[0], outcome=Outcome.ERROR),))
    entry = entry_of_run(broken, revision="abc")
    path = tmp_path / "one.json"
    path.write_text(entry_text(entry))
    assert read_entry(path) == entry
    assert entry.missed[0].outcome == "error"
    assert badge(entry)["color"] == "red"
    part = replace(GOOD, selection={"groups": ["payload"], "ids": []})
    with pytest.raises(InputError, match=r"scoreboard\.selection"):
        entry_of_run(part, revision="")


def test_only_runs_of_this_very_suite_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(GOOD, path)
    words = ["--add", str(path), "--folder", str(tmp_path)]
    done = CliRunner().invoke(scoreboard, words)
    assert isinstance(done.exception, InputError)
    assert done.exception.code == "scoreboard.suite"
    suite = {**GOOD.suite, "version": SUITE_VERSION, "digest": load_suite().digest()}
    write_run(replace(GOOD, suite=suite), path)
    done = CliRunner().invoke(scoreboard, [*words, "--revision", "1"])
    assert done.exit_code == 0, done.output
    badges = json.loads(CliRunner().invoke(scoreboard, ["--badge", *words[2:]]).output)
    assert len(badges) == 1
    [entry] = json.loads(CliRunner().invoke(scoreboard, ["--json", *words[2:]]).output)
    assert entry["digest"] == suite["digest"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"missed": 3}'])
def test_what_is_no_entry_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"scoreboard\.form"):
        read_entry(path)
