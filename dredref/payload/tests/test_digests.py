"""What the encoder computes is what is recorded."""

from __future__ import annotations

import json

from dredref.payload.tests.digests import RECORDED, digests


def test_digests_are_those_recorded() -> None:
    assert dict(digests()) == json.loads(RECORDED.read_text())
