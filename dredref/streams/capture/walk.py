"""A walk over the headers of a frame: what each header reads, and how it names the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dredref.streams.capture.segment import Fragment, Segment, Unread

Next: TypeAlias = "tuple[str, int, int] | Segment | Fragment | Unread"
"""Kind of the next header (a table's name), its number there, and where it begins; or the end."""


@dataclass
class Walk:
    """What is known of a frame so far."""

    data: bytes
    end: int
    source: bytes = b""
    target: bytes = b""
    sized: list[tuple[str, int]] = field(default_factory=list)

    def number(self, at: int, size: int = 2) -> int:
        """An integer, most significant byte first.

        Raises:
            IndexError: the frame ends before.
        """
        if at + size > len(self.data):
            raise IndexError
        return int.from_bytes(self.data[at : at + size], "big")


Header: TypeAlias = Callable[[Walk, int], Next]
