"""What a receiver gets: slots of time, losses, arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dredref.receiver.timeline import (
    Counts,
    Slot,
    capture_transit,
    lay_out,
    random_transit,
)
from dredref.spec.errors import InputError
from dredref.streams import Record, open_stream
from dredref.streams.record import RedundantCopy, RtpOrigin

STREAMS = Path(__file__).parents[3] / "spec" / "streams"
FRAME = 320
"""20 ms at 16 kHz."""


def records(name: str = "v12-dred-500ms.bit", count: int = 40) -> list[Record]:
    """The first records of a stream of 20 ms."""
    with open_stream(STREAMS / name) as stream:
        return list(stream)[:count]


def lose(given: Sequence[Record], lost: Sequence[int] = ()) -> list[Record]:
    """Records, some of them lost."""
    return [replace(one, packet=None) if one.index in lost else one for one in given]


def heard(given: Sequence[Record], lost: Sequence[int] = ()) -> list[Slot]:
    """The slots of records, some of them lost."""
    return list(lay_out(lose(given, lost), Counts()))


def losses(found: Sequence[Slot]) -> list[tuple[int, int, int]]:
    """Start, end and lost packets of the losses, after a look at whether time has no gap."""
    assert found[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(found))
    return [(slot.start // 3, slot.end // 3, slot.lost) for slot in found if slot.lost]


def test_nothing_lost() -> None:
    counts = Counts()
    found = list(lay_out(records(), counts))
    assert (counts.packets, counts.lost, losses(found)) == (40, 0, [])
    assert [slot.packet for slot in found] == [one.packet for one in records()]
    assert [slot.arrival for slot in found] == [slot.start for slot in found]
    assert found[-1].end == 40 * FRAME * 3


def test_losses_have_their_place() -> None:
    found = heard(records(), lost=[20, 21, 30])
    assert losses(found) == [(20 * FRAME, 22 * FRAME, 2), (30 * FRAME, 31 * FRAME, 1)]
    assert [slot.index for slot in found if slot.lost] == [20, 30]


def test_a_gap_of_many_packets_is_one_record() -> None:
    given = [*records()[:20], replace(records()[20], packet=None, count=3), *records()[23:]]
    counts = Counts()
    found = list(lay_out(given, counts))
    assert losses(found) == [(20 * FRAME, 23 * FRAME, 3)]
    assert (counts.packets, counts.lost) == (40, 3)


def test_records_without_times_follow_each_other() -> None:
    bare = [replace(one, timestamp_48k=None) for one in records()]
    for lost in ([], [20, 21], [0, 1], [38, 39], [0, 20, 39]):
        assert heard(records(), lost) == heard(bare, lost)


def test_losses_at_both_ends() -> None:
    found = heard(records(), lost=[0, 1, 38, 39])
    assert losses(found) == [(0, 2 * FRAME, 2), (38 * FRAME, 40 * FRAME, 2)]


def test_time_in_which_nothing_was_sent_is_no_loss() -> None:
    """As with discontinuous transmission: times go on, and nobody misses a packet."""
    given = [
        replace(one, timestamp_48k=960 * one.index + 4800 * (one.index >= 20)) for one in records()
    ]
    found = heard(given)
    assert losses(found) == []
    assert found[-1].end == 3 * (40 * FRAME + 1600)
    assert losses(heard(given, lost=[19])) == [(19 * FRAME, 20 * FRAME + 1600, 1)]


def test_times_start_anywhere_and_never_go_back() -> None:
    far = [replace(one, timestamp_48k=1_000_000 + 960 * one.index) for one in records()]
    assert heard(far, [7]) == heard(records(), [7])
    back = [replace(one, timestamp_48k=960 * (one.index % 20)) for one in records()]
    assert heard(back) == heard(records())


def test_malformed_packets_are_lost() -> None:
    given = records()
    given[20] = replace(given[20], packet=b"\x4b\x00")
    counts = Counts()
    found = list(lay_out(given, counts))
    assert (counts.lost, counts.malformed) == (1, 1)
    assert losses(found) == [(20 * FRAME, 21 * FRAME, 1)]


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


def test_arrival_times_of_a_capture() -> None:
    """The first packet's way is the measure; what has no time takes as long."""

    def came(record: Record, late_ms: int) -> Record:
        due = 10_000_000_000 + record.index * 20_000_000
        return replace(record, rtp=RtpOrigin(0, 0, 1, due + late_ms * 1_000_000))

    given = [came(one, late) for one, late in zip(records(), (5, 0, 45, 5), strict=False)]
    given.append(records()[4])
    found = list(lay_out(given, Counts(), capture_transit()))
    late = [(slot.arrival - slot.start) / 48 for slot in found]
    assert late == pytest.approx([0, -5, 40, 0, 0], abs=1e-3)


def test_drawn_arrival_times() -> None:
    def late(seed: int) -> list[float]:
        transit = random_transit(30, seed)
        return [slot.arrival - slot.start for slot in lay_out(records(), Counts(), transit)]

    assert late(1) == late(1) != late(2)
    assert min(late(1)) >= 0
    assert 15 * 48 < sum(late(1)) / len(late(1)) < 60 * 48


def test_copies_of_earlier_packets() -> None:
    """Their times are on the records' clock; those that are malformed are left out."""
    given = [replace(one, timestamp_48k=7000 + 960 * one.index) for one in records()]
    before = RedundantCopy(given[2].packet or b"", 7000 + 960 * 2, 111)
    given[3] = replace(given[3], redundancy=(before, replace(before, packet=b"\x4b\x00")))
    assert heard(given)[3].copies == ((960 * 2, given[2].packet),)
