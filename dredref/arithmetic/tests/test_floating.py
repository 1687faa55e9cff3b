"""The look for floats finds them, so that tests that find none say something."""

from __future__ import annotations

import sys

import numpy as np

from dredref.arithmetic.significand import Significands, from_integers
from dredref.arithmetic.significand_rows import tanh
from dredref.arithmetic.significand_wide import WideSignificands
from dredref.arithmetic.tests.floating import floats, look_for_floats


def test_values() -> None:
    assert floats(1.0)
    assert floats([np.zeros(2, np.float32)])
    assert floats(Significands(np.zeros(1), np.zeros(1)))  # type: ignore[arg-type]
    assert floats(WideSignificands(np.array([1, 0.5], object), np.array([0, 0], object)))
    assert not floats(WideSignificands(np.array([1, 5], object), np.array([0, 0], object)))
    assert not floats((1, np.zeros(2, np.int64), "1.0"))


def test_functions() -> None:
    """The fast form of a function floats, its definition does not; then nobody looks any more."""
    with look_for_floats() as fast:
        tanh(np.ones(3, np.float32))
    where = "dredref.arithmetic.significand_rows.tanh"
    assert {f"{where}: x", f"{where}: return"} <= fast.found
    ones = np.ones(3, np.int64)
    pairs = from_integers(ones, Significands(ones, ones))
    with look_for_floats() as defined:
        tanh(pairs)
    assert defined.seen > 10
    assert not defined.found
    assert sys.gettrace() is None
