"""The range coder of RFC 6716, section 4.1 (decoder) and section 5.1 (encoder).

Both ends hold a 32-bit range; a symbol is given by its cumulative frequencies ``low`` and ``high``
out of ``total``. What is counted in bits is equal on both ends after the same symbols. All numbers
are integers and no operation rounds but the stated floor divisions.

Every step is a function of numbers that returns the coder's next state:

* a decoder is its range (``extent``), the difference of the range's top less one and the code, and
  the ``place`` of the next byte; its string is ``data`` up to ``end``;
* an encoder is its range, the range's low end (``bottom``), and the ``place`` of its next digit. A
  digit is a byte with its carry as a ninth bit; carries are added when the string is ended, which
  can be done at any state that it went through.

:mod:`dredref.spec.coder` keeps these states for Python, ``dredref.coder`` compiles the functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from dredref.spec.errors import BuildError

SYMBOL_BITS = 8
"""Bits that enter or leave at a time."""
CODE_BITS = 32
"""Width of the range."""
CODE_TOP = 1 << (CODE_BITS - 1)
CODE_BOTTOM = CODE_TOP >> SYMBOL_BITS
"""A range at or below this is renormalised."""
CODE_SHIFT = CODE_BITS - SYMBOL_BITS - 1
"""Where the encoder's outgoing digit starts."""
FIRST_BITS = (CODE_BITS - 2) % SYMBOL_BITS + 1
"""Bits of the first byte that the decoder's first range takes."""
START_BYTES = 4
"""Bytes that a decoder has taken in when its range is as large as an encoder's at its start."""
FRACTION_BITS = 3
"""``tell_frac`` counts in 1/8 bit."""

State: TypeAlias = tuple[int, int, int]
"""Range, difference and place of a decoder; range, low end and place of an encoder."""
Read: TypeAlias = tuple[int, int, int, int]
"""What was read, and the decoder's state after it."""


def bits_of(extent: int) -> int:
    """Return the number of significant bits of a range."""
    return extent.bit_length()


def tell(taken: int, extent: int) -> int:
    """Return the bits used so far, rounded up (RFC 6716 section 4.1.6.1).

    Args:
        taken: bytes that a decoder has taken in, or ``START_BYTES`` and an encoder's digits.
        extent: the range.
    """
    return SYMBOL_BITS * taken + 1 - bits_of(extent)


def tell_frac(taken: int, extent: int) -> int:
    """Return the bits used so far in 1/8 bit, rounded up (RFC 6716 section 4.1.6.2)."""
    length = bits_of(extent)
    log2 = (length << FRACTION_BITS) + log2_fraction(extent >> (length - 16))
    return (SYMBOL_BITS * taken + 1 << FRACTION_BITS) - log2


@cache
def log2_fraction(mantissa: int) -> int:
    """Return the fraction of a Q15 mantissa's log2, in 1/8; each of its squares is rounded down."""
    fraction = 0
    for _ in range(FRACTION_BITS):
        mantissa = mantissa * mantissa >> 15
        carry = mantissa >> 16
        fraction = fraction << 1 | carry
        mantissa >>= carry
    return fraction


def byte_at(data: Any, place: int, end: int) -> int:
    """Return a byte of the string; past its end, zero (section 4.1.2.1)."""
    return int(data[place]) if place < end else 0


def start_decoder(data: Any, start: int, end: int) -> State:
    """Start at the first byte of the string (section 4.1.1)."""
    extent = 1 << FIRST_BITS
    difference = extent - 1 - (byte_at(data, start, end) >> (SYMBOL_BITS - FIRST_BITS))
    return normalize(data, end, extent, difference, start + 1)


def normalize(data: Any, end: int, extent: int, difference: int, place: int) -> State:
    """Take bytes in while the range is small (section 4.1.2.1)."""
    while extent <= CODE_BOTTOM:
        window = byte_at(data, place - 1, end) << SYMBOL_BITS | byte_at(data, place, end)
        symbol = window >> (SYMBOL_BITS - FIRST_BITS) & 0xFF
        difference = difference << SYMBOL_BITS | (0xFF - symbol)
        extent <<= SYMBOL_BITS
        place += 1
    return extent, difference, place


def peek(extent: int, difference: int, total: int) -> int:
    """Return the cumulative frequency, 0 to ``total - 1``, that the next symbol contains."""
    return total - min(difference // (extent // total) + 1, total)


def take(
    data: Any, end: int, extent: int, difference: int, place: int, low: int, high: int, total: int
) -> State:
    """Take the symbol ``[low, high)`` (section 4.1.2)."""
    step = extent // total
    above = step * (total - high)
    extent = step * (high - low) if low > 0 else extent - above
    return normalize(data, end, extent, difference - above, place)


def read_uint(data: Any, end: int, extent: int, difference: int, place: int, total: int) -> Read:
    """Read an integer below ``total``, at most 256, all equally likely (section 4.1.5)."""
    value = peek(extent, difference, total)
    extent, difference, place = take(data, end, extent, difference, place, value, value + 1, total)
    return value, extent, difference, place


def read_symbol(
    data: Any, end: int, extent: int, difference: int, place: int, inverse: Any, at: int, bits: int
) -> Read:
    """Read a symbol of inverse cumulative frequencies out of ``2**bits`` (section 4.1.3.3).

    They fall from ``inverse[at]``, below that, to 0; symbol k spans those of k - 1 and k.
    Counted from the top of the range, as the difference is, symbol k starts at the range's step
    times its inverse frequency; so none has to be divided.
    """
    step = extent >> bits
    symbol = 0
    above, below = extent, step * int(inverse[at])
    while difference < below:
        symbol += 1
        above, below = below, step * int(inverse[at + symbol])
    extent, difference, place = normalize(data, end, above - below, difference - below, place)
    return symbol, extent, difference, place


def read_run(
    data: Any, end: int, extent: int, difference: int, place: int, frequency: int, bits: int
) -> Read:
    """Read how often in turn the last symbol of an alphabet comes, which has that frequency."""
    count = 0
    span = (extent >> bits) * frequency
    while difference < span:
        count += 1
        extent = span
        if extent <= CODE_BOTTOM:
            extent, difference, place = normalize(data, end, extent, difference, place)
        span = (extent >> bits) * frequency
    return count, extent, difference, place


def put(digits: Any, place: int, digit: int) -> None:
    """Put a digit at the end of those that were put out."""
    assert place == len(digits)
    digits.append(digit)


def shift_out(digits: Any, extent: int, bottom: int, place: int) -> State:
    """Put digits out while the range is small (section 5.1.1)."""
    while extent <= CODE_BOTTOM:
        put(digits, place, bottom >> CODE_SHIFT)
        bottom = (bottom << SYMBOL_BITS) & (CODE_TOP - 1)
        extent <<= SYMBOL_BITS
        place += 1
    return extent, bottom, place


def encode(
    digits: Any, extent: int, bottom: int, place: int, low: int, high: int, total: int
) -> State:
    """Write the symbol ``[low, high)`` (section 5.1)."""
    step = extent // total
    if low > 0:
        bottom += extent - step * (total - low)
        extent = step * (high - low)
    else:
        extent -= step * (total - high)
    return shift_out(digits, extent, bottom, place)


def write_symbol(
    digits: Any,
    extent: int,
    bottom: int,
    place: int,
    symbol: int,
    inverse: Any,
    at: int,
    bits: int,
) -> State:
    """Write a symbol of inverse cumulative frequencies, which begin with ``inverse[at]``."""
    total = 1 << bits
    low = total - int(inverse[at + symbol - 1]) if symbol > 0 else 0
    high = total - int(inverse[at + symbol])
    return encode(digits, extent, bottom, place, low, high, total)


def write_run(
    digits: Any, extent: int, bottom: int, place: int, count: int, frequency: int, bits: int
) -> State:
    """Write the last symbol of an alphabet, which has that frequency, ``count`` times."""
    for _ in range(count):
        span = (extent >> bits) * frequency
        bottom += extent - span
        extent = span
        if extent <= CODE_BOTTOM:
            extent, bottom, place = shift_out(digits, extent, bottom, place)
    return extent, bottom, place


def last_digits(extent: int, bottom: int) -> Iterator[int]:
    """Yield the digits of the roundest number in the range (section 5.1.5).

    Of all numbers there it is the one with the most trailing zeros.
    """
    bits = CODE_BITS - bits_of(extent)
    mask = (CODE_TOP - 1) >> bits
    end = (bottom + mask) & ~mask
    if end | mask >= bottom + extent:
        bits += 1
        mask >>= 1
        end = (bottom + mask) & ~mask
    while bits > 0:
        yield end >> CODE_SHIFT
        end = (end << SYMBOL_BITS) & (CODE_TOP - 1)
        bits -= SYMBOL_BITS


def finish(digits: Sequence[int], extent: int, bottom: int, size: int | None = None) -> bytes:
    """Return the string that an encoder in this state writes: its digits, the last, and zeros.

    Args:
        digits: those that were put out.
        extent: the range.
        bottom: its low end.
        size: bytes of the string; as many as ``tell`` counts if None.

    Raises:
        BuildError: ``range.size`` if the symbols do not fit ``size`` bytes.
    """
    if size is None:
        size = (tell(START_BYTES + len(digits), extent) + 7) // 8
    every = [*digits, *last_digits(extent, bottom)]
    plain = int.from_bytes(bytes(digit & 0xFF for digit in every), "big")
    carries = int.from_bytes(bytes(digit >> SYMBOL_BITS for digit in every), "big")
    string = (plain + (carries << SYMBOL_BITS)).to_bytes(len(every), "big")
    if any(string[size:]):
        raise BuildError("range.size", f"the symbols do not fit {size} bytes")
    return string[:size].ljust(size, b"\0")
