"""The recorded digests hold on both carriers."""

from __future__ import annotations

import json

import pytest

from dredref.arithmetic.carrier import Arithmetic
from dredref.vocoder import vocoder
from dredref.vocoder.tests.digests import RECORDED, digests, of
from dredref.vocoder.tests.inputs import clips


def recorded() -> dict[str, str]:
    """What is to come out."""
    found: dict[str, str] = json.loads(RECORDED.read_text())
    return found


@pytest.mark.parametrize("arithmetic", ["integer", "hardware"])
def test_digests(arithmetic: Arithmetic) -> None:
    """Every input."""
    assert dict(digests(vocoder(arithmetic), clips())) == recorded()


def test_a_digest_tells() -> None:
    """One sample that differs by one is another digest."""
    speech = vocoder().utterance(clips()["espeak-2"][None])[0]
    assert of(speech) == recorded()["espeak-2"]
    speech[1234] += 1
    assert of(speech) != recorded()["espeak-2"]
