"""Operations on arrays of binary32 words, compiled: what :class:`Packed` does.

Loops run over contiguous arrays, an output of its own beside the inputs; numpy spreads operands
of other shapes before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.arithmetic.compiled import (
    MAGNITUDE,
    SIGN,
    add,
    div,
    floor,
    floor_half_up,
    in_order,
    mul,
    pack,
    rounded,
    sigmoid,
    sub,
    tanh,
    to_byte,
    unpack,
    whole,
)
from dredref.arithmetic.compiling import kernel
from dredref.arithmetic.fixed import Integers
from dredref.arithmetic.significand import Words

Loop = Callable[[Words, Words, Words], None]
"""A loop over two flat arrays into a third."""


@kernel
def _add(x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(add(unpack(x[i]), unpack(y[i])))


@kernel
def _subtract(x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(sub(unpack(x[i]), unpack(y[i])))


@kernel
def _multiply(x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(mul(unpack(x[i]), unpack(y[i])))


@kernel
def _divide(x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(div(unpack(x[i]), unpack(y[i])))


@kernel
def _minimum(x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = x[i] if in_order(x[i]) < in_order(y[i]) else y[i]


@kernel
def _maximum(x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = x[i] if in_order(x[i]) > in_order(y[i]) else y[i]


@kernel
def _running_sums(x: Words, out: Words) -> None:
    """Sums along axis 0 of ``x`` [steps, columns], each rounded; zero changes nothing."""
    total = np.zeros_like(x[0])
    for step in range(x.shape[0]):
        for i in range(x.shape[1]):
            total[i] = pack(add(unpack(total[i]), unpack(x[step, i])))
        for i in range(x.shape[1]):
            out[step, i] = total[i]


@kernel
def _inner_products(x: Words, y: Words, total: Words) -> None:
    """Sums of products along axis 0 of ``x`` and ``y`` [terms, columns]."""
    for i in range(total.size):
        total[i] = pack(mul(unpack(x[0, i]), unpack(y[0, i])))
    for term in range(1, x.shape[0]):
        for i in range(total.size):
            product = mul(unpack(x[term, i]), unpack(y[term, i]))
            total[i] = pack(add(unpack(total[i]), product))


@kernel
def _add_products(total: Words, x: Words, y: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(add(unpack(total[i]), mul(unpack(x[i]), unpack(y[i]))))


@kernel
def _tanh(x: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(tanh(unpack(x[i])))


@kernel
def _sigmoid(x: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(sigmoid(unpack(x[i])))


@kernel
def _to_bytes(x: Words, out: NDArray[np.int16]) -> None:
    for i in range(out.size):
        out[i] = to_byte(unpack(x[i]))


@kernel
def _floor(x: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = floor(unpack(x[i]))


@kernel
def _floor_half_up(x: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = floor_half_up(unpack(x[i]))


@kernel
def _from_fixed(x: Integers, q: int, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(rounded(x[i], -q))


@kernel
def _from_integers(x: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = pack(whole(x[i]))


def flat(x: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """``x``, spread to ``shape``, as a flat array that loops take: contiguous and not locked."""
    if x.shape != shape:
        x = np.broadcast_to(x, shape)
    if not (x.flags.c_contiguous and x.flags.writeable):
        x = x.copy()
    return x.reshape(-1)


def _of_two(loop: Loop) -> Callable[[Words, Words], Words]:
    """The loop, with broadcasting."""

    def act(x: Words, y: Words) -> Words:
        shape = x.shape if x.shape == y.shape else np.broadcast_shapes(x.shape, y.shape)
        out = np.empty(shape, np.int32)
        loop(flat(x, shape), flat(y, shape), out.reshape(-1))
        return out

    return act


def _of_one(loop: Callable[..., None], kind: type = np.int32) -> Callable[[NDArray[Any]], Any]:
    """The loop on any array; results are of ``kind``."""

    def act(x: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = np.empty(x.shape, kind)
        loop(flat(x, x.shape), out.reshape(-1))
        return out

    return act


def _negative(x: Words) -> Words:
    return np.where(x == 0, x, x ^ SIGN)


def _absolute(x: Words) -> Words:
    return x & MAGNITUDE


def places(x: Words) -> Words:
    """Integers that stand in the order of the numbers."""
    return np.where(x < 0, -(x & MAGNITUDE), x)


def _compared(compare: np.ufunc) -> Callable[[Words, Words], NDArray[np.bool_]]:
    """The comparison of numbers."""

    def act(x: Words, y: Words) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = compare(places(x), places(y))
        return found

    return act


def _accumulated(x: Words, axis: int = 0) -> Words:
    """Running sums along an axis, from the first element on."""
    moved = np.moveaxis(x, axis, 0)
    rows = flat(moved, moved.shape).reshape(moved.shape[0], -1)
    out = np.empty_like(rows)
    if out.size:
        _running_sums(rows, out)
    return np.moveaxis(out.reshape(moved.shape), 0, axis)


RULES: Mapping[str, Callable[..., Any]] = {
    "add": _of_two(_add),
    "subtract": _of_two(_subtract),
    "multiply": _of_two(_multiply),
    "divide": _of_two(_divide),
    "minimum": _of_two(_minimum),
    "maximum": _of_two(_maximum),
    "negative": _negative,
    "absolute": _absolute,
    "less": _compared(np.less),
    "less_equal": _compared(np.less_equal),
    "greater": _compared(np.greater),
    "greater_equal": _compared(np.greater_equal),
    "equal": np.equal,
    "not_equal": np.not_equal,
    "add.accumulate": _accumulated,
}
"""What numpy's ufuncs mean for words, by their names."""

tanh_of: Callable[[Words], Words] = _of_one(_tanh)
"""The rational tangent of each number."""
sigmoid_of: Callable[[Words], Words] = _of_one(_sigmoid)
"""The logistic function of each number."""
bytes_of: Callable[[Words], NDArray[np.int16]] = _of_one(_to_bytes, np.int16)
"""``floor(127 x + 1/2)`` of the rounded ``127 x`` of each number within -1..1."""
floor_of: Callable[[Words], Words] = _of_one(_floor)
"""The largest integer that is not above each number; for magnitudes below 2**24."""
half_up_of: Callable[[Words], Words] = _of_one(_floor_half_up)
"""``floor(x + 1/2)`` of each number, the sum not rounded; for magnitudes below 2**24."""
_of_integers: Callable[[Words], Words] = _of_one(_from_integers)


def of_integers(values: Integers) -> Words:
    """Words of integers up to 2**24 in magnitude."""
    return _of_integers(np.asarray(values).astype(np.int32))


def of_fixed(values: Integers, q: int) -> Words:
    """Words of integers with ``q`` fractional bits, 0 to 149, rounded."""
    out = np.empty(values.shape, np.int32)
    _from_fixed(flat(values.astype(np.int64), values.shape), q, out.reshape(-1))
    return out


def inner_products(x: Words, y: Words) -> Words:
    """Sums of products along axis 0: each product is rounded, then added to what is there."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    out = np.empty(shape[1:], np.int32)
    rows = shape[0], out.size
    _inner_products(flat(x, shape).reshape(rows), flat(y, shape).reshape(rows), out.reshape(-1))
    return out


def add_products(total: Words, x: Words, y: Words) -> Words:
    """``total + x y``, both operations rounded."""
    shape = np.broadcast_shapes(total.shape, x.shape, y.shape)
    out = np.empty(shape, np.int32)
    _add_products(flat(total, shape), flat(x, shape), flat(y, shape), out.reshape(-1))
    return out
