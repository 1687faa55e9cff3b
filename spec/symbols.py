"""Range-coded symbols as construct declarations.

The stream that these constructs parse from is a ``RangeDecoder``, the one they build to a
``RangeEncoder`` (:mod:`dredref.spec.rangecoder`); a declaration made of them reads like any
other construct layout. They take two parameters of the call: ``trace``, a list to which each
symbol is appended with its place and cost, or None, and ``limit``, the most repetitions of
:class:`WhileBitsLeft`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from construct import Construct
from dredref.spec.errors import BuildError
from dredref.spec.rangecoder import RangeDecoder, RangeEncoder

LAPLACE_TOTAL = 1 << 15
"""Frequencies of the Laplace model sum to this."""
LAPLACE_ESCAPE = 7
"""The magnitude symbol that adds 7 and reads on."""
FIRST_START = 8
"""``tell_frac`` of a range coder before its first symbol, in 1/8 bit."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol of a payload: what it is, its value, where it starts and what it costs."""

    name: str
    value: int
    start: int
    """``tell_frac`` before it, in 1/8 bit."""
    cost: int
    """In 1/8 bit."""

    @property
    def end(self) -> int:
        """``tell_frac`` after it, in 1/8 bit."""
        return self.start + self.cost


@cache
def sign_inverse(p0: int) -> tuple[int, int, int]:
    """Inverse frequencies of zero, positive, negative; ``p0`` in 1/256 is the probability of zero.

    The positive half is rounded up, the negative half down.
    """
    rest = LAPLACE_TOTAL - (p0 << 7)
    return rest, rest >> 1, 0


@cache
def magnitude_inverse(r: int) -> tuple[int, ...]:
    """Inverse frequencies of the magnitude less one, 0 to 6 and escape; decay ``r`` in 1/256.

    Each step multiplies by the decay, rounded down, but leaves every symbol a frequency of 1.
    """
    decay = r << 7
    inverse = [max(LAPLACE_ESCAPE, decay)]
    for index in range(1, LAPLACE_ESCAPE):
        inverse.append(max(LAPLACE_ESCAPE - index, inverse[-1] * decay >> 15))
    return (*inverse, 0)


def is_coded(p0: int, r: int) -> bool:
    """Whether a Laplace value takes a symbol at all; if not it is 0."""
    return r != 0 and p0 != 255


def read_laplace(coder: RangeDecoder, p0: int, r: int) -> int:
    """Read one Laplace value; the time is linear in the bytes of the string."""
    if not is_coded(p0, r):
        return 0
    sign = coder.symbol(sign_inverse(p0), LAPLACE_TOTAL)
    if sign == 0:
        return 0
    inverse = magnitude_inverse(r)
    magnitude = 1
    while True:
        step = coder.symbol(inverse, LAPLACE_TOTAL)
        magnitude += step
        if step < LAPLACE_ESCAPE:
            return magnitude if sign == 1 else -magnitude


def write_laplace(coder: RangeEncoder, value: int, p0: int, r: int) -> None:
    """Write one Laplace value.

    Raises:
        BuildError: ``dred.symbol.not-coded`` if the tables leave no room for a value but 0.
    """
    if not is_coded(p0, r):
        if value:
            raise BuildError("dred.symbol.not-coded", f"{value} where the tables allow only 0")
        return
    sign = 0 if value == 0 else 1 if value > 0 else 2
    coder.symbol(sign, sign_inverse(p0), LAPLACE_TOTAL)
    if sign == 0:
        return
    inverse = magnitude_inverse(r)
    rest = abs(value) - 1
    while rest >= LAPLACE_ESCAPE:
        coder.symbol(LAPLACE_ESCAPE, inverse, LAPLACE_TOTAL)
        rest -= LAPLACE_ESCAPE
    coder.symbol(rest, inverse, LAPLACE_TOTAL)


def _value(parameter: Any, context: Any) -> Any:
    """A parameter given plainly or as an expression on the context."""
    return parameter(context) if callable(parameter) else parameter


@lru_cache(maxsize=4096)
def _name(path: str) -> str:
    """A symbol's name, from the path that construct gives: ``(parsing) -> state[0]``."""
    return ".".join(path.split(" -> ")[1:])


def _note(coder: Any, context: Any, path: str, value: int) -> None:
    """Note the symbol that ends here in the call's trace, if one is kept."""
    trace: list[Symbol] | None = context._params.trace
    if trace is not None:
        start = trace[-1].end if trace else FIRST_START
        trace.append(Symbol(_name(path), value, start, coder.tell_frac() - start))


class Uint(Construct):  # type: ignore[misc]
    """An integer below ``total``, all equally likely."""

    def __init__(self, total: Any) -> None:
        """Take the total, plain or as an expression."""
        super().__init__()
        self.total = total

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> int:
        value = stream.uint(_value(self.total, context))
        _note(stream, context, path, value)
        return value

    def _build(self, obj: int, stream: RangeEncoder, context: Any, path: str) -> int:
        stream.uint(obj, _value(self.total, context))
        _note(stream, context, path, obj)
        return obj


class CapSymbol(Construct):  # type: ignore[misc]
    """The highest level: half of the probability means 15, the rest is shared by lower ones.

    Of ``2n`` equally likely values with ``n = 14 - first`` the lower half means 15 and value
    ``n + k`` means level ``first + 1 + k``.
    """

    TOP = 15

    def __init__(self, first: Any) -> None:
        """Take the first chunk's level, plain or as an expression."""
        super().__init__()
        self.first = first

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> int:
        first = _value(self.first, context)
        count = self.TOP - (first + 1)
        value = stream.decode(2 * count)
        if value < count:
            stream.update(0, count, 2 * count)
            level = self.TOP
        else:
            stream.update(value, value + 1, 2 * count)
            level = first + 1 + value - count
        _note(stream, context, path, level)
        return level

    def _build(self, obj: int, stream: RangeEncoder, context: Any, path: str) -> int:
        first = _value(self.first, context)
        count = self.TOP - (first + 1)
        if not first < obj <= self.TOP:
            raise BuildError("dred.qmax", f"qmax {obj} is not in {first + 1} to {self.TOP}")
        if obj == self.TOP:
            stream.encode(0, count, 2 * count)
        else:
            value = count + obj - (first + 1)
            stream.encode(value, value + 1, 2 * count)
        _note(stream, context, path, obj)
        return obj


class Laplace(Construct):  # type: ignore[misc]
    """A signed integer: a symbol for zero and sign, then the magnitude in escapes of 7."""

    def __init__(self, p0: Any, r: Any) -> None:
        """Take probability of zero and decay, both in 1/256, plain or as expressions."""
        super().__init__()
        self.p0, self.r = p0, r

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> int:
        value = read_laplace(stream, _value(self.p0, context), _value(self.r, context))
        _note(stream, context, path, value)
        return value

    def _build(self, obj: int, stream: RangeEncoder, context: Any, path: str) -> int:
        write_laplace(stream, obj, _value(self.p0, context), _value(self.r, context))
        _note(stream, context, path, obj)
        return obj


@cache
def _laplace(p0: int, r: int) -> Laplace:
    """The Laplace value of a table's entry; vectors are made of few different ones."""
    return Laplace(p0, r)


class LaplaceVector(Construct):  # type: ignore[misc]
    """As many Laplace values as the tables' row has columns."""

    def __init__(self, row: Callable[[Any], tuple[Sequence[int], Sequence[int]]]) -> None:
        """Take an expression that gives the rows ``(p0, r)``."""
        super().__init__()
        self.row = row

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> tuple[int, ...]:
        pairs = zip(*self.row(context), strict=True)
        return tuple(
            _laplace(p0, r)._parse(stream, context, f"{path}[{index}]")
            for index, (p0, r) in enumerate(pairs)
        )

    def _build(
        self, obj: Sequence[int], stream: RangeEncoder, context: Any, path: str
    ) -> Sequence[int]:
        p0_row, r_row = self.row(context)
        if len(obj) != len(p0_row):
            raise BuildError("dred.dimension", f"{len(obj)} values where {len(p0_row)} belong")
        for index, (value, p0, r) in enumerate(zip(obj, p0_row, r_row, strict=True)):
            _laplace(p0, r)._build(value, stream, context, f"{path}[{index}]")
        return obj


class WhileBitsLeft(Construct):  # type: ignore[misc]
    """Repeat a construct while more than ``spare`` bits of the string are left.

    The call's ``limit`` bounds the count. The index of a repetition stands in the context as
    ``_index``, as in construct's own repeaters.
    """

    def __init__(self, spare: int, subcon: Construct) -> None:
        """Take the bits that may stay unread and what repeats."""
        super().__init__()
        self.spare, self.subcon = spare, subcon

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> list[Any]:
        items: list[Any] = []
        bits = 8 * len(stream.data)
        while len(items) < context._params.limit and bits - stream.tell() > self.spare:
            context._index = index = len(items)
            items.append(self.subcon._parsereport(stream, context, f"{path}[{index}]"))
        return items

    def _build(self, obj: Sequence[Any], stream: RangeEncoder, context: Any, path: str) -> Any:
        for index, item in enumerate(obj):
            context._index = index
            self.subcon._build(item, stream, context, f"{path}[{index}]")
        return obj
