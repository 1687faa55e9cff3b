"""Parts that the generators of extension areas share: items as bytes, and files of areas."""

from __future__ import annotations

from dredref.spec.extension import REPEAT, SEPARATOR, parse_area
from dredref.vectors.draft import EXTENSION, Draft, blob
from dredref.vectors.model import Exact, ExtensionInput

FRAMES_CLAUSE = "draft-ietf-mlcodec-opus-extension 3.1"
REPEAT_CLAUSE = "draft-ietf-mlcodec-opus-extension 3.2"
LACINGS = (0, 1, 2, 253, 254, 255, 256, 257, 509, 510, 511, 764, 765, 766, 1020)
"""Payload lengths around each change of their lacing."""

NEXT = b"\x02"
"""A separator to the next frame."""
RTE = b"\x05"
"""A repeat with L = 1: every payload is coded as its first one was."""
RTE_LAST = b"\x04"
"""A repeat with L = 0: the last long payload has no length."""


def short(id_: int, data: bytes = b"") -> bytes:
    """A short extension."""
    return bytes([id_ << 1 | len(data)]) + data


def lace(data: bytes) -> bytes:
    """A payload behind its length."""
    full, rest = divmod(len(data), 255)
    return b"\xff" * full + bytes([rest]) + data


def laced(id_: int, data: bytes) -> bytes:
    """A long extension whose length is coded."""
    return bytes([id_ << 1 | 1]) + lace(data)


def last(id_: int, data: bytes) -> bytes:
    """A long extension that runs to the end of the area."""
    return bytes([id_ << 1]) + data


def jump(step: int) -> bytes:
    """A separator that names its increment."""
    return bytes([SEPARATOR << 1 | 1, step])


class AreaFile(Draft):
    """A file of areas."""

    def area(
        self,
        name: str,
        title: str,
        data: bytes,
        frames: int = 1,
        count: int | None = None,
        *,
        error: str | None = None,
        clauses: tuple[str, ...] = (),
        requirements: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> None:
        """An area that gives ``count`` extensions and then this error, or none."""
        wanted = self.add(
            name,
            title,
            ExtensionInput(blob(data), frames),
            clauses=clauses,
            requirements=requirements,
            flags=flags,
        )
        assert isinstance(wanted, Exact)
        found = wanted.value["error"]
        assert (found and found["code"]) == error, (name, found)
        assert count is None or len(wanted.value["extensions"]) == count, (name, wanted)


def flags_of(data: bytes, frames: int) -> tuple[str, ...]:
    """Flags of an area that was not written with one fault in mind."""
    area = parse_area(data, frames)
    repeats = any(item.id == REPEAT for item in area.items)
    repeats |= any(extension.repeated for extension in area.extensions)
    broken = area.error.code if area.error else ""
    if broken == "extension.frame":
        return ("Repeat", "FramePastEnd") if repeats else ("FramePastEnd",)
    return ("Repeat",) if repeats or broken == "extension.repeat.truncated" else ()


def area_file(name: str, title: str, seed: int | None = None) -> AreaFile:
    """Start a file of areas."""
    return AreaFile("extension", name, title, "vectors.groups.extension", (EXTENSION,), seed)


def payload_bytes(size: int) -> bytes:
    """A payload in which no two neighbours are equal."""
    return bytes((89 * index + 7) & 0xFF for index in range(size))
