"""Decorators and machine instructions of compiled functions; see ``compiling`` for what they do.

**Cache.** What is compiled is kept on disk, next to the module or in the user's cache, and compiled
in each process where there is room for neither. numba looks at the source of the function that is
kept and not of those that were put into it, so the key here takes in every module of the package
that holds compiled functions. The first function that has to be compiled tells
:mod:`dredref.notices`, since seconds pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, event
from numba.core.caching import FunctionCache
from numba.extending import intrinsic, overload

from dredref import notices, spec
from dredref.arithmetic.compiling import LANES

__all__ = [
    *("bits_float", "bits_float64", "borrowed", "constant32", "dot", "f32", "f64", "float_bits"),
    *("i32", "i64"),
    *("kernel", "leading_zeros", "leading_zeros64", "left", "loop", "operation", "part", "right"),
    *("right_unsigned", "scalar"),
]
"""What takes the place of its namesake in ``compiling``."""
PACKAGE = Path(__file__).parents[1]
FOLDERS = "arithmetic", "nn", "analysis", "rdovae", "vocoder"
"""Folders whose functions are put into others."""
FILES = ("coder.py",)
"""Modules beside them, of which the same is true."""
NOTICE = "compiling functions for this machine; they are kept for the next time"
OPTIONS = {"error_model": "numpy", "no_cfunc_wrapper": True}
INNER = {**OPTIONS}
"""Options of functions that compiled functions alone call."""

_numba: Any = numba
_intrinsic: Any = intrinsic
i32, i64, f32, f64 = _numba.int32, _numba.int64, _numba.float32, _numba.float64
constant32 = np.int32


class _Notice(event.Listener):  # type: ignore[misc]
    """Tells once that functions are being compiled; what is read from the cache is not."""

    told = False

    def on_start(self, _event: Any) -> None:
        if not self.told:
            notices.tell(NOTICE)
        self.told = True

    def on_end(self, _event: Any) -> None:
        """Nothing is said of ends."""


event.register("numba:compile", _Notice())


@cache
def _sources(folder: Path) -> str:
    """A digest of the modules whose functions and constants may be put into those of a folder."""
    digest = hashlib.sha256()
    places = [*(PACKAGE / name for name in FOLDERS), Path(spec.__path__[0]), folder]
    for path in (*(PACKAGE / name for name in FILES), *chain(*map(_modules, places))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _modules(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


class _Cache(FunctionCache):  # type: ignore[misc]
    """numba's cache, whose entries hold for one state of the modules that were put together."""

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        folder = Path(self._py_func.__code__.co_filename).parent
        return (*super()._index_key(sig, codegen), _sources(folder))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept, with numba's run-time library but without its slow compiler."""
        _numba.core.runtime.rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def _for_any_values(dispatcher: Any) -> Any:
    """Have a function compiled once for its types, not anew for each literal that it is given."""
    template = dispatcher.get_call_template

    def without_literals(args: Any, kws: Any) -> Any:
        return template(tuple(map(types.unliteral, args)), kws)

    dispatcher.get_call_template = without_literals
    return dispatcher


def scalar(function: Any) -> Any:
    """Compile a function of numbers into whatever calls it."""
    return _for_any_values(_numba.njit(forceinline=True, **INNER)(function))


def part(function: Any) -> Any:
    """Put a function into its caller before that is compiled."""
    return _numba.njit(inline="always", **INNER)(function)


def loop(function: Any) -> Any:
    """Compile loops over arrays for other compiled functions."""
    return _for_any_values(_numba.njit(**INNER)(function))


def kernel(function: Any) -> Any:
    """Compile loops over arrays; other threads run meanwhile."""
    dispatcher: Any = _numba.njit(nogil=True, **OPTIONS)(function)
    with suppress(RuntimeError):  # nowhere to write
        dispatcher._cache = _Cache(function)
    return _for_any_values(dispatcher)


def operation(rules: Any, kind_of: Callable[[Any], Any]) -> Any:
    """Choose an operation's rule by the type of its first operand when it is compiled."""

    def decorate(function: Any) -> Any:
        def choose(*operands: Any) -> Any:
            return rules.get(kind_of(operands[0]), function)(*operands)

        def compiled(*operands: Any) -> Any:
            rule = rules.get(_kind(operands[0]), function)
            return getattr(rule, "py_func", rule)

        choose.__name__, choose.__doc__ = function.__name__, function.__doc__
        options: Any = {"forceinline": True, **INNER}
        overload(choose, jit_options=options, strict=False)(compiled)
        return choose

    return decorate


def _kind(operand: Any) -> Any:
    """What ``number.kind_of`` says, of a type."""
    from dredref.arithmetic.number import KINDS

    if isinstance(operand, types.NamedUniTuple):
        return operand.instance_class
    if isinstance(operand, types.Array):
        return KINDS.get(str(operand.dtype))
    return None


def _instruction(name: str) -> Any:
    """An instruction of two ``int32``."""

    def of_two(_context: Any, _x: Any, _y: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(*arguments)

        return types.int32(types.int32, types.int32), generate

    return _intrinsic(of_two)


left, right, right_unsigned = map(_instruction, ("shl", "ashr", "lshr"))


def _counted_zeros(width: Any) -> Any:
    """The instruction that counts leading zeros, defined for 0 too."""

    def of_one(_context: Any, _x: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

        return width(width), generate

    return _intrinsic(of_one)


leading_zeros, leading_zeros64 = map(_counted_zeros, (types.int32, types.int64))


def _same_bits(given: Any, found: Any) -> Any:
    """The bits of one type taken for another."""

    def of_one(_context: Any, _x: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(found))

        return found(given), generate

    return _intrinsic(of_one)


float_bits = _same_bits(types.float32, types.int32)
bits_float = _same_bits(types.int32, types.float32)
bits_float64 = _same_bits(types.int64, types.float64)


@_intrinsic
def borrowed(_context: Any, array: Any) -> Any:
    """The same array without what counts its owners."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        same = context.make_array(signature.args[0])(context, builder, arguments[0])
        same.meminfo = cgutils.get_null_value(same.meminfo.type)
        same.parent = cgutils.get_null_value(same.parent.type)
        return same._getvalue()

    return array(array), generate


_I32, _I64 = ir.IntType(32), ir.IntType(64)


@_intrinsic
def dot(_context: Any, weights: Any, starts: Any, size: Any, x: Any, rows: Any) -> Any:
    """Sums of products of runs of 8-bit weights with rows of activations.

    Processors with vector units have an instruction that adds up neighbouring products of 16 bits;
    compilers recognise the code that is generated here as that.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        weights, starts, size, x, rows = arguments
        w = context.make_array(signature.args[0])(context, builder, weights)
        a = context.make_array(signature.args[3])(context, builder, x)
        step = cgutils.unpack_tuple(builder, a.strides)[0]
        runs = [builder.gep(w.data, [at]) for at in cgutils.unpack_tuple(builder, starts)]
        others = [
            _moved(builder, a.data, builder.mul(row, step))
            for row in cgutils.unpack_tuple(builder, rows)
        ]
        sums = _vector_sums(builder, runs, others, size)
        return context.make_tuple(builder, signature.return_type, sums)

    places = types.UniTuple(types.intp, len(rows))
    begins = types.UniTuple(types.intp, len(starts))
    sums = types.UniTuple(types.int32, len(rows) * len(starts))
    return sums(weights, begins, types.intp, x, places), generate


def _moved(builder: Any, pointer: Any, byte: Any) -> Any:
    """A pointer moved by some bytes."""
    raw = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    return builder.bitcast(builder.gep(raw, [byte]), pointer.type)


def _wide(builder: Any, pointer: Any, index: Any) -> Any:
    """As many integers as there are lanes, widened to 32 bits."""
    start = builder.gep(pointer, [index])
    kind = ir.VectorType(pointer.type.pointee, LANES)
    loaded = builder.load(builder.bitcast(start, kind.as_pointer()), align=1)
    return builder.sext(loaded, ir.VectorType(_I32, LANES))


def _chosen(builder: Any, x: Any, y: Any, places: list[int]) -> Any:
    """Some lanes of two vectors."""
    mask = ir.Constant(ir.VectorType(_I32, len(places)), places)
    return builder.shuffle_vector(x, y, mask)


def _vector_sums(builder: Any, runs: list[Any], rows: list[Any], size: Any) -> list[Any]:
    """Sums of ``size`` products of the integers at each pointer with those at each of others."""
    zero = ir.Constant(ir.VectorType(_I32, LANES // 2), None)
    totals = [cgutils.alloca_once_value(builder, zero) for _ in range(len(runs) * len(rows))]
    even, odd = list(range(0, LANES, 2)), list(range(1, LANES, 2))
    with cgutils.for_range(builder, builder.sdiv(size, ir.Constant(_I64, LANES))) as loop:
        at = builder.mul(loop.index, ir.Constant(_I64, LANES))
        activations = [_wide(builder, row, at) for row in rows]
        pairs = ((_wide(builder, run, at), x) for run in runs for x in activations)
        for total, (w, x) in zip(totals, pairs, strict=True):
            products = builder.mul(w, x)
            two = (_chosen(builder, products, products, part) for part in (even, odd))
            builder.store(builder.add(builder.load(total), builder.add(*two)), total)
    return _lane_sums(builder, [builder.load(total) for total in totals])


def _lane_sums(builder: Any, vectors: list[Any]) -> list[Any]:
    """The sum of each vector's lanes: vectors are halved and put side by side, two by two."""
    width, count = LANES // 2, len(vectors)
    while width > 1:
        half = width // 2
        joined = []
        for first, second in zip(vectors[::2], vectors[1::2] or vectors[:1], strict=True):
            lanes = first.type.count
            both = lanes if len(vectors) == 1 else 2 * lanes
            low = [k for k in range(both) if k % width < half]
            high = [k for k in range(both) if k % width >= half]
            parts = (_chosen(builder, first, second, part) for part in (low, high))
            joined.append(builder.add(*parts))
        vectors, width = joined, half
    return [
        builder.extract_element(
            vectors[k * len(vectors) // count], ir.Constant(_I32, k % vectors[0].type.count)
        )
        for k in range(count)
    ]
