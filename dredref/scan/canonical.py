"""Whether a payload is written as an encoder writes it, told from the decoder's state; compiled."""

from __future__ import annotations

from typing import Any

from dredref.arithmetic.compiling import kernel, scalar
from dredref.coder import bits_of, byte_at, tell
from dredref.spec.rangecoder import START_BYTES, SYMBOL_BITS


@scalar
def word_before(data: Any, place: int, end: int) -> int:
    """The last 31 bits before the last bit of the byte before ``place``."""
    word = 0
    for back in range(START_BYTES, 0, -1):
        word = word << SYMBOL_BITS | byte_at(data, place - back, end)
    return word >> 1


@kernel
def is_canonical(data: Any, start: int, end: int, extent: int, difference: int, place: int) -> bool:
    """Whether an encoder writes this string for what was read of it so far.

    An encoder that has written the same symbols holds the same range and a lower end ``low``, and
    the decoder knows how far the string's code lies above it: ``code - low = range - 1 -
    difference``. The encoder ends on the first multiple of M at or after ``low`` (section 5.1.5),
    M being the largest power of two such that all codes that begin with its digits are in the
    range, or the one below that. Whether this is the code at hand needs nothing of ``low`` but its
    remainder to M, which follows from the code's: both are the same but for that distance. Of as
    many bytes as ``tell`` asks for, which is how many an encoder writes, the decoder has taken in
    all, and zeros past them.
    """
    code = word_before(data, place, end)
    above_low = extent - 1 - difference
    unit = 1 << (bits_of(extent) - 1)
    if ((above_low - code) & (unit - 1)) + unit > extent:
        unit >>= 1
    is_whole = tell(place - start, extent) + 7 >> 3 == end - start
    return is_whole and above_low == (above_low - code) & (unit - 1)
