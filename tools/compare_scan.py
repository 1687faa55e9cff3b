"""Shows that the compiled scan says what the reference says: ``python -m tools.compare_scan``.

Compared are all numbers and all violations of each record: of the committed vectors, the committed
streams, and drawn packets, extension areas and payloads; of payloads every integer as well. Exit
code 0 if nothing differs, 1 if anything does.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dredref.files import atomic_output
from dredref.inspection import read_record
from dredref.scan.columns import ABSENCES, NO_EXTRA, PRESENT, Code
from dredref.scan.scanner import scan_numbers
from dredref.scan.values import room
from dredref.scan.wording import violations_of
from dredref.spec.checks import check_record
from dredref.spec.dred import DECODER_CHUNKS, DredPayload
from dredref.spec.errors import DredError
from dredref.spec.reading import Reading
from dredref.spec.silk import has_lbrr
from dredref.spec.tables import CURRENT_VERSION
from dredref.streams import Record, open_stream
from dredref.streams.batch import RecordBatch, batch_of, batches_of
from dredref.vectors.blob import Blob
from dredref.vectors.suite import load_suite
from tools.scan_draws import FINAL_IDS, drawn

STREAMS = Path(__file__).resolve().parents[1] / "spec" / "streams"
RUN = 500
"""Records of a run."""
KEPT = 20
KEEP_S = 60.0


@dataclass
class Tally:
    """What was compared, counted, and the first records that differ."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """Violations that the scan worded, by :class:`Code`."""
    chunks: Counter[int] = field(default_factory=Counter)
    """Payloads by how many chunks they have."""
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take over the counts of another."""
        for name in ("counts", "kinds", "chunks"):
            getattr(self, name).update(getattr(other, name))
        self.examples = (self.examples + other.examples)[:KEPT]


def numbers(reading: Reading) -> dict[str, int]:
    """What the row of a record is to hold, after what the reference has read."""
    found = dict.fromkeys(("duration_48k", "lbrr", "version", "payload_byte", "wire", "q0"), 0)
    found |= dict.fromkeys(("dQ", "qmax", "offset", "extra_offset", "dred_offset", "frame"), 0)
    found |= dict.fromkeys(("nb_chunks", "used", "payload_size", "nb_frames", "final"), 0)
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
        found["final"] = len(reading.payload) == len(reading.carrier.extension.data)
    if reading.dred is not None:
        dred = reading.dred
        for name in ("version", "q0", "dQ", "qmax", "offset", "dred_offset", "used"):
            found[name] = getattr(dred, name)
        found["extra_offset"] = NO_EXTRA if dred.extra_offset is None else dred.extra_offset
        found["nb_chunks"] = len(dred.chunks)
        found["payload_size"] = len(reading.payload)
        found["wire"] = reading.carrier.extension.size if reading.carrier else reading.size
    return found


def values_of(dred: DredPayload | None) -> list[int]:
    """State and latents, of as many chunks as the scan gives."""
    if dred is None:
        return []
    latents = (chunk.latents for chunk in dred.chunks[:DECODER_CHUNKS])
    return [*dred.state, *chain.from_iterable(latents)]


def differences(
    batch: RecordBatch, final_id: int | None = None, tally: Tally | None = None
) -> Iterator[str | None]:
    """For each record the first thing that scan and reference do not say alike, or None.

    Where the scan leaves the violations to the reference, there are none of its own to compare.
    What they are is counted in ``tally``.
    """
    values = room(batch)
    rows, notes = scan_numbers(batch, final_id, values)
    names = list(numbers(Reading(0)))
    figures = rows[names].tolist()
    for number, record in enumerate(batch):
        row = rows[number]
        reading = read_record(record, final_id=final_id)
        expected = numbers(reading)
        integers = values_of(reading.dred)
        said = values[number, : len(integers)].tolist()
        if figures[number] != tuple(expected.values()):
            found = dict(zip(names, figures[number], strict=True))
            name = next(name for name in names if found[name] != expected[name])
            yield f"{name} is {found[name]}, by the reference {expected[name]}"
        elif said != integers or values[number, len(integers) :].any():
            yield f"values {said}, by the reference {integers}"
        elif row["by_reference"]:
            yield None
        else:
            ours = list(violations_of(row, notes[number]))
            theirs = check_record(reading)
            differs = ours != theirs
            if tally is not None and ours:
                kinds = notes["code"][number, : row["violations"]].tolist()
                tally.kinds.update(Code(code).name for code in kinds)
            yield f"violations {ours}, by the reference {theirs}" if differs else None


def compare(records: Sequence[Record], names: Sequence[str], final_id: int | None = None) -> Tally:
    """Compare some records."""
    tally = Tally()
    batch = batch_of(records)
    rows, _ = scan_numbers(batch, final_id)
    present = rows["absence"] == PRESENT
    tally.counts["records"] += len(records)
    tally.counts["with DRED"] += int(present.sum())
    tally.counts["worded by the scan"] += int(
        ((rows["violations"] > 0) & ~rows["by_reference"]).sum()
    )
    tally.counts["left to the reference"] += int(rows["by_reference"].sum())
    tally.chunks.update(rows["nb_chunks"][present].tolist())
    for name, difference in zip(names, differences(batch, final_id, tally), strict=True):
        tally.counts["differing"] += difference is not None
        if difference is not None and len(tally.examples) < KEPT:
            tally.examples.append(f"{name}: {difference}")
    return tally


def compare_drawn(what: str, seed: int, run: range) -> Tally:
    """Compare a run of the draw; of areas in turn with DRED of experiments and final DRED."""
    final_id = FINAL_IDS[run.start // RUN % len(FINAL_IDS)] if what == "areas" else None
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
    columns = ("records", "with DRED", "worded by the scan", "left to the reference")
    table = Table(title=f"the scan against the reference, seed {seed}")
    for column in ("", *columns, "chunks", "kinds", "differing"):
        table.add_column(column, justify="right" if column else "left")
    for title, tally in results.items():
        figures = [f"{tally.counts[column]:,}" for column in columns]
        nb_chunks = sum(number * count for number, count in tally.chunks.items())
        figures += [f"{nb_chunks:,}", str(len(tally.kinds)), f"{tally.counts['differing']:,}"]
        table.add_row(title, *figures)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    for tally in results.values():
        for example in tally.examples:
            console.print(example, markup=False, highlight=False)


def as_object(results: dict[str, Tally], seed: int, finished: bool) -> dict[str, Any]:
    """All counts, of each part and of violations by kind, for programs."""
    kinds = Counter({code.name: 0 for code in Code})
    for tally in results.values():
        kinds.update(tally.kinds)
    parts = {
        title: {
            "counts": dict(tally.counts),
            "chunks": dict(sorted(tally.chunks.items())),
            "kinds": dict(tally.kinds.most_common()),
            "examples": tally.examples,
        }
        for title, tally in results.items()
    }
    return {
        "seed": seed,
        "finished": finished,
        "differing": sum(tally.counts["differing"] for tally in results.values()),
        "processor_s": round(process_time(), 1),
        "violations by kind": dict(kinds.most_common()),
        "parts": parts,
    }


def keep(out: Path, found: dict[str, Any]) -> None:
    """Write the counts."""
    with atomic_output(out) as temporary:
        temporary.write_text(json.dumps(found, indent=2) + "\n")


def pooled(jobs: int, part: list[Any]) -> Iterator[Tally]:
    """The tallies of some runs, in turn."""
    if jobs == 1:
        yield from map(call, part)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(call, part)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--packets", default=10_000, show_default=True, help="drawn packets")
@click.option("--areas", default=10_000, show_default=True, help="drawn extension areas")
@click.option("--payloads", default=10_000, show_default=True, help="drawn payloads")
@click.option("--seed", default=1, show_default=True, help="another seed, another draw")
@click.option("--least", default=0, show_default=True, help="how often each kind must be seen")
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option("--json", "as_json", is_flag=True, help="print the counts as JSON")
@click.option("--out", type=click.Path(path_type=Path), help="keep them here from minute to minute")
def main(
    packets: int,
    areas: int,
    payloads: int,
    seed: int,
    least: int,
    jobs: int,
    as_json: bool,
    out: Path | None,
) -> None:
    """Compare the compiled scan with the reference."""
    paths = sorted(path for path in STREAMS.iterdir() if path.suffix != ".json")
    parts: dict[str, list[Any]] = {
        "payloads": runs("payloads", seed, payloads),
        "areas": runs("areas", seed, areas),
        "packets": runs("packets", seed, packets),
        "vectors": [compare_vectors],
        "streams": [partial(compare_stream, path) for path in paths],
    }
    results: dict[str, Tally] = {}
    console = Console(stderr=True)
    kept = monotonic()
    gc.freeze()
    gc.set_threshold(50_000)  # readings are many small objects without cycles
    try:
        with Progress(console=console, disable=not console.is_terminal) as progress:
            for title, part in parts.items():
                results[title] = Tally()
                for tally in progress.track(pooled(jobs, part), len(part), description=title):
                    results[title].add(tally)
                    if out and monotonic() - kept > KEEP_S:
                        keep(out, as_object(results, seed, finished=False))
                        kept = monotonic()
    except DredError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    found = as_object(results, seed, finished=True)
    if out:
        keep(out, found)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        report(results, seed)
    rare = [kind for kind, count in found["violations by kind"].items() if count < least]
    if rare:
        print(f"seen less than {least} times: {', '.join(rare)}", file=sys.stderr)
    sys.exit(0 if not found["differing"] and not rare else 1)


if __name__ == "__main__":
    main()
