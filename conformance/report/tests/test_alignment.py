"""Alignment of an encoder's packets in words and as a curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dredref.conformance.checkers import decoding
from dredref.conformance.checkers.alignment import DredFeatures, Placement, rows_at
from dredref.conformance.outcome import Outcome
from dredref.conformance.report.alignment import words
from dredref.conformance.report.details import detail
from dredref.conformance.running.runner import _result
from dredref.metrics.features import features_from_bytes
from dredref.vectors.model import Encoded
from dredref.vectors.suite import load_suite


def placed(*delays: int) -> list[Placement]:
    """Packets 10, 11, ... at these delays, in units of 2.5 ms; 7 is where most belong."""
    return [
        Placement(10 + place, delay, True, {7: 1.0 if delay == 7 else 9.0, delay: 1.0})
        for place, delay in enumerate(delays)
    ]


def test_words_name_the_packets_and_the_side() -> None:
    assert words(placed(7, 7, 8), 7, 10.0) == (
        "All 3 packets that can be placed stand within 10 ms, with a delay of 17.5 ms."
    )
    assert words(placed(7, 39, 7, 7), 7, 10.0) == (
        "Packet 11 stands 80 ms too recent. "
        "The other 3 stand within 10 ms, with a delay of 17.5 ms."
    )
    said = words(placed(7, 39, 40, 7, -1, 7), 7, 10.0)
    assert said.startswith("Packets 11 to 12 stand 80 to 82.5 ms too recent; packet 14 stands 20")
    assert "too old" in said
    many = words(placed(*([7, 39] * 6)), 7, 10.0)
    assert "; 2 more stand elsewhere. The other 6" in many


def test_an_encoder_that_stamps_a_packet_wrongly_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    vector = load_suite().find("encode.v12.plain")
    assert isinstance(vector.expected, Encoded)
    ruler, step = features_from_bytes(vector.expected.features.read()), vector.expected.step

    def written(packet: int, delay: int) -> DredFeatures:
        blank = DredFeatures(packet, 8 * packet, 0, np.zeros((40, 20)))
        rows, inside = rows_at(ruler, step, blank.positions(delay))
        assert inside.all()
        return replace(blank, features=rows)

    dred = tuple(written(packet, 39 if packet == 70 else 7) for packet in range(40, 100))
    monkeypatch.setattr(decoding, "view_stream", lambda *_: decoding.StreamView(dred, None))
    result = _result(vector, Outcome.FAIL)
    inside = detail(vector, replace(result, answer={"packets": []}), plots=True)
    assert "Packet 70 stands 80 ms too recent. The other" in inside.remarks[0]
    [drawn] = [one for one in inside.plots.curves if "ms from its place" in one.title]
    assert drawn.top.startswith("80")
    assert max(y for _, y in drawn.points) == 1
    assert detail(vector, replace(result, answer={"packets": ["no hex"]}), plots=True).remarks == ()
