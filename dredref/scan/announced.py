"""DRED of a stream against what its session description says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dredref.scan.columns import PRESENT
from dredref.scan.scanner import Scan
from dredref.spec.checks import Violation
from dredref.spec.dred import UNITS_PER_CHUNK
from dredref.spec.requirements import requirements
from dredref.streams.record import StreamInfo

UNIT_MS = 2.5
CHUNK_MS = UNITS_PER_CHUNK * UNIT_MS
SENT, USED = "sdp.sent", "sdp.used"


def covered_ms(rows: Any) -> Any:
    """How much time before its packet DRED covers, for each row: no more than its chunks hold."""
    chunks = UNITS_PER_CHUNK * rows["nb_chunks"]
    return np.minimum(chunks, chunks - rows["dred_offset"]) * UNIT_MS


def add_announced(scan: Scan, infos: Mapping[int, StreamInfo]) -> None:
    """Tell of records whose DRED is a whole chunk or more above what SDP says of their stream."""
    for number, info in infos.items():
        limits = {SENT: info.dred_sends_ms, USED: info.dred_takes_ms}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if not given:
            continue
        chosen = np.flatnonzero((scan.batch.stream == number) & (scan.rows["absence"] == PRESENT))
        covered = covered_ms(scan.rows[chosen])
        for row, ms in zip(chosen.tolist(), covered.tolist(), strict=True):
            found = tuple(_violations(ms, given, int(scan.rows["payload_byte"][row])))
            if found:
                scan.violations[row] = (*scan.violations.get(row, ()), *found)


def _violations(ms: float, limits: Mapping[str, int], byte: int) -> Iterator[Violation]:
    for name, limit in limits.items():
        if ms >= limit + CHUNK_MS:
            detail = f"{ms:g} ms of DRED, {limit} ms announced"
            yield Violation(requirements()[name], name, byte, 0, detail)
