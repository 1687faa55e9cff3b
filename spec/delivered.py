"""What an extension area delivers: extensions in the order of the wire.

A repeat gives the extensions of one frame to up to 47 later ones, and those without payload take
no byte there: an area of 64 KiB can deliver three million. So what a repeat gives is told by its
sources and by the payloads that take bytes, and is spelled out only for who goes through it.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import overload

FIRST_LONG = 32
"""Extensions from this id on have a length, those before it at most one byte."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension of one frame."""

    id: int
    frame: int
    data: bytes
    offset: int = field(default=0, compare=False)
    """Byte of the area that its id stands at, or, repeated, its length or data."""
    size: int = field(default=0, compare=False)
    """Bytes it takes on the wire, with id and lacing."""
    laced: bool = field(default=False, compare=False)
    """Its length is coded, not what is left of the area."""
    repeated: bool = field(default=False, compare=False)
    """It has no id byte of its own."""

    @property
    def carries(self) -> bool:
        """Whether it takes bytes where it is repeated."""
        return self.id >= FIRST_LONG or bool(self.data)


class _Extensions(Sequence[Extension]):
    """A sequence that compares and is cut as a tuple is."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == another for one, another in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self)} extensions>"

    @overload
    def __getitem__(self, index: int) -> Extension: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Extension, ...]: ...
    def __getitem__(self, index: int | slice) -> Extension | tuple[Extension, ...]:
        if isinstance(index, slice):
            return tuple(map(self._at, range(len(self))[index]))
        try:
            return self._at(range(len(self))[index])
        except IndexError:
            raise IndexError(f"no extension {index} of {len(self)}") from None

    @abstractmethod
    def _at(self, index: int) -> Extension:
        """The extension at an index of at least 0."""


class Repeats(_Extensions):
    """What a repeat gives: its sources again for each frame from ``first`` on.

    Args:
        sources: the extensions that are repeated.
        first: the first frame that they are given to.
        count: extensions that it gives.
        start: byte of the area behind the repeat's id.
        carried: those that take bytes, in the order of the wire.
    """

    def __init__(
        self,
        sources: Sequence[Extension],
        first: int,
        count: int,
        start: int,
        carried: Sequence[Extension],
    ) -> None:
        """Keep the parts; nothing is spelled out."""
        self.sources, self.first, self.start, self.carried = sources, first, start, carried
        self._count = count

    def __len__(self) -> int:
        """How many it gives."""
        return self._count

    @cached_property
    def _carrying(self) -> list[int]:
        """Sources that take bytes."""
        return [place for place, source in enumerate(self.sources) if source.carries]

    def _at(self, index: int) -> Extension:
        frame, place = divmod(index, len(self.sources))
        before = frame * len(self._carrying) + bisect_left(self._carrying, place)
        source = self.sources[place]
        if source.carries:
            return self.carried[before]
        last = self.carried[before - 1] if before else None
        offset = last.offset + last.size if last else self.start
        return Extension(source.id, self.first + frame, b"", offset, 0, False, True)

    def given(self, place: int) -> int:
        """How many frames the source at a place is given to; fewer where the area breaks."""
        return max(0, -(-(self._count - place) // len(self.sources)))

    def with_id(self, id_: int) -> Iterator[Extension]:
        """Those with an id; the time does not grow with the others that take no byte."""
        if id_ >= FIRST_LONG:
            return (one for one in self.carried if one.id == id_)
        if all(source.id != id_ for source in self.sources):
            return iter(())
        return (one for one in self if one.id == id_)


class Delivered(_Extensions):
    """All extensions of an area: rows of its own ones, and what its repeats give.

    It behaves as a tuple of extensions does.
    """

    def __init__(self, parts: Sequence[Sequence[Extension]]) -> None:
        """Keep the parts; repeats are not spelled out."""
        self.parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        """How many there are."""
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Extension]:
        """All of them, in the order of the wire."""
        return chain.from_iterable(self.parts)

    def _at(self, index: int) -> Extension:
        part = bisect_right(self._ends, index)
        return self.parts[part][index - (self._ends[part - 1] if part else 0)]

    def with_id(self, id_: int) -> Iterator[Extension]:
        """Those with an id; the time is linear in the bytes of the area."""
        for part in self.parts:
            if isinstance(part, Repeats):
                yield from part.with_id(id_)
            else:
                yield from (one for one in part if one.id == id_)
