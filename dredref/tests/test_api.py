"""The public names: their examples run, their types are seen, and what they refuse they refuse."""

from __future__ import annotations

import ast
import doctest
from pathlib import Path

import numpy as np
import pytest

import dredref
from dredref import api
from dredref.spec.errors import UsageError

PACKAGE = Path(dredref.__file__).parent


@pytest.mark.parametrize("module", [dredref, api], ids=lambda module: str(module.__name__))
def test_examples_run(module: object) -> None:
    failed, tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried >= 4
    assert failed == 0


def test_type_checkers_see_the_same_names() -> None:
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text("utf-8"))
    imported = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    homes = {alias.asname: node.module for node in imported for alias in node.names}
    assert homes == dredref._HOMES
    for name in homes:
        assert getattr(dredref, str(name)) is not None


def test_a_version_is_told() -> None:
    assert dredref.__version__[0].isdigit()


@pytest.mark.parametrize(
    ("samples", "code"),
    [
        (np.zeros(1600, np.int64), "samples.type"),
        (np.zeros(1600, np.float64), "samples.type"),
        (np.zeros((2, 1600), np.int16), "samples.shape"),
        (np.full(1600, 1.5, np.float32), "samples.range"),
        (np.full(1600, np.nan, np.float32), "samples.range"),
    ],
)
def test_samples_that_would_give_nonsense_are_refused(samples: np.ndarray, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        dredref.features(samples)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        (np.zeros((9, 20), np.int32), "features.type"),
        (np.zeros((9, 18), np.float32), "features.shape"),
        (np.full((9, 20), np.inf, np.float32), "features.not_finite"),
    ],
)
def test_features_that_would_give_nonsense_are_refused(vectors: np.ndarray, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        dredref.synthesize(vectors)
    assert caught.value.code == code


def test_float_samples_are_those_of_16_bits() -> None:
    pcm = np.arange(-3200, 3200, 2).astype(np.int16)
    of_floats = dredref.features((pcm / np.float32(32768)).astype(np.float32))
    np.testing.assert_array_equal(of_floats, dredref.features(pcm))


def test_a_packet_without_dred_says_why() -> None:
    with pytest.raises(UsageError, match="no code-3 packet"):
        dredref.decode(b"\x08\x00")
