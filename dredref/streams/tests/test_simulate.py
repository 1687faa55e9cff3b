"""Encrypted sources are not taken for Opus, and no real one is missed, on a sample of each."""

from __future__ import annotations

from dredref.streams.rtp.simulate import simulate_encrypted, simulate_plain


def test_encrypted_sources_are_not_opus() -> None:
    assert simulate_encrypted(150, seed=11).taken == 0


def test_drawn_sources_are_given_whole() -> None:
    found = simulate_plain(40, seed=12)
    assert (found.taken, found.given) == (found.sources, found.packets)
