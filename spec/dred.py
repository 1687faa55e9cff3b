"""The DRED extension: prefix, header, initial state and chunks.

The payload's layout is the declaration :data:`PAYLOAD`. Its symbols are range coded; see
:mod:`dredref.spec.coder` and :mod:`dredref.spec.symbols`. Offsets count in units of 2.5 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from construct import Computed, Const, Container, If, IfThenElse, Int8ub, Rebuild, Struct, this

from dredref.spec.coder import RangeDecoder, RangeEncoder
from dredref.spec.errors import BuildError, ParseError, UsageError
from dredref.spec.symbols import (
    CapSymbol,
    LaplaceVector,
    Symbol,
    Uint,
    WhileBitsLeft,
    name_symbols,
)
from dredref.spec.tables import (
    CURRENT_VERSION,
    LATENT_DIM,
    STATE_DIM,
    VERSIONS,
    level_of_chunk,
    quantizer_tables,
)

CLAUSE = "libopus src/opus_decoder.c"
EXPERIMENT_ID = 126
"""Extension id of experiments, DRED among them until it has its own."""
FINAL_ID = 32
"""DRED's own extension id (draft-valin-opus-dred-01 section 2); its data has no prefix."""
OFFSET_BIAS = 16
"""The signalled offset counts down from this, in 2.5 ms."""
EXTRA_UNIT = 32
"""Worth of one extra offset, in 2.5 ms."""
UNITS_PER_CHUNK = 16
"""A chunk covers 40 ms."""
UNIT_48K = 120
"""Samples of 2.5 ms at 48 kHz."""
UNIT_MS = 2.5
"""Milliseconds that an offset of 1 stands for."""
SPARE_BITS = 7
"""A chunk is present while more bits than this are left."""
DECODER_CHUNKS = 26
"""Chunks that libopus decodes at most: 1.04 s."""
CHUNK_LIMIT = 128
"""Chunks that this parser shows at most, 5.1 s: a chunk may cost a bit, and zeros are chunks.

A payload may legally hold more; then it is not :attr:`DredPayload.complete`.
"""
MAX_EXTENSION_BYTES = 1000
"""The longest DRED extension, prefix included, that libopus writes."""

PREFIX = Struct("experiment" / Const(b"D"), "version" / Int8ub)
"""What stands before the payload while DRED is an experiment."""


def reach_ms(nb_chunks: int, dred_offset: int) -> float:
    """Return how many ms before its packet's start the DRED begins; at least 0."""
    return max(0.0, (nb_chunks * UNITS_PER_CHUNK - dred_offset) * UNIT_MS)


def _tables(context: Container) -> tuple[Sequence[int], Sequence[int]]:
    """Rows ``(nonzero, r)`` of the initial state at level q0."""
    return quantizer_tables(context._params.version).state.rows(context.q0)


def _latent_tables(context: Container) -> tuple[Sequence[int], Sequence[int]]:
    """Rows ``(nonzero, r)`` of the latents at the chunk's level."""
    return quantizer_tables(context._params.version).latent.rows(context.level)


def _level(context: Container) -> int:
    header = context._root
    return level_of_chunk(header.q0, header.dQ, header.qmax, context._index)


PAYLOAD = name_symbols(
    Struct(
        "q0" / Uint(16),
        "dQ" / Uint(8),
        "has_extra" / Rebuild(Uint(2), lambda context: int(context.extra_offset is not None)),
        "extra_offset" / If(this.has_extra, Uint(256)),
        "offset" / Uint(32),
        "qmax" / IfThenElse((this.q0 < 14) & (this.dQ > 0), CapSymbol(this.q0), Computed(15)),
        "state" / LaplaceVector(_tables),
        "chunks"
        / WhileBitsLeft(
            SPARE_BITS,
            Struct("level" / Computed(_level), "latents" / LaplaceVector(_latent_tables)),
        ),
    )
)
"""One DRED payload, a range-coded string; the newest chunk comes first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """40 ms of redundancy: the quantizer level and the integers of its latent vector."""

    level: int
    latents: tuple[int, ...]
    start: int = field(default=0, compare=False)
    """``tell_frac`` before it, in 1/8 bit."""
    cost: int = field(default=0, compare=False)
    """In 1/8 bit."""


@dataclass(frozen=True, slots=True)
class DredPayload:
    """What a DRED payload says. Positions and costs, in 1/8 bit, do not count when comparing."""

    version: int
    q0: int
    dQ: int  # noqa: N815 - the draft's name
    qmax: int
    offset: int
    extra_offset: int | None
    """In units of 32; None where the payload has no such field."""
    state: tuple[int, ...]
    chunks: tuple[Chunk, ...]
    frame_offset: int = 0
    """Start of the carrying frame in its packet, in 2.5 ms."""
    size: int = field(default=0, compare=False)
    """Bytes of the payload."""
    symbols: tuple[Symbol, ...] = field(default=(), compare=False, repr=False)
    """Every field and value in order of coding."""

    @property
    def dred_offset(self) -> int:
        """End of the redundancy before the packet's start plus bias, in 2.5 ms; may be negative."""
        extra = EXTRA_UNIT * (self.extra_offset or 0)
        return OFFSET_BIAS - self.offset - extra + self.frame_offset

    @property
    def used(self) -> int:
        """``tell_frac`` after the last symbol, in 1/8 bit; may pass the end."""
        if not self.symbols:
            return 8
        return self.symbols[-1].end

    @property
    def bits_used(self) -> int:
        """``tell`` after the last symbol, in bits: :attr:`used`, rounded up."""
        return -(-self.used // 8)

    @property
    def bits_total(self) -> int:
        """Bits of the payload."""
        return 8 * self.size

    @property
    def complete(self) -> bool:
        """Whether all its chunks were read; more may follow the last one that was asked for."""
        return self.bits_total - self.bits_used <= SPARE_BITS

    def end_of(self, field: str) -> int:
        """``tell_frac`` after the last symbol of a field, in 1/8 bit; 0 without such a symbol."""
        return max((symbol.end for symbol in self.symbols if symbol.field == field), default=0)


def make_payload(
    version: int,
    q0: int,
    dQ: int,
    offset: int,
    state: Iterable[int],
    latents: Iterable[Iterable[int]],
    *,
    qmax: int = 15,
    extra_offset: int | None = None,
) -> DredPayload:
    """A payload from its values; chunk levels follow from q0, dQ and qmax."""
    return DredPayload(
        version,
        q0,
        dQ,
        qmax,
        offset,
        extra_offset,
        tuple(state),
        tuple(
            Chunk(level_of_chunk(q0, dQ, qmax, index), tuple(values))
            for index, values in enumerate(latents)
        ),
    )


def parse_payload(
    payload: bytes, version: int, *, frame_offset: int = 0, limit: int = CHUNK_LIMIT
) -> DredPayload:
    """Read a payload, without its prefix.

    Any bytes are a payload: past their end zeros are read (RFC 6716 section 4.1.2.1), so a state
    that overruns them is still shown; :mod:`dredref.spec.checks` says what is wrong with it.

    Args:
        payload: the range-coded string.
        version: whose tables to read with, 10 or 12.
        frame_offset: start of the carrying frame in its packet, in 2.5 ms.
        limit: the most chunks to read.

    Raises:
        UsageError: ``dred.version.unknown``.
    """
    if version not in VERSIONS:
        raise UsageError("dred.version.unknown", f"no tables for DRED version {version}")
    trace: list[Symbol] = []
    found = PAYLOAD.parse_stream(RangeDecoder(payload), version=version, limit=limit, trace=trace)
    starts, ends = _chunk_bounds(trace, len(found.chunks))
    return DredPayload(
        version,
        found.q0,
        found.dQ,
        found.qmax,
        found.offset,
        found.extra_offset,
        found.state,
        tuple(
            Chunk(chunk.level, chunk.latents, start, end - start)
            for chunk, start, end in zip(found.chunks, starts, ends, strict=True)
        ),
        frame_offset,
        len(payload),
        tuple(trace),
    )


def _chunk_bounds(trace: Sequence[Symbol], count: int) -> tuple[list[int], list[int]]:
    """``tell_frac`` before and after each chunk; chunks are the last symbols, each as many."""
    if not count:
        return [], []
    first = next(place for place, one in enumerate(trace) if one.chunk is not None)
    size = (len(trace) - first) // count
    starts = [one.start for one in trace[first::size]]
    return starts, [one.end for one in trace[first + size - 1 :: size]]


def build_payload(
    payload: DredPayload, *, size: int | None = None, allow_unseen: bool = False
) -> bytes:
    """Write a payload, in canonical form: as many bytes as its bits need.

    Args:
        payload: the values; positions and costs are not looked at.
        size: bytes of the string if not the canonical number.
        allow_unseen: write a last chunk although no decoder could see it.

    Raises:
        BuildError: ``dred.chunk.unseen`` if the last chunk starts with 7 bits or less left;
            ``dred.level``, ``dred.dimension``, ``dred.qmax``, ``dred.symbol.not-coded``,
            ``range.uint`` or ``range.size`` for values that the format cannot carry.
    """
    _check_values(payload)
    encoder = RangeEncoder()
    trace: list[Symbol] | None = None if allow_unseen else []
    PAYLOAD.build_stream(_values(payload), encoder, version=payload.version, trace=trace)
    string = encoder.finish(size)
    if payload.chunks and trace is not None:
        starts, _ = _chunk_bounds(trace, len(payload.chunks))
        if 8 * len(string) - -(-starts[-1] // 8) <= SPARE_BITS:
            raise BuildError(
                "dred.chunk.unseen",
                f"chunk {len(payload.chunks) - 1} costs too few bits for a decoder to see it",
            )
    return string


def build_prefixes(payload: DredPayload, first: int) -> Iterator[tuple[int, bytes]]:
    """What is written for the first ``first`` chunks alone, then for one more each time.

    Gives counts and strings; last chunks that no decoder sees are written, too. The chunks are
    encoded once, so the time is linear in them.

    Raises:
        BuildError: as :func:`build_payload`, but for sizes.
    """
    _check_values(payload)
    encoder = RangeEncoder()
    head = replace(payload, chunks=payload.chunks[:first])
    PAYLOAD.build_stream(_values(head), encoder, version=payload.version, trace=None)
    table = quantizer_tables(payload.version).latent
    for count in range(first, len(payload.chunks) + 1):
        if count > first:
            chunk = payload.chunks[count - 1]
            for value, nonzero, r in zip(chunk.latents, *table.rows(chunk.level), strict=True):
                encoder.laplace(value, nonzero, r)
        yield count, encoder.finish()


def _values(payload: DredPayload) -> dict[str, Any]:
    """What :data:`PAYLOAD` is built of."""
    chunks = [{"level": chunk.level, "latents": chunk.latents} for chunk in payload.chunks]
    fields = ("q0", "dQ", "extra_offset", "offset", "qmax", "state")
    return {name: getattr(payload, name) for name in fields} | {"chunks": chunks}


def _check_values(payload: DredPayload) -> None:
    """Refuse values that contradict each other."""
    quantizer_tables(payload.version)
    has_cap = payload.q0 < 14 and payload.dQ > 0
    if not has_cap and payload.qmax != 15:
        raise BuildError("dred.qmax", f"qmax {payload.qmax} cannot be said with this q0 and dQ")
    if not 0 <= payload.dQ < 8 or not 0 <= payload.q0 < 16:
        raise BuildError("range.uint", f"q0 {payload.q0} or dQ {payload.dQ} is out of range")
    for index, chunk in enumerate(payload.chunks):
        level = level_of_chunk(payload.q0, payload.dQ, payload.qmax, index)
        if chunk.level != level:
            raise BuildError("dred.level", f"chunk {index} has level {chunk.level}, not {level}")


def offset_fields(dred_offset: int, frame_offset: int = 0) -> tuple[int, int | None]:
    """The fields ``(offset, extra_offset)`` that signal ``dred_offset``, extra only if needed.

    Raises:
        BuildError: ``dred.offset`` if it is out of their reach.
    """
    total = OFFSET_BIAS + frame_offset - dred_offset
    if not 0 <= total < EXTRA_UNIT * 256:
        raise BuildError("dred.offset", f"dred_offset {dred_offset} cannot be signalled")
    extra, offset = divmod(total, EXTRA_UNIT)
    return offset, extra or None


def split_prefix(data: bytes) -> tuple[int, bytes]:
    """Version and payload of an experiment's extension data.

    Raises:
        ParseError: ``dred.prefix`` if it is not DRED's, ``dred.version`` if the version is not
            known here, ``dred.size.empty`` if nothing follows.
    """
    if data[:1] != b"D" or len(data) < 2:
        found = data[:2].hex() or "nothing"
        raise ParseError("dred.prefix", f"prefix {found}, not 44", byte=0, clause=CLAUSE)
    version = PREFIX.parse(data[:2]).version
    if version not in VERSIONS:
        raise ParseError("dred.version", f"unknown version {version}", byte=1, clause=CLAUSE)
    if len(data) == 2:
        raise ParseError("dred.size.empty", "no payload after the prefix", byte=2, clause=CLAUSE)
    return version, data[2:]


def add_prefix(version: int, payload: bytes) -> bytes:
    """Extension data of an experiment."""
    prefix: bytes = PREFIX.build({"version": version})
    return prefix + payload


__all__ = [
    "CURRENT_VERSION",
    "LATENT_DIM",
    "PAYLOAD",
    "STATE_DIM",
    "UNIT_MS",
    "Chunk",
    "DredPayload",
    "add_prefix",
    "build_payload",
    "make_payload",
    "offset_fields",
    "parse_payload",
    "reach_ms",
    "split_prefix",
]
