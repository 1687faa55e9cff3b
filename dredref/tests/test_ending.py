"""How commands end: exit codes, one line, nothing left behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from dredref.files import atomic_output
from dredref.temporary import clear_stale, own_prefix
from dredref.text import clean

COMMAND = [sys.executable, "-m", "dredref.conformance.main"]
STREAM = str(next((Path(__file__).parents[2] / "spec" / "streams").glob("*.bit")))


def ended(words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell line in which ``dredref`` stands for the command."""
    line = words.replace("dredref", " ".join(COMMAND))
    return subprocess.run(["bash", "-c", line], stderr=subprocess.PIPE, timeout=120, check=False)


def is_one_line(text: bytes) -> bool:
    return text.startswith(b"dredref: ") and text.count(b"\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["validate", "inspect --json", "inspect", "validate --json"])
def test_a_full_disk_is_one_line(words: str) -> None:
    done = ended(f"dredref {words} {STREAM} > /dev/full")
    assert (done.returncode, is_one_line(done.stderr)) == (2, True), done.stderr


def test_closed_streams() -> None:
    done = ended(f"dredref validate {STREAM} >&-")
    assert (done.returncode, is_one_line(done.stderr)) == (2, True), done.stderr
    assert ended(f"dredref validate {STREAM} > /dev/null 2>&-").returncode < 2
    assert ended(f"dredref validate {STREAM} > /dev/null <&-").returncode < 2


def test_a_broken_pipe_is_quiet() -> None:
    done = ended(
        f"dredref inspect --json {STREAM} | head -c 10 >/dev/null; exit ${{PIPESTATUS[0]}}"
    )
    assert (done.returncode, done.stderr) in ((141, b""), (0, b""))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_numbers_that_are_not_finite_are_wrong_usage(number: str) -> None:
    done = ended(f"dredref run --impl reference --timeout {number} --ids none")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def archive(path: Path, size: int, kept: int) -> Path:
    """A tarball whose one file claims ``size`` bytes and holds ``kept``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        member = tarfile.TarInfo("opus/package_version")
        member.size = kept
        file.addfile(member, io.BytesIO(bytes(kept)))
        member = tarfile.TarInfo("opus/dnn/fargan_data.c")
        member.size = size
        file.fileobj.write(member.tobuf())
    path.write_bytes(buffer.getvalue())
    return path


def test_archives_that_are_cut_or_claim_too_much_are_refused(tmp_path: Path) -> None:
    cut = archive(tmp_path / "cut.tgz", 1 << 20, 100_000)
    cut.write_bytes(cut.read_bytes()[:80])
    large = archive(tmp_path / "large.tgz", 3 << 30, 100)
    for path in (cut, large):
        done = ended(f"dredref model import {path} --to {tmp_path}")
        assert (done.returncode, is_one_line(done.stderr)) == (2, True), done.stderr


def test_vector_files_of_odd_form_are_one_line(tmp_path: Path) -> None:
    source = next((Path(__file__).parents[2] / "vectors" / "data" / "packet").glob("*.json"))
    folder = tmp_path / "packet"
    folder.mkdir()
    changes: list[dict[str, object]] = [{"operation": {}}, {"input": []}, {"id": 7}, {"flags": 1}]
    for change in changes:
        form = json.loads(source.read_text())
        form["vectors"] = [form["vectors"][0] | change]
        (folder / "a.json").write_text(json.dumps(form))
        done = ended(f"dredref vectors list --vectors {tmp_path} >/dev/null")
        assert (done.returncode, is_one_line(done.stderr)) == (2, True), (change, done.stderr)


@pytest.mark.skipif(not hasattr(signal, "SIGTERM"), reason="needs signals")
def test_what_was_asked_to_end_leaves_nothing(tmp_path: Path) -> None:
    program = tmp_path / "slow.py"
    program.write_text("import sys, time\nopen(sys.argv[1] + '.begun', 'w')\ntime.sleep(60)\n")
    words = f"{sys.executable} {program} {tmp_path}/sign {{input}} {{output}}"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    running = subprocess.Popen(
        [
            *COMMAND,
            "run",
            "--command",
            words,
            "--operation",
            "packet",
            "--report",
            str(tmp_path / "r"),
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    limit = time.monotonic() + 60
    while not (tmp_path / "sign.begun").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 143
    assert list((tmp_path / "temporary").iterdir()) == []
    assert (tmp_path / "r" / "results.jsonl").read_bytes().startswith(b'{"type":"header"')


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for prefix in (".a.", "dredref-"):
        name = own_prefix(prefix).replace(str(os.getpid()), str(gone.pid))
        (tmp_path / f"{name}abc.txt").write_text("")
    mine = tmp_path / f"{own_prefix('.a.')}abc.txt"
    mine.write_text("")
    with atomic_output(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted(["a.txt", mine.name, *(one for one in left if one.startswith("dredref"))])
    clear_stale(tmp_path, "dredref-", ".txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.txt", mine.name])


def test_text_of_others_is_spelled_out() -> None:
    assert clean("a\x1b[2J\u2028\x85\ud800\u202eb") == "a\\x1b[2J\\u2028\\x85\\ud800\\u202eb"
    assert clean("längs 漢字") == "längs 漢字"
    assert clean("x" * 20, 5) == "xxxxx..."
    assert clean("a\nb", keep="\n") == "a\nb"
