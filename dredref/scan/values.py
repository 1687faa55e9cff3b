"""The DRED of many records as values: state and latents, no symbols or costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from dredref.inspection import read_record
from dredref.scan.columns import NO_EXTRA, PRESENT
from dredref.scan.scanner import scan_numbers
from dredref.spec.dred import DECODER_CHUNKS, EXTRA_UNIT, OFFSET_BIAS, Chunk, DredPayload
from dredref.spec.tables import LATENT_DIM, STATE_DIM, level_of_chunk
from dredref.streams.batch import RecordBatch, batch_of, batches_of
from dredref.streams.record import Record

BATCH = 512
"""Records of a batch."""


def read_values(
    records: Iterable[Record], *, final_id: int | None = None, batch: int = BATCH
) -> Iterator[tuple[Record, DredPayload]]:
    """The records that carry DRED, in turn, and what it says.

    They are the values that :func:`dredref.inspection.read_record` finds. Memory does not grow
    with the stream.

    Args:
        records: of any kind.
        final_id: id of DRED extensions without prefix; by default both forms are looked for.
        batch: most records that are looked at together.
    """
    for held in batches_of(records, batch):
        for row, values in enumerate(batch_values(held, final_id=final_id)):
            if values is not None:
                yield held.record(row), values


def payload_values(payloads: Sequence[tuple[bytes, int]]) -> list[DredPayload]:
    """What payloads of the stated versions say, without prefix and in packets by themselves."""
    records = [
        Record(index, payload, "dred_payload", version=version)
        for index, (payload, version) in enumerate(payloads)
    ]
    return [values for values in batch_values(batch_of(records)) if values is not None]


def batch_values(batch: RecordBatch, *, final_id: int | None = None) -> list[DredPayload | None]:
    """What the DRED of each record says, None where there is none.

    Of more than 26 chunks the reference reads the payload.
    """
    values = room(batch)
    rows, _ = scan_numbers(batch, final_id, values)
    found: list[DredPayload | None] = []
    for number, row in enumerate(rows):
        if row["absence"] != PRESENT:
            found.append(None)
        elif row["nb_chunks"] > DECODER_CHUNKS or row["version"] not in STATE_DIM:
            found.append(read_record(batch.record(number), final_id=final_id).dred)
        else:
            found.append(_payload(row, values[number]))
    return found


def room(batch: RecordBatch) -> Any:
    """Room for state and 26 chunks of each record, of either version."""
    widths = [STATE_DIM[version] + DECODER_CHUNKS * LATENT_DIM[version] for version in STATE_DIM]
    return np.zeros((len(batch), max(widths)), np.int32)


def _payload(row: Any, values: Any) -> DredPayload:
    """The payload of a row, from its numbers and values."""
    version, q0, dQ, qmax = (int(row[name]) for name in ("version", "q0", "dQ", "qmax"))
    offset, extra = int(row["offset"]), int(row["extra_offset"])
    shown = None if extra == NO_EXTRA else extra
    state, width, nb_chunks = STATE_DIM[version], LATENT_DIM[version], int(row["nb_chunks"])
    latents = values[state : state + nb_chunks * width].reshape(nb_chunks, width).tolist()
    return DredPayload(
        *(version, q0, dQ, qmax, offset, shown, tuple(values[:state].tolist())),
        tuple(
            Chunk(level_of_chunk(q0, dQ, qmax, index), tuple(chunk))
            for index, chunk in enumerate(latents)
        ),
        int(row["dred_offset"]) - OFFSET_BIAS + offset + EXTRA_UNIT * (shown or 0),
        int(row["payload_size"]),
    )
