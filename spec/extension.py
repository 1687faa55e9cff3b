"""The extension area: what the padding of a code-3 packet holds.

An area is a row of items (:data:`ITEM`): padding, separators that move to a later frame, extensions
with an id of 3 to 127, and repeats, which give the extensions of one frame to all later frames.
:func:`parse_area` delivers extensions in the order of the wire; what stands before the first error
is delivered with the error. An area without error is built back to the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from construct import BitsInteger, BitStruct, Construct, Container, Struct, Switch, Tell
from dredref.spec.errors import BuildError, ParseError

CLAUSE = "draft-ietf-mlcodec-opus-extension-04 section 2"
PADDING, SEPARATOR, REPEAT = 0, 1, 2
"""Ids that are no extensions themselves."""
FIRST_LONG = 32
"""Extensions from this id on have a length, those before it at most one byte."""
LAST_ID = 127
LACING_STEP = 255
"""A length byte of this value goes on."""


def _fail(code: str, detail: str, byte: int) -> ParseError:
    return ParseError(code, detail, byte=byte, clause=CLAUSE)


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


@dataclass(frozen=True, slots=True)
class Item:
    """What one id byte starts.

    ``data`` is the payload of an extension, the increment of a separator with L = 1, or what
    follows an id byte of 0; ``repeats`` are the extensions that a repeat gives.
    """

    id: int
    L: int
    data: bytes = b""
    repeats: tuple[Extension, ...] = ()
    frame: int = field(default=0, compare=False)
    """Frame that it stands in; of a separator, the frame that it leads to."""
    offset: int = field(default=0, compare=False)
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ExtensionArea:
    """The items of an area, as far as they could be read, and the first error, if any."""

    items: tuple[Item, ...]
    extensions: tuple[Extension, ...]
    """Of all frames, in the order of the wire."""
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


def _payload(id_: int, L: int, spare: int = 0) -> Construct:
    """How the payload of an extension is coded."""
    if id_ < FIRST_LONG:
        return _Bytes(L)
    return _Laced() if L else _Rest(spare)


@dataclass
class _Walk:
    """Where in its frames an area is being read or written."""

    nb_frames: int
    frame: int = 0
    sources: list[tuple[Extension, int]] = field(default_factory=list)
    """Extensions since the last separator or repeat, with their L: what a repeat repeats."""
    repeats: list[Extension] = field(default_factory=list)
    """What the current repeat gave so far."""
    over: bool = False
    """Only padding can follow."""

    def take(self, item: Item) -> None:
        """Go past an item.

        Raises:
            ParseError: ``extension.frame`` if a separator leads past the last frame.
        """
        if item.id == SEPARATOR:
            self._separate(item)
        elif item.id == REPEAT:
            self.sources = []
            if not item.L:
                self.frame += 1
                self.over = self.frame >= self.nb_frames
        elif item.id > REPEAT:
            self.sources.append((_extension(item, self.frame), item.L))

    def _separate(self, item: Item) -> None:
        step = item.data[0] if item.L else 1
        if step == 0:
            return
        self.frame += step
        self.sources = []
        if self.frame >= self.nb_frames:
            detail = f"frame {self.frame} of a packet with {self.nb_frames}"
            raise _fail("extension.frame", detail, item.offset)


def _extension(item: Item, frame: int) -> Extension:
    """The extension that an item is."""
    laced = bool(item.id >= FIRST_LONG and item.L)
    return Extension(item.id, frame, item.data, item.offset, item.size, laced)


class _Repeats(Construct):  # type: ignore[misc]
    """The payloads of the current frame's extensions again, for every later frame.

    They are coded as their first ones were, but with L = 0 of the repeat the last long one of
    the last frame has no length: it runs up to the short payloads that must still follow it.
    """

    def _plan(self, context: Container) -> list[tuple[int, int, int, Construct]]:
        """Id, frame, L and coding of each repeated payload."""
        walk: _Walk = context._params.walk
        long = [place for place, (source, _) in enumerate(walk.sources) if source.id >= FIRST_LONG]
        last_long = long[-1] if long else None
        last_frame = walk.nb_frames - 1
        plan = []
        for frame in range(walk.frame + 1, last_frame + 1):
            for index, (source, L) in enumerate(walk.sources):
                unlaced = not context.header.L and frame == last_frame and index == last_long
                spare = sum(later for _, later in walk.sources[index + 1 :])
                coded = 0 if unlaced else L
                plan.append((source.id, frame, coded, _payload(source.id, coded, spare)))
        return plan

    def _parse(self, stream: BytesIO, context: Container, path: str) -> tuple[Extension, ...]:
        found: list[Extension] = context._params.walk.repeats
        for id_, frame, L, coding in self._plan(context):
            start = stream.tell()
            data = coding._parse(stream, context, path)
            size = stream.tell() - start
            laced = bool(id_ >= FIRST_LONG and L)
            found.append(Extension(id_, frame, data, start, size, laced, True))
        return tuple(found)

    def _build(
        self, obj: Sequence[Extension], stream: BytesIO, context: Container, path: str
    ) -> Any:
        plan = self._plan(context)
        wanted = [(id_, frame) for id_, frame, _, _ in plan]
        if [(found.id, found.frame) for found in obj] != wanted:
            raise BuildError("extension.repeat", "these are not the extensions to be repeated")
        for found, (_, _, _, coding) in zip(obj, plan, strict=True):
            coding._build(found.data, stream, context, path)
        return obj


def _form(context: Container) -> str:
    """Which of the forms of :data:`ITEM` the id byte says."""
    id_, L = context.header.id, context.header.L
    if id_ == REPEAT:
        return "repeats"
    if id_ == PADDING:
        return "nothing" if L else "rest"
    if id_ < FIRST_LONG:
        return "byte" if L else "nothing"
    return "laced" if L else "rest"


ITEM = Struct(
    "offset" / Tell,
    "header" / BitStruct("id" / BitsInteger(7), "L" / BitsInteger(1)),
    "payload"
    / Switch(
        _form,
        {
            "nothing": _Bytes(0),
            "byte": _Bytes(1),
            "laced": _Laced(),
            "rest": _Rest(),
            "repeats": _Repeats(),
        },
    ),
    "end" / Tell,
)
"""An id byte and what belongs to it."""


def parse_area(area: bytes, nb_frames: int) -> ExtensionArea:
    """Read an extension area of a packet with ``nb_frames`` frames.

    Never raises for what the bytes say: the first error ends the reading and is given back beside
    what stood before it. Codes: ``extension.frame``, ``extension.short.truncated``,
    ``extension.lacing.truncated``, ``extension.long.truncated``, ``extension.repeat.truncated``.
    """
    walk = _Walk(nb_frames)
    stream = BytesIO(area)
    items: list[Item] = []
    extensions: list[Extension] = []
    error: ParseError | None = None
    while stream.tell() < len(area) and not walk.over:
        walk.repeats = []
        try:
            item = _parse_item(stream, walk)
            walk.take(item)
        except ParseError as failure:
            error = failure
            extensions.extend(walk.repeats)
            break
        items.append(item)
        extensions.extend(item.repeats)
        if item.id > REPEAT:
            extensions.append(_extension(item, item.frame))
    rest = b"" if error else area[stream.tell() :]
    return ExtensionArea(tuple(items), tuple(extensions), nb_frames, rest, error, len(area))


def _parse_item(stream: BytesIO, walk: _Walk) -> Item:
    found = ITEM.parse_stream(stream, walk=walk)
    is_repeat = found.header.id == REPEAT
    return Item(
        found.header.id,
        found.header.L,
        b"" if is_repeat else found.payload,
        found.payload if is_repeat else (),
        walk.frame,
        found.offset,
        found.end - found.offset,
    )


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
    area = build_area(ExtensionArea(tuple(items), (), nb_frames))
    if size is None:
        return area
    if len(area) > size:
        raise BuildError("extension.size", f"{len(area)} bytes do not fit {size}")
    return b"\x01" * (size - len(area)) + area


__all__ = [
    "ITEM",
    "Extension",
    "ExtensionArea",
    "Item",
    "build_area",
    "pack_extensions",
    "parse_area",
]
