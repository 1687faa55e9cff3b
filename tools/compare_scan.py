"""Shows that the compiled scan says what the reference says: ``python -m tools.compare_scan``.

Compared are all numbers and all violations of each record: of the committed vectors, the committed
streams, and drawn packets, extension areas and payloads; of payloads every integer as well. Exit
code 0 if nothing differs, 1 if anything does.
"""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.inspection import read_record
from dredref.scan.columns import ABSENCES, NO_EXTRA, PRESENT
from dredref.scan.scanner import scan_numbers
from dredref.scan.values import batch_values
from dredref.scan.wording import violations_of
from dredref.spec.checks import check_record
from dredref.spec.dred import DECODER_CHUNKS, EXPERIMENT_ID, add_prefix
from dredref.spec.errors import DredError
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import Reading
from dredref.spec.silk import has_lbrr
from dredref.spec.tables import CURRENT_VERSION
from dredref.streams import Record, open_stream
from dredref.streams.batch import RecordBatch, batch_of, batches_of
from dredref.vectors.blob import Blob
from dredref.vectors.suite import load_suite
from tools.libopus import draw

STREAMS = Path(__file__).resolve().parents[1] / "spec" / "streams"
PEER = "1.6.1"
"""Build of libopus that writes some of the areas."""
RUN = 500
"""Records of a run."""
KEPT = 20


@dataclass
class Tally:
    """What was compared, counted, and the first records that differ."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take over the counts of another."""
        self.counts.update(other.counts)
        self.examples = (self.examples + other.examples)[:KEPT]


def numbers(reading: Reading) -> dict[str, int]:
    """What the row of a record is to hold, after what the reference has read."""
    found = dict.fromkeys(("duration_48k", "lbrr", "version", "payload_byte", "wire", "q0"), 0)
    found |= dict.fromkeys(("dQ", "qmax", "offset", "extra_offset", "dred_offset", "frame"), 0)
    found |= dict.fromkeys(("nb_chunks", "used", "payload_size", "nb_frames"), 0)
    found |= {"size": reading.size, "toc": -1, "absence": PRESENT}
    if reading.absence is not None:
        found["absence"] = ABSENCES.index(reading.absence)
    if reading.packet is not None:
        found["toc"] = reading.packet.toc.byte
        found["nb_frames"] = reading.packet.nb_frames
        found["duration_48k"] = reading.packet.duration_48k
        found["lbrr"] = has_lbrr(reading.packet)
    if reading.carrier is not None:
        found["payload_byte"] = reading.carrier.payload_byte
        found["frame"] = reading.carrier.extension.frame
    if reading.dred is not None:
        dred = reading.dred
        for name in ("version", "q0", "dQ", "qmax", "offset", "dred_offset", "used"):
            found[name] = getattr(dred, name)
        found["extra_offset"] = NO_EXTRA if dred.extra_offset is None else dred.extra_offset
        found["nb_chunks"] = len(dred.chunks)
        found["payload_size"] = len(reading.payload)
        found["wire"] = reading.carrier.extension.size if reading.carrier else reading.size
    return found


def differences(batch: RecordBatch, final_id: int | None = None) -> Iterator[str | None]:
    """For each record the first thing that scan and reference do not say alike, or None.

    Where the scan leaves the violations to the reference, there are none of its own to compare.
    """
    rows, notes = scan_numbers(batch, final_id)
    values = batch_values(batch, final_id=final_id)
    for number, record in enumerate(batch):
        row = rows[number]
        reading = read_record(record, final_id=final_id)
        expected = numbers(reading)
        wrong = [name for name in expected if row[name].item() != expected[name]]
        if wrong:
            yield f"{wrong[0]} is {row[wrong[0]]}, by the reference {expected[wrong[0]]}"
        elif values[number] != reading.dred:
            yield f"values {values[number]}, by the reference {reading.dred}"
        elif row["by_reference"]:
            yield None
        else:
            ours = list(violations_of(row, notes[number]))
            theirs = check_record(reading)
            differs = ours != theirs
            yield f"violations {ours}, by the reference {theirs}" if differs else None


def compare(records: Sequence[Record], names: Sequence[str], final_id: int | None = None) -> Tally:
    """Compare some records."""
    tally = Tally()
    batch = batch_of(records)
    rows, _ = scan_numbers(batch, final_id)
    tally.counts["records"] += len(records)
    tally.counts["with DRED"] += int((rows["absence"] == PRESENT).sum())
    tally.counts["worded by the scan"] += int(
        ((rows["violations"] > 0) & ~rows["by_reference"]).sum()
    )
    tally.counts["left to the reference"] += int(rows["by_reference"].sum())
    few = rows["nb_chunks"] <= DECODER_CHUNKS
    tally.counts["chunks"] += int(rows["nb_chunks"][few].sum())
    for name, difference in zip(names, differences(batch, final_id), strict=True):
        tally.counts["differing"] += difference is not None
        if difference is not None and len(tally.examples) < KEPT:
            tally.examples.append(f"{name}: {difference}")
    return tally


@cache
def peer() -> Peer:
    """The build of libopus, loaded once a process."""
    return Peer(PEER)


def wrapped(data: bytes, number: int, version: int, kind: str) -> Record:
    """A payload by itself or in an extension of one of the frames of a packet."""
    if kind == "dred_payload":
        return Record(number, data, "dred_payload", version=version)
    nb_frames = 1 + number % 3
    toc = Toc(9 if number % 2 else 16, bool(number % 5 == 0), 3)
    extension = Extension(126, number // 3 % nb_frames, add_prefix(version, data))
    area = pack_extensions([extension], nb_frames)
    return Record(number, build_packet(Packet(toc, (Frame(b"frame"),) * nb_frames, False, area)))


def drawn(what: str, seed: int, numbers_of: range) -> list[Record]:
    """A run of drawn packets, areas or payloads as records."""
    records = []
    for number in numbers_of:
        if what == "packets":
            records.append(Record(number, draw.packet(seed, number)))
        elif what == "areas":
            area = draw.area(seed, number, peer())
            records.append(Record(number, area.area, "extension_area", nb_frames=area.nb_frames))
        else:
            version = (12, 10)[number % 2]
            data = draw.payload(seed, number // 2, version).payload
            kind = "packet" if number // 2 % 4 == 1 else "dred_payload"
            records.append(wrapped(data, number, version, kind))
    return records


def compare_drawn(what: str, seed: int, run: range) -> Tally:
    """Compare a run of the draw; in every other one of areas, their extensions are final DRED."""
    final_id = EXPERIMENT_ID if what == "areas" and run.start // RUN % 2 else None
    names = [f"{what} {number} of seed {seed}" for number in run]
    return compare(drawn(what, seed, run), names, final_id)


def compare_stream(path: Path) -> Tally:
    """Compare a committed stream."""
    tally = Tally()
    with open_stream(path) as stream:
        for batch in batches_of(stream, RUN):
            records = list(batch)
            tally.add(compare(records, [f"{path.name}, record {one.index}" for one in records]))
    return tally


def vector_records(given: Any, version: int | None) -> Iterator[Record]:
    """What of a vector's input is a packet, an area, a payload or a stream of packets."""
    for name in ("packet", "area", "payload", "stream"):
        blob = getattr(given, name, None)
        if not isinstance(blob, Blob):
            continue
        data = blob.read()
        if name == "packet":
            yield Record(0, data)
        elif name == "area":
            yield Record(0, data, "extension_area", nb_frames=given.nb_frames)
        elif name == "payload":
            yield Record(0, data, "dred_payload", version=version or CURRENT_VERSION)
        elif data:  # a stream of no byte has no record, and no reader takes it
            with open_stream(io.BytesIO(data)) as stream:
                yield from stream


def compare_vectors(most_bytes: int | None = None) -> Tally:
    """Compare the committed vectors, or those records of theirs that are no longer."""
    tally = Tally()
    for vector in load_suite().vectors():
        records = [
            record
            for record in vector_records(vector.input, vector.version)
            if most_bytes is None or len(record.packet or b"") <= most_bytes
        ]
        final_id = getattr(vector.input, "final_id", None)
        if records:
            tally.add(compare(records, [vector.id] * len(records), final_id))
    return tally


def call(run: Any) -> Tally:
    """Run one run, in whatever process this is."""
    result: Tally = run()
    return result


def runs(what: str, seed: int, count: int) -> list[Any]:
    """The runs of a draw."""
    return [
        partial(compare_drawn, what, seed, range(start, min(start + RUN, count)))
        for start in range(0, count, RUN)
    ]


def report(results: dict[str, Tally], seed: int) -> None:
    """Print the table of counts and the first differences."""
    columns = ("records", "with DRED", "chunks", "worded by the scan", "left to the reference")
    table = Table(title=f"the scan against the reference, seed {seed}")
    for column in ("", *columns, "differing"):
        table.add_column(column, justify="right" if column else "left")
    for title, tally in results.items():
        figures = (f"{tally.counts[column]:,}" for column in (*columns, "differing"))
        table.add_row(title, *figures)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    for tally in results.values():
        for example in tally.examples:
            console.print(example, markup=False, highlight=False)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--packets", default=10_000, show_default=True, help="drawn packets")
@click.option("--areas", default=10_000, show_default=True, help="drawn extension areas")
@click.option("--payloads", default=2_000, show_default=True, help="drawn payloads")
@click.option("--seed", default=1, show_default=True, help="another seed, another draw")
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option("--json", "as_json", is_flag=True, help="print the counts as JSON")
def main(packets: int, areas: int, payloads: int, seed: int, jobs: int, as_json: bool) -> None:
    """Compare the compiled scan with the reference."""
    paths = sorted(path for path in STREAMS.iterdir() if path.suffix != ".json")
    parts: dict[str, list[Any]] = {
        "vectors": [compare_vectors],
        "streams": [partial(compare_stream, path) for path in paths],
        "packets": runs("packets", seed, packets),
        "areas": runs("areas", seed, areas),
        "payloads": runs("payloads", seed, payloads),
    }
    results: dict[str, Tally] = {}
    console = Console(stderr=True)
    try:
        with (
            Progress(console=console, disable=not console.is_terminal) as progress,
            ProcessPoolExecutor(jobs) as pool,
        ):
            for title, part in parts.items():
                results[title] = Tally()
                for tally in progress.track(pool.map(call, part), len(part), description=title):
                    results[title].add(tally)
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if as_json:
        print(json.dumps({title: dict(tally.counts) for title, tally in results.items()}, indent=2))
    else:
        report(results, seed)
    sys.exit(1 if any(tally.counts["differing"] for tally in results.values()) else 0)


if __name__ == "__main__":
    main()
