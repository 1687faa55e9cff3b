"""The encoder's benchmark lets both sides do the same work."""

from __future__ import annotations

import pytest
from dredref.conformance.adapters.libopus.peer import Peer

from tools.bench.encode import FORMS, compare, encoder_libopus, encoder_ours
from tools.encoder.material import at_rate, clip


@pytest.mark.peer
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_both_sides_write_as_many_bytes(rate: int, peer_161: Peer) -> None:
    pcm = at_rate(clip("espeak-2")[:48_000], rate)
    theirs = encoder_libopus(pcm, rate, peer_161)
    for form in FORMS:
        assert encoder_ours(pcm, rate, form) == pytest.approx(theirs, rel=0.02)


def test_factors_count_audio_a_second_of_time() -> None:
    quick, slow = lambda: sum(range(1000)), lambda: sum(range(100_000))
    found = compare("integers", "work", 1, 5.0, 3, quick, slow)
    assert found.libopus > found.dredref > 0
    assert found.ratio > 5
