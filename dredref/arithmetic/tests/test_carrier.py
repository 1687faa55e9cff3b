"""Machines whose floats do not serve are refused; what a call says comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dredref.arithmetic import carrier
from dredref.arithmetic.carrier import carrier_of, in_use, refusal, using

PROBE = carrier._probe
TINY = 0x00800000
"""Bits of the smallest number that some machines do not flush to zero."""


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    """What was found out about one machine does not stand for the next."""
    refusal.cache_clear()
    yield
    refusal.cache_clear()


def flush(out: Any) -> None:
    """Results below 2**-126 become zero."""
    out[(out.view(np.int32) & 0x7FFFFFFF) < TINY] = 0


def truncate(out: Any) -> None:
    """The last bit of products is always even, as no rounding leaves it."""
    out.view(np.int32)[2] &= -2


def fuse(out: Any) -> None:
    """A product and a sum that round once: the row that asks gets other last bits."""
    out.view(np.int32)[4] ^= 1


def use_machine(monkeypatch: pytest.MonkeyPatch, spoil: Any) -> None:
    """Compute on floats as another machine would."""

    def probe(x: Any, y: Any, out: Any) -> None:
        PROBE(x, y, out)
        if out.dtype == np.float32:
            spoil(out)

    monkeypatch.setattr(carrier, "_probe", probe)


def test_this_machine_serves() -> None:
    assert refusal() == ""
    assert in_use() == "hardware"


@pytest.mark.parametrize(
    ("spoil", "told"), [(flush, "difference"), (truncate, "product"), (fuse, "product and sum")]
)
def test_other_machines_are_refused(spoil: Any, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They compute on integers, even where a call asks for floats, and are told why."""
    use_machine(monkeypatch, spoil)
    assert told in refusal().removesuffix(" rounded otherwise than IEEE 754 says").split(", ")
    assert in_use() == in_use("hardware") == "integer"
    assert carrier_of("hardware") == np.int32


def test_using() -> None:
    """A call's word is above the block's, the inner block's above the outer's."""
    with using("integer"):
        assert in_use() == "integer"
        assert in_use("hardware") == "hardware"
        with using("hardware"):
            assert carrier_of() == np.float32
        assert carrier_of() == np.int32
    assert in_use() == "hardware"


def test_using_ends_with_an_error() -> None:
    def fail() -> None:
        with using("integer"):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert in_use() == "hardware"
