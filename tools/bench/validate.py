"""How fast ``validate`` and ``inspect --summary`` are: ``python -m tools.bench.validate``.

A long stream is laid together from the packets of the committed ones. libopus parses the packets
in C (framing, extensions, entropy decoding of every chunk, no features), and the commands read the
same packets from files of several kinds, as a user runs them; their time is less that for a file
of a few packets. Of ``rounds`` runs of each, taken in turns, the quickest counts: the rest tells of
other programs on the machine. Peak memory is the child's own, by length; and two files are
validated one after the other and by two processes.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table

from dredref.conformance.adapters.libopus.peer import Peer, Timing
from dredref.spec.errors import InputError
from dredref.streams import Record, open_stream
from dredref.streams.write import create_stream
from tools.bench.ending import show
from tools.streams import make

PEER = "1.6.1"
DREDREF = (sys.executable, "-m", "dredref.conformance.main")
COMMANDS = ("validate", "inspect --summary")
BARS = {".bit": 1.0, ".ogg": 2.0, ".pcap": 4.0}
"""Kind of file -> how many times libopus' time reading it may take."""
FEW = 10
"""Packets of the file whose time counts as the start; fewer are no call in a capture."""
T = TypeVar("T")
# The child is measured by a small process between, for a process inherits its parent's peak.
MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a command: seconds on the clock and of processors, and peak memory in MiB."""

    seconds: float
    cpu: float
    peak_mib: float

    def quickest(self, other: Run) -> Run:
        """The lesser times of two runs, and the greater peak."""
        return Run(
            min(self.seconds, other.seconds),
            min(self.cpu, other.cpu),
            max(self.peak_mib, other.peak_mib),
        )


@dataclass(frozen=True, slots=True)
class Speed:
    """How long a command takes for a file of some kind, its start not counted."""

    kind: str
    command: str
    run: Run
    start: Run
    libopus: Timing
    bar: float

    @property
    def seconds(self) -> float:
        """On the clock."""
        return self.run.seconds - self.start.seconds

    @property
    def times_libopus(self) -> float:
        """How many times as long as libopus takes to parse the packets."""
        return self.seconds / self.libopus.seconds

    @property
    def cpu_times_libopus(self) -> float:
        """The same in time of processors, which other programs on the machine disturb less."""
        return (self.run.cpu - self.start.cpu) / self.libopus.cpu

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        ratios = {"times_libopus": self.times_libopus, "cpu_times_libopus": self.cpu_times_libopus}
        return asdict(self) | ratios


@dataclass(frozen=True, slots=True)
class Result:
    """What the benchmark measured.

    Attributes:
        packets: that libopus and the commands read.
        chunks: in them.
        bytes: of them.
        libopus: its time for them.
        speeds: of each command on each kind of file.
        peaks: peak memory of ``validate`` in MiB, by kind and packets.
        jobs: validating two files with ``--jobs`` 1 and 2.
        machine: where it ran.
    """

    packets: int
    chunks: int
    bytes: int
    libopus: Timing
    speeds: list[Speed]
    peaks: dict[str, dict[int, float]]
    jobs: tuple[Run, Run]
    machine: str

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        return asdict(self) | {"speeds": [speed.to_json() for speed in self.speeds]}


def packets() -> list[bytes]:
    """The packets of all committed streams of one elementary stream, version 12."""
    found: list[bytes] = []
    for name, entry in make.manifest().items():
        if entry["codec"]["dred_version"] == 12 and entry["options"]["channels"] < 3:
            with open_stream(make.FOLDER / name) as stream:
                found += [record.packet for record in stream if record.packet]
    return found


def write_stream(data: Iterable[bytes], path: Path) -> None:
    """A file of these packets, of the kind that its suffix says."""
    with create_stream(path) as writer:
        for index, packet in enumerate(data):
            writer.write(Record(index, packet))


def measure(command: Sequence[str]) -> Run:
    """Run a command in a process of its own.

    Raises:
        InputError: ``bench.failed`` unless it ends with 0 or 1.
    """
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True)
    if done.returncode == 0:
        code, seconds, cpu, peak = json.loads(done.stdout)
        if code in (0, 1):
            return Run(seconds, cpu, peak / 1024)
    raise InputError("bench.failed", f"{' '.join(command)}: {done.stderr[-500:]}")


def quickest(commands: Mapping[T, Sequence[str]], rounds: int) -> dict[T, Run]:
    """Measure some commands in turns."""
    runs: dict[T, Run] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            run = measure([*DREDREF, *command])
            runs[name] = run.quickest(runs.get(name, run))
    return runs


def bench(
    count: int, lengths: Sequence[int], rounds: int, kinds: Collection[str] = tuple(BARS)
) -> Result:
    """Measure libopus and the commands on ``count`` packets, and memory for several lengths."""
    known = packets()
    data = list(islice(cycle(known), count))
    peer = Peer(PEER)
    with tempfile.TemporaryDirectory(prefix="dredref-bench-") as name:
        folder = Path(name)
        commands: dict[tuple[str, str, int], list[str]] = {}
        for kind in kinds:
            for length in (FEW, count):
                path = folder / f"{length}{kind}"
                write_stream(islice(cycle(known), length), path)
                for command in COMMANDS:
                    commands[kind, command, length] = [*command.split(), str(path)]
        parses = [peer.time_parse(data) for _ in range(rounds)]
        runs = quickest(commands, rounds)
        parses += [peer.time_parse(data) for _ in range(rounds)]
        libopus = min(parses, key=lambda parse: parse.seconds)
        twice = [str(folder / f"{count}{next(iter(kinds))}")] * 2
        jobs = quickest({n: ["validate", "--jobs", str(n), *twice] for n in (1, 2)}, rounds)
        peaks: dict[str, dict[int, float]] = {}
        for kind in kinds:
            for length in lengths:
                path = folder / f"memory-{length}{kind}"
                write_stream(islice(cycle(known), length), path)
                run = measure([*DREDREF, "validate", str(path)])
                peaks.setdefault(kind, {})[length] = run.peak_mib
                path.unlink()
    speeds = [
        Speed(
            kind,
            command,
            runs[kind, command, count],
            runs[kind, command, FEW],
            libopus,
            BARS[kind],
        )
        for kind in kinds
        for command in COMMANDS
    ]
    size = sum(map(len, data))
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    both = jobs[1], jobs[2]
    return Result(count, libopus.chunks, size, libopus, speeds, peaks, both, machine)


def report(result: Result) -> Iterator[Table | str]:
    """The result for people."""
    n = result.packets
    speeds = Table(title=f"{n:,} packets, {result.chunks:,} chunks, {result.bytes / 1e6:.1f} MB")
    for column in ("", "command"):
        speeds.add_column(column)
    for column in ("seconds", "less start", "packets/s", "times libopus", "by processor", "bar"):
        speeds.add_column(column, justify="right")
    speeds.add_column("")
    seconds = result.libopus.seconds
    rate = f"{n / seconds:,.0f}"
    speeds.add_row(f"libopus {PEER}", "parse", f"{seconds:.2f}", "", rate, "1.0", "1.0", "", "")
    for one in result.speeds:
        speeds.add_row(
            *(one.kind, one.command, f"{one.run.seconds:.2f}", f"{one.seconds:.2f}"),
            *(f"{n / one.seconds:,.0f}", f"{one.times_libopus:.2f}"),
            *(f"{one.cpu_times_libopus:.2f}", f"{one.bar:g}"),
            "met" if one.times_libopus <= one.bar else "missed",
        )
    yield speeds
    memory = Table(title="peak memory of validate in MiB, by packets")
    memory.add_column("")
    for length in next(iter(result.peaks.values())):
        memory.add_column(f"{length:,}", justify="right")
    for kind, peaks in result.peaks.items():
        memory.add_row(kind, *(f"{peak:.0f}" for peak in peaks.values()))
    yield memory
    alone, both = (run.seconds for run in result.jobs)
    yield (
        f"two files of {n:,} packets: {alone:.2f} s, with --jobs 2 {both:.2f} s "
        f"({alone / both:.2f} times as fast)"
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--packets", "count", default=100_000, show_default=True, help="packets")
@click.option(
    "--memory",
    "lengths",
    multiple=True,
    type=click.IntRange(1),
    default=(10_000, 100_000, 1_000_000),
    show_default=True,
    help="packets of the files that memory is measured on",
)
@click.option("--rounds", default=3, show_default=True, help="runs, of which the quickest counts")
@click.option("--json", "as_json", is_flag=True, help="print the result as JSON")
def main(count: int, lengths: tuple[int, ...], rounds: int, as_json: bool) -> None:
    """Time ``validate`` and ``inspect --summary`` beside libopus' parse of the same packets."""
    show(lambda: bench(count, lengths, rounds), report, as_json)


if __name__ == "__main__":
    main()
