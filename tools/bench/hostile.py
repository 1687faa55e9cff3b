"""What hostile inputs cost: ``python -m tools.bench.hostile`` prints time and memory by bytes.

Areas and payloads are read and checked by the reference; files are put to ``dredref validate``, a
process each, once at a size and once at four times that size. The bars are those of SECURITY.md;
the figures before are of 28 November 2026, on another machine.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from dredref.spec.checks import check_record
from dredref.spec.dred import add_prefix
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import read_area, read_packet

AREAS: dict[str, tuple[Callable[[int], bytes], str]] = {
    "one-byte padding": (lambda size: b"\x01" * size, "62 s, 459 MB for 1 MB"),
    "short extensions": (lambda size: b"\x06" * size, ""),
    "one repeat of all": (lambda size: b"\x06" * (size - 1) + b"\x05", "about an hour"),
    "a repeat of each": (lambda size: b"\x06\x05" * (size // 2), ""),
    "long and empty": (lambda size: b"\xfd\x00" * (size // 2), ""),
    "a chain of lacing": (lambda size: b"\x41" + b"\xff" * (size - 1), ""),
}
AREA_BYTES, AREA_SECONDS, AREA_MIB = 1 << 16, 1.0, 100
PACKET_BYTES, PACKET_SECONDS = 1500, 0.02


def packet_of(area: bytes, frames: int) -> bytes:
    """A packet with that extension area."""
    toc = Toc(16 if frames > 1 else 1, False, 3)
    return build_packet(Packet(toc, (Frame(b"ab"),) * frames, False, area))


def packets() -> dict[str, bytes]:
    """Packets of 1,500 bytes."""
    size = PACKET_BYTES - 120
    found = {name: packet_of(make(size), 48) for name, (make, _) in AREAS.items()}
    for name, body in (
        ("zeros", bytes(size)),
        ("random", os.urandom(size)),
        ("ones", b"\xff" * size),
    ):
        found[f"DRED of {name}"] = packet_of(b"\xfc" + add_prefix(12, body), 1)
    return found


def gaps(size: int) -> bytes:
    """An opus_demo stream of lost packets."""
    return struct.pack(">II", 3, 0) + b"\x08ab" + bytes(8 * (size // 8))


def measured(path: Path) -> tuple[float, float]:
    """Seconds of processor time and MiB of ``dredref validate`` on a file."""
    command = [sys.executable, "-m", "dredref.conformance.main", "validate", "--brief", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def processor_time(work: Callable[[], object]) -> float:
    """The least of three runs, in seconds."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def _area(name: str) -> float:
    area = AREAS[name][0](AREA_BYTES)
    return processor_time(lambda: check_record(read_area(area, 48)))


@click.command()
def main() -> None:
    """Print what hostile inputs cost. Exit code 1 if a bar is missed."""
    missed = 0
    click.echo(f"areas of {AREA_BYTES} bytes, read and checked; at most {AREA_SECONDS:g} s")
    for name, (_, before) in AREAS.items():
        seconds = _area(name)
        missed += seconds > AREA_SECONDS
        click.echo(f"  {name:<24} {seconds:8.3f} s   {before and 'before: ' + before}".rstrip())
    click.echo(f"packets of {PACKET_BYTES} bytes; at most {1000 * PACKET_SECONDS:g} ms")
    for name, data in packets().items():
        seconds = processor_time(lambda data=data: check_record(read_packet(data)))  # type: ignore[misc]
        missed += seconds > PACKET_SECONDS
        click.echo(f"  {name:<24} {1000 * seconds:8.2f} ms")
    click.echo("validate, a file of n and of 4 n bytes: seconds and MiB of the process")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in _files().items():
            cells = []
            for size in (AREA_BYTES, 4 * AREA_BYTES):
                path = Path(folder) / "hostile.bit"
                path.write_bytes(make(size))
                cells.append("{:6.2f} s {:6.0f} MiB".format(*measured(path)))
            click.echo(f"  {name:<24} {cells[0]}   {cells[1]}")
    sys.exit(1 if missed else 0)


def _files() -> dict[str, Callable[[int], bytes]]:
    """Streams by size."""

    def stream(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def of(size: int) -> bytes:
            data = packet_of(make(size), 48)
            return struct.pack(">II", len(data), 0) + data

        return of

    return {"lost packets": gaps} | {name: stream(make) for name, (make, _) in AREAS.items()}


if __name__ == "__main__":
    main()
