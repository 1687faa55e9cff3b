"""Laplace values: signed integers as range-coded symbols.

A value is a symbol for zero and sign, then its magnitude less one in escapes of 7. The quantizer
tables say how likely symbols are: ``nonzero`` is the frequency of all values but zero, 0 where only
zero exists, and ``r`` the decay from one magnitude to the next, in 1/256. The functions are of the
kind that stands in :mod:`dredref.spec.rangecoder`.
"""

from __future__ import annotations

from typing import Any

from dredref.spec.rangecoder import (
    Read,
    State,
    encode,
    normalize,
    read_run,
    read_symbol,
    write_run,
    write_symbol,
)

LAPLACE_BITS = 15
LAPLACE_TOTAL = 1 << LAPLACE_BITS
"""Frequencies of the Laplace model sum to this."""
LAPLACE_ESCAPE = 7
"""The magnitude symbol that adds 7 and reads on."""


def magnitude_inverse(r: int) -> tuple[int, ...]:
    """Return the inverse frequencies of the magnitude less one, 0 to 6 and escape.

    Each step multiplies by the decay, rounded down, but leaves every symbol a frequency of 1.
    """
    decay = r << 7
    inverse = [max(LAPLACE_ESCAPE, decay)]
    for index in range(1, LAPLACE_ESCAPE):
        inverse.append(max(LAPLACE_ESCAPE - index, inverse[-1] * decay >> 15))
    return (*inverse, 0)


MAGNITUDES: Any = tuple(one for r in range(256) for one in magnitude_inverse(r))
"""Inverse frequencies of magnitudes by ``r``, eight each."""


def read_laplace(
    data: Any, end: int, extent: int, difference: int, place: int, nonzero: int, r: int
) -> Read:
    """Read a value; the time is linear in the bytes that it takes.

    Zero comes first, then positive, then negative values, which are equally likely; so, counted
    from the top of the range, negative values are the lowest.
    """
    if nonzero == 0:
        return 0, extent, difference, place
    span = (extent >> LAPLACE_BITS) * nonzero
    if difference >= span:
        extent, difference, place = normalize(data, end, extent - span, difference - span, place)
        return 0, extent, difference, place
    half = span >> 1
    is_positive = difference >= half
    difference = difference - half if is_positive else difference
    extent, difference, place = normalize(data, end, half, difference, place)
    magnitude, extent, difference, place = read_magnitude(data, end, extent, difference, place, r)
    return magnitude if is_positive else -magnitude, extent, difference, place


def read_magnitude(data: Any, end: int, extent: int, difference: int, place: int, r: int) -> Read:
    """Read a magnitude, at least 1."""
    at = (LAPLACE_ESCAPE + 1) * r
    symbol, extent, difference, place = read_symbol(
        data, end, extent, difference, place, MAGNITUDES, at, LAPLACE_BITS
    )
    magnitude = 1 + symbol
    if symbol == LAPLACE_ESCAPE:
        frequency = int(MAGNITUDES[at + LAPLACE_ESCAPE - 1])
        count, extent, difference, place = read_run(
            data, end, extent, difference, place, frequency, LAPLACE_BITS
        )
        symbol, extent, difference, place = read_symbol(
            data, end, extent, difference, place, MAGNITUDES, at, LAPLACE_BITS
        )
        magnitude += LAPLACE_ESCAPE * count + symbol
    return magnitude, extent, difference, place


def write_laplace(
    digits: Any, extent: int, bottom: int, place: int, value: int, nonzero: int, r: int
) -> State:
    """Write a value, which is 0 where none is coded."""
    if nonzero == 0:
        return extent, bottom, place
    zero, total = LAPLACE_TOTAL - nonzero, LAPLACE_TOTAL
    if value == 0:
        return encode(digits, extent, bottom, place, 0, zero, total)
    half = nonzero >> 1
    low = zero if value > 0 else zero + half
    extent, bottom, place = encode(digits, extent, bottom, place, low, low + half, total)
    return write_magnitude(digits, extent, bottom, place, abs(value), r)


def write_magnitude(
    digits: Any, extent: int, bottom: int, place: int, magnitude: int, r: int
) -> State:
    """Write a magnitude, at least 1."""
    at = (LAPLACE_ESCAPE + 1) * r
    escapes, rest = (magnitude - 1) // LAPLACE_ESCAPE, (magnitude - 1) % LAPLACE_ESCAPE
    frequency = int(MAGNITUDES[at + LAPLACE_ESCAPE - 1])
    extent, bottom, place = write_run(
        digits, extent, bottom, place, escapes, frequency, LAPLACE_BITS
    )
    return write_symbol(digits, extent, bottom, place, rest, MAGNITUDES, at, LAPLACE_BITS)
