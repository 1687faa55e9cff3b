"""The benchmark of hostile inputs: its files are what they are called, and cost by their bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import pytest

from dredref.streams import open_stream
from tools.bench import hostile

GAPS: dict[str, Callable[[int], bytes]] = {
    "bit": hostile.gaps,
    "ogg": hostile.ogg_gaps,
    "ogg of 50 streams": partial(hostile.ogg_gaps, streams=50),
    "rtp": hostile.rtp_gaps,
    "rtp of 2 sources": partial(hostile.rtp_gaps, sources=2),
}


@pytest.mark.parametrize("name", GAPS)
def test_gaps_are_many_packets_and_few_records(name: str) -> None:
    counts = []
    for size in (8192, 4 * 8192):
        with open_stream(io.BytesIO(GAPS[name](size))) as stream:
            records = list(stream)
        counts.append(len(records))
        assert len(records) < size
        assert sum(one.count for one in records if one.packet is None) > 100 * (name != "bit")
    assert counts[1] <= 4.2 * counts[0] + 10


@pytest.mark.parametrize("bar", ["AREA_SECONDS", "AREA_MIB"])
def test_a_missed_bar_is_seen(bar: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make: Callable[[int], bytes] = lambda size: b"\x06" * size  # noqa: E731
    monkeypatch.setattr(hostile, "AREAS", {"short": (make, "")})
    monkeypatch.setattr(hostile, "AREA_BYTES", 256)
    assert list(hostile.areas()) == [True]
    monkeypatch.setattr(hostile, bar, 0)
    assert list(hostile.areas()) == [False]


def test_cost_that_grows_with_the_square_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "_files", lambda: {"gaps": (hostile.gaps, "")})
    for power, linear in ((1, True), (2, False)):
        monkeypatch.setattr(
            hostile,
            "measured",
            lambda path, power=power: ((path.stat().st_size / 2**14) ** power, 100.0),
        )
        assert list(hostile.validated()) == [linear]
