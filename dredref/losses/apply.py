"""Records that lose their packets: by a mask, by chance, or by a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, repeat

from dredref.losses.models import RandomLoss
from dredref.spec.errors import UsageError
from dredref.streams.record import Record


def read_mask(text: str) -> list[bool]:
    """What is lost, of a digit for each packet: 1 is lost, 0 is not.

    Raises:
        UsageError: ``mask.syntax``.
    """
    if not text or set(text) - {"0", "1"}:
        raise UsageError("mask.syntax", "a mask is digits, 1 for a lost packet and 0 for others")
    return [digit == "1" for digit in text]


def drop_masked(records: Iterable[Record], mask: Iterable[bool]) -> Iterator[Record]:
    """Lose the records that a mask names; records past its end are kept.

    Raises:
        UsageError: ``mask.length``, at the end, if the mask speaks of more records than there are.
    """
    left = list(mask)
    count = 0
    for count, record in enumerate(records, 1):
        lost = count <= len(left) and left[count - 1]
        yield replace(record, packet=None) if lost else record
    if count < len(left):
        raise UsageError("mask.length", f"the mask has {len(left)} digits for {count} packets")


def drop_by_chance(records: Iterable[Record], percent: float, seed: int) -> Iterator[Record]:
    """Lose each record with a chance of ``percent``, the same ones for the same seed."""
    return drop_lost(records, RandomLoss(percent).draw(seed))


def drop_lost(records: Iterable[Record], lost: Iterable[bool]) -> Iterator[Record]:
    """Lose each record for which ``lost`` says so; records past its end are kept."""
    for record, gone in zip(records, chain(lost, repeat(False)), strict=False):
        yield replace(record, packet=None) if gone else record
