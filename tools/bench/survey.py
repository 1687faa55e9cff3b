"""How fast ``dredref survey`` is, and what a million calls take: ``python -m tools.bench.survey``.

Small captures are made of the committed streams' packets (pcap, Ogg and ``.bit``, some of them
broken) and surveyed by one worker and by two; then calls of some minutes are, by one. Times are
given with the start of the command and less a survey of a single file. Memory is sampled of the
command, which runs Dask's scheduler and writes the rows, of workers and of their readers.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import psutil
from rich.table import Table

from dredref.spec.errors import InputError
from dredref.streams import Record
from dredref.streams.write import create_stream
from tools.bench.ending import show
from tools.bench.validate import packets

SURVEY = (sys.executable, "-m", "dredref.conformance.main", "survey")
BAR = 1.7
"""How many times as fast two workers are to be as one."""
KINDS = (".pcap", ".ogg", ".bit")
VARIANTS = 60
"""Captures that differ; more are the same ones under other names."""
BROKEN_EACH = 20
"""Every so many of them are broken."""
SMALL = 100
"""Packets of a small capture: two seconds."""
IN_FOLDER = 1000
SAMPLE_S = 0.25
MILLION = 1_000_000
MEBI = 1 << 20
ROLES = {"dredref.survey.reader": "reader", "multiprocessing": "worker"}
"""What stands in a command line -> which process of a survey it is."""


@dataclass(frozen=True, slots=True)
class Roles:
    """A figure of the command, of its workers and of their readers."""

    command: float = 0.0
    worker: float = 0.0
    reader: float = 0.0

    @property
    def total(self) -> float:
        """Of all together."""
        return self.command + self.worker + self.reader

    def __str__(self) -> str:
        """The three, in turn."""
        return ", ".join(f"{getattr(self, name):.0f}" for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Run:
    """A survey, as it was measured.

    Attributes:
        files: surveyed.
        seconds: on the clock, with the start.
        cpu: seconds of processors.
        middle: MiB at most in the second quarter of the time, of workers and readers the largest.
        end: MiB at most in the last quarter.
        out_bytes: of the data set.
        failed: files whose reading broke.
    """

    files: int
    seconds: float
    cpu: Roles
    middle: Roles
    end: Roles
    out_bytes: int
    failed: int


@dataclass(frozen=True, slots=True)
class Result:
    """What the benchmark measured.

    Attributes:
        starts: surveys of a file for each, by one worker and by two.
        small: surveys of the small captures by one worker and by two.
        calls: a survey of calls by one worker.
        minutes: length of a call.
        call_bytes: mean bytes of a call's capture.
        machine: where it ran.
    """

    starts: tuple[Run, Run]
    small: tuple[Run, Run]
    calls: Run
    minutes: float
    call_bytes: int
    machine: str

    @property
    def ratio(self) -> float:
        """How many times as fast two workers are as one, less the start."""
        one, two = (
            run.seconds - start.seconds for run, start in zip(self.small, self.starts, strict=True)
        )
        return one / two

    @property
    def cpu_ratio(self) -> float:
        """How many times as fast they could be at most, by the time of processors for a file."""
        one, two = (
            run.cpu.total - start.cpu.total
            for run, start in zip(self.small, self.starts, strict=True)
        )
        return 2 * one / two

    @property
    def call_seconds(self) -> float:
        """Time of processors for a call, its reading and all that comes with it."""
        return (self.calls.cpu.total - self.starts[0].cpu.total) / self.calls.files

    def hours(self, cores: int) -> float:
        """For a million calls, if so many cores have nothing else to do."""
        return MILLION * self.call_seconds / cores / 3600

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        plan = {
            "calls": MILLION,
            "core_hours": self.hours(1),
            "bytes_read": MILLION * self.call_bytes,
            "bytes_written": MILLION * self.calls.out_bytes // self.calls.files,
        }
        return asdict(self) | {
            "ratio": self.ratio,
            "cpu_ratio": self.cpu_ratio,
            "bar": BAR,
            "plan": plan,
        }


def write_capture(path: Path, data: list[bytes]) -> None:
    """A capture of a call with these packets, of the kind that its suffix says."""
    with create_stream(path) as writer:
        for index, packet in enumerate(data):
            writer.write(Record(index, packet))


def write_variants(folder: Path, length: int, count: int) -> list[Path]:
    """Captures of ``length`` packets each that all differ; some are cut short or nonsense."""
    known = packets()
    folder.mkdir()
    paths = []
    for number in range(count):
        path = folder / f"{number:03d}{KINDS[number % len(KINDS)]}"
        first = number * 977 % len(known)
        write_capture(path, list(islice(cycle(known), first, first + length)))
        if number % BROKEN_EACH == BROKEN_EACH - 1:
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2] if number % 3 else b"no capture" + data)
        paths.append(path)
    return paths


def write_fleet(folder: Path, variants: list[Path], count: int) -> int:
    """``count`` files, the variants in turn under names of their own; the bytes of all."""
    size = 0
    for number, path in enumerate(islice(cycle(variants), count)):
        made = folder / f"{number // IN_FOLDER:04d}" / f"{number:07d}{path.suffix}"
        made.parent.mkdir(parents=True, exist_ok=True)
        made.hardlink_to(path)
        size += path.stat().st_size
    return size


def role_of(process: psutil.Process) -> str:
    """Which process of a survey it is."""
    line = " ".join(process.cmdline())
    return next((role for sign, role in ROLES.items() if sign in line), "command")


def samples_of(process: subprocess.Popen[str]) -> Iterator[tuple[Roles, Roles]]:
    """Memory of the processes of a survey, and their time so far, up to its end."""
    top = psutil.Process(process.pid)
    cpu: dict[int, tuple[str, float]] = {}
    while process.poll() is None:
        held: dict[str, float] = {}
        for one in (top, *top.children(recursive=True)):
            try:
                role = role_of(one) if one.pid != top.pid else "command"
                held[role] = max(held.get(role, 0.0), one.memory_info().rss / MEBI)
                times = one.cpu_times()
            except psutil.Error:
                continue  # it has just ended
            cpu[one.pid] = role, times.user + times.system
        used = dict.fromkeys(Roles.__slots__, 0.0)
        for role, seconds in cpu.values():
            used[role] += seconds
        yield Roles(**held), Roles(**used)
        time.sleep(SAMPLE_S)


def most(samples: list[Roles]) -> Roles:
    """The most of each figure."""
    return Roles(*(max(getattr(one, name) for one in samples) for name in Roles.__slots__))


def measure(folder: Path, workers: int, out: Path) -> Run:
    """Survey a folder.

    Raises:
        InputError: ``bench.failed`` if the command fails.
    """
    command = [*SURVEY, str(folder), "--out", str(out), "--workers", str(workers), "--json"]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        samples = list(samples_of(process))
        said, errors = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise InputError("bench.failed", f"{' '.join(command)}: {errors[-500:]}")
    found = json.loads(said)
    memories = [memory for memory, _ in samples]
    quarter = len(memories) // 4
    return Run(
        found["total"],
        seconds,
        samples[-1][1],
        most(memories[quarter : 2 * quarter] or memories),
        most(memories[3 * quarter :] or memories),
        sum(path.stat().st_size for path in out.rglob("*.parquet")),
        found["failed"],
    )


def bench(captures: int, calls: int, minutes: float) -> Result:
    """Survey small captures by one worker and by two, and calls by one."""
    with tempfile.TemporaryDirectory(prefix="dredref-bench-") as name:
        folder = Path(name)
        small = write_variants(folder / "small", SMALL, VARIANTS)
        write_fleet(folder / "one", small, 1)
        write_fleet(folder / "two", small, 2)
        write_fleet(folder / "many", small, captures)
        long = write_variants(folder / "long", round(minutes * 60 * 50), len(KINDS))
        call_bytes = write_fleet(folder / "calls", long, calls) // calls
        measure(folder / "one", 1, folder / "compiled")
        starts = [
            measure(folder / name, workers, folder / f"start-{workers}")
            for workers, name in ((1, "one"), (2, "two"))
        ]
        runs = [measure(folder / "many", n, folder / f"many-{n}") for n in (1, 2)]
        called = measure(folder / "calls", 1, folder / "called")
    return Result(
        (starts[0], starts[1]),
        (runs[0], runs[1]),
        called,
        minutes,
        call_bytes,
        f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}",
    )


def report(result: Result) -> Iterator[Table | str]:
    """The result for people."""
    table = Table(title=f"dredref survey, {result.machine}")
    table.add_column("")
    for column in ("files", "seconds", "less start", "files/s"):
        table.add_column(column, justify="right")
    of = "command, workers, readers"
    table.add_column(f"processor s:\n{of}")
    table.add_column(f"MiB in the middle and at the end:\n{of}")
    small = f"{SMALL} packets each"
    calls = f"calls of {result.minutes:g} minutes"
    rows = {
        f"{small}, 1 worker": (result.small[0], result.starts[0]),
        f"{small}, 2 workers": (result.small[1], result.starts[1]),
        f"{calls}, 1 worker": (result.calls, result.starts[0]),
    }
    for name, (run, start) in rows.items():
        net = run.seconds - start.seconds
        figures = (f"{run.files:,}", f"{run.seconds:.1f}", f"{net:.1f}", f"{run.files / net:,.0f}")
        table.add_row(name, *figures, str(run.cpu), f"{run.middle}; {run.end}")
    yield table
    verdict = "met" if result.ratio >= BAR else "missed"
    yield (
        f"two workers are {result.ratio:.2f} times as fast as one; bar {BAR}: {verdict} "
        f"(by time of processors {result.cpu_ratio:.2f})"
    )
    plan = result.to_json()["plan"]
    yield (
        f"a million {calls}: {plan['core_hours']:.0f} hours of a core "
        f"({result.hours(2):.0f} h on 2, {result.hours(64):.1f} h on 64), "
        f"{plan['bytes_read'] / 1e12:.2f} TB read, {plan['bytes_written'] / 1e9:.1f} GB written"
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--captures", default=10_000, show_default=True, help="small captures")
@click.option("--calls", default=60, show_default=True, help="calls")
@click.option("--minutes", default=3.0, show_default=True, help="length of a call")
@click.option("--json", "as_json", is_flag=True, help="print the result as JSON")
def main(captures: int, calls: int, minutes: float, as_json: bool) -> None:
    """Time ``dredref survey`` on small captures and on calls."""
    show(lambda: bench(captures, calls, minutes), report, as_json)


if __name__ == "__main__":
    main()
