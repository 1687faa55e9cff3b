"""What implementations may say that is no text, no JSON, or acts on a terminal."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from dredref.conformance.cli.report import report
from dredref.conformance.cli.run import run
from dredref.conformance.record import read_run
from dredref.conformance.running import strict
from dredref.conformance.running.family import MARK
from dredref.conformance.running.process import Child, Limits
from dredref.conformance.running.replies import FaultError, FaultKind

PROGRAM = str(Path(__file__).with_name("strange.py"))
CHOSEN = ["--ids", "packet.cut.code1.*"]
STARTS = {
    "name": ("x\u2028y\x85z\x1b[2J[/foo]", 0),
    "name long": ("A" * 3_000_000, 0),
    "name surrogate": ("x\ud800y", 2),
    "operations": ([{"a": 1}], 2),
    "operations listed": ([["packet"]], 2),
    "operations often": (["packet"] * 10_000, 0),
    "versions": ([True, 12, 10**40], 2),
    "versions negative": ([-1], 2),
    "details": ({"x\x1b": "[/b]\u2029"}, 0),
    "protocol": ({"x": ["\x1b"]}, 2),
}
BODIES = {
    "failure surrogate": '"failure": "\\ud800 x"',
    "reject surrogate": '"reject": {"code": "a\\ud800", "detail": "b"}',
    "failure lines": '"failure": "a\\u2028b\\u0085\\u001b[2J"',
    "not a number": '"answer": {"toc": NaN}',
    "infinite": '"answer": {"toc": 1e999}',
    "deep": '"answer": {"toc": ' + "[" * 900 + "]" * 900 + "}",
    "deep failure": '"failure": ' + "[" * 900 + "]" * 900,
    "long number": '"answer": {"toc": ' + "9" * 5000 + "}",
}


def program(*words: str) -> str:
    """The command line of the strange harness."""
    return " ".join([sys.executable, PROGRAM, *(json.dumps(word) for word in words)])


def shown(output: str) -> bool:
    """Whether nothing in an output acts on a terminal."""
    return not any((ord(one) < 32 and one != "\n") or 127 <= ord(one) < 160 for one in output)


@pytest.mark.parametrize("name", STARTS)
def test_a_strange_start_is_taken_or_refused(name: str, tmp_path: Path) -> None:
    value, code = STARTS[name]
    start = tmp_path / "start.json"
    start.write_text(json.dumps({name.split()[0]: value}))
    command = program("start", str(start))
    arguments = ["--command", command, *CHOSEN, "--report", str(tmp_path / "r"), "--jobs", "1"]
    done = CliRunner().invoke(run, arguments)
    assert shown(done.output)
    if code:
        assert getattr(done.exception, "code", None) == "run.start"
        return
    assert done.exit_code == 0, done.output
    found = read_run(tmp_path / "r" / "results.jsonl")
    assert len(found.implementation.name) < 300
    again = CliRunner().invoke(report, [str(tmp_path / "r" / "results.jsonl"), "--markdown"])
    assert again.exit_code == 0
    assert shown(again.output)


@pytest.mark.parametrize("name", BODIES)
def test_a_strange_reply_is_an_outcome(name: str, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_text(BODIES[name])
    command = program("body", str(body))
    arguments = ["--command", command, *CHOSEN, "--report", str(tmp_path / "r"), "--jobs", "1"]
    done = CliRunner().invoke(run, arguments)
    assert done.exit_code == 1, done.output
    assert shown(done.output)
    lines = (tmp_path / "r" / "results.jsonl").read_bytes().split(b"\n")
    assert all(strict.loads(line) for line in lines if line)
    assert read_run(tmp_path / "r" / "results.jsonl").failed == len(lines) - 3


def test_numbers_that_json_has_not_are_written_by_name() -> None:
    text = strict.dumps(
        {"a": [float("nan"), float("inf"), -float("inf"), 1.5], "b": "\u2028\ud800"}
    )
    assert text == '{"a":["NaN","Infinity","-Infinity",1.5],"b":"\\u2028\\ud800"}'
    for refused in ("NaN", "[1e999]", '"\\ud800"', "[" * 70 + "]" * 70):
        with pytest.raises(ValueError, match=r"."):
            strict.loads(refused)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs daemons")
def test_daemons_end_with_their_harness() -> None:
    child = Child([sys.executable, PROGRAM, "daemon"], Limits())
    buffer = bytearray()
    assert child.exchange(b"{}\n", buffer, time.monotonic() + 20)
    daemon = psutil.Process(int(buffer))
    assert daemon.environ()[MARK] == child.family.mark
    child.kill()
    assert not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs daemons")
def test_the_memory_of_daemons_counts() -> None:
    child = Child([sys.executable, PROGRAM, "eating-daemon"], Limits(memory_bytes=120 << 20))
    try:
        with pytest.raises(FaultError) as caught:
            child.exchange(b"", bytearray(), time.monotonic() + 30)
    finally:
        child.kill()
    assert caught.value.kind is FaultKind.MEMORY


def test_a_run_that_was_ended_is_reported_and_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    arguments = ["--impl", "reference", *CHOSEN, "--report", str(folder), "--jobs", "1"]
    assert CliRunner().invoke(run, arguments).exit_code == 0
    path = folder / "results.jsonl"
    whole = read_run(path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:4]) + lines[4][:30])
    part = read_run(path, broken=True)
    assert part.broken
    assert [one.id for one in part.results] == [one.id for one in whole.results[:3]]
    assert part.missing == f"incomplete: the run broke off after 3 of {len(lines) - 2} vectors"
    done = CliRunner().invoke(run, [*arguments, "--resume"])
    assert done.exit_code == 0, done.output
    resumed = read_run(path)
    assert [one.id for one in resumed.results] == [one.id for one in whole.results]
    assert [one.seconds for one in resumed.results[:3]] == [
        one.seconds for one in whole.results[:3]
    ]
    refused = CliRunner().invoke(run, [*arguments, "--resume"])
    assert getattr(refused.exception, "code", None) == "run.resume"
