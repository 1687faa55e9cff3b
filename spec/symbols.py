"""Range-coded symbols as construct declarations.

The stream that these constructs parse from is a ``RangeDecoder``, the one they build to a
``RangeEncoder`` (:mod:`dredref.spec.coder`); a declaration made of them reads like any
other construct layout, once :func:`name_symbols` has told each symbol its field. They take two
parameters of the call: ``trace``, a list to which each symbol is appended with its place and
cost, or None, and ``limit``, the most repetitions of :class:`WhileBitsLeft`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from construct import Construct, Struct

from dredref.spec.coder import RangeDecoder, RangeEncoder
from dredref.spec.errors import BuildError

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


TOP_LEVEL = 15
"""The coarsest quantizer level."""


def cap_at(first: int, target: int) -> tuple[int, int, int]:
    """Return the highest level that a cumulative frequency means, and the symbol's span.

    Of ``2n`` equally likely values with ``n = 14 - first`` the lower half means 15 and value
    ``n + k`` means level ``first + 1 + k``: half of the probability is that of 15.

    Args:
        first: the first chunk's level, at most 13.
        target: what the range decoder points at, 0 to ``2n - 1``.
    """
    count = TOP_LEVEL - (first + 1)
    if target < count:
        return TOP_LEVEL, 0, count
    return first + 1 + target - count, target, target + 1


def cap_span(first: int, level: int) -> tuple[int, int, int]:
    """Return the span of a highest level, and the total."""
    count = TOP_LEVEL - (first + 1)
    low = 0 if level == TOP_LEVEL else count + level - (first + 1)
    _, low, high = cap_at(first, low)
    return low, high, 2 * count


class CapSymbol(_Coded):
    """The highest level, see :func:`cap_at`."""

    def __init__(self, first: Any) -> None:
        """Take the first chunk's level, plain or as an expression."""
        super().__init__()
        self.first = first

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> int:
        first = _value(self.first, context)
        total = 2 * (TOP_LEVEL - (first + 1))
        level, low, high = cap_at(first, stream.peek(total))
        stream.take(low, high, total)
        self.note(stream, context._params.trace, level)
        return level

    def _build(self, obj: int, stream: RangeEncoder, context: Any, path: str) -> int:
        first = _value(self.first, context)
        if not first < obj <= TOP_LEVEL:
            raise BuildError("dred.qmax", f"qmax {obj} is not in {first + 1} to {TOP_LEVEL}")
        stream.encode(*cap_span(first, obj))
        self.note(stream, context._params.trace, obj)
        return obj


class LaplaceVector(_Coded):
    """As many Laplace values as the tables' row has columns.

    Each is a signed integer: a symbol for zero and sign, then the magnitude in escapes of 7.
    """

    def __init__(self, row: Callable[[Any], tuple[Sequence[int], Sequence[int]]]) -> None:
        """Take an expression that gives the rows ``(nonzero, r)``."""
        super().__init__()
        self.row = row

    def _parse(self, stream: RangeDecoder, context: Any, path: str) -> tuple[int, ...]:
        nonzero_row, r_row = self.row(context)
        trace, chunk = context._params.trace, context.get("_index")
        values = []
        for place, (nonzero, r) in enumerate(zip(nonzero_row, r_row, strict=True)):
            values.append(stream.laplace(nonzero, r))
            self.note(stream, trace, values[-1], chunk, place)
        return tuple(values)

    def _build(
        self, obj: Sequence[int], stream: RangeEncoder, context: Any, path: str
    ) -> Sequence[int]:
        nonzero_row, r_row = self.row(context)
        if len(obj) != len(nonzero_row):
            raise BuildError("dred.dimension", f"{len(obj)} values where {len(nonzero_row)} belong")
        trace, chunk = context._params.trace, context.get("_index")
        for place, (value, nonzero, r) in enumerate(zip(obj, nonzero_row, r_row, strict=True)):
            stream.laplace(value, nonzero, r)
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
