"""Redundant copies beside the packets that they are copies of (RED, RFC 2198)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from dredref.red import MOST_OFFSET
from dredref.streams.record import RedundantCopy

EQUAL, DIFFERENT, MISSING = "equal", "different", "original missing"
"""What a copy may be: the bytes of its original, other bytes, or of a packet that is not there."""


class CopyChecker:
    """Compares the copies of one source with its packets, in the order of their numbers.

    Packets are kept for as long as a header can point back to them.
    """

    def __init__(self, counts: Counter[str]) -> None:
        """Count what copies are in ``counts``."""
        self._counts = counts
        self._kept: deque[tuple[int, bytes]] = deque()
        self._originals: dict[int, bytes] = {}

    def check(
        self, packet: bytes, start_48k: int, copies: Iterable[RedundantCopy]
    ) -> list[RedundantCopy]:
        """Take a packet and the copies that came with it; return those that differ."""
        different = []
        for copy in copies:
            original = self._originals.get(copy.timestamp_48k)
            if original is None:
                self._counts[MISSING] += 1
            elif original == copy.packet:
                self._counts[EQUAL] += 1
            else:
                self._counts[DIFFERENT] += 1
                different.append(copy)
        self._keep(packet, start_48k)
        return different

    def skip(self, starts_48k: NDArray[np.int64], packet_at: Callable[[int], bytes]) -> None:
        """Take packets that came without copies.

        Args:
            starts_48k: first sample of each.
            packet_at: gives the bytes of one of them.
        """
        first = 0
        before = max((start for start, _ in self._kept), default=starts_48k[0])
        if before <= starts_48k[0] and (np.diff(starts_48k) >= 0).all():
            first = int(np.searchsorted(starts_48k, starts_48k[-1] - MOST_OFFSET))
        for place in range(first, len(starts_48k)):
            self._keep(packet_at(place), int(starts_48k[place]))

    def _keep(self, packet: bytes, start_48k: int) -> None:
        self._kept.append((start_48k, packet))
        self._originals[start_48k] = packet
        while start_48k - self._kept[0][0] > MOST_OFFSET:
            start, oldest = self._kept.popleft()
            if self._originals.get(start) is oldest:
                del self._originals[start]


def told(counts: Counter[str]) -> str:
    """Return what the copies of a stream are, in words."""
    total = counts.total()
    said = [f"{counts[EQUAL]} equal to their originals"]
    said += [f"{counts[DIFFERENT]} different from them"] if counts[DIFFERENT] else []
    said += [f"{counts[MISSING]} of packets that are not there"] if counts[MISSING] else []
    return f"{total} redundant {'copy' if total == 1 else 'copies'} (RED): {', '.join(said)}"
