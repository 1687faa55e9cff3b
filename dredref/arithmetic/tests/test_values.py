"""What comes in at the doors is checked, and refused in words that say what is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dredref.arithmetic.values import check_features, check_samples
from dredref.spec.errors import UsageError


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (np.zeros((1, 5, 20), np.int32), "features.type", "float32"),
        (np.zeros((1, 5, 19), np.float32), "features.shape", "20"),
        (np.zeros((5, 20), np.float32), "features.shape", "streams"),
        (np.zeros((3, 5, 20), np.float32), "features.shape", "1 streams"),
        (np.full((1, 5, 20), np.nan, np.float32), "features.not_finite", "finite"),
        (np.full((1, 5, 20), np.inf, np.float32), "features.not_finite", "finite"),
    ],
)
def test_refused_features(given: Any, code: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        check_features(given, 1)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (np.zeros(160, np.int16), "samples.shape", "streams"),
        (np.zeros((2, 160), np.int16), "samples.shape", "1 streams"),
        (np.zeros((1, 160), np.int32), "samples.type", "int16, or float32"),
        (np.zeros((1, 160), np.float64), "samples.type", "int16, or float32"),
        (np.full((1, 160), 1.001, np.float32), "samples.range", "-1..1"),
        (np.full((1, 160), np.nan, np.float32), "samples.range", "-1..1"),
    ],
)
def test_refused_samples(given: Any, code: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        check_samples(given, 1)
    assert caught.value.code == code


def test_float_samples_are_rounded_halves_up() -> None:
    given = np.array([[-1, 1, 0.5 / 32768, -0.5 / 32768, 1.4999 / 32768]], np.float32)
    assert check_samples(given).tolist() == [[-32768, 32767, 1, 0, 1]]
    pcm = np.array([[-32768, 32767]], np.int16)
    np.testing.assert_array_equal(check_samples(pcm.astype(np.float32) / 32768), pcm)
