"""A survey: every file once, whatever becomes of the workers; and what it says of each."""

from __future__ import annotations

import functools
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import distributed
import pytest

from dredref.spec.errors import InputError, UsageError
from dredref.survey.dataset import COLUMNS, TABLES, DataSet
from dredref.survey.examine import FAILED, OK, UNREADABLE, Options, examine, examine_all
from dredref.survey.inputs import expand
from dredref.survey.run import Cluster, Plan, Progress, run_survey
from dredref.survey.task import Limits, Reader, StartError, end_reader, examine_safely
from dredref.survey.tests.fleet import NEW, PLAIN, bit_file, content, rows, write_fleet
from dredref.tests.commands import run

_distributed: Any = distributed
FEW, MANY = 40, 300


@pytest.fixture
def scheduler() -> Iterator[distributed.LocalCluster]:
    """A real scheduler and two workers on the loopback address."""
    settings = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(settings),
        _distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=":0",
        ) as cluster,
    ):
        yield cluster


def test_a_worker_killed_in_the_middle_costs_no_row_and_doubles_none(
    tmp_path: Path, scheduler: distributed.LocalCluster
) -> None:
    paths = write_fleet(tmp_path / "fleet", MANY)
    out = tmp_path / "out"
    with _distributed.Client(scheduler) as client:
        victims = list(client.run(os.getpid).values())

    def tell(progress: Progress) -> None:
        if progress.done > MANY // 4 and victims:
            os.kill(victims.pop(), signal.SIGKILL)
            victims.clear()

    cluster = Cluster(scheduler.scheduler_address)
    found = run_survey([str(tmp_path / "fleet")], out, cluster, Plan(files_per_task=5), tell)
    assert victims == []
    assert sorted(row["path"] for row in rows(out, "files")) == paths
    assert found.failed == 0
    expected = examine_all(paths, Options())
    for table in TABLES:
        key = lambda row: tuple(str(value) for name, value in row.items() if name != "seconds")  # noqa: E731
        ours, theirs = rows(out, table), getattr(expected, table)
        assert sorted(map(key, ours)) == sorted(map(key, theirs)), table

    parts = sorted(str(path) for path in out.rglob("*.parquet"))
    again = run_survey([str(tmp_path / "fleet")], out, cluster, Plan())
    assert (again.done_before, again.ok, again.unreadable, again.failed) == (MANY, 0, 0, 0)
    assert sorted(str(path) for path in out.rglob("*.parquet")) == parts


FRAGILE = """
import ctypes, os, signal, sys, time
from pathlib import Path

sys.modules["numba"] = None  # few packets are read sooner than a compiler is loaded
from dredref.survey import examine, reader

open_file = examine.open_file

def open_fragile(path):
    name = Path(path).stem
    print("what a library prints is no answer", flush=True)
    if name == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == "once" and not (mark := Path(path).with_suffix(".mark")).exists():
        mark.touch()
        os._exit(3)
    if name == "hang":  # and keeps the interpreter's lock
        ctypes.PyDLL(None).pause()
    if name == "large":
        held = bytearray(b"x" * (1 << 20)) * 300
        time.sleep(1000)
    return open_file(path)

examine.open_file = open_fragile
reader.serve()
"""
"""A reader that some files crash, hang, or make take much memory."""


def test_files_that_crash_hang_or_take_memory_are_failed_and_the_rest_goes_on(
    tmp_path: Path, scheduler: distributed.LocalCluster
) -> None:
    paths = write_fleet(tmp_path / "fleet", 6)
    (tmp_path / "late").mkdir()
    for name in ("fleet/crash", "fleet/once", "fleet/large", "late/hang"):
        (tmp_path / f"{name}.bit").write_bytes(bit_file([NEW]))
    cluster = Cluster(scheduler.scheduler_address)
    limits: Any = {"memory_limit": 250 << 20, "reader": (sys.executable, "-c", FRAGILE)}
    with _distributed.Client(scheduler) as client:
        before = set(client.run(os.getpid).values())
        # Nothing but what hangs is read with a time that a busy machine could exceed.
        for folder, timeout_s in (("fleet", 300.0), ("late", 0.5)):
            plan = Plan(timeout_s=timeout_s, files_per_task=4, **limits)
            run_survey([str(tmp_path / folder)], tmp_path / "out", cluster, plan)
        assert set(client.run(os.getpid).values()) == before
    files = {Path(row["path"]).name: row for row in rows(tmp_path / "out", "files")}
    assert len(files) == len(paths) + 4
    errors = {name: row["error"] for name, row in files.items() if row["status"] == FAILED}
    assert errors == {
        "crash.bit": "its reader crashed 2 times: SIGSEGV",
        "hang.bit": "took longer than 0.5 s",
        "large.bit": "took more than 250 MiB of memory",
    }
    assert {row["status"] for row in files.values()} == {OK, UNREADABLE, FAILED}
    assert files["once.bit"]["with_dred"] == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise SystemExit(7)", "exit code 7"), ("print('x' * 9, flush=True)", "no answer")],
)
def test_a_reader_that_does_not_start_is_said(code: str, said: str) -> None:
    with pytest.raises(StartError, match=said):
        Reader(Limits(reader=(sys.executable, "-c", code)))


def test_a_survey_by_itself_on_the_command_line(tmp_path: Path) -> None:
    write_fleet(tmp_path / "fleet", FEW)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "dredref.conformance.main", "survey", "--workers", "1"]
    command += [str(tmp_path / "fleet"), "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    files = rows(out, "files")
    assert found["total"] == len(files) == FEW
    assert found["unreadable"] == sum(row["status"] == UNREADABLE for row in files) == 6
    assert found["with_dred"] == sum(row["with_dred"] for row in files)
    for table in TABLES:
        assert set(rows(out, table)[0]) == set(COLUMNS[table])


def test_rows_of_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bit"
    path.write_bytes(bit_file([NEW, PLAIN, b"\x03\x00", PLAIN]))
    tables = examine(str(path), Options())
    (file,), (stream,), (violation,) = tables.files, tables.streams, tables.violations
    assert (file["status"], file["bytes"], file["records"]) == (OK, path.stat().st_size, 4)
    assert (file["with_dred"], file["must"], file["should"], file["error"]) == (1, 1, 0, None)
    assert (stream["version"], stream["with_dred"], stream["why_none"]) == (12, 1, None)
    assert stream["reach_ms_max"] == 4 * 40 - 25
    assert (violation["index"], violation["requirement"]) == (2, "packet.r5")
    path.write_bytes(bit_file([PLAIN, b"", b""]))
    (stream,) = examine(str(path), Options()).streams
    assert (stream["lost"], stream["version"]) == (2, None)
    assert stream["why_none"] == "a code-3 packet without padding"
    path.write_bytes(bit_file([PLAIN] * 3)[:-1])
    assert examine(str(path), Options()).files[0]["records"] == 2
    assert examine(str(tmp_path / "none"), Options()).files[0]["status"] == UNREADABLE


def test_violations_are_counted_all_and_listed_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.bit"
    path.write_bytes(bit_file([PLAIN] * 9 + [b"\x03\x00"] * 50))
    tables = examine(str(path), Options(most_violations=7))
    assert (tables.files[0]["must"], len(tables.violations)) == (50, 7)


def test_an_error_that_is_none_of_ours_is_a_failed_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bit"
    path.write_bytes(bit_file([NEW]))

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("dredref.survey.examine.scan_stream", broken)
    (row,) = examine(str(path), Options()).files
    assert (row["status"], row["error"]) == (FAILED, "ZeroDivisionError: planted")


def test_a_named_pipe_does_not_hang_a_survey(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    try:
        tables = examine_safely(str(pipe), Options(), Limits(timeout_s=0.2))
    finally:
        end_reader()
    assert tables.files[0]["error"] == "took longer than 0.2 s"
    with pytest.raises(UsageError, match="no such file"):
        list(expand(str(tmp_path)))


def test_inputs_are_files_folders_globs_and_urls(tmp_path: Path) -> None:
    paths = write_fleet(tmp_path, 110)
    assert sorted(expand(str(tmp_path))) == paths
    assert list(expand(paths[3])) == [paths[3]]
    assert list(expand(f"{tmp_path}/001/*.pcap")) == [
        path for path in paths[100:] if path.endswith(".pcap")
    ]
    assert list(expand(f"file://{tmp_path}/001")) == [f"file://{path}" for path in paths[100:]]
    with pytest.raises(UsageError):
        list(expand(str(tmp_path / "none")))


def test_files_are_read_over_http(tmp_path: Path) -> None:
    name, data = content(0)
    (tmp_path / name).write_bytes(data)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        (url,) = expand(f"{base}/{name}")
        (row,) = examine(url, Options()).files
        (missing,) = examine(f"{base}/none.pcap", Options()).files
        inspected = run("inspect", "--summary", url)
        refused = run("inspect", "--summary", f"{base}/none.pcap")
        server.shutdown()
    assert (row["status"], row["with_dred"]) == (OK, 8)
    assert missing["status"] == UNREADABLE
    assert "in 8 of 8 records" in inspected.stdout
    assert isinstance(refused.exception, InputError)


def test_what_was_cut_short_is_taken_away(tmp_path: Path) -> None:
    first = DataSet(tmp_path / "out")
    (tmp_path / "a.bit").write_bytes(bit_file([NEW]))
    first.write(examine(str(tmp_path / "a.bit"), Options()))
    for table in ("streams", "violations"):
        (tmp_path / "out" / table / "part-00000001.parquet").write_bytes(b"half")
    again = DataSet(tmp_path / "out")
    assert again.next == 1
    assert list(again.paths()) == [str(tmp_path / "a.bit")]
    assert len(list((tmp_path / "out").rglob("*.parquet"))) == 3


@pytest.mark.parametrize("amount", ["2 GiB", "500MB"])
def test_memory_is_an_amount(tmp_path: Path, amount: str) -> None:
    (tmp_path / "a.bit").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "foreign").touch()
    command = ["survey", str(tmp_path / "a.bit"), "--out", str(tmp_path / "out"), "--memory-limit"]
    assert isinstance(run(*command, amount).exception, UsageError)
    for wrong in ("much", "0", "-1GiB"):
        result = run(*command, wrong)
        assert result.exit_code == 2
        assert "is no amount of memory such as 2GiB" in result.stderr


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    (tmp_path / "a.bit").write_bytes(bit_file([NEW]))
    result = run("survey", str(tmp_path / "a.bit"), "--out", str(tmp_path))
    assert isinstance(result.exception, UsageError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bit", "letter.txt"]


def test_a_scheduler_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dredref.survey.run.CONNECT_S", 1)
    (tmp_path / "a.bit").write_bytes(bit_file([NEW]))
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        run_survey([str(tmp_path / "a.bit")], tmp_path / "o", Cluster("tcp://127.0.0.1:9"), Plan())
