"""Compiled functions hold no float: neither a type nor an instruction, in any of them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from dredref.analysis.analyser import FeatureAnalyser
from dredref.arithmetic import significand as sig
from dredref.arithmetic import significand_arrays as arrays
from dredref.arithmetic import significand_wide as wide
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.significand_functions import sigmoid as by_operations
from dredref.arithmetic.significand_logs import exp, power_of_ten, softplus
from dredref.arithmetic.significand_rows import sigmoid, tanh, to_bytes
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.spec.dred import make_payload
from dredref.spec.tables import LATENT_DIM, STATE_DIM
from dredref.vocoder import vocoder

PACKAGE = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(("dredref", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in PACKAGE.rglob("compil*.py")
)
FLOATS = re.compile(
    r"\b(half|bfloat|float|double|fp128|x86_fp80|f(neg|add|sub|mul|div|rem|cmp|pext|ptrunc)"
    r"|[us]itofp|fpto[us]i)\b"
)
"""Types of floats in LLVM's language, and its instructions that make or take them."""


def kernels(module: Any) -> Iterator[Any]:
    """Functions of a module that are compiled by themselves."""
    for value in vars(module).values():
        own = isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__
        if own and not value.targetoptions.get("forceinline"):
            yield value


@cache
def inner() -> frozenset[Any]:
    """Kernels that others call: their code is part of those others' code."""
    every = {one for name in MODULES for one in kernels(importlib.import_module(name))}
    functions = [one.py_func for one in every]
    called = (f.__globals__.get(name) for f in functions for name in f.__code__.co_names)
    return frozenset(one for one in called if isinstance(one, Dispatcher) and one in every)


@pytest.fixture(scope="module")
def work() -> None:
    """Every kernel is called once, with the arrays that it is called with."""
    x = sig.numbers(np.array([[0x3F000000, 0x3E800000]] * 3, np.int32), sig.PACKED)
    for act in (np.add, np.subtract, np.multiply, np.divide, np.minimum, np.maximum):
        act(x, x)
    np.add.accumulate(x, axis=0)
    arrays.inner_product(x, x)
    arrays.sum_of_products([(x, x), (x, x)])
    for function in (tanh, sigmoid, by_operations, to_bytes, sig.floor, sig.floor_half_up, exp):
        function(x)
    arrays.from_fixed(np.ones(2, np.int64), 3, x)
    sig.from_integers(np.ones(2, np.int64), x)
    power_of_ten(x, x)
    softplus(x, 8)
    y = wide.widen(x)
    wide.narrow(wide.root(y * y + y / (y - y - y)) * y)
    wide.running_sums(y[0], y)
    payload = make_payload(12, 3, 0, 16, [0] * STATE_DIM[12], [[0] * LATENT_DIM[12]])
    features = decode_payloads([payload])[0]
    vocoder().speak(np.concatenate([features, features])[np.newaxis])
    vocoder().resume(np.concatenate([features] * 2)[np.newaxis], np.ones((1, 320), np.int16))
    RdovaeEncoder().encode(FeatureAnalyser().analyse(np.zeros((1, 320), np.int64)))


def floating(kernel: Any, signature: Any) -> list[str]:
    """Lines with floats of a kernel's code, compiled afresh; what is cached has none to show."""
    fresh = numba.njit(nogil=True, error_model="numpy")(kernel.py_func)
    fresh.compile(signature)
    (code,) = fresh.inspect_llvm().values()
    assert "define" in code
    return [line for line in code.splitlines() if FLOATS.search(line)]


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("name", MODULES)
def test_no_kernel_floats(name: str) -> None:
    for one in kernels(importlib.import_module(name)):
        where = f"{name}.{one.py_func.__name__}"
        assert one.signatures or one in inner(), f"{where} is never called"
        for signature in one.signatures:
            assert not floating(one, signature), where


def test_the_look_reaches_what_a_kernel_calls() -> None:
    @kernel
    def halved(x: Any) -> Any:
        return x / 2

    def halve(x: Any, out: Any) -> None:
        for i in range(out.size):
            out[i] = halved(x[i])

    assert floating(numba.njit(halve), (numba.int32[::1], numba.int32[::1]))


def test_the_look_finds_floats() -> None:
    def halve(x: Any, out: Any) -> None:
        for i in range(out.size):
            out[i] = int(x[i] * 0.5)

    found = floating(numba.njit(halve), (numba.int32[::1], numba.int32[::1]))
    assert any("fmul" in line for line in found)
    assert any("fptosi" in line for line in found)
