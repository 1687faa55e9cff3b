"""Powers of ten and soft clipping against many decimal digits, where an estimate tells or not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dredref.arithmetic import logs
from dredref.arithmetic.binary32 import nearest

Floats = NDArray[np.float32]
CARRIERS = np.float32, np.int32


def draw(largest: float, count: int = 120) -> Floats:
    """Numbers of all sizes up to a largest, of either sign; zero, one, and the ends."""
    rng = np.random.default_rng(int(largest))
    sizes = largest * 2.0 ** rng.uniform(-30, 0, count)
    drawn = sizes * rng.choice([-1, 1], count)
    return np.concatenate([drawn, [0, 1, -1, largest, -largest, 2.0**-140]]).astype(np.float32)


def due(function: Callable[..., Decimal], *columns: Floats) -> list[int]:
    """Bits of results on 70 digits, rounded once."""
    with localcontext() as context:
        context.prec = 70
        rows = zip(*(map(Decimal, map(float, column)) for column in columns), strict=True)
        return [nearest(Fraction(function(*row))) for row in rows]


def given(found: Any) -> list[int]:
    """Bits of results on either carrier."""
    bits: list[int] = found.view(np.int32).tolist()
    return bits


def test_powers_of_ten() -> None:
    x = draw(27)
    factors = np.resize(np.array([0.8, 1, 1 / 3, 0.173913, 2.0**-25, 3e9], np.float32), x.shape)
    expected = due(lambda x, factor: Decimal(10) ** x * factor, x, factors)
    for carrier in CARRIERS:
        assert given(logs.power_of_ten(x.view(carrier), factors.view(carrier))) == expected


@pytest.mark.parametrize("full", [5, 3])
def test_soft_clipping(full: int) -> None:
    x = draw(64)
    with localcontext() as context:
        context.prec = 70
        whole = (1 + Decimal(full).exp()).ln()
    expected = due(lambda x: (1 + x.exp()).ln() / whole, x)
    for carrier in CARRIERS:
        assert given(logs.softplus(x.view(carrier), full)) == expected


def test_what_no_estimate_tells_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of them passed over, on integers of any length, results are the same."""
    x = draw(20, 20)
    by_estimate = [logs.exp(x), logs.power_of_ten(x, x * 0 + 1), logs.softplus(x, 5)]
    wide = np.abs(x.astype(np.float64)) + 0.01
    by_estimate.append(logs.log10(wide))

    def undecided(*arrays: Any) -> None:
        arrays[-1][:] = logs.UNDECIDED

    for kernel in ("exponentials", "powers_of_ten", "softpluses", "logarithms"):
        monkeypatch.setattr(logs, kernel, undecided)
    computed = [logs.exp(x), logs.power_of_ten(x, x * 0 + 1), logs.softplus(x, 5)]
    computed.append(logs.log10(wide))
    for one, other in zip(by_estimate, computed, strict=True):
        np.testing.assert_array_equal(one, other)
    for refused in (logs.exp, lambda x: logs.softplus(x, 5)):
        with pytest.raises(ValueError, match="above 64"):
            refused(np.array([65], np.float32))
