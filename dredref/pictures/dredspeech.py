"""The speech that the DRED of a whole stream holds, without any other packet data.

Of the packets that cover a moment one is taken that holds it among its newest and finest chunks,
and as few packets are taken as that allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.alignment import decode_by_version
from dredref.payload.reader import Carried, carried_by, read_carried
from dredref.streams.record import Record
from dredref.vocoder.sizes import FRAME
from dredref.vocoder.synthesis import vocoder

Pcm = NDArray[np.int16]
SPOKEN_BEFORE = FRAME
"""Samples at 16 kHz from the speech of the newest vector to the packet's first one at offset 0.

The vector itself is of 15 ms earlier: the vocoder speaks it that much later than it was heard.
"""
UNIT = FRAME // 4
"""2.5 ms at 16 kHz."""
FINE = 16
"""Vectors of one packet that are used before a later packet is, if that covers them: 160 ms."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Speech of consecutive vectors; times are samples at 16 kHz on the decoder's clock."""

    start: int
    vectors: NDArray[np.float32]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class _Carrier:
    """The DRED of a packet: vectors from ``oldest`` on, ``count`` of them."""

    carried: Carried
    oldest: int
    count: int

    @property
    def end(self) -> int:
        return self.oldest + self.count * FRAME


def pieces(records: Iterable[Record], *, final_id: int | None = None) -> list[Piece]:
    """Return the vectors of all moments that DRED covers, oldest first, in runs without gaps."""
    chosen = list(_choose(_carriers(records, final_id)))
    decoded = decode_by_version(read_carried([carrier.carried for carrier, *_ in chosen]))
    runs: list[Piece] = []
    for (carrier, first, last), newest_first in zip(chosen, decoded, strict=True):
        vectors = newest_first[::-1][first:last]
        start = carrier.oldest + first * FRAME
        before = runs[-1] if runs else None
        if before and abs(before.start + len(before.vectors) * FRAME - start) < FRAME:
            joined = np.concatenate([before.vectors, vectors])
            runs[-1] = Piece(before.start, joined)
        elif len(vectors):
            runs.append(Piece(start, vectors))
    return runs


def _carriers(records: Iterable[Record], final_id: int | None) -> Iterator[_Carrier]:
    """The packets with DRED whose time is known."""
    for record in records:
        if record.packet is None or record.timestamp_48k is None:
            continue
        carried = carried_by(record.packet, final_id=final_id)
        if carried is None:
            continue
        dred = read_carried([carried])[0]
        count = 4 * len(dred.chunks)
        newest = record.timestamp_48k // 3 + UNIT * dred.dred_offset - SPOKEN_BEFORE
        if count:
            yield _Carrier(carried, newest + FRAME - count * FRAME, count)


def _choose(carriers: Iterable[_Carrier]) -> Iterator[tuple[_Carrier, int, int]]:
    """Packets in turn, each with the vectors that are taken of it."""
    done: int | None = None
    held: _Carrier | None = None
    for carrier in carriers:
        if done is None:
            done = carrier.oldest
        if held is not None and (carrier.oldest > done or held.end - done >= FINE * FRAME):
            yield _part(held, done)
            done, held = held.end, None
        if carrier.end > done:
            held = carrier
            done = max(done, carrier.oldest)
    if held is not None and done is not None:
        yield _part(held, done)


def _part(carrier: _Carrier, done: int) -> tuple[_Carrier, int, int]:
    """What of a packet's vectors is newer than ``done``."""
    first = round((done - carrier.oldest) / FRAME)
    return carrier, min(max(0, first), carrier.count), carrier.count


def speak(
    found: Sequence[Piece],
    start: int,
    length: int,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Pcm:
    """Return ``length`` samples from ``start`` on; silence where there is no DRED."""
    pcm = np.zeros(length, np.int16)
    for number, piece in enumerate(found, start=1):
        speech = vocoder().utterance(piece.vectors[None])[0]
        first, last = piece.start - start, piece.start - start + len(speech)
        low, high = max(0, first), min(length, last)
        if low < high:
            pcm[low:high] = speech[low - first : high - first]
        progress(number, len(found))
    return pcm


__all__ = ["Piece", "pieces", "speak"]
