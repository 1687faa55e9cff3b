"""Shows that this project reads streams as libopus does: ``python -m tools.libopus.compare``.

Compared are the committed streams (frames, extensions, header, positions, every integer), random
payloads of both versions, random extension areas, and random packets; version 12 and all framing
with libopus 1.6.1, version 10 with 1.5.2. Exit code 0 if nothing differs, 1 if anything does.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dredref.conformance.adapters.libopus.peer import DredBatch, Peer
from dredref.spec.errors import DredError
from dredref.streams import open_stream
from tools.libopus import differ, draw

PEERS = {10: "1.5.2", 12: "1.6.1"}
FRAMING = "1.6.1"
STREAMS = Path(__file__).resolve().parents[2] / "spec" / "streams"
KEPT = 20
RUNS = 40


@dataclass
class Tally:
    """What was compared, counted, and the first cases that differ."""

    counts: Counter[str] = field(default_factory=Counter)
    differing: int = 0
    examples: list[str] = field(default_factory=list)

    def case(self, name: str, difference: str | None) -> None:
        """Count one case as differing if there is a difference."""
        if difference is not None:
            self.differing += 1
            if len(self.examples) < KEPT:
                self.examples.append(f"{name}: {difference}")

    def add(self, other: Tally) -> None:
        """Take over the counts of another."""
        self.counts.update(other.counts)
        self.differing += other.differing
        self.examples = (self.examples + other.examples)[:KEPT]


@cache
def peer(name: str) -> Peer:
    """The peer of that name, loaded once a process."""
    return Peer(name)


def count_dred(tally: Tally, batch: DredBatch) -> None:
    """Count what libopus found in a batch: headers, chunks, integers."""
    found = batch.summary[batch.summary["found"] == 1]
    chunks = int(found["nb_chunks"].sum())
    tally.counts["DRED headers"] += len(found)
    tally.counts["chunks"] += chunks
    state, latent = batch.states.shape[1], batch.latents.shape[2]
    tally.counts["integers"] += len(found) * state + chunks * latent


def compare_payloads(version: int, seed: int, run: range) -> Tally:
    """A run of drawn payloads."""
    tally = Tally()
    draws = [draw.payload(seed, number, version) for number in run]
    batch = peer(PEERS[version]).payloads(
        [d.payload for d in draws], [d.frame_offset for d in draws]
    )
    for number, drawn, theirs in zip(run, draws, batch, strict=True):
        tally.counts[drawn.kind] += 1
        line = differ.payload(drawn.payload, drawn.frame_offset, theirs, version)
        tally.case(f"payload {number} ({drawn.kind}, version {version})", line)
    count_dred(tally, batch)
    return tally


def compare_areas(seed: int, run: range) -> Tally:
    """A run of drawn extension areas."""
    tally = Tally()
    them = peer(FRAMING)
    draws = [draw.area(seed, number, them) for number in run]
    rows, counts, returns = them.extensions_batch(
        [d.area for d in draws], [d.nb_frames for d in draws]
    )
    end = 0
    for number, drawn, count, returned in zip(run, draws, counts, returns, strict=True):
        start, end = end, end + int(count)
        line = differ.area(drawn.area, drawn.nb_frames, rows[start:end], int(returned))
        tally.case(f"area {number} ({drawn.kind})", line)
        tally.counts[drawn.kind] += 1
        tally.counts["broken areas" if returned < 0 else "sound areas"] += 1
    tally.counts["extensions"] += len(rows)
    return tally


def compare_packets(seed: int, run: range) -> Tally:
    """A run of drawn packets: framing alone."""
    tally = Tally()
    for number in run:
        data = draw.packet(seed, number)
        theirs = peer(FRAMING).packet(data)
        tally.counts["refused" if isinstance(theirs, int) else "taken"] += 1
        tally.case(f"packet {number}", differ.packet(data, theirs))
    return tally


def compare_stream(path: Path) -> Tally:
    """A committed stream, read by this project's own reader; every packet with both versions."""
    tally = Tally()
    with open_stream(path) as stream:
        packets = [record.packet for record in stream if record.packet is not None]
    for version, name in PEERS.items():
        batch = peer(name).parse(packets)
        for number, (data, theirs) in enumerate(zip(packets, batch, strict=True)):
            line = differ.streamed(data, theirs, version, peer(FRAMING))
            tally.case(f"{path.name}, packet {number}, version {version}", line)
        count_dred(tally, batch)
        tally.counts[f"packets with DRED {version}"] += int(batch.summary["found"].sum())
    tally.counts["packets"] += len(packets)
    return tally


def stream_paths() -> list[Path]:
    """The committed streams."""
    return sorted(path for path in STREAMS.iterdir() if path.suffix != ".json")


@dataclass(frozen=True)
class Part:
    """One part of the comparison: runs of cases, and how many cases they are."""

    title: str
    unit: str
    cases: int
    runs: Sequence[Callable[[], Tally]]


def parts(seed: int, payloads: int, areas: int, packets: int) -> Iterator[Part]:
    """The parts of a comparison of that size."""
    paths = stream_paths()
    yield Part("streams", "streams", len(paths), [partial(compare_stream, p) for p in paths])
    for version in (12, 10):
        runs = [partial(compare_payloads, version, seed, r) for r in draw.numbers(payloads, RUNS)]
        yield Part(f"payloads, version {version}", "payloads", payloads, runs)
    yield Part(
        *("extension areas", "areas", areas),
        [partial(compare_areas, seed, run) for run in draw.numbers(areas, RUNS)],
    )
    yield Part(
        *("packets", "packets", packets),
        [partial(compare_packets, seed, run) for run in draw.numbers(packets, RUNS)],
    )


def call(run: Callable[[], Tally]) -> Tally:
    """Run one run, in whatever process this is."""
    return run()


def compare(part: Part, jobs: int, advance: Callable[[], None]) -> Tally:
    """All runs of a part, in ``jobs`` processes."""
    total = Tally()
    if jobs == 1:
        for run in part.runs:
            total.add(run())
            advance()
        return total
    with ProcessPoolExecutor(jobs) as pool:
        for tally in pool.map(call, part.runs):
            total.add(tally)
            advance()
    return total


def report(results: dict[str, tuple[Part, Tally]], seed: int) -> None:
    """Print the table of counts and the first differences."""
    table = Table(title=f"this project against libopus, seed {seed}")
    for column in ("part", "cases", "compared", "differing"):
        table.add_column(column, justify="left" if column in ("part", "compared") else "right")
    for title, (part, tally) in results.items():
        compared = ", ".join(f"{count:,} {name}" for name, count in sorted(tally.counts.items()))
        table.add_row(title, f"{part.cases:,}", compared, str(tally.differing))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    for _, tally in results.values():
        for example in tally.examples:
            console.print(example, markup=False, highlight=False)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--payloads", default=20_000, show_default=True, help="payloads of each version")
@click.option("--areas", default=200_000, show_default=True, help="extension areas")
@click.option("--packets", default=20_000, show_default=True, help="packets")
@click.option("--seed", default=1, show_default=True, help="another seed, another draw")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="processes")
@click.option("--json", "as_json", is_flag=True, help="print the counts as JSON")
def main(payloads: int, areas: int, packets: int, seed: int, jobs: int, as_json: bool) -> None:
    """Compare streams, payloads, extension areas and packets with libopus."""
    results: dict[str, tuple[Part, Tally]] = {}
    console = Console(stderr=True)
    try:
        with Progress(console=console, disable=not console.is_terminal) as progress:
            for part in parts(seed, payloads, areas, packets):
                task = progress.add_task(part.title, total=len(part.runs))
                advance = partial(progress.advance, task)
                results[part.title] = part, compare(part, jobs, advance)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if as_json:
        content = {
            title: {"cases": part.cases, "differing": tally.differing, **tally.counts}
            for title, (part, tally) in results.items()
        }
        print(json.dumps(content, indent=2))
    else:
        report(results, seed)
    sys.exit(1 if any(tally.differing for _, tally in results.values()) else 0)


if __name__ == "__main__":
    main()
