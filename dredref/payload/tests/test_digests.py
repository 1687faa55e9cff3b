"""What the encoder computes is what is recorded, on both carriers."""

from __future__ import annotations

import json

import pytest

from dredref.arithmetic.carrier import Arithmetic
from dredref.payload.tests.digests import RECORDED, digests


@pytest.mark.parametrize("arithmetic", ["integer", "hardware"])
def test_digests_are_those_recorded(arithmetic: Arithmetic) -> None:
    assert dict(digests(arithmetic)) == json.loads(RECORDED.read_text())
