"""The extension area: what the padding of a code-3 packet holds.

An area is a row of items (:data:`ITEM`): padding, separators that move to a later frame, extensions
with an id of 3 to 127, and repeats, which give the extensions of one frame to all later frames.
:func:`parse_area` delivers extensions in the order of the wire; what stands before the first error
is delivered with the error. An area without error is built back to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any

from construct import BitsInteger, BitStruct, Construct, Container, Struct, Switch

from dredref.spec.delivered import FIRST_LONG, Delivered, Extension, Repeats
from dredref.spec.errors import BuildError, ParseError

CLAUSE = "draft-ietf-mlcodec-opus-extension-04 section 2"
PADDING, SEPARATOR, REPEAT = 0, 1, 2
"""Ids that are no extensions themselves."""
LAST_ID = 127
LACING_STEP = 255
"""A length byte of this value goes on."""


def _fail(code: str, detail: str, byte: int) -> ParseError:
    return ParseError(code, detail, byte=byte, clause=CLAUSE)


@dataclass(frozen=True, slots=True)
class Item:
    """What one id byte starts.

    ``data`` is the payload of an extension, the increment of a separator with L = 1, or what
    follows an id byte of 0; ``repeats`` are the extensions that a repeat gives.
    """

    id: int
    L: int
    data: bytes = b""
    repeats: Sequence[Extension] = ()
    frame: int = field(default=0, compare=False)
    """Frame that it stands in; of a separator, the frame that it leads to."""
    offset: int = field(default=0, compare=False)
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ExtensionArea:
    """The items of an area, as far as they could be read, and the first error, if any."""

    items: tuple[Item, ...]
    extensions: Delivered
    """Of all frames, in the order of the wire; not looked at by :func:`build_area`."""
    nb_frames: int
    rest: bytes = b""
    """What follows a repeat with L = 0 in the last frame: padding without an id."""
    error: ParseError | None = field(default=None, compare=False)
    size: int = field(default=0, compare=False)


class _Bytes(Construct):  # type: ignore[misc]
    """A stated number of bytes."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def _parse(self, stream: BytesIO, context: Container, path: str) -> bytes:
        start = stream.tell()
        data = stream.read(self.count)
        if len(data) < self.count:
            raise _fail("extension.short.truncated", "the area ends before a short payload", start)
        return data

    def _build(self, obj: bytes, stream: BytesIO, context: Container, path: str) -> bytes:
        if len(obj) != self.count:
            raise BuildError("extension.item", f"{len(obj)} bytes where {self.count} belong")
        stream.write(obj)
        return obj


class _Laced(Construct):  # type: ignore[misc]
    """Bytes behind their length, which is laced: bytes are added up to one below 255."""

    def _parse(self, stream: BytesIO, context: Container, path: str) -> bytes:
        total = 0
        start = stream.tell()
        while True:
            byte = stream.read(1)
            if not byte:
                raise _fail("extension.lacing.truncated", "the area ends in a length", start)
            total += byte[0]
            if byte[0] < LACING_STEP:
                break
        data = stream.read(total)
        if len(data) < total:
            missing = total - len(data)
            detail = f"a payload of {total} bytes passes the end by {missing}"
            raise _fail("extension.long.truncated", detail, start)
        return data

    def _build(self, obj: bytes, stream: BytesIO, context: Container, path: str) -> bytes:
        full, rest = divmod(len(obj), LACING_STEP)
        stream.write(bytes([LACING_STEP] * full + [rest]) + obj)
        return obj


class _Rest(Construct):  # type: ignore[misc]
    """All that is left but a stated number of bytes."""

    def __init__(self, spare: int = 0) -> None:
        super().__init__()
        self.spare = spare

    def _parse(self, stream: BytesIO, context: Container, path: str) -> bytes:
        start = stream.tell()
        data = stream.read()
        end = len(data) - self.spare
        if end < 0:
            detail = f"{self.spare} bytes of short payloads must follow, {len(data)} are left"
            raise _fail("extension.repeat.truncated", detail, start)
        stream.seek(start + end)
        return data[:end]

    def _build(self, obj: bytes, stream: BytesIO, context: Container, path: str) -> bytes:
        stream.write(obj)
        return obj


@dataclass
class _Walk:
    """Where in its frames an area is being read or written."""

    nb_frames: int
    frame: int = 0
    sources: list[Extension] = field(default_factory=list)
    """Extensions since the last separator or repeat: what a repeat repeats."""
    broken: Repeats | None = None
    """What a repeat gave before it broke."""
    over: bool = False
    """Only padding can follow."""

    def take(self, item: Item) -> Extension | None:
        """Go past an item; give the extension that it is, if it is one.

        Raises:
            ParseError: ``extension.frame`` if a separator leads past the last frame.
        """
        if item.id > REPEAT:
            laced = item.id >= FIRST_LONG and item.L == 1
            found = Extension(item.id, self.frame, item.data, item.offset, item.size, laced)
            self.sources.append(found)
            return found
        if item.id == SEPARATOR:
            self._separate(item)
        elif item.id == REPEAT:
            self.sources = []
            if not item.L:
                self.frame += 1
                self.over = self.frame >= self.nb_frames
        return None

    def _separate(self, item: Item) -> None:
        step = item.data[0] if item.L else 1
        if step == 0:
            return
        self.frame += step
        self.sources = []
        if self.frame >= self.nb_frames:
            detail = f"frame {self.frame} of a packet with {self.nb_frames}"
            raise _fail("extension.frame", detail, item.offset)

    def repeats(self, count: int, start: int, carried: Sequence[Extension]) -> Repeats:
        """What the repeat that stands here gives, up to ``count``."""
        return Repeats(self.sources, self.frame + 1, count, start, carried)


class _Repeats(Construct):  # type: ignore[misc]
    """The payloads of the current frame's extensions again, for every later frame.

    They are coded as their first ones were, but with L = 0 of the repeat the last long one of
    the last frame has no length: it runs up to the short payloads that must still follow it.
    """

    def __init__(self, L: int) -> None:
        super().__init__()
        self.L = L

    def _plan(self, walk: _Walk) -> Iterator[tuple[int, int, bool, Construct]]:
        """Place among the sources, frame, lacing and coding of each payload that takes bytes."""
        carrying = [place for place, source in enumerate(walk.sources) if source.carries]
        long = [place for place in carrying if walk.sources[place].id >= FIRST_LONG]
        frames = range(walk.frame + 1, walk.nb_frames) if carrying else ()
        for frame in frames:
            for index, place in enumerate(carrying):
                if walk.sources[place].id < FIRST_LONG:
                    yield place, frame, False, _CODINGS["byte"]
                elif self.L or frame < walk.nb_frames - 1 or place < long[-1]:
                    yield place, frame, True, _CODINGS["laced"]
                else:
                    yield place, frame, False, _Rest(len(carrying) - 1 - index)

    def _parse(self, stream: BytesIO, context: Container, path: str) -> Repeats:
        walk: _Walk = context._params.walk
        begin = stream.tell()
        carried: list[Extension] = []
        for place, frame, laced, coding in self._plan(walk):
            start = stream.tell()
            try:
                data = coding._parse(stream, context, path)
            except ParseError:
                given = (frame - walk.frame - 1) * len(walk.sources) + place
                walk.broken = walk.repeats(given, begin, carried)
                raise
            id_, size = walk.sources[place].id, stream.tell() - start
            carried.append(Extension(id_, frame, data, start, size, laced, True))
        return walk.repeats(self._count(walk), begin, carried)

    def _build(
        self, obj: Sequence[Extension], stream: BytesIO, context: Container, path: str
    ) -> Any:
        walk: _Walk = context._params.walk
        if not self._fits(obj, walk):
            raise BuildError("extension.repeat", "these are not the extensions to be repeated")
        for place, frame, _, coding in self._plan(walk):
            index = (frame - walk.frame - 1) * len(walk.sources) + place
            coding._build(obj[index].data, stream, context, path)
        return obj

    def _count(self, walk: _Walk) -> int:
        return max(0, walk.nb_frames - walk.frame - 1) * len(walk.sources)

    def _fits(self, obj: Sequence[Extension], walk: _Walk) -> bool:
        """Whether these are the extensions that are due, and none has bytes that have no place."""
        frames = range(walk.frame + 1, walk.nb_frames)
        due = ((source, frame) for frame in frames for source in walk.sources)
        return len(obj) == self._count(walk) and all(
            (one.id, one.frame, one.carries) == (source.id, frame, source.carries)
            for one, (source, frame) in zip(obj, due, strict=True)
        )


def _form(id_: int, L: int) -> str:
    """Which of the forms of :data:`ITEM` an id byte says."""
    if id_ == REPEAT:
        return "repeats" if L else "repeats, the last one unlaced"
    if id_ == PADDING:
        return "nothing" if L else "rest"
    if id_ < FIRST_LONG:
        return "byte" if L else "nothing"
    return "laced" if L else "rest"


_CODINGS: dict[str, Construct] = {
    "nothing": _Bytes(0),
    "byte": _Bytes(1),
    "laced": _Laced(),
    "rest": _Rest(),
    "repeats": _Repeats(1),
    "repeats, the last one unlaced": _Repeats(0),
}
HEADER = BitStruct("id" / BitsInteger(7), "L" / BitsInteger(1))
"""An id byte."""
ITEM = Struct(
    "header" / HEADER,
    "payload" / Switch(lambda context: _form(context.header.id, context.header.L), _CODINGS),
)
"""An id byte and what belongs to it."""


@cache
def _items() -> list[tuple[int, int, Construct]]:
    """Id, L and coding that each value of an id byte stands for: :data:`ITEM` as a table.

    An area can be one item a byte, and construct takes longer over a byte than all the rest.
    """
    headers = [HEADER.parse(bytes([byte])) for byte in range(256)]
    return [(one.id, one.L, _CODINGS[_form(one.id, one.L)]) for one in headers]


def parse_area(area: bytes, nb_frames: int) -> ExtensionArea:
    """Read an extension area of a packet with ``nb_frames`` frames.

    Never raises for what the bytes say: the first error ends the reading and is given back beside
    what stood before it. Time and memory are linear in the bytes. Codes: ``extension.frame``,
    ``extension.short.truncated``, ``extension.lacing.truncated``, ``extension.long.truncated``,
    ``extension.repeat.truncated``.
    """
    walk = _Walk(nb_frames)
    stream, context = BytesIO(area), Container(_params=Container(walk=walk))
    items: list[Item] = []
    own: list[Extension] = []
    parts: list[Sequence[Extension]] = [own]
    error: ParseError | None = None
    while stream.tell() < len(area) and not walk.over:
        try:
            item = _parse_item(stream, walk, context)
            extension = walk.take(item)
        except ParseError as failure:
            error = failure
            if walk.broken is not None:
                parts.append(walk.broken)
            break
        items.append(item)
        if extension is not None:
            own.append(extension)
        elif item.repeats:
            own = []
            parts += [item.repeats, own]
    rest = b"" if error else area[stream.tell() :]
    return ExtensionArea(tuple(items), Delivered(parts), nb_frames, rest, error, len(area))


def _parse_item(stream: BytesIO, walk: _Walk, context: Container) -> Item:
    offset = stream.tell()
    id_, L, coding = _items()[stream.read(1)[0]]
    payload = coding._parse(stream, context, "")
    size = stream.tell() - offset
    if id_ == REPEAT:
        return Item(id_, L, b"", payload, walk.frame, offset, size)
    return Item(id_, L, payload, (), walk.frame, offset, size)


def build_area(area: ExtensionArea) -> bytes:
    """Write the items of an area; an area that was read without error gives its bytes back.

    Raises:
        BuildError: ``extension.item`` for ids, L or payloads that have no form,
            ``extension.frame`` for a separator past the last frame, ``extension.unreachable`` for
            items behind one that takes all that is left.
    """
    walk = _Walk(area.nb_frames)
    stream = BytesIO()
    closed = False
    for item in area.items:
        if closed or walk.over:
            raise BuildError("extension.unreachable", "an item behind one that takes the rest")
        payload = item.repeats if item.id == REPEAT else item.data
        header = {"id": item.id, "L": item.L}
        if not 0 <= item.id <= LAST_ID or item.L not in (0, 1):
            raise BuildError("extension.item", f"no id {item.id} with L = {item.L}")
        ITEM.build_stream(Container(header=Container(header), payload=payload), stream, walk=walk)
        try:
            walk.take(item)
        except ParseError as error:
            raise BuildError(error.code, error.detail) from None
        closed = not item.L and (item.id == PADDING or item.id >= FIRST_LONG)
    return stream.getvalue() + area.rest


def pack_extensions(
    extensions: Sequence[Extension], nb_frames: int, *, size: int | None = None
) -> bytes:
    """An area in canonical form: in frame order, no repeats, the last long extension unlaced.

    A ``size`` larger than needed is filled with one-byte padding (0x01) in front.

    Raises:
        BuildError: ``extension.item`` or ``extension.frame`` for what an area cannot carry,
            ``extension.size`` if it does not fit ``size``.
    """
    items: list[Item] = []
    frame = 0
    ordered = sorted(extensions, key=lambda extension: extension.frame)
    for index, extension in enumerate(ordered):
        if not 0 <= extension.frame < nb_frames:
            detail = f"frame {extension.frame} of a packet with {nb_frames}"
            raise BuildError("extension.frame", detail)
        step = extension.frame - frame
        if step:
            items.append(Item(SEPARATOR, int(step > 1), bytes([step]) if step > 1 else b""))
            frame = extension.frame
        if not REPEAT < extension.id <= LAST_ID:
            raise BuildError("extension.item", f"no extension has id {extension.id}")
        is_long = extension.id >= FIRST_LONG
        if not is_long and len(extension.data) > 1:
            raise BuildError("extension.item", f"{len(extension.data)} bytes in a short extension")
        L = int(index < len(ordered) - 1) if is_long else len(extension.data)
        items.append(Item(extension.id, L, extension.data))
    area = build_area(ExtensionArea(tuple(items), Delivered(()), nb_frames))
    if size is None:
        return area
    if len(area) > size:
        raise BuildError("extension.size", f"{len(area)} bytes do not fit {size}")
    return b"\x01" * (size - len(area)) + area


__all__ = [
    "FIRST_LONG",
    "ITEM",
    "Extension",
    "ExtensionArea",
    "Item",
    "build_area",
    "pack_extensions",
    "parse_area",
]
