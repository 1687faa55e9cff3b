"""``--jobs``: several inputs over several processes give what one after the other gives."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dredref.cli.jobs import each
from dredref.spec.errors import InputError, UsageError
from dredref.survey.tests.fleet import NEW, OLD, PLAIN, bit_file
from dredref.tests.commands import run

PACKETS = {"new": [NEW] * 9, "old": [OLD] * 3 + [NEW], "plain": [PLAIN] * 4, "bad": [b"\x03\x00"]}


@pytest.fixture
def inputs(tmp_path: Path) -> list[str]:
    """Inputs of each kind: good, bad, cut short, missing and standard input."""
    paths = [tmp_path / f"{name}.bit" for name in PACKETS]
    for path, packets in zip(paths, PACKETS.values(), strict=True):
        path.write_bytes(bit_file(packets))
    (tmp_path / "cut.bit").write_bytes(bit_file([NEW] * 5)[:-9])
    return [*map(str, paths), "-", str(tmp_path / "cut.bit"), str(tmp_path / "none"), str(paths[0])]


@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("validate", "--brief", "--strict"),
        ("validate", "--json"),
        ("inspect", "--summary"),
        ("inspect", "--summary", "--json"),
    ],
    ids=" ".join,
)
def test_the_output_is_the_same(command: tuple[str, ...], inputs: list[str]) -> None:
    data = bit_file([NEW, PLAIN])
    one, two, many = (run(*command, "--jobs", n, *inputs, data=data) for n in (1, 2, 99))
    for other in (two, many):
        assert other.stdout_bytes == one.stdout_bytes
        assert other.stderr_bytes == one.stderr_bytes
        assert other.exit_code == one.exit_code == 2
    assert one.stdout_bytes.count(b"new.bit") >= 2
    assert b"none: no such file" in one.stderr_bytes


def test_on_a_terminal_it_is_as_wide_and_as_coloured(inputs: list[str]) -> None:
    shown = []
    for jobs in ("1", "2"):
        command = [sys.executable, "-m", "dredref.conformance.main", "validate", "--jobs", jobs]
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*command, *inputs[:3]],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm-256color"},
        ) as process:
            os.close(theirs)
            parts = []
            try:
                while part := os.read(ours, 4096):
                    parts.append(part)
            except OSError:  # the other end is closed
                pass
        assert process.returncode == 0
        os.close(ours)
        shown.append(b"".join(parts))
    assert shown[0] == shown[1]
    assert b"\x1b[" in shown[0]


def die(source: str) -> None:
    """End the process that reads ``b``."""
    if source == "b":
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_said() -> None:
    with pytest.raises(InputError, match="try --jobs 1"):
        list(each(die, ["a", "b", "c"], 2))


def test_jobs_are_for_summaries(inputs: list[str]) -> None:
    assert isinstance(run("inspect", "--jobs", "2", *inputs[:2]).exception, UsageError)
