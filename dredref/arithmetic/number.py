"""The few operations that every algorithm is written over, and the two carriers of its numbers.

An algorithm is written once. The type of its arrays chooses what carries it:

=============  =====================  ============================================================
carrier        arrays                 a number in a function
=============  =====================  ============================================================
``integer``    ``int32``, ``int64``   :class:`Binary32`, :class:`Binary64`: rules on integers
``hardware``   ``float32/64``         ``float32``, ``float64``: the machine's instructions
=============  =====================  ============================================================

Both round every operation as IEEE 754 says, so that results are the same bits. Arrays of numbers
are ``int32`` or ``float32`` unless they are said to hold binary64, which is met between a
:func:`widen` and a :func:`narrow` alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dredref.arithmetic import binary32, binary64
from dredref.arithmetic.binary32 import Binary32
from dredref.arithmetic.binary64 import Binary64
from dredref.arithmetic.compiling import (
    bits_float,
    bits_float64,
    f32,
    f64,
    float_bits,
    i32,
    i64,
    operation,
    scalar,
)

Number: TypeAlias = Any
"""A number of either carrier."""
Numbers: TypeAlias = Any
"""An array of numbers, ``int32`` or ``float32``, or :class:`Unpacked` ones."""
Numbers64: TypeAlias = Any
"""An array of numbers of binary64, ``int64`` or ``float64``."""


class Unpacked(NamedTuple):
    """Numbers of the integer carrier as they stand in registers: two arrays of ``int32``.

    What is read many times is unpacked once; for the hardware the array serves as it is.
    """

    m: Any
    e: Any


KINDS: dict[str, type] = {"int32": Binary32, "int64": Binary64}
"""Type of an array of the integer carrier -> the kind of its numbers."""


def kind_of(operand: Any) -> Any:
    """What decides about the rule of an operation: the type of a number, or of an array's."""
    return KINDS.get(str(operand.dtype)) if isinstance(operand, np.ndarray) else type(operand)


# Numbers in arrays


@scalar
def _load(array: Numbers, index: Any) -> Binary32:
    return binary32.unpack(array[index])


@scalar
def _load_unpacked(array: Unpacked, index: Any) -> Binary32:
    return Binary32(array.m[index], array.e[index])


@scalar
def _load64(array: Numbers64, index: Any) -> Binary64:
    return binary64.unpack(i64(array[index]))


@operation({Binary32: _load, Unpacked: _load_unpacked, Binary64: _load64}, kind_of)
def load(array: Numbers, index: Any) -> Number:
    """The number at an index, or at a tuple of indices."""
    return array[index]


@scalar
def _store(array: Numbers, index: Any, x: Binary32) -> None:
    array[index] = binary32.pack(x)


@scalar
def _store_unpacked(array: Unpacked, index: Any, x: Binary32) -> None:
    array.m[index], array.e[index] = x


@scalar
def _store64(array: Numbers64, index: Any, x: Binary64) -> None:
    array[index] = binary64.pack(x)


@operation({Binary32: _store, Unpacked: _store_unpacked, Binary64: _store64}, kind_of)
def store(array: Numbers, index: Any, x: Number) -> None:
    """Put a number at an index, or at a tuple of indices."""
    array[index] = x


@scalar
def _scratch(array: Numbers, size: int) -> Unpacked:
    return Unpacked(np.empty(size, np.int32), np.empty(size, np.int32))


@operation({Binary32: _scratch}, kind_of)
def scratch(array: Numbers, size: int) -> Numbers:
    """Room for numbers of the carrier of an array, in the form that is fastest to work on."""
    return np.empty(size, array.dtype)


@scalar
def _zeros64(like: Numbers, size: int) -> Numbers64:
    return np.zeros(size, np.int64)


@operation({Binary32: _zeros64}, kind_of)
def zeros64(like: Numbers, size: int) -> Numbers64:
    """An array of zeros of binary64, of the carrier of an array of binary32."""
    return np.zeros(size, np.float64)


# Numbers from elsewhere


@scalar
def _from_bits(like: Any, bits: int) -> Binary32:
    return binary32.unpack(i32(bits))


@operation({Binary32: _from_bits, Unpacked: _from_bits}, kind_of)
def from_bits(like: Any, bits: int) -> Number:
    """The number that 32 bits stand for, of the carrier of a number or an array; a constant."""
    return bits_float(i32(bits))


@scalar
def _from_bits64(like: Any, bits: int) -> Binary64:
    return binary64.unpack(i64(bits))


@operation({Binary32: _from_bits64, Binary64: _from_bits64}, kind_of)
def from_bits64(like: Any, bits: int) -> Number:
    """The binary64 that 64 bits stand for, of the carrier of a number or an array; a constant."""
    return bits_float64(i64(bits))


@operation({Binary32: binary32.pack}, kind_of)
def to_bits(x: Number) -> int:
    """The bits of a number."""
    return float_bits(x)


@scalar
def _from_int(like: Any, n: int) -> Binary32:
    return binary32.from_int(i32(n))


@operation({Binary32: _from_int, Unpacked: _from_int}, kind_of)
def from_int(like: Any, n: int) -> Number:
    """An integer of magnitude up to 2**24 as a number of the carrier of a number or an array."""
    return f32(n)


@scalar
def _from_fixed(like: Any, n: int, q: int) -> Binary32:
    return binary32.from_fixed(n, q)


@operation({Binary32: _from_fixed}, kind_of)
def from_fixed(like: Any, n: int, q: int) -> Number:
    """``n / 2**q``, rounded, of the carrier of a number or an array; ``q`` from 0 to 30."""
    return f32(n) * (f32(1) / f32(1 << q))


@operation({Binary32: binary64.widen}, kind_of)
def widen(x: Number) -> Number:
    """A binary32 as binary64; exact."""
    return f64(x)


@operation({Binary64: binary64.narrow}, kind_of)
def narrow(x: Number) -> Number:
    """A binary64 rounded to binary32."""
    return f32(x)


# Arithmetic: each result is the exact one, rounded once


@operation({Binary32: binary32.add, Binary64: binary64.add}, kind_of)
def add(x: Number, y: Number) -> Number:
    """The sum."""
    return x + y


@operation({Binary32: binary32.sub, Binary64: binary64.sub}, kind_of)
def sub(x: Number, y: Number) -> Number:
    """The difference."""
    return x - y


@operation({Binary32: binary32.mul, Binary64: binary64.mul}, kind_of)
def mul(x: Number, y: Number) -> Number:
    """The product."""
    return x * y


@operation({Binary32: binary32.div, Binary64: binary64.div}, kind_of)
def div(x: Number, y: Number) -> Number:
    """The quotient, for a divisor other than zero."""
    return x / y


@operation({Binary64: binary64.sqrt}, kind_of)
def sqrt(x: Number) -> Number:
    """The square root of a binary64 that is not negative."""
    return np.sqrt(x)


@operation({Binary32: binary32.neg, Binary64: binary64.neg}, kind_of)
def neg(x: Number) -> Number:
    """The negated number, exactly."""
    return -x


@operation({Binary32: binary32.halve}, kind_of)
def halve(x: Number) -> Number:
    """``x / 2``, which is exact where it matters: before the hyperbolic tangent and after it."""
    return x * f32(0.5)


@operation({Binary32: binary32.less, Binary64: binary64.less}, kind_of)
def less(x: Number, y: Number) -> bool:
    """Whether ``x`` is below ``y``."""
    return bool(x < y)


@scalar
def _choose(x: Binary32, y: Binary32, condition: bool) -> Binary32:
    return Binary32(x.m if condition else y.m, x.e if condition else y.e)


@scalar
def _choose64(x: Binary64, y: Binary64, condition: bool) -> Binary64:
    return Binary64(x.m if condition else y.m, x.e if condition else y.e)


@operation({Binary32: _choose, Binary64: _choose64}, kind_of)
def choose(x: Number, y: Number, condition: bool) -> Number:
    """``x`` where the condition holds, else ``y``."""
    return x if condition else y


@operation({Binary32: binary32.clip_to_one}, kind_of)
def clip_to_one(x: Number) -> Number:
    """``x``, no further from zero than 1."""
    return min(max(x, f32(-1)), f32(1))


@operation({Binary32: binary32.floor}, kind_of)
def floor(x: Number) -> int:
    """The largest integer that is not above, for magnitudes below 2**24."""
    return i32(np.floor(x))


@operation({Binary32: binary32.floor_half_up}, kind_of)
def floor_half_up(x: Number) -> int:
    """``floor(x + 1/2)`` for magnitudes below 2**24; the sum is not rounded.

    On the hardware ``x`` less its floor is exact.
    """
    below = np.floor(x)
    return i32(i32(below) + i32(x - below >= f32(0.5)))
