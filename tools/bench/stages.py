"""What the time of ``dredref validate`` goes into: ``python -m tools.bench.stages``.

Packets of few, more and most chunks are each repeated to a long stream. For each the table says, in
microseconds of processor time a packet: libopus' parse; reading the stream's records into columns;
scanning them, violations in words included; and counting them for the summary.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import cycle, islice

import click
from rich.console import Console
from rich.table import Table

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.scan import scan_stream
from dredref.spec.errors import DredError
from dredref.streams import open_stream
from dredref.summary import add_to_summaries
from tools.bench.validate import PEER, packets

GROUPS = {"5 to 7 chunks": (5, 7), "12 to 14 chunks": (12, 14), "24 to 26 chunks": (24, 26)}
"""Name -> least and most chunks of its packets; all packets together are a group as well."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Microseconds of processor time a packet."""

    group: str
    distinct: int
    """Different packets of the stream."""
    chunks: float
    """Chunks a packet."""
    libopus: float
    read: float
    scan: float
    count: float

    @property
    def total(self) -> float:
        """All of validate."""
        return self.read + self.scan + self.count

    @property
    def times_libopus(self) -> float:
        """How many times as long as libopus it takes."""
        return self.total / self.libopus


def groups(peer: Peer) -> dict[str, list[bytes]]:
    """The packets of each group, from the committed streams."""
    known = packets()
    summary = peer.parse(known).summary
    chunks = [int(row["nb_chunks"]) if row["found"] == 1 else 0 for row in summary]
    found = {
        name: [data for data, count in zip(known, chunks, strict=True) if least <= count <= most]
        for name, (least, most) in GROUPS.items()
    }
    return {**found, "all packets": known}


def quickest(work: Callable[[], object], count: int, rounds: int) -> float:
    """Microseconds of processor time a packet, of the quickest of some rounds after one more."""
    work()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return 1e6 * min(times) / count


def measure(group: str, distinct: list[bytes], count: int, rounds: int, peer: Peer) -> Stages:
    """Measure one group; each stage but the first is the difference of two runs."""
    data = list(islice(cycle(distinct), count))
    file = b"".join(struct.pack(">II", len(packet), 0) + packet for packet in data)

    def read() -> None:
        for _ in open_stream(io.BytesIO(file)).batches():
            pass

    def scanned() -> None:
        for _ in scan_stream(open_stream(io.BytesIO(file)).batches()):
            pass

    def counted() -> None:
        for scan in scan_stream(open_stream(io.BytesIO(file)).batches()):
            add_to_summaries({}, scan)

    timings = [peer.time_parse(data) for _ in range(rounds + 1)]
    reading, scanning, counting = (
        quickest(work, count, rounds) for work in (read, scanned, counted)
    )
    return Stages(
        *(group, len(distinct), timings[0].chunks / count),
        1e6 * min(timing.cpu for timing in timings[1:]) / count,
        *(reading, scanning - reading, counting - scanning),
    )


def table(results: list[Stages]) -> Table:
    """The results for people."""
    shown = Table(title=f"microseconds a packet; libopus {PEER}")
    columns = ("", "chunks", "libopus", "read", "scan", "count", "all", "times")
    for index, column in enumerate(columns):
        shown.add_column(column, justify="right" if index else "left")
    for result in results:
        figures = (result.chunks, result.libopus, result.read, result.scan)
        more = (result.count, result.total, result.times_libopus)
        shown.add_row(result.group, *(f"{figure:.1f}" for figure in (*figures, *more)))
    return shown


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--packets", "count", default=32_768, show_default=True, help="packets of a stream")
@click.option("--rounds", default=5, show_default=True, help="runs, of which the quickest counts")
@click.option("--json", "as_json", is_flag=True, help="print the results as JSON")
def main(count: int, rounds: int, as_json: bool) -> None:
    """Time the stages of validation beside libopus' parse of the same packets."""
    try:
        peer = Peer(PEER)
        results = [
            measure(name, distinct, count, rounds, peer) for name, distinct in groups(peer).items()
        ]
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if as_json:
        figures = [{**asdict(r), "times_libopus": r.times_libopus} for r in results]
        print(json.dumps(figures, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 100).print(table(results))


if __name__ == "__main__":
    main()
