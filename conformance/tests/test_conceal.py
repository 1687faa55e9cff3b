"""The reference's answer to whole streams with losses."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import dredref.receiver.codec
from dredref.arithmetic.values import Pcm
from dredref.conformance.adapters.reference import answer
from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.replies import Unsupported
from dredref.metrics.audio import compare_audio
from dredref.vectors.model import Audio, ConcealInput
from dredref.vectors.suite import load_suite

STREAM = "stream.conceal.v12.call-5"


def question(**changes: object) -> dict[str, object]:
    """What an implementation is asked."""
    given = load_suite().find(STREAM).input
    assert isinstance(given, ConcealInput)
    asked = {"stream": given.stream.read().hex(), "mask": given.mask, "rate": 16000, "channels": 1}
    return {**asked, "version": 12, **changes}


def spoken(**changes: object) -> Pcm:
    """The speech of the answer."""
    reply = answer("conceal", question(**changes))
    assert isinstance(reply, Answer)
    return np.frombuffer(bytes.fromhex(reply.value["pcm"]), "<i2")


def test_the_reference_is_within_the_limits_and_without_dred_is_not() -> None:
    expected = load_suite().find(STREAM).expected
    assert isinstance(expected, Audio)
    due = np.frombuffer(expected.pcm.read(), "<i2")
    assert compare_audio(due, spoken()).within(expected.limits)
    # DRED of the version that is not asked for counts as none.
    assert not compare_audio(due, spoken(version=10)).within(expected.limits)


def test_what_the_reference_does_not_do() -> None:
    for change in ({"rate": 48000}, {"channels": 2}, {"mask": "x"}):
        assert isinstance(answer("conceal", question(**change)), Unsupported)


def test_a_mask_longer_than_the_stream_is_refused() -> None:
    reply = answer("conceal", question(mask="1" * 5000))
    assert isinstance(reply, Refusal)
    assert reply.code == "mask.length"


def test_without_pyav_it_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(dredref.receiver.codec, "library", lambda: None)
    reply = answer("conceal", question())
    assert isinstance(reply, Unsupported)
    assert "containers" in reply.reason
