"""Which latents packets carry and where they are said to stand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.payload.activity import ActivityDetector
from dredref.payload.placement import Slot, Timeline, requests, speaking
from dredref.payload.rate import (
    CHUNK_BITS,
    OPUS_BITRATE,
    chunks_of,
    expected_bits,
    plan_rate,
    share_of_packet,
    total_bitrate,
)
from dredref.payload.writer import Levels

PACKETS = [120, 240, 480, 960, 1920, 2880, 3840, 4800, 5760]


@given(
    st.sampled_from(PACKETS),
    st.integers(0, 500),
    st.integers(0, 4000),
    st.integers(0, 10**7),
)
def test_newest_vector(duration: int, index: int, pre_skip: int, start: int) -> None:
    timeline = Timeline.aligned(pre_skip, start)
    slot = Slot(start + index * duration, duration)
    step = timeline.newest(slot)
    assert timeline.end(step) <= slot.timestamp + slot.duration  # known when the packet is made
    offset = timeline.offset(step, slot.timestamp)
    assert offset * 120 == timeline.end(step) + pre_skip - slot.timestamp  # nothing to round
    later_known = timeline.end(step + 1) <= slot.timestamp + slot.duration
    assert offset <= 13  # one vector earlier would not reach the packet
    assert offset >= 6 or not later_known


def test_offsets_of_common_packets_are_libopus_s() -> None:
    """20 ms packets behind a delay of 6.5 ms: what libopus 1.6.1 says in every packet."""
    timeline = Timeline.aligned(312)
    for index in range(5):
        slot = Slot(960 * index, 960)
        assert timeline.newest(slot) == index
        assert timeline.offset(index, slot.timestamp) == 10


def test_speaking_is_where_the_chunk_will_stand() -> None:
    """One active unit is told by the chunks whose speech covers it, and by no other."""
    timeline = Timeline(0)
    for unit in range(100, 140):
        activity = np.zeros(400, np.bool_)
        activity[unit] = True
        speaks = speaking(activity, 0, range(48), timeline)
        for step in range(48):
            end = timeline.end(step) / 120 - 6
            assert speaks[step] == (end - 16 < unit + 1 and unit < end)
    part = speaking(activity[64:], 64, range(10, 48), timeline)
    np.testing.assert_array_equal(part, speaks[10:])


def test_silence_is_passed_over_and_the_offset_goes_with_it() -> None:
    timeline = Timeline.aligned(312)
    speaks = np.zeros(60, np.bool_)
    speaks[10:20] = True
    slots = [Slot(960 * index, 960) for index in range(60)]
    found = requests(slots, speaks, timeline, max_chunks=10)
    assert found[:10] == [None] * 10
    for index in range(10, 20):
        request = found[index]
        assert request is not None
        assert (request.step, request.dred_offset) == (index, 10)
        assert request.chunks == (index - 10) // 2 + 2
    for index in range(20, 38):
        request = found[index]
        assert request is not None
        assert request.step == 19
        assert request.dred_offset == 10 - 8 * (index - 19)
        assert request.step - 2 * (request.chunks - 1) >= index - 18
    assert found[38:] == [None] * 22


def test_first_packet_after_silence_says_the_true_time() -> None:
    """Speech starts again within the packet: what goes out is old, and is stamped as old."""
    timeline = Timeline.aligned(312)
    activity = np.zeros(60 * 8, np.bool_)
    activity[:160] = True
    activity[330:] = True
    speaks = speaking(activity, 0, range(60), timeline)
    for index in range(22, 42):
        [request] = requests([Slot(960 * index, 960)], speaks, timeline, 26)
        assert request is not None
        assert request.dred_offset == timeline.offset(request.step, 960 * index)
        assert request.dred_offset == 10 - 8 * (index - request.step)


def test_activity_rule() -> None:
    rng = np.random.default_rng(1)
    pcm = np.zeros(16000 * 3)
    pcm[16000:24000] = rng.normal(0, 2000, 8000)
    pcm[40000:] = rng.normal(0, 3, 8000)
    samples = np.round(pcm * 2**14).astype(np.int64)
    whole = ActivityDetector().detect(samples, 14)
    assert not whole[:399].any()
    assert whole[400:600].all()
    assert whole[600:680].all()
    assert not whole[690:].any()
    pieces = ActivityDetector()
    parts = [pieces.detect(part, 14) for part in np.split(samples, [40, 80, 8000, 30000])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("frame_ms", [2.5, 20, 60, 120])
@pytest.mark.parametrize("loss", [0, 2, 10, 40])
def test_rate_plan_keeps_its_share(loss: float, frame_ms: float) -> None:
    for bitrate in (6000, 12000, 24000, 48000, 128000, 510000):
        plan = plan_rate(bitrate, loss, frame_ms, 1000)
        share = share_of_packet(bitrate, loss, frame_ms)
        assert plan.bits <= share
        assert plan.chunks <= 26
        assert plan.max_bytes * 8 <= 1.5 * share
        assert loss > 0 or plan.chunks == 0
        assert plan.chunks == 0 or plan.bits == expected_bits(plan.levels, plan.chunks) + 40


def test_more_bits_never_mean_coarser_levels_or_less_reach() -> None:
    plans = [plan_rate(bitrate, 10, 20, 1000) for bitrate in range(9000, 200000, 1000)]
    assert all(a.chunks <= b.chunks for a, b in itertools.pairwise(plans))
    full = [plan for plan in plans if plan.chunks == 26]
    assert all(a.levels.q0 >= b.levels.q0 for a, b in itertools.pairwise(full))


def test_rate_rule_solved_for_the_total() -> None:
    for opus in (9000, 16000, 40000):
        total = total_bitrate(opus, 10)
        share = share_of_packet(total, 10, 1000)
        assert abs(total - share - opus) <= 2
    assert total_bitrate(8000, 10) == 8000
    assert share_of_packet(OPUS_BITRATE, 100, 20) == 0


def test_reach_in_chunks() -> None:
    assert [chunks_of(ms) for ms in (0, 1, 25, 26, 500, 1000, 1025, 5000)] == [
        *(0, 1, 1, 2, 13, 26, 26, 26)
    ]
    assert (
        expected_bits(Levels(15, 0, 15), 3) - expected_bits(Levels(15, 0, 15), 2) == CHUNK_BITS[15]
    )
