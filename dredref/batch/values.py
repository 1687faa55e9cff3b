"""The DRED of a stream's records, many at a time, as values alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dredref.batch.validate import batches
from dredref.inspection import read_record
from dredref.payload.reader import Carried, carried_by, read_carried
from dredref.spec.dred import DredPayload
from dredref.spec.tables import CURRENT_VERSION
from dredref.streams.record import Record

BATCH = 512
"""Records of a batch."""


def read_values(
    records: Iterable[Record], *, final_id: int | None = None, batch: int = BATCH
) -> Iterator[tuple[Record, DredPayload]]:
    """The records that carry DRED, in turn, and what it says: values, no symbols or costs.

    They are the values that :func:`dredref.inspection.read_record` finds. Memory does not grow
    with the stream.

    Args:
        records: of any kind.
        final_id: id of DRED extensions without prefix, instead of the experiments'.
        batch: most records that are looked at together.
    """
    for held in batches(records, batch):
        yield from _values(held, final_id)


def _values(held: Sequence[Record], final_id: int | None) -> Iterator[tuple[Record, DredPayload]]:
    """The DRED of one batch; bare extension areas, which are rare, are the reference's to read."""
    carried = [(record, _carried(record, final_id)) for record in held]
    read = iter(read_carried([one for _, one in carried if one is not None]))
    for record, one in carried:
        if record.kind == "extension_area":
            dred = read_record(record, final_id=final_id).dred
        else:
            dred = next(read) if one is not None else None
        if dred is not None:
            yield record, dred


def _carried(record: Record, final_id: int | None) -> Carried | None:
    """The payload of a packet or of a record that is one."""
    if record.packet is None or record.kind == "extension_area":
        return None
    if record.kind == "dred_payload":
        return Carried(record.version or CURRENT_VERSION, record.packet, 0)
    return carried_by(record.packet, final_id=final_id)
