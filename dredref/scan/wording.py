"""What the scan found wrong, in the words of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dredref.scan.columns import Code
from dredref.spec.checks import NO_CHUNK, Violation
from dredref.spec.requirements import requirement_of_code, requirements

WORDS: Mapping[Code, tuple[str, str]] = {
    Code.R1_EMPTY: ("packet.r1.empty", "a packet of no byte"),
    Code.R2_LENGTH: ("packet.r2.length", "a frame of {a} bytes, not 1275"),
    Code.R3_ODD: ("packet.r3.odd", "two equal frames of {a} bytes together"),
    Code.R4_HEADER: ("packet.r4.header", "the packet ends in a frame length"),
    Code.R4_LENGTH: ("packet.r4.length", "frame lengths pass the end by {a} bytes"),
    Code.R5_COUNT: ("packet.r5.count", "a code-3 packet of no frame"),
    Code.R5_DURATION: ("packet.r5.duration", "{ms:g} ms of audio, not 120"),
    Code.R6_SHORT: ("packet.r6.short", "a code-3 packet ends after its TOC"),
    Code.R6_PADDING_ENDS: ("packet.r6.padding", "the packet ends in the padding length"),
    Code.R6_PADDING: ("packet.r6.padding", "{a} bytes of padding do not fit"),
    Code.R6_UNEVEN: ("packet.r6.uneven", "{a} equal frames of {b} bytes together"),
    Code.R7_HEADER: ("packet.r7.header", "the packet ends in a frame length"),
    Code.R7_LENGTH: ("packet.r7.length", "frame lengths pass the end by {a} bytes"),
    Code.PADDING_LENGTH: ("packet.padding-length", "{a} bytes more than needed"),
    Code.FRAME: ("extension.frame", "frame {a} of a packet with {b}"),
    Code.SHORT_TRUNCATED: (
        "extension.short.truncated",
        "the area ends before a short payload",
    ),
    Code.LACING_TRUNCATED: ("extension.lacing.truncated", "the area ends in a length"),
    Code.LONG_TRUNCATED: (
        "extension.long.truncated",
        "a payload of {a} bytes passes the end by {b}",
    ),
    Code.REPEAT_TRUNCATED: (
        "extension.repeat.truncated",
        "{a} bytes of short payloads must follow, {b} are left",
    ),
    Code.PADDING_ZERO: ("extension.padding-zero", "0x{a:02x} in padding"),
    Code.SEPARATOR_ZERO: ("extension.separator-zero", "an increment of 0"),
    Code.REPEAT_NOTHING: ("extension.repeat-nothing", "nothing repeated in frame {a}"),
    Code.PREFIX: ("dred.prefix", "prefix {hex}, not 44"),
    Code.VERSION: ("dred.version", "unknown version {a}"),
    Code.EMPTY: ("dred.size.empty", "no payload"),
    Code.EMPTY_PREFIXED: ("dred.size.empty", "no payload after the prefix"),
    Code.SIZE_MAX: ("dred.size-max", "{a} bytes"),
    Code.ONE_PER_FRAME: ("dred.one-per-frame", "another one on frame {a}"),
    Code.ONE_PER_PACKET: ("dred.one-per-packet", "{a} DRED extensions"),
    Code.FIRST_FRAME: ("dred.first-frame", "on frame {a}"),
    Code.CHUNKS_NONE: ("dred.chunks-none", NO_CHUNK),
    Code.CHUNKS_MAX: ("dred.chunks-max", "{a} chunks"),
    Code.CHUNK_UNSEEN: ("dred.chunk-unseen", "chunk {a} cannot be seen"),
    Code.CHUNKS_UNSEEN: ("dred.chunk-unseen", "chunks {a} to {b} cannot be seen"),
    Code.EXTRA_OFFSET: ("dred.extra-offset", "an extra offset of 0"),
}
"""What the scan notes -> the stable code, and the sentence, of its numbers ``a`` and ``b``."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A violation as it was noted."""

    code: Code
    byte: int
    bit: int
    a: int
    b: int

    @property
    def order(self) -> tuple[int, int, int]:
        """By place; at the same one in the order of the reference's checks."""
        return self.byte, self.bit, _rank(self.code)

    def violation(self) -> Violation:
        """The same in words."""
        code, text = WORDS[self.code]
        prefix = self.b.to_bytes(4, "big")[4 - self.a :].hex() if self.code is Code.PREFIX else ""
        detail = text.format(a=self.a, b=self.b, ms=self.a / 48, hex=prefix or "nothing")
        return Violation(requirement_of_code(code), code, self.byte, self.bit, detail)


@cache
def _rank(code: Code) -> int:
    """When the reference finds a violation: parsing, looking for DRED, then check by check."""
    requirement = requirement_of_code(WORDS[code][0])
    stages = ("parser", "carrier")
    if requirement.check in stages:
        return stages.index(requirement.check)
    return len(stages) + list(requirements()).index(requirement.id)


def violations_of(row: Any, notes: Any) -> Iterator[Violation]:
    """The violations of a row that the scan could word, in the order of the reference."""
    noted = [
        _Noted(Code(code), byte, bit, a, b)
        for code, bit, byte, a, b in notes[: row["violations"]].tolist()
    ]
    return (one.violation() for one in sorted(noted, key=lambda one: one.order))
