"""Which feature vector of which packet stands for a lost 10 ms.

Vector ``k`` of a packet, 0 the newest, is of the 10 ms that start ``2.5 * dred_offset - 10 * k -
25`` ms from the packet's first sample. Each 10 ms of a loss are spoken from the vector that starts
5 ms before them, as libopus places it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.alignment import decode_by_version
from dredref.payload.reader import carried_by, read_carried
from dredref.receiver.timeline import Slot

Features = NDArray[np.float32]
"""Vectors [n, 20]."""

UNIT = 120
"""2.5 ms, in samples at 48 kHz."""
VECTOR = 480
"""10 ms."""
LEAD = 2
"""Vectors from before a loss that start the vocoder."""
HELD = 3
"""Parts of 10 ms past the newest vector for which that one goes on."""
KEPT = 64
"""Packets whose vectors are kept once they are decoded."""


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Decoded DRED of a packet."""

    index: int
    """Of its record."""
    start: int
    """The packet's first sample, at 48 kHz."""
    offset: int
    """``dred_offset``, in 2.5 ms."""
    vectors: Features
    """Newest first."""

    def number_at(self, time: int) -> int:
        """The vector that the 10 ms from ``time`` on are spoken from; it need not be there."""
        return (self.start + UNIT * self.offset - time) // VECTOR - LEAD

    def take(self, number: int) -> Features:
        """The vector of that number; past either end the last one at that end."""
        vector: Features = self.vectors[min(max(number, 0), len(self.vectors) - 1)]
        return vector


class RedundancyStore:
    """The DRED of received packets, decoded when it is first asked for."""

    def __init__(self, versions: Collection[int], final_id: int | None = None) -> None:
        """Take DRED of ``versions``, with the extension id ``final_id`` if that is given."""
        self._versions, self._final_id = versions, final_id
        self._known: OrderedDict[int, Redundancy | None] = OrderedDict()

    def find(self, time: int, slots: Iterable[Slot], *, follows: bool) -> Redundancy | None:
        """The first of the packets whose DRED reaches back to ``time``; None if none does.

        What is more recent than that packet's newest vector is nobody's: there its encoder heard
        silence, or ``follows``, and the newest one is held for up to 30 ms.
        """
        for slot in slots:
            found = self._decoded(slot)
            if found is not None and found.number_at(time) < len(found.vectors):
                return found if found.number_at(time) >= (-HELD if follows else 0) else None
        return None

    def _decoded(self, slot: Slot) -> Redundancy | None:
        if slot.index not in self._known:
            self._known[slot.index] = self._decode(slot)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[slot.index]

    def _decode(self, slot: Slot) -> Redundancy | None:
        if not self._versions or slot.packet is None:
            return None
        carried = carried_by(slot.packet, final_id=self._final_id)
        if carried is None or carried.version not in self._versions:
            return None
        payloads = read_carried([carried])
        (vectors,) = decode_by_version(payloads)
        if not len(vectors):
            return None
        return Redundancy(slot.index, slot.start, payloads[0].dred_offset, vectors)
