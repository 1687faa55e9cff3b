"""Scanning batches of records, and validating streams of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dredref.inspection import read_record
from dredref.scan.columns import NOTE, PRESENT, ROW, SLOTS
from dredref.scan.wording import violations_of
from dredref.spec.checks import Violation, check_record, version_change
from dredref.spec.dred import EXPERIMENT_ID
from dredref.streams.batch import BATCH_RECORDS, RecordBatch, batches_of
from dredref.streams.record import Record


@dataclass(frozen=True, slots=True)
class Scan:
    """A batch of records and what they say.

    Attributes:
        batch: the records.
        rows: their numbers, ``dredref.scan.columns.ROW`` [n].
        violations: row -> what is wrong with the record, where anything is.
    """

    batch: RecordBatch
    rows: Any
    violations: dict[int, tuple[Violation, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A record, its numbers, and what is wrong with it.

    Attributes:
        record: as it was read.
        row: its numbers, one row of ``dredref.scan.columns.ROW``: ``row["nb_chunks"]``.
        violations: of requirements, in the order of their places.
    """

    record: Record
    row: Any
    violations: tuple[Violation, ...] = ()


def scan_numbers(batch: RecordBatch, final_id: int | None, values: Any = None) -> tuple[Any, Any]:
    """Run the compiled scan: rows and notes of a batch.

    With ``values``, int32 [n, state and 26 chunks, or more] zeros, state and latents of each
    record's DRED are written there, those of later chunks left out.
    """
    # The compiler is loaded by what scans, not by the help of a command.
    from dredref.scan.kernel import scan_rows
    from dredref.scan.tables import laplace_tables

    n = len(batch)
    rows, notes = np.zeros(n, ROW), np.zeros((n, SLOTS), NOTE)
    dred_id = EXPERIMENT_ID if final_id is None else final_id
    if values is None:
        values = np.zeros((n, 0), np.int32)
    place = (batch.data, batch.start, batch.end, batch.kind, batch.companion)
    tables = laplace_tables()
    scan_rows(*place, dred_id, final_id is None, *tables, rows, notes, values)
    return rows, notes


def scan_batch(batch: RecordBatch, *, final_id: int | None = None) -> Scan:
    """Scan a batch, each record by itself.

    What is found is what :func:`dredref.spec.checks.check_record` finds; it is asked only about
    records with faults that the scan cannot word.

    Args:
        batch: records of any kind.
        final_id: id of DRED extensions without prefix; by default both forms are looked for.
    """
    rows, notes = scan_numbers(batch, final_id)
    violations = {}
    for row in np.flatnonzero((rows["violations"] > 0) | rows["by_reference"]).tolist():
        if rows["by_reference"][row]:
            found = check_record(read_record(batch.record(row), final_id=final_id))
        else:
            found = list(violations_of(rows[row], notes[row]))
        if found:
            violations[row] = tuple(found)
    return Scan(batch, rows, violations)


def scan_stream(batches: Iterable[RecordBatch], *, final_id: int | None = None) -> Iterator[Scan]:
    """Scan the batches of one input in turn: each record, and against those of its stream before.

    Memory does not grow with the stream, but for one number for each stream.
    """
    versions: dict[int, int] = {}
    for batch in batches:
        scan = scan_batch(batch, final_id=final_id)
        _add_version_changes(scan, versions)
        yield scan


def _add_version_changes(scan: Scan, versions: dict[int, int]) -> None:
    """Tell of records whose DRED is of another version than the one before in their stream."""
    present = np.flatnonzero(scan.rows["absence"] == PRESENT)
    found = scan.rows["version"][present]
    streams = scan.batch.stream[present]
    known = {versions.get(stream) for stream in np.unique(streams).tolist()}
    if present.size and known == {int(found[0])} and (found == found[0]).all():
        return
    for row, stream, version in zip(
        present.tolist(), streams.tolist(), found.tolist(), strict=True
    ):
        before = versions.get(stream, version)
        versions[stream] = version
        if version != before:
            payload_byte = int(scan.rows["payload_byte"][row])
            change = version_change(payload_byte, version, before)
            scan.violations[row] = (*scan.violations.get(row, ()), change)


def validate_records(
    records: Iterable[Record], *, final_id: int | None = None, batch: int = BATCH_RECORDS
) -> Iterator[Verdict]:
    """Check every record, in turn, against the requirements.

    What is found is what :func:`dredref.inspection.inspections` finds. Memory does not grow with
    the stream.

    Args:
        records: of one input; streams are told apart by their number.
        final_id: id of DRED extensions without prefix; by default both forms are looked for.
        batch: most records that are looked at together.
    """
    for scan in scan_stream(batches_of(records, batch), final_id=final_id):
        for row in range(len(scan.batch)):
            yield Verdict(scan.batch.record(row), scan.rows[row], scan.violations.get(row, ()))
