"""What the encoder computes is what is recorded."""

from __future__ import annotations

import json

import pytest

from dredref.arithmetic.significand import Form
from dredref.payload.tests.digests import RECORDED, digests


@pytest.mark.parametrize("form", ["integers", "binary32"])
def test_digests_are_those_recorded(form: Form) -> None:
    """Pairs of integers would take minutes; `test_forms` has them on less."""
    assert dict(digests(form)) == json.loads(RECORDED.read_text())
