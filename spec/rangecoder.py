"""The range coder of RFC 6716, section 4.1 (decoder) and section 5.1 (encoder).

Both ends hold a 32-bit range; a symbol is given by its cumulative frequencies ``low`` and ``high``
out of ``total``. ``tell`` and ``tell_frac`` are equal on both ends after the same symbols.
All numbers are integers and no operation rounds but the stated floor divisions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from copy import copy
from functools import cache, lru_cache
from operator import neg

from dredref.spec.errors import BuildError

SYMBOL_BITS = 8
"""Bits that enter or leave at a time."""
CODE_BITS = 32
"""Width of the range."""
CODE_TOP = 1 << (CODE_BITS - 1)
CODE_BOTTOM = CODE_TOP >> SYMBOL_BITS
"""A range at or below this is renormalised."""
CODE_EXTRA = (CODE_BITS - 2) % SYMBOL_BITS + 1
"""Bits of the first byte that the decoder's first window takes."""
CODE_SHIFT = CODE_BITS - SYMBOL_BITS - 1
"""Where the encoder's outgoing byte starts."""
UINT_BITS = 8
"""Most bits of an unsigned integer that are range coded; the rest are raw."""
FRACTION_BITS = 3
"""``tell_frac`` counts in 1/8 bit."""


def fractional_log2(value: int) -> int:
    """``ceil``-like log2 of a range, in 1/8 bit, as RFC 6716 section 4.1.6.2 computes it."""
    length = value.bit_length()
    return (length << FRACTION_BITS) + _log2_fraction(value >> (length - 16))


@cache
def _log2_fraction(mantissa: int) -> int:
    """Fraction of the log2 of a Q15 mantissa, in 1/8; each of its squares is rounded down."""
    fraction = 0
    for _ in range(FRACTION_BITS):
        mantissa = mantissa * mantissa >> 15
        carry = mantissa >> 16
        fraction = fraction << 1 | carry
        mantissa >>= carry
    return fraction


@lru_cache(maxsize=1024)
def _shrinking(step: int, frequency: int, total: int) -> tuple[int, ...]:
    """Ranges after each of a run of last symbols, up to the first that is renormalised.

    They follow from the first symbol's ``step`` alone, so a run costs time by its bytes, not by
    its symbols, of which a byte can hold a hundred.
    """
    ranges = [step * frequency]
    while ranges[-1] > CODE_BOTTOM:
        ranges.append(ranges[-1] // total * frequency)
    return tuple(ranges)


class _Coder:
    """What both ends share: the range and the count of bits."""

    range: int
    bits_total: int

    def tell(self) -> int:
        """Bits used so far, rounded up (RFC 6716 section 4.1.6.1)."""
        return self.bits_total - self.range.bit_length()

    def tell_frac(self) -> int:
        """Bits used so far in 1/8 bit, rounded up (RFC 6716 section 4.1.6.2)."""
        return (self.bits_total << FRACTION_BITS) - fractional_log2(self.range)


class RangeDecoder(_Coder):
    """Reads symbols from a byte string; past its end it reads zeros (RFC 6716 section 4.1.2.1)."""

    def __init__(self, data: bytes) -> None:
        """Start at the first byte of ``data`` (RFC 6716 section 4.1.1)."""
        self.data = data
        self._next = 0
        self._raw_bits = 0
        self.range = 1 << CODE_EXTRA
        self._byte = self._read_byte()
        self.difference = self.range - 1 - (self._byte >> (SYMBOL_BITS - CODE_EXTRA))
        self.bits_total = CODE_BITS + 1 - (CODE_BITS - CODE_EXTRA) // SYMBOL_BITS * SYMBOL_BITS
        self._normalize()

    def _read_byte(self) -> int:
        position = self._next
        self._next += 1
        return self.data[position] if position < len(self.data) else 0

    def _normalize(self) -> None:
        while self.range <= CODE_BOTTOM:
            self.bits_total += SYMBOL_BITS
            self.range <<= SYMBOL_BITS
            previous, self._byte = self._byte, self._read_byte()
            symbol = (previous << SYMBOL_BITS | self._byte) >> (SYMBOL_BITS - CODE_EXTRA) & 0xFF
            self.difference = ((self.difference << SYMBOL_BITS) + (0xFF - symbol)) & (CODE_TOP - 1)

    def decode(self, total: int) -> int:
        """The cumulative frequency, 0 to ``total - 1``, that the next symbol contains."""
        self._step = self.range // total
        return total - min(self.difference // self._step + 1, total)

    def update(self, low: int, high: int, total: int) -> None:
        """Take the symbol ``[low, high)`` that ``decode`` pointed into."""
        above = self._step * (total - high)
        self.difference -= above
        self.range = self._step * (high - low) if low > 0 else self.range - above
        self._normalize()

    def symbol(self, inverse: Sequence[int], total: int) -> int:
        """A symbol from inverse cumulative frequencies: symbol k spans inverse[k-1]..inverse[k].

        ``inverse`` falls from below ``total`` to 0; RFC 6716 section 4.1.3.3.
        """
        remaining = total - self.decode(total)
        index = 0
        while remaining <= inverse[index]:
            index += 1
        above = inverse[index - 1] if index else total
        self.update(total - above, total - inverse[index], total)
        return index

    def run(self, frequency: int, total: int) -> int:
        """How often in turn the last symbol of an alphabet comes, which has that frequency."""
        count = 0
        while True:
            ranges = _shrinking(self.range // total, frequency, total)
            taken = bisect_left(ranges, -self.difference, key=neg)
            if taken:
                self.range = ranges[taken - 1]
                self._normalize()
            count += taken
            if taken < len(ranges):
                return count

    def uint(self, total: int) -> int:
        """An integer below ``total``, all equally likely (RFC 6716 section 4.1.5).

        Of more than 8 bits the upper 8 are range coded and the rest raw; a value at or past
        ``total``, which a damaged string can give, is taken as ``total - 1``.
        """
        raw = max((total - 1).bit_length() - UINT_BITS, 0)
        coded = ((total - 1) >> raw) + 1
        value = self.decode(coded)
        self.update(value, value + 1, coded)
        return min(value << raw | self.raw_bits(raw), total - 1)

    def raw_bits(self, count: int) -> int:
        """``count`` raw bits from the end of the string (RFC 6716 section 4.1.4)."""
        value = 0
        for index in range(count):
            byte, bit = divmod(self._raw_bits + index, 8)
            if byte < len(self.data):
                value |= (self.data[-1 - byte] >> bit & 1) << index
        self._raw_bits += count
        self.bits_total += count
        return value


class RangeEncoder(_Coder):
    """Writes symbols to a byte string (RFC 6716 section 5.1)."""

    def __init__(self) -> None:
        """Start an empty string."""
        self._low = 0
        self.range = CODE_TOP
        self.bits_total = CODE_BITS + 1
        self._bytes = bytearray()
        self._held: int | None = None
        self._held_ones = 0
        self._raw: list[int] = []

    def copy(self) -> RangeEncoder:
        """An encoder that has written the same, and goes on by itself."""
        other = copy(self)
        other._bytes, other._raw = bytearray(self._bytes), list(self._raw)
        return other

    def _put(self, value: int) -> None:
        """Send a byte with its carry on; a run of 0xFF waits until the carry is known."""
        if value == 0xFF:
            self._held_ones += 1
            return
        carry = value >> SYMBOL_BITS
        if self._held is not None:
            self._bytes.append(self._held + carry)
        self._bytes.extend([(0xFF + carry) & 0xFF] * self._held_ones)
        self._held_ones = 0
        self._held = value & 0xFF

    def _normalize(self) -> None:
        while self.range <= CODE_BOTTOM:
            self._put(self._low >> CODE_SHIFT)
            self._low = (self._low << SYMBOL_BITS) & (CODE_TOP - 1)
            self.range <<= SYMBOL_BITS
            self.bits_total += SYMBOL_BITS

    def encode(self, low: int, high: int, total: int) -> None:
        """Write the symbol ``[low, high)`` out of ``total``."""
        step = self.range // total
        if low > 0:
            self._low += self.range - step * (total - low)
            self.range = step * (high - low)
        else:
            self.range -= step * (total - high)
        self._normalize()

    def symbol(self, index: int, inverse: Sequence[int], total: int) -> None:
        """Write symbol ``index`` of inverse cumulative frequencies."""
        low = total - inverse[index - 1] if index > 0 else 0
        self.encode(low, total - inverse[index], total)

    def run(self, count: int, frequency: int, total: int) -> None:
        """Write the last symbol of an alphabet, which has that frequency, ``count`` times."""
        while count:
            ranges = _shrinking(self.range // total, frequency, total)[:count]
            self._low += self.range - ranges[-1]
            self.range = ranges[-1]
            self._normalize()
            count -= len(ranges)

    def uint(self, value: int, total: int) -> None:
        """Write an integer below ``total``.

        Raises:
            BuildError: ``range.uint`` if the value is not below ``total``.
        """
        if not 0 <= value < total:
            raise BuildError("range.uint", f"{value} is not in 0 to {total - 1}")
        raw = max((total - 1).bit_length() - UINT_BITS, 0)
        coded = ((total - 1) >> raw) + 1
        self.encode(value >> raw, (value >> raw) + 1, coded)
        self.raw_bits(value & ((1 << raw) - 1), raw)

    def raw_bits(self, value: int, count: int) -> None:
        """Write ``count`` raw bits at the end of the string."""
        self._raw.extend(value >> bit & 1 for bit in range(count))
        self.bits_total += count

    def finish(self, size: int | None = None) -> bytes:
        """End the string, once: of ``size`` bytes or of as many as ``tell`` counts.

        Of all values in the last range the one with the most trailing zeros is written
        (RFC 6716 section 5.1.5).

        Raises:
            BuildError: ``range.size`` if the symbols do not fit ``size`` bytes.
        """
        size = (self.tell() + 7) // 8 if size is None else size
        bits = CODE_BITS - self.range.bit_length()
        mask = (CODE_TOP - 1) >> bits
        end = (self._low + mask) & ~mask
        if end | mask >= self._low + self.range:
            bits += 1
            mask >>= 1
            end = (self._low + mask) & ~mask
        while bits > 0:
            self._put(end >> CODE_SHIFT)
            end = (end << SYMBOL_BITS) & (CODE_TOP - 1)
            bits -= SYMBOL_BITS
        if self._held is not None or self._held_ones:
            self._put(0)
        body = bytes(self._bytes)
        significant = 8 * len(body) + bits
        fits = significant + len(self._raw) <= 8 * size if self._raw else not any(body[size:])
        if not fits:
            raise BuildError("range.size", f"the symbols do not fit {size} bytes")
        merged = bytearray(body[:size].ljust(size, b"\0"))
        for index, bit in enumerate(self._raw):
            merged[-1 - index // 8] |= bit << index % 8
        return bytes(merged)
