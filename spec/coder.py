"""Range-coded strings in Python: a decoder and an encoder that keep their state.

What they do is :mod:`dredref.spec.rangecoder` and :mod:`dredref.spec.laplace`, step by step.
"""

from __future__ import annotations

from dredref.spec import laplace, rangecoder
from dredref.spec.errors import BuildError
from dredref.spec.rangecoder import CODE_TOP, START_BYTES


class RangeDecoder:
    """Reads symbols from a byte string; past its end it reads zeros (RFC 6716 section 4.1.2.1)."""

    def __init__(self, data: bytes) -> None:
        """Start at the first byte of ``data``."""
        self.data = data
        self.state = rangecoder.start_decoder(data, 0, len(data))

    def tell(self) -> int:
        """Return the bits used so far, rounded up."""
        extent, _, place = self.state
        return rangecoder.tell(place, extent)

    def tell_frac(self) -> int:
        """Return the bits used so far in 1/8 bit, rounded up."""
        extent, _, place = self.state
        return rangecoder.tell_frac(place, extent)

    def peek(self, total: int) -> int:
        """Return the cumulative frequency, 0 to ``total - 1``, that the next symbol contains."""
        extent, difference, _ = self.state
        return rangecoder.peek(extent, difference, total)

    def take(self, low: int, high: int, total: int) -> None:
        """Take the symbol ``[low, high)`` that ``peek`` pointed into."""
        self.state = rangecoder.take(self.data, len(self.data), *self.state, low, high, total)

    def uint(self, total: int) -> int:
        """Read an integer below ``total``, at most 256, all equally likely."""
        return self._kept(rangecoder.read_uint(self.data, len(self.data), *self.state, total))

    def laplace(self, nonzero: int, r: int) -> int:
        """Read a Laplace value; the time is linear in the bytes that it takes."""
        place = (self.data, len(self.data), *self.state)
        return self._kept(laplace.read_laplace(*place, nonzero, r))

    def _kept(self, read: rangecoder.Read) -> int:
        value, *state = read
        self.state = (state[0], state[1], state[2])
        return value


class RangeEncoder:
    """Writes symbols to a byte string (RFC 6716 section 5.1)."""

    def __init__(self) -> None:
        """Start an empty string."""
        self.digits: list[int] = []
        self.state: rangecoder.State = (CODE_TOP, 0, 0)

    def tell(self) -> int:
        """Return the bits used so far, rounded up."""
        extent, _, place = self.state
        return rangecoder.tell(START_BYTES + place, extent)

    def tell_frac(self) -> int:
        """Return the bits used so far in 1/8 bit, rounded up."""
        extent, _, place = self.state
        return rangecoder.tell_frac(START_BYTES + place, extent)

    def encode(self, low: int, high: int, total: int) -> None:
        """Write the symbol ``[low, high)`` out of ``total``."""
        self.state = rangecoder.encode(self.digits, *self.state, low, high, total)

    def uint(self, value: int, total: int) -> None:
        """Write an integer below ``total``, at most 256.

        Raises:
            BuildError: ``range.uint`` if the value is not below ``total``.
        """
        if not 0 <= value < total:
            raise BuildError("range.uint", f"{value} is not in 0 to {total - 1}")
        self.encode(value, value + 1, total)

    def laplace(self, value: int, nonzero: int, r: int) -> None:
        """Write a Laplace value.

        Raises:
            BuildError: ``dred.symbol.not-coded`` if the tables leave no room for a value but 0.
        """
        if value and nonzero == 0:
            raise BuildError("dred.symbol.not-coded", f"{value} where the tables allow only 0")
        self.state = laplace.write_laplace(self.digits, *self.state, value, nonzero, r)

    def finish(self, size: int | None = None) -> bytes:
        """Return the string so far, of ``size`` bytes or of as many as ``tell`` counts.

        Raises:
            BuildError: ``range.size`` if the symbols do not fit ``size`` bytes.
        """
        extent, bottom, _ = self.state
        return rangecoder.finish(self.digits, extent, bottom, size)
