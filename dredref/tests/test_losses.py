"""Packets lost on purpose."""

from __future__ import annotations

import pytest

from dredref.losses import drop_by_chance, drop_masked, read_mask
from dredref.spec.errors import UsageError
from dredref.streams import Record

RECORDS = [Record(index, b"\x08\x01", timestamp_48k=960 * index) for index in range(200)]


def lost(records: list[Record]) -> list[int]:
    """Indices of those that are lost."""
    return [record.index for record in records if record.packet is None]


def test_a_mask_loses_what_it_names() -> None:
    dropped = list(drop_masked(RECORDS, read_mask("0110")))
    assert lost(dropped) == [1, 2]
    assert [one.timestamp_48k for one in dropped] == [one.timestamp_48k for one in RECORDS]
    assert lost(list(drop_masked(dropped, read_mask("1")))) == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "01x", "0 1", "2"])
def test_a_mask_is_digits(text: str) -> None:
    with pytest.raises(UsageError, match="1 for a lost packet") as caught:
        read_mask(text)
    assert caught.value.code == "mask.syntax"


def test_a_mask_past_the_end_is_refused() -> None:
    assert len(list(drop_masked(RECORDS[:3], [True] * 3))) == 3
    with pytest.raises(UsageError, match="4 digits for 3 packets"):
        list(drop_masked(RECORDS[:3], [False] * 4))


def test_chance_is_the_same_for_the_same_seed() -> None:
    first = lost(list(drop_by_chance(RECORDS, 30, 7)))
    assert first == lost(list(drop_by_chance(RECORDS, 30, 7)))
    assert first != lost(list(drop_by_chance(RECORDS, 30, 8)))
    assert 40 < len(first) < 80
    assert lost(list(drop_by_chance(RECORDS, 0, 7))) == []
    assert len(lost(list(drop_by_chance(RECORDS, 100, 7)))) == len(RECORDS)
