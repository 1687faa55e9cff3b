"""On the integer carrier no compiled function holds a float: neither a type nor an instruction."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from dredref.arithmetic.tests.operations import little_work  # noqa: E402
from dredref.losses.lossgen import LossGenerator  # noqa: E402

PACKAGE = Path(__file__).parents[2]
MODULES = sorted(
    f"dredref.{folder}.{path.stem}"
    for folder in ("arithmetic", "nn", "analysis", "rdovae", "vocoder", "plc", "losses")
    for path in (PACKAGE / folder).glob("*.py")
    if "@kernel" in path.read_text() and path.stem != "__init__"
)
FLOATS = re.compile(
    r"\b(half|bfloat|float|double|fp128|x86_fp80|f(neg|add|sub|mul|div|rem|cmp|pext|ptrunc)"
    r"|[us]itofp|fpto[us]i)\b"
)
"""Types of floats in LLVM's language, and its instructions that make or take them."""


def kernels(module: Any) -> Iterator[Any]:
    """Functions of a module that Python calls and that are compiled with all that they call."""
    for value in vars(module).values():
        compiled = hasattr(value, "py_func") and value.py_func.__module__ == module.__name__
        if compiled and value.targetoptions.get("nogil"):
            yield value


def integer_only(signature: Any) -> bool:
    """Whether no argument is an array of floats: the integer carrier's."""
    return "float" not in str(signature)


def floating(function: Any, signature: Any) -> list[str]:
    """Lines with floats of a function's code, compiled afresh; what is cached has none to show."""
    fresh = numba.njit(nogil=True, error_model="numpy")(function)
    fresh.compile(signature)
    (code,) = fresh.inspect_llvm().values()
    assert "define" in code
    return [line for line in code.splitlines() if FLOATS.search(line)]


@pytest.fixture(scope="module")
def work() -> None:
    """Every kernel of the networks and of the analysis is called with arrays of integers."""
    little_work("integer")
    LossGenerator(0.2, lambda: 0.5, "integer")


@pytest.mark.slow
@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("name", MODULES)
def test_no_kernel_floats(name: str) -> None:
    for one in kernels(importlib.import_module(name)):
        for signature in filter(integer_only, one.signatures):
            assert not floating(one.py_func, signature), f"{name}.{one.py_func.__name__}"


@pytest.mark.usefixtures("work")
def test_the_look_reaches_every_network() -> None:
    reached = {
        f"{name}.{one.py_func.__name__}"
        for name in MODULES
        for one in kernels(importlib.import_module(name))
        if any(map(integer_only, one.signatures))
    }
    wanted = (
        "rdovae.decoder.decode_batch",
        "rdovae.encoder.encode_steps",
        "vocoder.network.condition",
    )
    more = (
        *("vocoder.network.synthesize", "analysis.transform.transform_columns"),
        *("plc.burg.burg", "plc.concealer.attenuate", "losses.lossgen.is_lost"),
    )
    assert {f"dredref.{kernel}" for kernel in (*wanted, *more)} <= reached


def test_the_look_finds_floats() -> None:
    def halve(x: Any, out: Any) -> None:
        for i in range(out.size):
            out[i] = int(x[i] * 0.5)

    array = numba.typeof(np.zeros(2, np.int32))
    found = floating(halve, (array, array))
    assert any("fmul" in line for line in found)
    assert any("fptosi" in line for line in found)
