"""DRED payloads of one version, read from many strings in step (``dredref.spec.dred``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import numpy as np

from dredref.batch.ending import is_canonical
from dredref.batch.laplace import Values, read_vector, vector_table
from dredref.batch.rangecoder import Decoders, Flags, Places, Strings
from dredref.spec.dred import DECODER_CHUNKS, SPARE_BITS
from dredref.spec.symbols import CapSymbol
from dredref.spec.tables import LEVEL_STEPS

LEVEL_STEP: Places = np.array(LEVEL_STEPS)
NO_EXTRA = -1
"""Stands for an extra offset that is not coded."""


@dataclass(frozen=True, slots=True)
class Column:
    """Chunk number j of the payloads that have one; arrays [m] and ``latents`` [dimension, m]."""

    rows: Places
    """Which payloads."""
    level: Places
    latents: Values
    start: Places
    """``tell_frac`` before it, in 1/8 bit."""
    cost: Places
    """In 1/8 bit."""


@dataclass(frozen=True, slots=True)
class Payloads:
    """What n payloads say; arrays [n].

    At most 26 chunks are read. A payload with a value whose magnitude passes 1050 is ``outside``,
    and its numbers from there on mean nothing.
    """

    version: int
    q0: Places
    dQ: Places  # noqa: N815 - the draft's name
    qmax: Places
    offset: Places
    extra_offset: Places
    """In units of 32; -1 where the payload has no such field."""
    nb_chunks: Places
    used: Places
    """``tell_frac`` after the last symbol, in 1/8 bit; may pass the end."""
    outside: Flags
    """Some value is out of the range of the encoder's network."""
    unread: Flags
    """There is a chunk past the last that is read."""
    state: Values
    """[dimension, n]."""
    decoders: Decoders = field(repr=False)
    """Where reading has ended."""
    columns: tuple[Column, ...] = field(repr=False)
    """Chunks from the newest on, if they were asked for."""

    def __len__(self) -> int:
        """How many payloads."""
        return len(self.q0)


def read_payloads(strings: Strings, version: int, *, keep: bool = False) -> Payloads:
    """Read payloads of one version, without prefix; with ``keep`` the chunks are given as well."""
    decoders = Decoders(strings)
    n = len(strings)
    q0 = decoders.uint(16).astype(np.int64)
    dQ = decoders.uint(8).astype(np.int64)
    extra_offset = _read_extra(decoders)
    offset = decoders.uint(32).astype(np.int64)
    qmax = _read_cap(decoders, q0, dQ)
    table = vector_table(version, "state")
    state = read_vector(decoders, table, q0)
    outside = table.outside(state, q0)
    nb_chunks = np.zeros(n, np.int64)
    columns = []
    rows = np.arange(n)
    for index in count():
        rows = rows[(strings.bits - decoders.tell())[rows] > SPARE_BITS]
        if index == DECODER_CHUNKS or not rows.size:
            break
        level = chunk_levels(q0[rows], dQ[rows], qmax[rows], index)
        column = read_chunk(decoders, version, rows, level)
        outside[rows] |= vector_table(version, "latent").outside(column.latents, level)
        nb_chunks[rows] += 1
        if keep:
            columns.append(column)
    unread = np.zeros(n, np.bool_)
    unread[rows] = True
    return Payloads(
        *(version, q0, dQ, qmax, offset, extra_offset, nb_chunks, decoders.tell_frac()),
        *(outside, unread, state, decoders, tuple(columns)),
    )


def _read_extra(decoders: Decoders) -> Places:
    """The extra offset where there is one."""
    extra = np.full(len(decoders), NO_EXTRA)
    rows = np.flatnonzero(decoders.uint(2))
    some = decoders.select(rows)
    extra[rows] = some.uint(256)
    decoders.replace(rows, some)
    return extra


def _read_cap(decoders: Decoders, q0: Places, dQ: Places) -> Places:
    """The highest level, where it is coded; see :class:`dredref.spec.symbols.CapSymbol`."""
    top = CapSymbol.TOP
    qmax = np.full(len(decoders), top)
    rows = np.flatnonzero((q0 < top - 1) & (dQ > 0))
    some = decoders.select(rows)
    first = q0[rows] + 1
    lower = (top - first).astype(np.uint32)
    value = some.peek(2 * lower)
    is_top = value < lower
    low = np.where(is_top, np.uint32(0), value)
    some.take(low, np.where(is_top, lower, value + 1), 2 * lower)
    decoders.replace(rows, some)
    qmax[rows] = np.where(is_top, top, first + value - lower)
    return qmax


def chunk_levels(q0: Places, dQ: Places, qmax: Places, index: int | Places) -> Places:
    """Quantizer level of chunk ``index``; see :func:`dredref.spec.tables.level_of_chunk`."""
    return np.minimum(qmax, q0 + (LEVEL_STEP[dQ] * index + 8 >> 4))


def read_chunk(decoders: Decoders, version: int, rows: Places, level: Places) -> Column:
    """Read the next chunk of some payloads."""
    some = decoders.select(rows)
    start = some.tell_frac()
    latents = read_vector(some, vector_table(version, "latent"), level)
    decoders.replace(rows, some)
    return Column(rows, level, latents, start, some.tell_frac() - start)


def hidden_chunks(payloads: Payloads, strings: Strings) -> Places:
    """Chunks that each string holds past those that decoders see; -1 if it ends in none.

    0 is the canonical form. A last chunk that starts with 7 bits or less left is not seen, and as
    a chunk can cost less than two bits there may be several.
    """
    hidden = np.where(is_canonical(payloads.decoders, strings.bits), 0, -1)
    decoders = payloads.decoders.select(np.arange(len(payloads)))
    rows = np.flatnonzero((hidden < 0) & (payloads.used < 8 * strings.bits))
    for number in range(1, SPARE_BITS + 1):
        if not rows.size:
            break
        index = payloads.nb_chunks[rows] + number - 1
        level = chunk_levels(payloads.q0[rows], payloads.dQ[rows], payloads.qmax[rows], index)
        read_chunk(decoders, payloads.version, rows, level)
        some = decoders.select(rows)
        bits = strings.bits[rows]
        fits = some.tell() <= bits
        found = fits & is_canonical(some, bits)
        hidden[rows[found]] = number
        rows = rows[fits & ~found]
    return hidden
