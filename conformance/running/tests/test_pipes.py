"""Pipes of children by threads, and what systems lack that are no Unix."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dredref.conformance.running.pipes import Inlet, Outlet
from dredref.conformance.running.process import Child, Limits
from dredref.conformance.running.replies import FaultError, FaultKind

ROOT = Path(__file__).parents[3]
UNIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "selectors", "termios", "tty"}
HARNESS = Path(__file__).with_name("harnesses.py")

LESS = """
import os, psutil, shutil, signal, subprocess, sys, tempfile
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("killpg", "sysconf", "getuid", "fork", "set_blocking", "sched_getaffinity", "wait4"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGPIPE", "SIGXFSZ", "SIGXCPU"):
    delattr(signal, name)
"""
"""A prelude that takes away what Windows has not."""


def test_a_block_is_given_as_it_comes_and_the_end_again_and_again() -> None:
    ours, theirs = os.pipe()
    outlet = Outlet(os.fdopen(ours, "rb", buffering=0))
    assert outlet.read() is None
    os.write(theirs, b"abc")
    assert outlet.read(5) == b"abc"
    os.close(theirs)
    assert outlet.read(5) == b""
    assert outlet.read() == b""


def test_what_nobody_reads_is_written_behind_the_writer() -> None:
    ours, theirs = os.pipe()
    inlet = Inlet(os.fdopen(theirs, "wb", buffering=0))
    inlet.write(b"x" * 1_000_000)
    inlet.write(b"y")
    inlet.close()
    with os.fdopen(ours, "rb") as stream:
        assert stream.read() == b"x" * 1_000_000 + b"y"
    inlet.join()


def test_a_reader_that_is_gone_stops_nobody() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    inlet = Inlet(os.fdopen(theirs, "wb", buffering=0))
    inlet.write(b"x" * 100_000)
    inlet.join()


def test_dribbling_past_the_deadline_is_a_hang() -> None:
    """A child that never ends its line has no reply, however much it says."""
    code = "import os\nwhile True: os.write(1, b'x')"
    child = Child([sys.executable, "-c", code], Limits())
    try:
        with pytest.raises(FaultError) as caught:
            child.exchange(b"", bytearray(), time.monotonic() + 0.5)
        assert caught.value.kind is FaultKind.HANG
    finally:
        child.kill()


def _imports(path: Path) -> set[str]:
    """Modules that a file imports at its top, outside of a try."""
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_nothing_installed_needs_modules_of_unix() -> None:
    for folder in ("spec", "dredref", "vectors", "conformance"):
        for path in (ROOT / folder).rglob("*.py"):
            if "tests" not in path.parts:
                assert not _imports(path) & UNIX_ONLY, path


@pytest.mark.parametrize(
    ("mode", "name", "outcome"),
    [
        ("good", "hostile.area.noise-000", "pass"),
        ("exit-code", "hostile.area.all-ff.frames-01", "error"),
        ("not-json", "hostile.area.all-ff.frames-01", "error"),
    ],
)
def test_a_run_where_unix_has_more(mode: str, name: str, outcome: str, tmp_path: Path) -> None:
    report = tmp_path / "report"
    command = f"{sys.executable} {HARNESS} {mode}"
    wanted = ["run", "--command", command, "--ids", name, "--report", str(report)]
    script = f"{LESS}\nfrom dredref.conformance.main import main\nsys.argv[1:] = {wanted!r}\nmain()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert "Traceback" not in done.stderr
    lines = (report / "results.jsonl").read_text().splitlines()
    outcomes = [json.loads(line)["outcome"] for line in lines if "outcome" in line]
    assert outcomes == [outcome], (done.stdout, done.stderr)
