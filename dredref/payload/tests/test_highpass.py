"""The filter before the DRED encoder, against libopus' formula in floating point."""

from __future__ import annotations

import numpy as np
import pytest

from dredref.payload.highpass import HighPass, offset_coefficients, speech_coefficients
from dredref.spec.errors import UsageError

RATES = (8000, 12_000, 16_000, 24_000, 48_000)


def tone(hz: float, rate: int) -> np.ndarray:
    """Two seconds of a tone of half the full scale, Q8, one channel."""
    wave = np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate)
    return np.round(wave * (1 << 22)).astype(np.int64)[:, None]


def gain(kind: str, hz: float, rate: int) -> float:
    """Of a tone, once the filter has settled."""
    given = tone(hz, rate)
    found = HighPass(kind, rate, 1).filter(given)
    return float(np.abs(found[rate:]).max() / np.abs(given[rate:]).max())


@pytest.mark.parametrize("rate", RATES)
def test_speech_stays_and_rumble_goes(rate: int) -> None:
    assert gain("speech", 1000, rate) == pytest.approx(1, abs=0.01)
    assert gain("speech", 150, rate) == pytest.approx(1, abs=0.15)
    assert gain("speech", 15, rate) < 0.12
    assert gain("offset", 50, rate) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("kind", ["speech", "offset"])
def test_an_offset_goes(kind: str) -> None:
    found = HighPass(kind, 16_000, 1).filter(np.full((64_000, 1), 1 << 20, np.int64))
    assert np.abs(found[-1000:]).max() <= 64


@pytest.mark.parametrize("rate", RATES)
def test_the_formula(rate: int) -> None:
    """The coefficients are libopus'; the recursion is that of the same filter in floats."""
    corner = (int(1.5 * 3.14159 / 1000 * 2**19 + 0.5) * 60 // (rate // 1000)) / 2**19
    r = 1 - int(0.92 * 512 + 0.5) / 512 * corner
    due = (r, -2 * r, r, r * (corner * corner - 2), r * r)
    found = np.array(speech_coefficients(rate)) / 2**28
    np.testing.assert_allclose(found, due, atol=2e-6)
    given = np.random.default_rng(1).integers(-(1 << 23), 1 << 23, 4000)
    for kind, coefficients in (
        ("speech", speech_coefficients(rate)),
        ("offset", offset_coefficients(rate)),
    ):
        b0, b1, b2, a1, a2 = np.array(coefficients) / 2**28
        first = second = 0.0
        expected = []
        for x in given.tolist():
            y = first + b0 * x
            first, second = second - a1 * y + b1 * x, b2 * x - a2 * y
            expected.append(y)
        made = HighPass(kind, rate, 1).filter(given[:, None])[:, 0]
        assert np.abs(made - np.array(expected)).max() < 8  # of 256 to a step of 16 bits


def test_parts_and_channels_change_nothing() -> None:
    given = np.random.default_rng(2).integers(-(1 << 23), 1 << 23, (3000, 2))
    whole = HighPass("speech", 48_000, 2).filter(given)
    filter_ = HighPass("speech", 48_000, 2)
    parts = [filter_.filter(part) for part in np.split(given, [1, 700, 701])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    alone = HighPass("speech", 48_000, 1).filter(given[:, 1:])
    np.testing.assert_array_equal(alone[:, 0], whole[:, 1])


def test_full_scale_does_not_wrap() -> None:
    square = np.where(np.arange(8000) // 200 % 2, -(1 << 23), (1 << 23) - 1)[:, None]
    found = HighPass("speech", 8000, 1).filter(square)
    assert np.abs(found).max() <= 1 << 24
    assert (np.sign(found[201:205]) == np.sign(square[201:205])).all()


def test_nothing_is_taken_out_by_none() -> None:
    given = tone(20, 16_000)
    assert HighPass("none", 16_000, 1).filter(given) is given
    with pytest.raises(UsageError, match="none of"):
        HighPass("loud", 16_000, 1)
