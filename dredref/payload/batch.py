"""The range encoder for many strings at once.

The same coder as ``dredref.spec.rangecoder``, symbol for symbol, with the state of every
string in arrays: strings advance side by side. A carry is not passed on at once; bytes are kept
with their ninth bit, and carries are added when a string is ended. That also makes it cheap to end
a string at an earlier point than the last symbol: :class:`Mark` remembers where.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dredref.arithmetic.fixed import Integers, bit_length
from dredref.spec.errors import BuildError
from dredref.spec.rangecoder import CODE_BITS, CODE_BOTTOM, CODE_SHIFT, CODE_TOP, SYMBOL_BITS


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of every string after some symbol: range, low end and bytes so far."""

    range: Integers
    low: Integers
    count: Integers

    def tell(self) -> Integers:
        """Bits used, rounded up (RFC 6716 section 4.1.6.1)."""
        return CODE_BITS + 1 + SYMBOL_BITS * self.count - bit_length(self.range)


class BatchRangeEncoder:
    """Encodes ``size`` strings side by side."""

    def __init__(self, size: int) -> None:
        """Start empty strings."""
        self._range = np.full(size, CODE_TOP, np.int64)
        self._low = np.zeros(size, np.int64)
        self._count = np.zeros(size, np.int64)
        self._bytes = np.zeros((size, 256), np.int16)

    def mark(self) -> Mark:
        """Where the strings stand now."""
        return Mark(self._range.copy(), self._low.copy(), self._count.copy())

    def encode(self, rows: Integers, low: Integers, high: Integers, total: int) -> None:
        """Write the symbol ``[low, high)`` out of ``total`` to each of the strings ``rows``."""
        width = self._range[rows]
        step = width // total
        first = low == 0
        self._low[rows] += np.where(first, 0, width - step * (total - low))
        width = np.where(first, width - step * (total - high), step * (high - low))
        self._range[rows] = width
        narrow = rows[width <= CODE_BOTTOM]
        while len(narrow):
            self._shift_out(narrow)
            narrow = narrow[self._range[narrow] <= CODE_BOTTOM]

    def uint(self, rows: Integers, values: Integers, total: int) -> None:
        """Write integers below ``total``, which is at most 256."""
        self.encode(rows, values, values + 1, total)

    def _shift_out(self, rows: Integers) -> None:
        counts = self._count[rows]
        if int(counts.max()) + 1 >= self._bytes.shape[1]:
            self._bytes = np.concatenate([self._bytes, np.zeros_like(self._bytes)], axis=1)
        low = self._low[rows]
        self._bytes[rows, counts] = low >> CODE_SHIFT
        self._low[rows] = (low << SYMBOL_BITS) & (CODE_TOP - 1)
        self._range[rows] <<= SYMBOL_BITS
        self._count[rows] = counts + 1

    def finish(self, row: int, mark: Mark) -> bytes:
        """String ``row`` as it was at ``mark``, in as many bytes as its bits need.

        The last bytes are chosen as in RFC 6716 section 5.1.5. Any number of marks may be used.
        """
        count = int(mark.count[row])
        size = (int(mark.tell()[row]) + 7) // 8
        tail = _last_bytes(int(mark.range[row]), int(mark.low[row]))
        digits = [*self._bytes[row, :count].tolist(), *tail]
        plain = int.from_bytes(bytes(digit & 0xFF for digit in digits), "big")
        carries = int.from_bytes(bytes(digit >> SYMBOL_BITS for digit in digits), "big")
        body = (plain + (carries << SYMBOL_BITS)).to_bytes(len(digits), "big")
        if any(body[size:]):
            raise BuildError("range.size", f"the symbols do not fit {size} bytes")
        return body[:size].ljust(size, b"\0")


def _last_bytes(width: int, low: int) -> list[int]:
    """Bytes, with their ninth bit, of the roundest number in ``[low, low + width)``."""
    bits = CODE_BITS - width.bit_length()
    mask = (CODE_TOP - 1) >> bits
    end = (low + mask) & ~mask
    if end | mask >= low + width:
        bits += 1
        mask >>= 1
        end = (low + mask) & ~mask
    digits = []
    while bits > 0:
        digits.append(end >> CODE_SHIFT)
        end = (end << SYMBOL_BITS) & (CODE_TOP - 1)
        bits -= SYMBOL_BITS
    return digits
