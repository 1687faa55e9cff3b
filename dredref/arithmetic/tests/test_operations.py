"""Every operation on both carriers is the exact result rounded, compiled or not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from dredref.arithmetic.carrier import Arithmetic
from dredref.arithmetic.tests import operations
from tools.operations import OPERATIONS, RECORDED, draw, made

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
        assert found["work"] == operations.little_work(arithmetic)
