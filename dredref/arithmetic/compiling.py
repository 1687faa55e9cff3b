"""How functions of numbers are compiled, and what runs where there is no compiler.

Five kinds of functions are marked:

* :func:`operation` - an operation whose first operand's type chooses the rule, see
  :mod:`dredref.arithmetic.number`;
* :func:`scalar` - a function of numbers, put into the code of what calls it;
* :func:`kernel` - loops over arrays, called from Python; they release the interpreter's lock;
* :func:`loop` - the same for kernels alone;
* :func:`part` - a part of one kernel. A kernel is compiled anew into each kernel that calls it, so
  that levels of them would multiply what there is to compile.

numba compiles them where it is installed (:mod:`dredref.arithmetic.with_numba`). Elsewhere they run
as the Python that they are, with the same results and some hundred times slower: what stands below
is that form of decorators and machine instructions.

**Lanes of 32 bits.** Loops run several numbers at once, as wide as their widest integer. numba
takes the sum of two ``int32`` for an ``int64``, and shifts too, which halves the speed; so results
are cast back by :func:`i32` after each operation, and shifts are :func:`left` and :func:`right`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
"""A function, with its types."""
A = TypeVar("A")
"""An array."""
Rules = Mapping[type, Callable[..., Any]]
"""What an operation does with numbers of other kinds than the machine's floats."""

LANES = 32
"""Products that :func:`dot` takes at once; layers pad their inputs to a multiple."""
COMPILED = find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")
"""Whether functions are compiled here: not if numba is told to compile nothing."""


def i32(x: Any) -> int:
    """The low 32 bits of an integer as a signed one; a float is cut to an integer."""
    return ((int(x) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def i64(x: Any) -> int:
    """An integer of 64 bits."""
    return int(x)


def constant32(x: int) -> int:
    """An integer that compiled functions take for one of 32 bits."""
    return x


def f32(x: Any) -> Any:
    """The ``float32`` that is nearest."""
    return np.float32(x)


def f64(x: Any) -> Any:
    """The ``float64`` that is nearest."""
    return np.float64(x)


def left(x: int, n: int) -> int:
    """``x * 2**n`` in 32 bits, for ``n`` from 0 to 31."""
    return i32(int(x) << int(n))


def right(x: int, n: int) -> int:
    """``floor(x / 2**n)`` in 32 bits, for ``n`` from 0 to 31."""
    return int(x) >> int(n)


def right_unsigned(x: int, n: int) -> int:
    """The same for 32 bits without a sign."""
    return i32((int(x) & 0xFFFFFFFF) >> int(n))


def leading_zeros(x: int) -> int:
    """Zeros above the highest bit of 32 bits; 32 for 0."""
    return 32 - (int(x) & 0xFFFFFFFF).bit_length()


def leading_zeros64(x: int) -> int:
    """Zeros above the highest bit of 64 bits; 64 for 0."""
    return 64 - (int(x) & 0xFFFFFFFFFFFFFFFF).bit_length()


def float_bits(x: Any) -> int:
    """The bits of a ``float32``."""
    return int(np.float32(x).view(np.int32))


def bits_float(bits: int) -> Any:
    """The ``float32`` of 32 bits."""
    return np.int32(bits).view(np.float32)


def bits_float64(bits: int) -> Any:
    """The ``float64`` of 64 bits."""
    return np.int64(bits).view(np.float64)


def dot(weights: Any, starts: Any, size: int, x: Any, rows: Any) -> Any:
    """Integer sums of products of runs of 8-bit weights with rows of 8-bit activations.

    Args:
        weights: ``int8``, flat.
        starts: where the runs that are meant begin, a tuple of 1 or 4.
        size: how long each is, a multiple of ``LANES``.
        x: activations, ``int16`` [rows, ``size`` or more].
        rows: the rows that are meant, a tuple of 1 or 4 indices.

    Returns:
        Sums, ``int32``, run after run with every row; the caller keeps them within it by a bound on
        the weights.
    """
    runs = [weights[start : start + size].astype(np.int64) for start in starts]
    return tuple(int(run @ x[row, :size].astype(np.int64)) for run in runs for row in rows)


def borrowed(array: A) -> A:
    """The same array, whose owner is not counted: for a kernel that hands it from call to call.

    The kernel's caller owns it; counting at each call in between costs more than what is read.
    """
    return array


def kernel(function: F) -> F:
    """Loops over arrays."""
    return function


def scalar(function: F) -> F:
    """A function of numbers."""
    return function


def loop(function: F) -> F:
    """Loops over arrays that other compiled functions alone call."""
    return function


def part(function: F) -> F:
    """A part of one kernel, compiled as if it stood there."""
    return function


def operation(rules: Rules, kind_of: Callable[[Any], Any]) -> Callable[[F], F]:
    """Choose an operation's rule by the kind of its first operand.

    The decorated function is the rule for the machine's floats.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def choose(*operands: Any) -> Any:
            return rules.get(kind_of(operands[0]), function)(*operands)

        chosen: Any = choose
        return chosen  # type: ignore[no-any-return]

    return decorate


if COMPILED and not TYPE_CHECKING:
    from dredref.arithmetic import with_numba

    globals().update({name: getattr(with_numba, name) for name in with_numba.__all__})


@scalar
def most(a: int, b: int) -> int:
    """The larger of two integers."""
    return a if a > b else b


@scalar
def least(a: int, b: int) -> int:
    """The smaller of two integers."""
    return a if a < b else b
