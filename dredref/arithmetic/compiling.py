"""How integer functions are compiled: numba's decorators with types, and integers of 32 bits.

Three kinds of functions stand in modules whose names begin with ``compiled``:

* :func:`scalar` - rules for one number, put into the code of what calls them;
* :func:`kernel` - loops over arrays, which release the interpreter's lock;
* :func:`part` - a part of one kernel.

**Lanes of 32 bits.** Loops run several numbers at once as wide as their widest integer. numba takes
the sum of two ``int32`` for an ``int64``, and shifts too, which halves the speed; so results are
cast back by :data:`i32` after each operation, and shifts are :func:`left` and :func:`right`.

**One array, one use.** A loop that reads and writes the same array is not vectorised, as no order
of its steps is known to be safe: the output of a fast loop is an array of its own.

**Notice.** The first function that has to be compiled tells :mod:`dredref.notices`, since seconds
pass.

**Cache.** What is compiled is kept on disk, next to the module or in the user's cache, and compiled
in each process where there is room for neither. numba looks at the source of the function that is
kept and not of those that were put into it, nor at constants, so the key here takes in the modules
that a function may take them from: those of its own folder and of this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import event
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

from dredref import notices

F = TypeVar("F", bound=Callable[..., Any])
"""A function, with its types."""

_numba: Any = numba
_numpy: Any = np

i32: Callable[[int], int] = _numba.int32
"""The low 32 bits of an integer, as a signed one; in compiled code."""
i64: Callable[[int], int] = _numba.int64
"""An integer in 64 bits; in compiled code."""
constant32: Callable[[int], int] = _numpy.int32
"""An integer that compiled code takes for one of 32 bits."""

HERE = Path(__file__).parent

NOTICE = "compiling integer functions for this machine; they are kept for the next time"

_listener: Any = event.Listener


class _Notice(_listener):  # type: ignore[misc]
    """Tells once that functions are being compiled; what is read from the cache is not."""

    told = False

    def on_start(self, _event: Any) -> None:
        if not self.told:
            notices.tell(NOTICE)
        self.told = True

    def on_end(self, _event: Any) -> None:
        """Nothing is said of ends."""


_event: Any = event
_event.register("numba:compile", _Notice())


@cache
def _sources(folder: Path) -> str:
    """A digest of the modules here and in another folder."""
    digest = hashlib.sha256()
    for path in (*sorted(HERE.glob("*.py")), *sorted(folder.glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_base: Any = FunctionCache
_intrinsic: Any = intrinsic


class _Cache(_base):  # type: ignore[misc]
    """numba's cache, whose entries hold for one state of the modules that were put together."""

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        folder = Path(self._py_func.__code__.co_filename).parent
        return (*super()._index_key(sig, codegen), _sources(folder))


def _by_type(dispatcher: Any) -> Any:
    """Have a function compiled once for each type of its arguments, not for each constant too."""
    template = getattr(dispatcher, "get_call_template", None)
    if template is not None:
        general: Any = types.unliteral
        dispatcher.get_call_template = lambda arguments, named: template(
            tuple(map(general, arguments)), {name: general(named[name]) for name in named}
        )
    return dispatcher


def scalar(function: F) -> F:
    """Compile a rule for numbers in registers into whatever calls it."""
    compiled: F = _by_type(_numba.njit(forceinline=True, error_model="numpy")(function))
    return compiled


def kernel(function: F) -> F:
    """Compile loops over arrays; other threads run meanwhile."""
    dispatcher: Any = _numba.njit(nogil=True, error_model="numpy")(function)
    with suppress(RuntimeError):  # nowhere to write
        dispatcher._cache = _Cache(function)
    compiled: F = _by_type(dispatcher)
    return compiled


def part(function: F) -> F:
    """Compile a part of a kernel where it is called, and nowhere else.

    A kernel that calls kernels is compiled together with them, though each of them is compiled on
    its own too; what has one caller need not be.
    """
    compiled: F = _numba.njit(inline="always", error_model="numpy")(function)
    return compiled


def _instruction(name: str) -> Any:
    """An instruction of two ``int32``."""

    def of_two(_context: Any, _x: Any, _y: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(*arguments)

        return types.int32(types.int32, types.int32), generate

    return _intrinsic(of_two)


left: Callable[[int, int], int] = _instruction("shl")
"""``x * 2**n`` in 32 bits, for ``n`` from 0 to 31."""
right: Callable[[int, int], int] = _instruction("ashr")
"""``floor(x / 2**n)`` in 32 bits, for ``n`` from 0 to 31."""
right_unsigned: Callable[[int, int], int] = _instruction("lshr")
"""The same for 32 bits without a sign."""


def _leading_zeros(_context: Any, _x: Any) -> Any:
    """The instruction that counts leading zeros, defined for 0 too."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return _x(_x), generate


leading_zeros: Callable[[int], int] = _intrinsic(_leading_zeros)
"""Zeros above the highest bit of an ``int32`` or ``int64``, as one; all bits for 0."""
