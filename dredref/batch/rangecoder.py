"""Many range decoders in step: every operation reads one symbol of every string.

The arithmetic is that of ``dredref.spec.rangecoder`` (RFC 6716 section 4.1), word for word but for
two things. Bytes enter by table: after a symbol of a total of at most 2**15 the range is at least
2**8, so that one or two bytes bring it back above 2**23, and the strings' next 16 bits are laid out
ready for it. And what is counted there is a position here: how far a decoder has read says how many
bits it has taken in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dredref.spec.rangecoder import CODE_BOTTOM, CODE_TOP, FRACTION_BITS

Ranges: TypeAlias = NDArray[np.uint32]
"""Numbers of the range coder, up to 2**31."""
Places: TypeAlias = NDArray[np.int64]
"""Indices and counts."""
Flags: TypeAlias = NDArray[np.bool_]

GAP = bytes(8)
"""What lies between two strings: zeros, which a decoder reads past the end of its own."""
FIRST_READ = 4
"""Bytes that a decoder has read of at its start: 31 bits."""
ONE_BYTE_BELOW = CODE_BOTTOM >> 8
"""A range at or below this takes in two bytes."""


class Strings:
    """Byte strings laid end to end, with zeros between them.

    Attributes:
        data: all bytes, uint8.
        start: first byte of each string, [n].
        size: bytes of each string, [n].
        windows: at byte i the 16 bits from its last one on, complemented, uint16.
    """

    def __init__(self, strings: Sequence[bytes]) -> None:
        """Lay out the strings."""
        self.size: Places = np.fromiter(map(len, strings), np.int64, len(strings))
        self.start: Places = np.cumsum(self.size + len(GAP)) - self.size - len(GAP)
        self.data: NDArray[np.uint8] = np.frombuffer(GAP.join((*strings, b"")), np.uint8)
        wide = ~self.data.astype(np.uint16)
        self.windows = wide[:-2] << np.uint16(15)
        self.windows |= (wide[1:-1] & np.uint16(0xFF)) << np.uint16(7)
        self.windows |= (wide[2:] & np.uint16(0xFF)) >> np.uint16(1)

    def __len__(self) -> int:
        """How many strings."""
        return len(self.size)

    @property
    def bits(self) -> Places:
        """Bits of each string."""
        return 8 * self.size


class Decoders:
    """A range decoder on each of some strings.

    Attributes:
        range: [n], above 2**23 between symbols.
        difference: [n], below the range: its top less one less the code's place in it.
        position: [n], byte of the data that was read last; its last bit is still to be used.
    """

    def __init__(self, strings: Strings) -> None:
        """Start at the first byte of every string (RFC 6716 section 4.1.1)."""
        self.strings = strings
        self.start = strings.start
        self.limit = strings.start + strings.size + len(GAP) // 2
        self.position = strings.start + FIRST_READ - 1
        self.range: Ranges = np.full(len(strings), CODE_TOP, np.uint32)
        self.difference: Ranges = (CODE_TOP - 1 - self.code()).astype(np.uint32)

    def __len__(self) -> int:
        """How many decoders."""
        return len(self.range)

    def select(self, rows: NDArray[Any]) -> Self:
        """Some of the decoders, as they are now, to go on by themselves."""
        chosen = object.__new__(type(self))
        chosen.strings = self.strings
        for name in ("start", "limit", "position", "range", "difference"):
            setattr(chosen, name, getattr(self, name)[rows])
        return chosen

    def replace(self, rows: NDArray[Any], others: Decoders) -> None:
        """Take over where others have got to."""
        for name in ("position", "range", "difference"):
            getattr(self, name)[rows] = getattr(others, name)

    def normalize(self) -> None:
        """Let bytes in where the range has become small (RFC 6716 section 4.1.2.1)."""
        rows = (self.range <= CODE_BOTTOM).nonzero()[0]
        small = self.range[rows]
        position = self.position[rows]
        count = (small <= ONE_BYTE_BELOW) + np.uint32(1)
        shift = count << 3
        window = self.strings.windows[np.minimum(position, self.limit[rows])]
        self.range[rows] = small << shift
        self.difference[rows] = self.difference[rows] << shift | window >> 16 - shift
        self.position[rows] = position + count

    def uint(self, total: int | Ranges) -> Ranges:
        """An integer below ``total``, at most 256, all equally likely (section 4.1.5)."""
        value = self.peek(total)
        self.take(value, value + 1, total)
        return value

    def peek(self, total: int | Ranges) -> Ranges:
        """The cumulative frequency that the next symbol contains."""
        step = self.range // total
        value: Ranges = total - np.minimum(self.difference // step + 1, total).astype(np.uint32)
        return value

    def take(self, low: Ranges, high: Ranges, total: int | Ranges) -> None:
        """Take the symbol ``[low, high)``."""
        step = self.range // total
        above = step * (total - high)
        self.difference = self.difference - above
        self.range = np.where(low > 0, step * (high - low), self.range - above)
        self.normalize()

    def tell(self) -> Places:
        """Bits used so far, rounded up (section 4.1.6.1)."""
        return 8 * (self.position - self.start) + 9 - bit_length(self.range)

    def tell_frac(self) -> Places:
        """Bits used so far in 1/8 bit, rounded up (section 4.1.6.2)."""
        taken = 8 * (self.position - self.start) + 9
        return (taken << FRACTION_BITS) - fractional_log2(self.range)

    def code(self) -> Places:
        """The last 31 bits of the string that have been taken in."""
        data = self.strings.data
        last = np.minimum(self.position, self.limit)
        word = np.zeros(len(last), np.int64)
        for back in (3, 2, 1, 0):
            word = word << 8 | data[last - back]
        return word >> 1


def bit_length(values: Ranges) -> Places:
    """Bits of numbers below 2**53; exact, since a float64 holds them and says its exponent."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def fractional_log2(values: Ranges) -> Places:
    """As :func:`dredref.spec.rangecoder.fractional_log2`, of each value."""
    length = bit_length(values)
    mantissa = values.astype(np.int64) >> (length - 16)
    for _ in range(FRACTION_BITS):
        mantissa = mantissa * mantissa >> 15
        carry = mantissa >> 16
        length = length << 1 | carry
        mantissa >>= carry
    return length
