"""The vocoder's benchmark measures both sides, on speech short enough for a test."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from dredref.conformance.adapters.libopus.peer import Peer

from tools.bench import vocoder


@pytest.mark.peer
def test_speed(peer_161: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One round of each form and batch size."""
    monkeypatch.setattr(vocoder, "SECONDS", 0.2)
    done = CliRunner().invoke(vocoder.main, ["--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    expected = [(form, streams) for form in ("integers", "binary32") for streams in (1, 16)]
    assert [(one["form"], one["streams"]) for one in found] == expected
    for one in found:
        assert 0 < one["dredref"] < one["libopus"]
        assert (one["two_threads"] is not None) == (
            one["form"] == "integers" and one["streams"] > 1
        )
        assert one["ratio"] == pytest.approx(one["libopus"] / one["dredref"])


@pytest.mark.peer
def test_near(peer_161: Peer, peer_161_c: Peer) -> None:
    """No sample differs from the portable path, and the other build does."""
    found = vocoder.nearness("librivox-3", peer_161, peer_161_c)
    assert found.differing_samples == 0
    assert found.portable_dredref == (0, 0, 0)
    assert min(found.portable_default) > 0
    assert found.original_dredref == found.original_portable


def test_seconds() -> None:
    """Time on the clock includes waiting, the processor's does not."""
    clock, processor = vocoder.seconds(lambda: np.linalg.svd(np.ones((200, 200))))
    assert clock > 0
    assert processor > 0
