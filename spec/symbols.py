"""Range-coded symbols as construct declarations.

The stream that these constructs parse from is a ``RangeDecoder``, the one they build to a
``RangeEncoder`` (:mod:`dredref.spec.rangecoder`); a declaration made of them reads like any
other construct layout, once :func:`name_symbols` has told each symbol its field. They take two
parameters of the call: ``trace``, a list to which each symbol is appended with its place and
cost, or None, and ``limit``, the most repetitions of :class:`WhileBitsLeft`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from construct import Construct, Struct

from dredref.spec.errors import BuildError
from dredref.spec.rangecoder import RangeDecoder, RangeEncoder

LAPLACE_TOTAL = 1 << 15
"""Frequencies of the Laplace model sum to this."""
LAPLACE_ESCAPE = 7
"""The magnitude symbol that adds 7 and reads on."""
FIRST_START = 8
"""``tell_frac`` of a range coder before its first symbol, in 1/8 bit."""


class Symbol(NamedTuple):
    """One symbol of a payload: what it is, its value, where it starts and what it costs."""

    field: str
    """The field of the payload, or of its chunk."""
    chunk: int | None
    """Which chunk it belongs to; None for header and state."""
    place: int | None
    """Its place in a vector; None for a field of one symbol."""
    value: int
    start: int
    """``tell_frac`` before it, in 1/8 bit."""
    cost: int
    """In 1/8 bit."""

    @property
    def name(self) -> str:
        """How it is written: ``q0``, ``state[3]``, ``chunks[2].latents[5]``."""
        chunk = "" if self.chunk is None else f"chunks[{self.chunk}]."
        return f"{chunk}{self.field}" + ("" if self.place is None else f"[{self.place}]")

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
    """Read one Laplace value; the time is linear in the bytes that it takes."""
    if not is_coded(p0, r):
        return 0
    sign = coder.symbol(sign_inverse(p0), LAPLACE_TOTAL)
    if sign == 0:
        return 0
    inverse = magnitude_inverse(r)
    magnitude = 1 + coder.symbol(inverse, LAPLACE_TOTAL)
    if magnitude > LAPLACE_ESCAPE:
        magnitude += LAPLACE_ESCAPE * coder.run(inverse[-2], LAPLACE_TOTAL)
        magnitude += coder.symbol(inverse, LAPLACE_TOTAL)
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
    escapes, rest = divmod(abs(value) - 1, LAPLACE_ESCAPE)
    coder.run(escapes, inverse[-2], LAPLACE_TOTAL)
    coder.symbol(rest, inverse, LAPLACE_TOTAL)


def _value(parameter: Any, context: Any) -> Any:
    """A parameter given plainly or as an expression on the context."""
    return parameter(context) if callable(parameter) else parameter


class _Coded(Construct):  # type: ignore[misc]
    """What is coded as symbols of one field."""

    field = ""

    def note(
        self,
        coder: Any,
        trace: list[Symbol] | None,
        value: int,
        chunk: int | None = None,
        place: int | None = None,
    ) -> None:
        """Note the symbol that ends here in the call's trace, if one is kept."""
        if trace is not None:
            start = FIRST_START
            if trace:
                *_, before, cost = trace[-1]
                start = before + cost
            cost = coder.tell_frac() - start
            trace.append(Symbol(self.field, chunk, place, value, start, cost))


def name_symbols(declaration: Struct) -> Struct:
    """Tell each symbol of a declaration the name of the field that it is declared under."""
    _name_symbols(declaration, "")
    return declaration


def _name_symbols(declaration: Construct, field: str) -> None:
    if isinstance(declaration, _Coded):
        declaration.field = field
    parts = [*getattr(declaration, "subcons", ())]
    parts += [getattr(declaration, name, None) for name in ("subcon", "thensubcon", "elsesubcon")]
    for part in parts:
        if part is not None:
            _name_symbols(part, part.name or field)


class Uint(_Coded):
    """An integer below ``total``, all equally likely."""

    def __init__(self, total: Any) -> None:
        """Take the total, plain or as an expression."""
        super().__init__()
        self.total = total

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> int:
        value = stream.uint(_value(self.total, context))
        self.note(stream, context._params.trace, value)
        return value

    def _build(self, obj: int, stream: RangeEncoder, context: Any, path: str) -> int:
        stream.uint(obj, _value(self.total, context))
        self.note(stream, context._params.trace, obj)
        return obj


class CapSymbol(_Coded):
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
        self.note(stream, context._params.trace, level)
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
        self.note(stream, context._params.trace, obj)
        return obj


class LaplaceVector(_Coded):
    """As many Laplace values as the tables' row has columns.

    Each is a signed integer: a symbol for zero and sign, then the magnitude in escapes of 7.
    """

    def __init__(self, row: Callable[[Any], tuple[Sequence[int], Sequence[int]]]) -> None:
        """Take an expression that gives the rows ``(p0, r)``."""
        super().__init__()
        self.row = row

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> tuple[int, ...]:
        p0_row, r_row = self.row(context)
        trace, chunk = context._params.trace, context.get("_index")
        values = []
        for place, (p0, r) in enumerate(zip(p0_row, r_row, strict=True)):
            values.append(read_laplace(stream, p0, r))
            self.note(stream, trace, values[-1], chunk, place)
        return tuple(values)

    def _build(
        self, obj: Sequence[int], stream: RangeEncoder, context: Any, path: str
    ) -> Sequence[int]:
        p0_row, r_row = self.row(context)
        if len(obj) != len(p0_row):
            raise BuildError("dred.dimension", f"{len(obj)} values where {len(p0_row)} belong")
        trace, chunk = context._params.trace, context.get("_index")
        for place, (value, p0, r) in enumerate(zip(obj, p0_row, r_row, strict=True)):
            write_laplace(stream, value, p0, r)
            self.note(stream, trace, value, chunk, place)
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
            context._index = len(items)
            items.append(self.subcon._parsereport(stream, context, path))
        return items

    def _build(self, obj: Sequence[Any], stream: RangeEncoder, context: Any, path: str) -> Any:
        for index, item in enumerate(obj):
            context._index = index
            self.subcon._build(item, stream, context, path)
        return obj
