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

from dredref.streams import open_stream
from spec.errors import DredError, InputError
from tools.libopus.peer import Peer
from tools.streams import make

PEER = "1.6.1"
VALIDATE = ("-m", "conformance.main", "validate")
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


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark measured; times in seconds for all packets."""

    packets: int
    chunks: int
    bytes: int
    libopus: float
    validate: float
    validate_cpu: float
    start: float
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


def bench(count: int, fewer: int) -> Result:
    """Measure libopus and the command on ``count`` packets, and the command on fewer and on one."""
    known = packets()
    data = list(islice(cycle(known), count))
    peer = Peer(PEER)
    libopus, chunks = min(peer.time_parse(data) for _ in range(3))
    runs = {}
    with tempfile.TemporaryDirectory(prefix="dredref-bench-") as folder:
        for length in (1, fewer, count):
            path = Path(folder) / f"{length}.bit"
            write_stream(data[:length], path)
            runs[length] = measure([sys.executable, *VALIDATE, str(path)])
    return Result(
        **{"packets": count, "chunks": chunks, "bytes": sum(map(len, data))},
        libopus=libopus,
        validate=runs[count].seconds,
        validate_cpu=runs[count].cpu,
        start=runs[1].seconds,
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
    shown.add_row(*row(f"libopus {PEER}, parse, one core", n, result.libopus, result, ""))
    peak = f"{result.peak_mib:.0f}"
    shown.add_row(*row("dredref validate, whole command", n, result.validate, result, peak))
    net = result.validate - result.start
    shown.add_row(*row("dredref validate, less its start", n, net, result, ""))
    fewer = f"{result.fewer_peak_mib:.0f}"
    shown.add_row(f"dredref validate, {result.fewer_packets:,} packets", "", "", "", fewer)
    return shown


def row(name: str, count: int, seconds: float, result: Result, peak: str) -> list[str]:
    """One line of the table."""
    ratio = f"{seconds / result.libopus:.1f}"
    return [name, f"{seconds:.2f}", f"{count / seconds:,.0f}", ratio, peak]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--packets", "count", default=100_000, show_default=True, help="packets")
@click.option("--fewer", default=10_000, show_default=True, help="packets of the shorter stream")
@click.option("--json", "as_json", is_flag=True, help="print the result as JSON")
def main(count: int, fewer: int, as_json: bool) -> None:
    """Time ``dredref validate`` beside libopus' parse of the same packets."""
    try:
        result = bench(count, fewer)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if as_json:
        print(json.dumps({**asdict(result), "times_libopus": result.times_libopus}, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 100).print(table(result))


if __name__ == "__main__":
    main()
