"""The worked example: one real packet followed from its bytes to its integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from dredref.spec.coder import RangeDecoder
from dredref.spec.dred import PAYLOAD
from dredref.spec.laplace import LAPLACE_ESCAPE, LAPLACE_TOTAL, magnitude_inverse
from dredref.spec.reading import Reading, read_packet
from dredref.spec.symbols import Symbol

STREAM = "streams/v12-frame-20ms.bit"
PACKET = 60
"""Which packet of the stream."""


@dataclass(frozen=True, slots=True)
class Step:
    """One elementary decode: its symbol, total, span, and the decoder after it."""

    name: str
    total: int
    low: int
    high: int
    meaning: str
    range: int
    difference: int
    tell_frac: int


class _Watched(RangeDecoder):
    """A range decoder that notes every update, and which symbol of the trace it belongs to."""

    def __init__(self, data: bytes, trace: list[Symbol]) -> None:
        self.notes: list[tuple[int, tuple[int, int, int, int, int, int]]] = []
        self.trace = trace
        super().__init__(data)

    def take(self, low: int, high: int, total: int) -> None:
        super().take(low, high, total)
        extent, difference, _ = self.state
        after = (total, low, high, extent, difference, self.tell_frac())
        self.notes.append((len(self.trace), after))

    def laplace(self, nonzero: int, r: int) -> int:
        """As the reader's, but each symbol of the value is shown."""
        before = self.state
        value = super().laplace(nonzero, r)
        self.state = before
        if nonzero:
            sign = 0 if value == 0 else 1 if value > 0 else 2
            self._take_symbol(sign, (nonzero, nonzero >> 1, 0))
        if value:
            escapes, rest = divmod(abs(value) - 1, LAPLACE_ESCAPE)
            for symbol in [LAPLACE_ESCAPE] * escapes + [rest]:
                self._take_symbol(symbol, magnitude_inverse(r))
        return value

    def _take_symbol(self, symbol: int, inverse: Sequence[int]) -> None:
        bounds = (LAPLACE_TOTAL, *inverse)
        low, high = (LAPLACE_TOTAL - bounds[symbol + place] for place in (0, 1))
        self.take(low, high, LAPLACE_TOTAL)


@dataclass(frozen=True, slots=True)
class Example:
    """Everything that the chapter shows."""

    stream: str
    number: int
    data: bytes
    reading: Reading
    start: tuple[int, int, int]
    """Range, difference and tell_frac before the first symbol."""
    steps: tuple[Step, ...]

    @property
    def hexdump(self) -> list[str]:
        """Lines of 16 bytes with their offsets."""
        return [
            f"{place:4d}  {self.data[place : place + 16].hex(' ')}"
            for place in range(0, len(self.data), 16)
        ]


def packet_of_stream() -> bytes:
    """The bytes of the example's packet, out of a committed opus_demo stream."""
    data = files("dredref.spec").joinpath(STREAM).read_bytes()
    place = 0
    for _ in range(PACKET):
        place += 8 + int.from_bytes(data[place : place + 4])
    size = int.from_bytes(data[place : place + 4])
    return data[place + 8 : place + 8 + size]


def worked_example() -> Example:
    """Decode the packet with every step noted."""
    data = packet_of_stream()
    reading = read_packet(data)
    assert reading.dred is not None
    trace: list[Symbol] = []
    decoder = _Watched(reading.payload, trace)
    start = (*decoder.state[:2], decoder.tell_frac())
    limit = len(reading.dred.chunks)
    PAYLOAD.parse_stream(decoder, version=reading.dred.version, limit=limit, trace=trace)
    following = [index for index, _ in decoder.notes[1:]] + [len(trace)]
    steps = tuple(
        _step(trace[index], index != after, *numbers)
        for (index, numbers), after in zip(decoder.notes, following, strict=True)
    )
    return Example(STREAM, PACKET, data, reading, start, steps)


def _step(
    symbol: Symbol,
    last: bool,
    total: int,
    low: int,
    high: int,
    range_: int,
    difference: int,
    tell: int,
) -> Step:
    """One line of the walk; the value stands at the symbol's last decode."""
    meaning = str(symbol.value) if last else ""
    return Step(symbol.name, total, low, high, meaning, range_, difference, tell)
