"""The coders of ``dredref.spec``, compiled: its own functions, each with the others put into it.

The text of the range coder, of Laplace values and of levels stands in ``dredref.spec`` alone. What
differs here is what it is made of: tables are arrays, digits go into an array that the caller has
made large enough, and the length of a number is a machine instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import unwrap
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from dredref.arithmetic.compiling import leading_zeros64, scalar
from dredref.spec import laplace, rangecoder, symbols, tables

F = TypeVar("F", bound=Callable[..., Any])


@scalar
def bits_of(extent: int) -> int:
    """Return the number of significant bits of a range."""
    return 64 - leading_zeros64(extent)


@scalar
def put(digits: Any, place: int, digit: int) -> None:
    """Put a digit into an array."""
    digits[place] = digit


_PARTS: dict[str, Any] = {
    "bits_of": bits_of,
    "put": put,
    "MAGNITUDES": np.array(laplace.MAGNITUDES, np.int32),
}
"""What takes the place of its namesake."""


def _compiled(function: F) -> F:
    """Compile a function of the specification; those that it calls were compiled before."""
    plain: Any = unwrap(function)
    made = scalar(FunctionType(plain.__code__, {**plain.__globals__, **_PARTS}, plain.__name__))
    _PARTS[plain.__name__] = made
    return made  # type: ignore[return-value]


tell = _compiled(rangecoder.tell)
log2_fraction = _compiled(rangecoder.log2_fraction)
tell_frac = _compiled(rangecoder.tell_frac)

byte_at = _compiled(rangecoder.byte_at)
normalize = _compiled(rangecoder.normalize)
start_decoder = _compiled(rangecoder.start_decoder)
peek = _compiled(rangecoder.peek)
take = _compiled(rangecoder.take)
read_uint = _compiled(rangecoder.read_uint)
read_symbol = _compiled(rangecoder.read_symbol)
read_run = _compiled(rangecoder.read_run)

shift_out = _compiled(rangecoder.shift_out)
encode = _compiled(rangecoder.encode)
write_symbol = _compiled(rangecoder.write_symbol)
write_run = _compiled(rangecoder.write_run)

read_magnitude = _compiled(laplace.read_magnitude)
read_laplace = _compiled(laplace.read_laplace)
write_magnitude = _compiled(laplace.write_magnitude)
write_laplace = _compiled(laplace.write_laplace)

cap_at = _compiled(symbols.cap_at)
level_of_chunk = _compiled(tables.level_of_chunk)
