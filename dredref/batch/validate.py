"""Validating the records of a stream, many at a time: ``dredref.batch.validate_records``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dredref.batch.certificate import ABSENCES, PRESENT, Certificates, certify
from dredref.batch.outline import DredOutline, Outline, outline_of
from dredref.inspection import Inspection, read_record
from dredref.spec.checks import StreamChecker, Violation, ending_violations
from dredref.streams.record import Record

BATCH = 8192
"""Records of a batch."""
BATCH_BYTES = 1 << 22
"""A batch is closed once it holds this many bytes, so that its memory is bounded."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A record and what is wrong with it."""

    record: Record
    outline: Outline
    violations: tuple[Violation, ...] = ()
    inspection: Inspection | None = None
    """What the reference read, where the record was not certified."""


def batches(records: Iterable[Record], size: int = BATCH) -> Iterator[list[Record]]:
    """Cut a stream into batches of at most ``size`` records and about ``BATCH_BYTES`` bytes."""
    batch: list[Record] = []
    held = 0
    for record in records:
        batch.append(record)
        held += len(record.packet or b"")
        if len(batch) == size or held >= BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def validate_records(
    records: Iterable[Record], *, final_id: int | None = None, batch: int = BATCH
) -> Iterator[Verdict]:
    """Check every record, in turn, against the requirements.

    What is found is what :func:`dredref.inspection.inspections` finds; records that are certified
    in a batch are not read by the reference. Memory does not grow with the stream.

    Args:
        records: of one input; streams are told apart by their number.
        final_id: id of DRED extensions without prefix, instead of the experiments'.
        batch: most records that are looked at together.
    """
    checkers: defaultdict[int, StreamChecker] = defaultdict(StreamChecker)
    for held in batches(records, batch):
        yield from _verdicts(held, checkers, final_id)
        del held  # or the next batch is read beside it


def _verdicts(
    held: Sequence[Record], checkers: defaultdict[int, StreamChecker], final_id: int | None
) -> Iterator[Verdict]:
    """The verdicts on the records of one batch."""
    certificates = certify(held, final_id)
    outlines, violations = _outlines(certificates), _violations(certificates)
    for record, outline, found in zip(held, outlines, violations, strict=True):
        checker = checkers[record.stream]
        if outline is None or not _goes_on(outline, checker):
            yield _by_reference(record, checker, final_id)
        else:
            yield Verdict(record, outline, found)


def _goes_on(outline: Outline, checker: StreamChecker) -> bool:
    """Whether a record that breaks nothing by itself fits those before it."""
    return outline.dred is None or checker.goes_on(outline.dred.version)


def _by_reference(record: Record, checker: StreamChecker, final_id: int | None) -> Verdict:
    """Have the reference read a record."""
    reading = read_record(record, final_id=final_id)
    violations = tuple(checker.check(reading))
    inspection = Inspection(record, reading, violations)
    return Verdict(record, outline_of(reading), violations, inspection)


def _outlines(found: Certificates) -> Iterator[Outline | None]:
    """The outlines of records, None of those not certified."""
    dred_columns = (
        *(found.version, found.q0, found.dQ, found.qmax, found.dred_offset),
        *(found.nb_chunks, found.used, found.wire),
    )
    dred_rows = zip(*(column.tolist() for column in dred_columns), strict=True)
    columns = (found.clean, found.size, found.duration_48k, found.absence)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for (clean, size, duration, absence), dred in zip(rows, dred_rows, strict=True):
        if not clean:
            yield None
        elif absence == PRESENT:
            yield Outline(size, duration, DredOutline(*dred))
        else:
            yield Outline(size, duration, None, ABSENCES[absence])


def _violations(found: Certificates) -> Iterator[tuple[Violation, ...]]:
    """What is wrong with records that are certified: nothing, or what their numbers say."""
    told = (found.absence == PRESENT) & ((found.hidden > 0) | (found.nb_chunks == 0))
    columns = (told, found.payload_byte, found.used, found.nb_chunks, found.hidden)
    for is_told, *numbers in zip(*(column.tolist() for column in columns), strict=True):
        yield tuple(ending_violations(*numbers)) if is_told else ()
