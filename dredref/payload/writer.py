"""Payloads of many packets at once, byte for byte those of ``dredref.spec.dred``.

Packets of a batch share level settings, so that the symbols of all of them have the same tables in
the same order; they differ in values, offset, number of chunks and limit of bytes. The coder's
states after each chunk are kept, so that a payload can be ended at any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.carrier import Arithmetic
from dredref.arithmetic.fixed import Integers
from dredref.payload.strings import write_strings
from dredref.rdovae.quantize import quantize
from dredref.spec.dred import EXTRA_UNIT, MAX_EXTENSION_BYTES, OFFSET_BIAS, SPARE_BITS
from dredref.spec.errors import BuildError, UsageError
from dredref.spec.laplace import LAPLACE_ESCAPE
from dredref.spec.rangecoder import START_BYTES, finish, tell
from dredref.spec.symbols import cap_span
from dredref.spec.tables import CURRENT_VERSION, level_of_chunk, quantizer_tables

STEPS_PER_CHUNK = 2
"""A chunk is every second latent vector."""

MAX_PAYLOAD_BYTES = MAX_EXTENSION_BYTES - 2
"""Longest payload that libopus would write behind the prefix."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Quantizer levels of a payload: of the first chunk, their rise, and their top."""

    q0: int = 6
    dQ: int = 5  # noqa: N815 - the draft's name
    qmax: int = 15

    def __post_init__(self) -> None:
        """Refuse what a payload cannot say.

        Raises:
            UsageError: ``encode.levels``.
        """
        if not 0 <= self.q0 <= 15 or not 0 <= self.dQ <= 7:
            raise UsageError("encode.levels", f"q0 {self.q0} or dQ {self.dQ} is out of range")
        lowest = self.q0 + 1 if self.q0 < 14 and self.dQ > 0 else 15
        if not lowest <= self.qmax <= 15:
            raise UsageError(
                "encode.levels", f"qmax {self.qmax} is not in {lowest} to 15 for this q0 and dQ"
            )

    def of_chunk(self, index: int) -> int:
        """Level of chunk ``index``, 0 the newest."""
        return level_of_chunk(self.q0, self.dQ, self.qmax, index)


@dataclass(frozen=True, slots=True)
class Request:
    """What one packet is to carry."""

    step: int
    """Index of the newest latent vector; chunks are this one and every second before."""
    dred_offset: int
    """Where it stands, in 2.5 ms (see :mod:`dredref.payload.placement`)."""
    chunks: int
    """The most chunks, as far back as latents reach."""
    max_bytes: int = MAX_PAYLOAD_BYTES
    """The most bytes of the payload."""


def write_payloads(
    latents: NDArray[np.float32],
    states: NDArray[np.float32],
    requests: Sequence[Request],
    levels: Levels,
    version: int = CURRENT_VERSION,
    arithmetic: Arithmetic | None = None,
) -> list[bytes | None]:
    """The payload of each request, or None where not even one chunk fits or may be sent.

    A payload ends before the first chunk that would pass its limit of bytes, and a last chunk that
    would start with 7 bits or less left, and so could not be seen, is left out.

    Args:
        latents: [steps, L], oldest first.
        states: initial states [steps, S].
        requests: what each packet is to carry.
        levels: quantizer levels.
        version: DRED version.
        arithmetic: what carries the numbers; payloads are the same.

    Raises:
        BuildError: ``dred.offset`` if an offset is out of the format's reach.
    """
    if not requests:
        return []
    tables = quantizer_tables(version)
    steps = np.array([request.step for request in requests], np.int64)
    wanted = np.array([request.chunks for request in requests], np.int64)
    counts = np.minimum(wanted, steps // STEPS_PER_CHUNK + 1)
    head = _head_spans([request.dred_offset for request in requests], levels)
    chunks = int(counts.max(initial=0))
    rows = [tables.state.rows(levels.q0)]
    rows += [tables.latent.rows(levels.of_chunk(index)) for index in range(chunks)]
    ends = np.cumsum([len(r) for _, r in rows])
    values = np.zeros((len(requests), ends[-1]), np.int64)
    values[:, : ends[0]] = quantize(states[steps], np.array(levels.q0), tables.state, arithmetic)
    for index in range(chunks):
        some = np.flatnonzero(counts > index)
        chunk, level = latents[steps[some] - STEPS_PER_CHUNK * index], levels.of_chunk(index)
        coded = quantize(chunk, np.array(level), tables.latent, arithmetic)
        values[some, ends[index] : ends[index + 1]] = coded
    digits = np.zeros((len(requests), _most_digits(values)), np.int16)
    marks = np.zeros((len(requests), len(ends), 3), np.int64)
    write_strings(
        head, values, np.concatenate(rows, axis=1, dtype=np.int64), ends, counts, digits, marks
    )
    return [
        _cut(digits[row], marks[row], int(counts[row]), request.max_bytes)
        for row, request in enumerate(requests)
    ]


def _head_spans(dred_offsets: Sequence[int], levels: Levels) -> Integers:
    """Everything before the initial state: spans of symbols [n, 6, low high total]; absent, 0."""
    totals = OFFSET_BIAS - np.array(dred_offsets, np.int64)
    if (totals < 0).any() or (totals >= EXTRA_UNIT * 256).any():
        raise BuildError("dred.offset", "an offset of a packet cannot be signalled")
    extra, offset = np.divmod(totals, EXTRA_UNIT)
    spans = np.zeros((len(totals), 6, 3), np.int64)
    spans[:, :5, 0].T[:] = np.broadcast_arrays(levels.q0, levels.dQ, extra > 0, extra, offset)
    spans[:, :5, 1] = spans[:, :5, 0] + 1
    spans[:, :5, 2] = 16, 8, 2, 256, EXTRA_UNIT
    spans[extra == 0, 3] = 0
    if levels.q0 < 14 and levels.dQ > 0:
        spans[:, 5] = cap_span(levels.q0, levels.qmax)
    return spans


def _most_digits(values: Integers) -> int:
    """Digits that no string passes: a symbol puts out two at most."""
    symbols = 6 + 3 * values.shape[1] + np.abs(values).sum(axis=1) // LAPLACE_ESCAPE
    return 2 * int(symbols.max())


def _cut(digits: Integers, marks: Integers, count: int, max_bytes: int) -> bytes | None:
    """A string with as many chunks as fit ``max_bytes`` and can be seen."""
    tells = [tell(START_BYTES + place, extent) for extent, _, place in marks.tolist()]
    while count > 0:
        size = (tells[count] + 7) // 8
        visible = 8 * size - tells[count - 1] > SPARE_BITS
        if size <= max_bytes and visible:
            extent, bottom, place = marks[count].tolist()
            return finish(digits[:place].tolist(), extent, bottom)
        count -= 1
    return None
