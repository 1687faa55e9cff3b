"""Powers of two and logarithms on integers, against fifty digits."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.arithmetic.fixed import ONE
from dredref.arithmetic.powers import INVERSE_LN2, LN2, exp, exp2, exp2_parts, log2


def power(x: int) -> Decimal:
    """``2**x`` of a Q24 number."""
    with localcontext() as context:
        context.prec = 50
        return Decimal(2) ** (Decimal(x) / ONE)


def logarithm(x: int) -> Decimal:
    """Logarithm to base two."""
    with localcontext() as context:
        context.prec = 50
        return Decimal(x).ln() / Decimal(2).ln()


def test_constants() -> None:
    """Natural logarithm of two and its inverse, Q30."""
    with localcontext() as context:
        context.prec = 50
        ln2 = Decimal(2).ln()
        assert round(ln2 * 2**30) == LN2
        assert round(2**30 / ln2) == INVERSE_LN2


@given(st.integers(-30 * ONE, 30 * ONE))
def test_exp2_parts(x: int) -> None:
    """The mantissa is from 1 to 2 and errs by less than 6 in Q30."""
    mantissa, exponent = exp2_parts(np.array([x], np.int64))
    assert exponent.tolist() == [x >> 24]
    wanted = power(x - ((x >> 24) << 24)) * 2**30
    assert abs(int(mantissa[0]) - wanted) < 6
    assert 1 << 30 <= int(mantissa[0]) <= 2 << 30


def test_exp2() -> None:
    """Powers of two are exact; what is too small rounds to 0 or 1."""
    whole = np.arange(-26, 20)
    expected = [0, 1, *(1 << k for k in range(44))]
    assert exp2(whole * ONE).tolist() == expected
    assert exp2(np.array([-(70 << 24), -(25 << 24) - 1])).tolist() == [0, 0]
    assert exp2(np.array([0, ONE, 1 << 23]), 0).tolist() == [1, 2, 1]


@given(st.integers(-16 * ONE, 16 * ONE))
def test_exp(x: int) -> None:
    """A relative error below 2**-24."""
    with localcontext() as context:
        context.prec = 50
        wanted = (Decimal(x) / ONE).exp() * 2**30
        found = exp(np.array([x], np.int64), 30)[0]
        assert abs(int(found) - wanted) <= wanted / 2**24 + 1


@given(st.integers(1, (1 << 62) - 1))
def test_log2(x: int) -> None:
    """An error below 1 in Q24, in any input format."""
    found = int(log2(np.array([x], np.int64))[0])
    assert abs(found - logarithm(x) * ONE) < 1
    assert int(log2(np.array([x], np.int64), 30)[0]) == found - (30 << 24)


@pytest.mark.parametrize("k", range(62))
def test_log2_of_powers(k: int) -> None:
    """Exact."""
    assert log2(np.array([1 << k], np.int64)).tolist() == [k << 24]


def test_tables_rise() -> None:
    """Neighbours across the nodes of both tables are in order."""
    nodes = np.arange(64, dtype=np.int64)[:, None] * (ONE // 64) + np.arange(-3, 4)
    assert (np.diff(exp2(nodes, 30), axis=1) > 0).all()
    values = (64 + np.arange(64, dtype=np.int64))[:, None] * (1 << 24) + np.arange(-3, 4) * 16
    assert (np.diff(log2(values), axis=1) >= 0).all()
