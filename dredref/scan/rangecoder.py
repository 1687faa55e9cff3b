"""The range decoder of RFC 6716 section 4.1 with its state in registers; compiled.

The arithmetic is that of ``dredref.spec.rangecoder``. The state is three numbers that travel from
call to call: the range (``extent``), the difference of its top less one and the code, and the
``place`` of the next byte of the data. What is counted there follows from the place here: how far a
decoder has read says how many bits it has taken in.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from dredref.arithmetic.compiling import kernel, scalar
from dredref.spec.rangecoder import CODE_BOTTOM, CODE_TOP, FRACTION_BITS, SYMBOL_BITS

Coder: TypeAlias = tuple[int, int, int]
"""Range, difference and place."""

FIRST_BYTES = 4
"""Bytes that a decoder has taken in at its start: 31 bits."""
LEAST_BITS = CODE_BOTTOM.bit_length()
"""Between symbols a range has at least as many."""


@scalar
def byte_at(data: Any, place: int, end: int) -> int:
    """A byte of the string; past its end, zero (section 4.1.2.1)."""
    return int(data[place]) if place < end else 0


@scalar
def word_before(data: Any, place: int, end: int) -> int:
    """The last 31 bits before the last bit of the byte before ``place``."""
    word = 0
    for back in range(FIRST_BYTES, 0, -1):
        word = word << SYMBOL_BITS | byte_at(data, place - back, end)
    return word >> 1


@scalar
def start_decoder(data: Any, start: int, end: int) -> Coder:
    """Start at the first byte of the string (section 4.1.1)."""
    place = start + FIRST_BYTES
    return CODE_TOP, CODE_TOP - 1 - word_before(data, place, end), place


@scalar
def normalize(data: Any, end: int, extent: int, difference: int, place: int) -> Coder:
    """Let bytes in while the range is small (section 4.1.2.1)."""
    while extent <= CODE_BOTTOM:
        window = byte_at(data, place - 1, end) << SYMBOL_BITS | byte_at(data, place, end)
        difference = difference << SYMBOL_BITS | (window >> 1 & 0xFF ^ 0xFF)
        extent <<= SYMBOL_BITS
        place += 1
    return extent, difference, place


@scalar
def peek(extent: int, difference: int, total: int) -> int:
    """The cumulative frequency that the next symbol contains."""
    return total - min(difference // (extent // total) + 1, total)


@scalar
def take(
    data: Any, end: int, extent: int, difference: int, place: int, low: int, high: int, total: int
) -> Coder:
    """Take the symbol ``[low, high)``."""
    step = extent // total
    above = step * (total - high)
    extent = step * (high - low) if low > 0 else extent - above
    return normalize(data, end, extent, difference - above, place)


@scalar
def bits_of(extent: int) -> int:
    """Bits of a range."""
    bits = LEAST_BITS
    while extent >> bits:
        bits += 1
    return bits


@scalar
def tell(start: int, extent: int, place: int) -> int:
    """Bits used so far, rounded up (section 4.1.6.1)."""
    return SYMBOL_BITS * (place - start) + 1 - bits_of(extent)


@kernel
def tell_frac(start: int, extent: int, place: int) -> int:
    """Bits used so far in 1/8 bit, rounded up (section 4.1.6.2)."""
    length = bits_of(extent)
    mantissa = extent >> (length - 16)
    for _ in range(FRACTION_BITS):
        mantissa = mantissa * mantissa >> 15
        carry = mantissa >> 16
        length = length << 1 | carry
        mantissa >>= carry
    return (SYMBOL_BITS * (place - start) + 1 << FRACTION_BITS) - length


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
    is_whole = tell(start, extent, place) + 7 >> 3 == end - start
    return is_whole and above_low == (above_low - code) & (unit - 1)
