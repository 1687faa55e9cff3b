"""Every operation on both carriers is the exact result rounded, compiled or not."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dredref.arithmetic import binary64, logs
from dredref.arithmetic.carrier import Arithmetic
from dredref.arithmetic.tests import operations
from tools.operations import OPERATIONS, RECORDED, draw, made, rounded, to_bits

CARRIERS: tuple[Arithmetic, ...] = ("integer", "hardware")


def drawn(name: str, count: int, seed: int) -> list[Any]:
    """An operation with cases of exact fractions, as the file has it."""
    one = OPERATIONS[name]
    about = {"name": name, "operands": one.operands, "result": one.result}
    return [{**about, "cases": list(draw(one, count, seed))}]


@pytest.mark.parametrize("arithmetic", CARRIERS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_exact_and_rounded_once(name: str, arithmetic: Arithmetic) -> None:
    """Against fractions, on cases that the file does not have."""
    assert list(operations.differences(drawn(name, 300, 99), arithmetic)) == []


@pytest.mark.parametrize("arithmetic", CARRIERS)
def test_recorded_cases(arithmetic: Arithmetic) -> None:
    assert list(operations.differences(operations.recorded(), arithmetic)) == []


SMALL = {
    "add64": ((-1074, -1010), (-1074, -1010)),
    "sub64": ((-1074, -1010), (-1074, -1010)),
    "less64": ((-1074, -1010), (-1074, -1060)),
    "mul64": ((-560, -500), (-560, -500)),
    "div64": ((-1040, -960), (0, 100)),
}
"""Operations -> powers of two of operands whose results have fewer bits than others."""


@pytest.mark.parametrize("arithmetic", CARRIERS)
@pytest.mark.parametrize("name", SMALL)
def test_binary64_below_the_smallest_normal_number(name: str, arithmetic: Arithmetic) -> None:
    rng, one, cases = np.random.default_rng(7), OPERATIONS[name], []
    for _ in range(300):
        sizes = (int(m) << 52 | int(rng.integers(1 << 52)) for m in rng.choice([-1, 1], 2))
        powers = [int(rng.integers(low, high)) for low, high in SMALL[name]]
        x, y = (
            rounded(m * Fraction(2) ** (power - 52), 53, -1074)
            for m, power in zip(sizes, powers, strict=True)
        )
        if y:
            result = one.define(x, y)
            shown = int(result) if one.result == "int32" else to_bits(result, 53, 64)
            cases.append([to_bits(x, 53, 64), to_bits(y, 53, 64), shown])
    if one.result == "binary64":
        assert sum(0 < case[-1] & (1 << 63) - 1 < 1 << 52 for case in cases) > 100
    about = {"name": name, "operands": one.operands, "result": one.result, "cases": cases}
    assert list(operations.differences([about], arithmetic)) == []


@pytest.mark.parametrize("kind", [int, np.int64])
def test_zero_of_binary64_has_no_bits(kind: type) -> None:
    """Uncompiled too, where numpy's integers would overflow."""
    zero = binary64.Binary64(kind(0), kind(binary64.ZERO))
    pack = getattr(binary64.pack, "py_func", binary64.pack)
    assert pack(zero) == 0


def test_logarithms_that_are_near_zero_or_not_taken() -> None:
    """Next to 1, where most of it cancels, and where no estimate tells it."""
    near = 1 + np.arange(-40, 41) * 2.0**-52
    due = [float(OPERATIONS["log10_64"].define(Fraction(x))) for x in near]
    for dtype in (np.float64, np.int64):
        assert logs.log10(near.view(dtype)).view(np.float32).tolist() == due
        for x in (0.0, -1.0, 2.0**-65, 2.0**65, np.inf, np.nan):
            with pytest.raises(ValueError, match="below"):
                logs.log10(np.array([x]).view(dtype))


def test_the_file_is_what_its_generator_makes() -> None:
    assert RECORDED.read_text() == made()
    assert [one["name"] for one in operations.recorded()] == list(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_bit_is_a_difference(name: str) -> None:
    """What compares can fail."""
    (about,) = drawn(name, 8, 5)
    about["cases"][3][-1] ^= 1
    (told,) = operations.differences([about], "integer")
    assert told.startswith(f"{name}, integer: ")


def test_recorded_cases_reach_the_edges() -> None:
    """Numbers below 2**-126, results that are halves, and what cancels but for the last bits."""
    for about in operations.recorded():
        if about["name"] in ("add", "sub", "mul", "div"):
            results = [case[-1] & 0x7FFFFFFF for case in about["cases"]]
            assert sum(0 < bits < 0x00800000 for bits in results) > 3, about["name"]
            assert max(results) > 0x7D000000, about["name"]


def test_without_a_compiler() -> None:
    """Plain Python gives the same bits: operations, a packet, speech, analysis, encoder."""
    command = [sys.executable, "-m", "dredref.arithmetic.tests.operations"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["differences"] == []
    for arithmetic in CARRIERS:
        assert found["integer"] == operations.little_work(arithmetic)
