"""What a receiver hears before DRED: time, holes, arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dredref.opusdecoder import LAG
from dredref.reception import Hole, Reception, receive
from dredref.streams import Record, open_stream
from spec.errors import InputError

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


def test_nothing_lost() -> None:
    found = heard(records())
    assert (found.packets, found.lost, found.holes, found.arrivals) == (40, 0, (), ())
    assert len(found.pcm) == 40 * FRAME
    assert np.abs(found.pcm.astype(int)).max() > 1000


def test_holes_and_who_comes_after() -> None:
    found = heard(records(), lost=[20, 21, 30])
    assert found.holes == (Hole(20 * FRAME, 22 * FRAME, 2), Hole(30 * FRAME, 31 * FRAME, 1))
    assert [(one.index, one.start) for one in found.arrivals] == [
        (22, 22 * FRAME),
        (31, 31 * FRAME),
    ]
    later = heard(records(), lost=[20, 21, 30], hold_ms=45)
    assert [one.index for one in later.arrivals] == [22, 23, 24, 31, 32, 33]
    assert (found.packets, found.lost, found.malformed) == (40, 3, 0)
    np.testing.assert_array_equal(found.pcm[: 20 * FRAME], heard(records()).pcm[: 20 * FRAME])


def test_silk_still_holds_the_last_samples_when_packets_stop() -> None:
    """The speech of a packet ends ``LAG`` samples after its time, lost or not what follows."""
    whole, lossy = heard(records()), heard(records(), lost=[35])
    end = 35 * FRAME + LAG
    difference = np.abs(whole.pcm[: end + 600].astype(int) - lossy.pcm[: end + 600])
    assert difference[: end - 6].max() < 60
    assert difference[end + 40 :].max() > 600


def test_records_without_times_follow_each_other() -> None:
    bare = [replace(one, timestamp_48k=None) for one in records()]
    for lost in ([], [20, 21], [0, 1], [38, 39], [0, 20, 39]):
        timed, untimed = heard(records(), lost), heard(bare, lost)
        assert timed.holes == untimed.holes
        np.testing.assert_array_equal(timed.pcm, untimed.pcm)


def test_losses_at_both_ends() -> None:
    found = heard(records(), lost=[0, 1, 38, 39])
    assert found.holes == (Hole(0, 2 * FRAME, 2), Hole(38 * FRAME, 40 * FRAME, 2))
    assert len(found.pcm) == 40 * FRAME
    assert not found.pcm[:FRAME].any()


def test_time_in_which_nothing_was_sent_is_no_hole() -> None:
    """As with discontinuous transmission: times go on, and nobody misses a packet."""
    given = [
        replace(one, timestamp_48k=960 * one.index + 4800 * (one.index >= 20)) for one in records()
    ]
    found = heard(given)
    assert found.holes == ()
    assert len(found.pcm) == 40 * FRAME + 1600
    lossy = heard(given, lost=[19])
    assert lossy.holes == (Hole(19 * FRAME, 20 * FRAME + 1600, 1),)


def test_times_start_anywhere_and_never_go_back() -> None:
    far = [replace(one, timestamp_48k=1_000_000 + 960 * one.index) for one in records()]
    np.testing.assert_array_equal(heard(far, [7]).pcm, heard(records(), [7]).pcm)
    back = [replace(one, timestamp_48k=960 * (one.index % 20)) for one in records()]
    np.testing.assert_array_equal(heard(back).pcm, heard(records()).pcm)


def test_malformed_packets_are_lost() -> None:
    given = records()
    given[20] = replace(given[20], packet=b"\x4b\x00")
    found = heard(given)
    assert (found.lost, found.malformed) == (1, 1)
    assert found.holes == (Hole(20 * FRAME, 21 * FRAME, 1),)


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
