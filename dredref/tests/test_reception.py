"""What a receiver gets: time, holes, arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dredref.reception import Reception, receive
from dredref.spec.errors import InputError
from dredref.streams import Record, open_stream

STREAMS = Path(__file__).parents[2] / "spec" / "streams"
FRAME = 320
"""20 ms at 16 kHz."""


def records(name: str = "v12-dred-500ms.bit", count: int = 40) -> list[Record]:
    """The first records of a stream of 20 ms."""
    with open_stream(STREAMS / name) as stream:
        return list(stream)[:count]


def heard(given: Sequence[Record], lost: Sequence[int] = (), hold_ms: float = 0) -> Reception:
    """What comes of records, some of them lost."""
    return receive(
        [replace(one, packet=None) if one.index in lost else one for one in given],
        hold_ms=hold_ms,
    )


def holes(found: Reception) -> list[tuple[int, int, int]]:
    """Start, end and lost packets of the holes, after a look at whether time has no gap."""
    assert found.spans[0].start_48k == 0
    assert all(one.end_48k == other.start_48k for one, other in pairwise(found.spans))
    return [(hole.start, hole.end, hole.lost) for hole in found.holes]


def test_nothing_lost() -> None:
    found = heard(records())
    assert (found.packets, found.lost, found.holes, found.arrivals) == (40, 0, (), ())
    assert [span.packet for span in found.spans] == [one.packet for one in records()]
    assert found.spans[-1].end == 40 * FRAME


def test_holes_and_who_comes_after() -> None:
    found = heard(records(), lost=[20, 21, 30])
    assert holes(found) == [(20 * FRAME, 22 * FRAME, 2), (30 * FRAME, 31 * FRAME, 1)]
    assert [(one.index, one.start) for one in found.arrivals] == [
        (22, 22 * FRAME),
        (31, 31 * FRAME),
    ]
    later = heard(records(), lost=[20, 21, 30], hold_ms=45)
    assert [one.index for one in later.arrivals] == [22, 23, 24, 31, 32, 33]
    assert (found.packets, found.lost, found.malformed) == (40, 3, 0)


def test_records_without_times_follow_each_other() -> None:
    bare = [replace(one, timestamp_48k=None) for one in records()]
    for lost in ([], [20, 21], [0, 1], [38, 39], [0, 20, 39]):
        assert heard(records(), lost).spans == heard(bare, lost).spans


def test_losses_at_both_ends() -> None:
    found = heard(records(), lost=[0, 1, 38, 39])
    assert holes(found) == [(0, 2 * FRAME, 2), (38 * FRAME, 40 * FRAME, 2)]


def test_time_in_which_nothing_was_sent_is_no_hole() -> None:
    """As with discontinuous transmission: times go on, and nobody misses a packet."""
    given = [
        replace(one, timestamp_48k=960 * one.index + 4800 * (one.index >= 20)) for one in records()
    ]
    found = heard(given)
    assert holes(found) == []
    assert found.spans[-1].end == 40 * FRAME + 1600
    assert holes(heard(given, lost=[19])) == [(19 * FRAME, 20 * FRAME + 1600, 1)]


def test_times_start_anywhere_and_never_go_back() -> None:
    far = [replace(one, timestamp_48k=1_000_000 + 960 * one.index) for one in records()]
    assert heard(far, [7]).spans == heard(records(), [7]).spans
    back = [replace(one, timestamp_48k=960 * (one.index % 20)) for one in records()]
    assert heard(back).spans == heard(records()).spans


def test_malformed_packets_are_lost() -> None:
    given = records()
    given[20] = replace(given[20], packet=b"\x4b\x00")
    found = heard(given)
    assert (found.lost, found.malformed) == (1, 1)
    assert holes(found) == [(20 * FRAME, 21 * FRAME, 1)]


def test_what_is_refused() -> None:
    def code(given: Sequence[Record], lost: Sequence[int] = ()) -> str:
        with pytest.raises(InputError) as caught:
            heard(given, lost)
        return caught.value.code

    given = records(count=4)
    assert code([]) == "conceal.nothing"
    assert code(given, [0, 1, 2, 3]) == "conceal.nothing"
    assert code([replace(given[0], kind="dred_payload")]) == "conceal.kind"
    wild = replace(given[3], timestamp_48k=48_000 * 1000)
    assert code([*given[:3], wild]) == "conceal.hole"
    assert code([*given[:2], replace(given[2], packet=None), wild]) == "conceal.hole"


def test_only_versions_asked_for_arrive() -> None:
    given = [replace(one, packet=None) if one.index == 20 else one for one in records()]
    assert receive(given, versions=(10,)).arrivals == ()
    assert receive(given, versions=()).arrivals == ()
    assert len(receive(given, versions=(12,)).arrivals) == 1
