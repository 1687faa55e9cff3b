"""What hostile inputs cost: ``python -m tools.bench.hostile`` prints time and memory by bytes.

Areas and payloads are read and checked by the reference; files are put to ``dredref validate``, a
process each, once at a size and once at four times that size, which may cost four times as much
beyond what an empty stream costs. The bars are those of SECURITY.md; the figures before are of
28 November 2026, on another machine.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from dredref.spec.checks import check_record
from dredref.spec.dred import add_prefix
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import read_area, read_packet
from dredref.streams.oggpage import build_page, build_pages
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.tests.inputs import capture
from dredref.streams.tests.make import rtp

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
SLACK = 0.5, 8.0
"""Seconds and MiB by which processes of the same work differ."""


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


def ogg_gaps(size: int, streams: int = 1) -> bytes:
    """Ogg pages of a packet each; from one to the next a minute, and 3,000 pages, are lost.

    With more than one elementary stream, a lost packet is lost in each of them.
    """
    head = OpusHead(1)
    if streams > 1:
        head = OpusHead(streams, family=255, streams=streams, mapping=bytes(range(streams)))
    pages = build_pages([(build_head(head), 0)], 7, 0, first=True)
    pages += build_pages([(build_tags(), 0)], 7, 1)
    packet = b"\x08\x00" * (streams - 1) + b"\x08" if streams > 1 else b"\x08ab"
    data = b"".join(map(build_page, pages))
    count = 1
    while len(data) < size:
        pages = build_pages([(packet, 60 * 48000 * count)], 7, 3000 * count)
        data += b"".join(map(build_page, pages))
        count += 1
    return data


def rtp_gaps(size: int, sources: int = 1) -> bytes:
    """A capture in which from one RTP packet to the next 30,000 are lost, of one source or many."""
    cost = len(capture([rtp(b"\x08ab", 0, 0)])) - len(capture([]))
    return capture(
        [
            rtp(b"\x08ab", 30_000 * turn, 960 * 30_000 * turn, ssrc=1000 + source)
            for turn in range(size // cost // sources)
            for source in range(sources)
        ]
    )


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


def peak_mib(work: Callable[[], object]) -> float:
    """The most memory that is in use at once, in MiB."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def areas() -> Iterator[bool]:
    """Print what each area costs; whether it keeps the bars."""
    click.echo(
        f"areas of {AREA_BYTES} bytes, read and checked; at most {AREA_SECONDS:g} s, {AREA_MIB} MiB"
    )
    for name, (make, before) in AREAS.items():
        area = make(AREA_BYTES)

        def work(area: bytes = area) -> object:
            return check_record(read_area(area, 48))

        seconds, mib = processor_time(work), peak_mib(work)
        told = before and f"   before: {before}"
        click.echo(f"  {name:<24} {seconds:8.3f} s {mib:6.1f} MiB{told}")
        yield seconds <= AREA_SECONDS and mib <= AREA_MIB


def whole_packets() -> Iterator[bool]:
    """Print what each packet costs; whether it keeps the bar."""
    click.echo(f"packets of {PACKET_BYTES} bytes; at most {1000 * PACKET_SECONDS:g} ms")
    for name, data in packets().items():
        seconds = processor_time(lambda data=data: check_record(read_packet(data)))  # type: ignore[misc]
        click.echo(f"  {name:<24} {1000 * seconds:8.2f} ms")
        yield seconds <= PACKET_SECONDS


def validated() -> Iterator[bool]:
    """Print what validate costs, beyond an empty stream; whether it is linear."""
    click.echo("validate, a file of n and of 4 n bytes: seconds and MiB of the process")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile"
        path.write_bytes(struct.pack(">II", 3, 0) + b"\x08ab")
        empty = min(measured(path), measured(path))
        click.echo(f"  {'one packet':<24} {_cell(empty)}")
        for name, (make, before) in _files().items():
            costs = []
            for size in (AREA_BYTES, 4 * AREA_BYTES):
                path.write_bytes(make(size))
                costs.append(min(measured(path), measured(path)))  # one of them may compile
            told = before and f"   before: {before}"
            click.echo(f"  {name:<24} {_cell(costs[0])}   {_cell(costs[1])}{told}")
            yield all(
                large - base <= 4 * max(small - base, 0) + slack
                for small, large, base, slack in zip(*costs, empty, SLACK, strict=True)
            )


def _cell(cost: tuple[float, float]) -> str:
    return "{:6.2f} s {:6.0f} MiB".format(*cost)


@click.command()
def main() -> None:
    """Print what hostile inputs cost. Exit code 1 if a bar is missed."""
    kept = [*areas(), *whole_packets(), *validated()]
    if missed := kept.count(False):
        click.echo(f"{missed} of {len(kept)} miss their bar")
    sys.exit(1 if missed else 0)


def _files() -> dict[str, tuple[Callable[[int], bytes], str]]:
    """Name -> files by size, and what was measured before."""

    def stream(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def of(size: int) -> bytes:
            data = packet_of(make(size), 48)
            return struct.pack(">II", len(data), 0) + data

        return of

    return {
        "lost packets": (gaps, ""),
        "gaps in Ogg": (ogg_gaps, "150,000 records from 1.7 KB"),
        "gaps in 200 streams": (partial(ogg_gaps, streams=200), "30 million records from 1.9 KB"),
        "gaps in RTP": (rtp_gaps, "1.2 million records from 30 KB"),
        "gaps of 10 sources": (partial(rtp_gaps, sources=10), ""),
        **{name: (stream(make), "") for name, (make, _) in AREAS.items()},
    }


if __name__ == "__main__":
    main()
