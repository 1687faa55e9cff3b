"""From audio to payloads, every form gives the same."""

from __future__ import annotations

import numpy as np

from dredref.arithmetic.significand import FORMS, Form
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.placement import Slot
from dredref.payload.tests.digests import clip
from dredref.payload.writer import Levels
from dredref.resample import to_input


def payloads(form: Form) -> list[bytes | None]:
    """Of 240 ms of speech at 16 kHz, in 20 ms packets."""
    encoder = DredEncoder(16_000, settings=DredSettings(Levels(2, 3, 12)), form=form)
    encoder.feed(to_input(clip("librivox-2", 1.5)[-3840:]))
    encoder.end()
    return encoder.payloads([Slot(960 * index, 960) for index in range(12)])


def test_integers_define_the_payloads() -> None:
    found = payloads("pairs")
    assert all(payloads(form) == found for form in FORMS)
    assert np.mean([len(payload or b"") for payload in found]) > 50
