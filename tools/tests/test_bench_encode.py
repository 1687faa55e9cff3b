"""The encoder's benchmark lets both sides do the same work."""

from __future__ import annotations

import pytest

from tools.bench.encode import compare, encoder_libopus, encoder_ours
from tools.encoder.material import at_rate, clip
from tools.libopus.peer import Peer


@pytest.mark.peer
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_both_sides_write_as_many_bytes(rate: int, peer_161: Peer) -> None:
    pcm = at_rate(clip("espeak-2")[:48_000], rate)
    ours, theirs = encoder_ours(pcm, rate), encoder_libopus(pcm, rate, peer_161)
    assert ours == pytest.approx(theirs, rel=0.02)


def test_factors_count_audio_a_second_of_time() -> None:
    found = compare("work", 1, 5.0, 3, lambda: sum(range(1000)), lambda: sum(range(100_000)))
    assert found.libopus > found.dredref > 0
    assert found.ratio > 5
