"""How fast ``dredref validate`` is, next to libopus: ``python -m tools.bench.validate``.

A long stream is laid together from the packets of the committed ones. libopus parses the packets
in C (framing, extensions, entropy decoding of every chunk, no features), and the command validates
the same packets from a file, as a user runs it; its time is given with its start, and less the
time it takes for a stream of one packet. Peak memory is the child's own, for two lengths.
"""

from __future__ import annotations

import json
import platform
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from dredref.conformance.adapters.libopus.peer import Peer, Timing
from dredref.spec.errors import DredError, InputError
from dredref.streams import open_stream
from tools.streams import make

PEER = "1.6.1"
VALIDATE = ("-m", "dredref.conformance.main", "validate")
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
class Result:
    """What one benchmark measured; times in seconds for all packets."""

    packets: int
    chunks: int
    bytes: int
    libopus: float
    libopus_cpu: float
    validate: float
    validate_cpu: float
    start: float
    start_cpu: float
    peak_mib: float
    fewer_packets: int
    fewer_peak_mib: float
    machine: str

    @property
    def times_libopus(self) -> float:
        """How many times as long as libopus validation takes, start not counted."""
        return (self.validate - self.start) / self.libopus


def packets() -> list[bytes]:
    """The packets of all committed streams of one elementary stream, version 12."""
    found: list[bytes] = []
    for name, entry in make.manifest().items():
        if entry["codec"]["dred_version"] == 12 and entry["options"]["channels"] < 3:
            with open_stream(make.FOLDER / name) as stream:
                found += [record.packet for record in stream if record.packet]
    return found


def write_stream(data: Sequence[bytes], path: Path) -> None:
    """A ``.bit`` file of these packets."""
    with path.open("wb") as file:
        for packet in data:
            file.write(struct.pack(">II", len(packet), 0) + packet)


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


def bench(count: int, fewer: int, rounds: int = 3) -> Result:
    """Measure libopus and the command on ``count`` packets, and the command on fewer and on one.

    Of ``rounds`` runs of each, taken in turns, the quickest counts: the rest tells of other
    programs on the machine.
    """
    known = packets()
    data = list(islice(cycle(known), count))
    peer = Peer(PEER)
    parses: list[Timing] = []
    runs: dict[int, Run] = {}
    with tempfile.TemporaryDirectory(prefix="dredref-bench-") as folder:
        for _ in range(rounds):
            parses.append(peer.time_parse(data))
            for length in (1, fewer, count):
                path = Path(folder) / f"{length}.bit"
                write_stream(data[:length], path)
                run = measure([sys.executable, *VALIDATE, str(path)])
                runs[length] = run.quickest(runs.get(length, run))
    return Result(
        **{"packets": count, "chunks": parses[0].chunks, "bytes": sum(map(len, data))},
        libopus=min(parse.seconds for parse in parses),
        libopus_cpu=min(parse.cpu for parse in parses),
        validate=runs[count].seconds,
        validate_cpu=runs[count].cpu,
        start=runs[1].seconds,
        start_cpu=runs[1].cpu,
        peak_mib=runs[count].peak_mib,
        fewer_packets=fewer,
        fewer_peak_mib=runs[fewer].peak_mib,
        machine=f"{platform.machine()}, Python {platform.python_version()}",
    )


def table(result: Result) -> Table:
    """The result for people."""
    n = result.packets
    shown = Table(title=f"{n:,} packets, {result.chunks:,} chunks, {result.bytes / 1e6:.1f} MB")
    shown.add_column("")
    for column in ("seconds", "packets/s", "times libopus", "peak MiB"):
        shown.add_column(column, justify="right")

    def add(name: str, seconds: float, libopus: float, peak: float | None = None) -> None:
        figures = (f"{seconds:.2f}", f"{n / seconds:,.0f}", f"{seconds / libopus:.1f}")
        shown.add_row(name, *figures, "" if peak is None else f"{peak:.0f}")

    add(f"libopus {PEER}, parse, one core", result.libopus, result.libopus)
    add("dredref validate, whole command", result.validate, result.libopus, result.peak_mib)
    add("dredref validate, less its start", result.validate - result.start, result.libopus)
    net = result.validate_cpu - result.start_cpu
    add("libopus, processor time", result.libopus_cpu, result.libopus_cpu)
    add("dredref, processor time", net, result.libopus_cpu)
    fewer = f"{result.fewer_peak_mib:.0f}"
    shown.add_row(f"dredref validate, {result.fewer_packets:,} packets", "", "", "", fewer)
    return shown


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--packets", "count", default=100_000, show_default=True, help="packets")
@click.option("--fewer", default=10_000, show_default=True, help="packets of the shorter stream")
@click.option("--rounds", default=3, show_default=True, help="runs, of which the quickest counts")
@click.option("--json", "as_json", is_flag=True, help="print the result as JSON")
def main(count: int, fewer: int, rounds: int, as_json: bool) -> None:
    """Time ``dredref validate`` beside libopus' parse of the same packets."""
    try:
        result = bench(count, fewer, rounds)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if as_json:
        print(json.dumps({**asdict(result), "times_libopus": result.times_libopus}, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 100).print(table(result))


if __name__ == "__main__":
    main()
