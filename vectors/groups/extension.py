"""Group ``extension``: areas, valid and malformed, with the extensions and the error expected."""

from __future__ import annotations

import random
from collections.abc import Iterator

from spec.extension import FIRST_LONG, LAST_ID, REPEAT, SEPARATOR
from vectors.draft import EXTENSION, RFC, Draft, blob
from vectors.model import Exact, ExtensionInput

SEED = 20260
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


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    yield _forms()
    yield _frames()
    yield _repeats()
    yield _errors()
    yield _random()


class _File(Draft):
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


def _draft(name: str, title: str, seed: int | None = None) -> _File:
    return _File("extension", name, title, "vectors.groups.extension", (EXTENSION,), seed)


def _forms() -> Draft:
    draft = _draft("forms", "Every id in every form, lacing, and padding")
    draft.area("empty", "An area of no byte", b"", count=0)
    draft.area("short.one-byte", "A short extension with its one byte", b"\x07\x07", count=1)
    for id_ in range(REPEAT + 1, FIRST_LONG):
        for L in (0, 1):
            title = f"A short extension of id {id_} with L = {L}"
            data = short(id_, bytes([id_])[:L])
            draft.area(f"short.id-{id_:03d}.l-{L}", title, data, count=1)
    for id_ in range(FIRST_LONG, LAST_ID + 1):
        title = f"A long extension of id {id_} up to the end of the area"
        draft.area(f"long.id-{id_:03d}.l-0", title, last(id_, b"ab"), count=1)
        title = f"A long extension of id {id_} with its length, then a short one"
        data = laced(id_, b"abc") + short(3, b"d")
        draft.area(f"long.id-{id_:03d}.l-1", title, data, count=2)
    for size in LACINGS:
        title = f"A laced payload of {size} bytes, then a short extension"
        data = laced(32, _bytes(size)) + short(4, b"z")
        draft.area(f"lacing.{size:04d}", title, data, count=2, requirements=("extension.length",))
        title = f"An unlaced payload of {size} bytes"
        draft.area(f"unlaced.{size:04d}", title, last(33, _bytes(size)), count=1)
    title = "Every short id in one area, with and without a byte"
    data = b"".join(short(id_, b"\x55"[: id_ & 1]) for id_ in range(3, 32))
    draft.area("all.short", title, data, count=29)
    title = "Every long id in one area"
    data = b"".join(laced(id_, bytes([id_]) * (id_ % 5)) for id_ in range(32, 128))
    draft.area("all.long", title, data, count=96)
    padding = ("extension.padding-zero",)
    clause = (EXTENSION, f"{RFC} 3.2.5")
    for size in (1, 2, 9, 300):
        title = f"{size} zero bytes of padding"
        data = bytes(size)
        name = f"padding.zeros-{size:03d}"
        draft.area(name, title, data, count=0, requirements=padding, clauses=clause)
        title = f"An extension behind {size} bytes of one-byte padding"
        data = b"\x01" * size + short(5, b"p")
        draft.area(f"padding.ones-{size:03d}", title, data, count=1)
    data = short(3, b"a") + b"\x01\x01" + short(4) + b"\x01" + last(40, b"bc")
    draft.area("padding.between", "One-byte padding between extensions", data, count=3)
    data = short(3, b"a") + b"\x00" + short(4, b"b")
    title = "What follows a zero byte is padding, even if it looks like an extension"
    draft.area("padding.not-zero", title, data, count=1, requirements=padding, clauses=clause)
    title = "A laced length of 0 in the area's last byte"
    draft.area("lacing.last-byte", title, laced(50, b""), count=1)
    title = "An unlaced extension in the area's last byte: a payload of no byte"
    draft.area("unlaced.last-byte", title, last(50, b""), count=1)
    return draft


def _frames() -> Draft:
    draft = _draft("frames", "Separators: which frame an extension belongs to")
    one = short(3, b"\x01")
    must = ("extension.frame",)
    for frames in (1, 2, 3, 6, 12, 24, 47, 48):
        data = NEXT.join(short(3, bytes([frame])) for frame in range(frames))
        title = f"One extension in each of {frames} frames"
        draft.area(f"frame.each-of-{frames:02d}", title, data, frames, frames)
        if frames > 1:
            title = f"A jump to the last of {frames} frames"
            name = f"frame.jump-{frames - 1:02d}"
            area = jump(frames - 1) + one
            draft.area(name, title, area, frames, 1, requirements=must, clauses=(FRAMES_CLAUSE,))
        for flavour, step in (("jump", jump(frames)), ("next", NEXT * frames)):
            title = f"A frame past the last of {frames}: what stands before is delivered"
            draft.area(
                f"frame.past-{frames:02d}.{flavour}",
                title,
                one + step + one,
                frames,
                1,
                error="extension.frame",
                requirements=must,
                flags=("FramePastEnd",),
                clauses=(FRAMES_CLAUSE,),
            )
    title = "A frame past the last: what stands before it is delivered, then an error"
    draft.area(
        "frame.past-end",
        title,
        bytes.fromhex("07070207"),
        1,
        1,
        error="extension.frame",
        requirements=must,
        flags=("FramePastEnd",),
    )
    title = "A jump of 255 frames"
    error = "extension.frame"
    draft.area(
        "frame.jump-255", title, one + jump(255) + one, 48, 1, error=error, requirements=must
    )
    title = "Jumps that add up to a frame past the end"
    data = jump(20) + one + jump(20) + one + jump(8) + one
    draft.area("frame.adds-up", title, data, 48, 2, error=error, requirements=must)
    zero = {"flags": ("SeparatorZero",), "requirements": ("extension.separator-zero",)}
    title = "A separator with an increment of 0 stays in its frame"
    data = one + jump(0) + short(4)
    draft.area("frame.jump-0", title, data, 2, 2, **zero)
    title = "An increment of 0 in the last frame"
    draft.area("frame.jump-0.last", title, jump(1) + jump(0) + one, 2, 1, **zero)
    title = "An increment of 1 that is spelt out"
    draft.area("frame.jump-1", title, one + jump(1) + short(4), 2, 2)
    draft.area("frame.skip", "Frames without extensions", NEXT * 3 + one + NEXT, 6, 1)
    title = "Separators up to the last frame, and nothing in it"
    draft.area("frame.trailing", title, one + NEXT * 5, 6, 1)
    title = "Padding in the frames between"
    draft.area("frame.padding", title, b"\x01" + NEXT + b"\x01" + one + NEXT + b"\x00\x00", 3, 1)
    title = "An unlaced extension takes what looks like a separator"
    draft.area("frame.unlaced", title, one + last(34, NEXT + one), 2, 2)
    return draft


def _repeats() -> Draft:
    draft = _draft("repeats", "Repeat these extensions, with L = 1 and L = 0")
    a, b = short(3, b"a"), short(4)
    repeat: dict[str, tuple[str, ...]] = {"clauses": (REPEAT_CLAUSE,), "flags": ("Repeat",)}
    for frames in (2, 3, 6, 48):
        later = frames - 1
        title = f"A short extension with a byte in all of {frames} frames"
        data = a + RTE + bytes(range(later))
        draft.area(f"repeat.short.{frames:02d}", title, data, frames, frames, **repeat)
        title = f"A short extension without a byte in all of {frames} frames"
        draft.area(f"repeat.bare.{frames:02d}", title, b + RTE, frames, frames, **repeat)
        title = f"A laced extension in all of {frames} frames, of other lengths"
        payloads = b"".join(lace(_bytes(3 * frame % 8)) for frame in range(later))
        data = laced(40, b"first") + RTE + payloads
        draft.area(f"repeat.long.{frames:02d}", title, data, frames, frames, **repeat)
        title = f"A laced extension in all of {frames} frames, the last one unlaced"
        payloads = b"".join(lace(_bytes(3 * frame % 8)) for frame in range(later - 1))
        data = laced(40, b"first") + RTE_LAST + payloads + b"\x05tail"
        flags = ("Repeat", "RepeatUnlaced")
        draft.area(
            f"repeat.last.{frames:02d}",
            title,
            data,
            frames,
            frames,
            clauses=(REPEAT_CLAUSE,),
            flags=flags,
            requirements=("extension.repeat",),
        )
        mixed = a + laced(41, b"xy") + b + laced(42, b"z") + short(5, b"s") + short(6, b"t")
        units = b"".join(
            bytes([frame]) + lace(_bytes(frame % 4)) + lace(_bytes(frame % 3)) + b"ST"
            for frame in range(later)
        )
        title = f"Short and long extensions in all of {frames} frames"
        data = mixed + RTE + units
        draft.area(f"repeat.mixed.{frames:02d}", title, data, frames, 6 * frames, **repeat)
        before = b"".join(
            bytes([frame]) + lace(_bytes(frame % 4)) + lace(_bytes(frame % 3)) + b"ST"
            for frame in range(later - 1)
        )
        title = f"The same, the last long one unlaced before two short bytes, {frames} frames"
        data = mixed + RTE_LAST + before + b"L" + lace(b"pq") + b"\x02runs up to" + b"ST"
        draft.area(
            f"repeat.mixed-last.{frames:02d}",
            title,
            data,
            frames,
            6 * frames,
            clauses=(REPEAT_CLAUSE,),
            flags=flags,
            requirements=("extension.repeat",),
        )
    _repeat_corners(draft)
    return draft


def _repeat_corners(draft: _File) -> None:
    """What a repeat repeats, and what comes after one."""
    a, b, c = short(3, b"a"), short(4, b"b"), short(5, b"c")
    repeat: dict[str, tuple[str, ...]] = {"clauses": (REPEAT_CLAUSE,), "flags": ("Repeat",)}
    nothing = {**repeat, "requirements": ("extension.repeat-nothing",)}
    unlaced = {**repeat, "flags": ("Repeat", "RepeatUnlaced")}
    rest = {**repeat, "flags": ("Repeat", "RepeatRest")}
    order = {**repeat, "flags": ("Repeat", "FrameOrder")}
    zero = {**repeat, "flags": ("Repeat", "SeparatorZero")}
    cases = [
        ("nothing", "A repeat with nothing before it", RTE + a, 3, 1, nothing),
        ("nothing.last", "The same with L = 0 moves on a frame", RTE_LAST + a, 3, 1, nothing),
        ("one-frame", "A repeat in a packet of one frame", a + RTE + b, 1, 2, nothing),
        (
            "one-frame.last",
            "With L = 0 in the last frame the rest is padding",
            a + RTE_LAST + b,
            1,
            1,
            {**rest, "requirements": ("extension.repeat-nothing", "extension.padding-zero")},
        ),
        ("end-frame", "A repeat in the last frame", NEXT + a + RTE + b, 2, 2, nothing),
        (
            "end-frame.last",
            "The same with L = 0: what follows is padding",
            NEXT + a + RTE_LAST + bytes(4),
            2,
            1,
            {**rest, "requirements": ("extension.padding-zero",)},
        ),
        ("from-middle", "A repeat from the second of four frames", NEXT + a + RTE + b"xy", 4, 3),
        ("after", "More of the same frame after a repeat", a + RTE + b"x" + b, 2, 3, order),
        (
            "after.next",
            "After a repeat with L = 0 the next frame goes on",
            a + RTE_LAST + b"x" + b,
            2,
            3,
            rest,
        ),
        (
            "after.frames",
            "After a repeat, frames of their own: out of frame order",
            a + RTE + b"xy" + NEXT + b + NEXT + c,
            3,
            5,
            order,
        ),
        (
            "after.rest",
            "Without a long extension, L = 0 leaves the rest to the next frame",
            a + RTE_LAST + b"xy" + b + NEXT + c,
            3,
            5,
            rest,
        ),
        ("twice", "A second repeat repeats what came since", a + RTE + b"x" + b + RTE + b"y", 2, 4),
        ("twice.empty", "A second repeat with nothing since", a + RTE + b"x" + RTE + b, 2, 3),
        (
            "twice.last",
            "A second repeat with L = 0 and a long extension of its own",
            laced(40, b"k") + RTE + lace(b"l") + laced(41, b"m") + c + RTE_LAST + b"nop" + b"q",
            2,
            6,
            unlaced,
        ),
        (
            "separated",
            "What stands before a separator is not repeated",
            a + NEXT + b + RTE + b"y",
            3,
            3,
        ),
        (
            "over-zero",
            "A separator with an increment of 0 does not end what is repeated",
            a + jump(0) + b + RTE + b"xy",
            2,
            4,
            zero,
        ),
        (
            "over-padding",
            "Padding is not repeated",
            b"\x01" + a + b"\x01\x01" + b + RTE + b"xy",
            2,
            4,
        ),
        (
            "padding-after",
            "Padding after a repeat",
            a + RTE + b"x" + b"\x01" + b"\x00\x00",
            2,
            2,
        ),
        (
            "last.empty",
            "The unlaced payload of a repeat has no byte",
            laced(40, b"k") + RTE_LAST,
            2,
            2,
            unlaced,
        ),
        (
            "last.empty-shorts",
            "The unlaced payload has no byte, the short ones after it have theirs",
            laced(40, b"k") + a + b + RTE_LAST + b"xy",
            2,
            6,
            {**unlaced, "requirements": ("extension.repeat",)},
        ),
        (
            "last.not-last-long",
            "Only the last of two long extensions is unlaced",
            laced(40, b"k") + laced(41, b"l") + RTE_LAST + lace(b"m") + b"\x03nop",
            2,
            4,
            unlaced,
        ),
        (
            "last.bare-after",
            "A short extension without a byte takes none behind the unlaced one",
            laced(40, b"k") + short(6) + a + RTE_LAST + b"mnop" + b"x",
            2,
            6,
            unlaced,
        ),
        (
            "last.then-frame",
            "With L = 0 from the first of three frames the area is used up",
            laced(40, b"k") + RTE_LAST + lace(b"l") + NEXT + a,
            3,
            3,
            unlaced,
        ),
        ("ids-32-127", "Repeat of the ids 32 and 127", laced(32, b"") + laced(127, b"q") + RTE
         + lace(b"r") + lace(b""), 2, 4),
        ("many-lacings", "Repeated payloads of 254, 255 and 510 bytes", laced(60, b"") + RTE
         + lace(_bytes(254)) + lace(_bytes(255)) + lace(_bytes(510)), 4, 4),
    ]  # fmt: skip
    for case in cases:
        name, title, data, frames, count = case[:5]
        options = case[5] if len(case) > 5 else repeat
        draft.area(f"repeat.{name}", title, data, frames, count, **options)


def _errors() -> Draft:
    draft = _draft("errors", "Areas that break: every error, at every place")
    a = short(3, b"a")
    must = ("extension.short",)
    code = "extension.short.truncated"
    for lead, before, count in (("alone", b"", 0), ("behind", a, 1)):
        for id_ in (3, 17, 31):
            title = f"A short extension of id {id_} without its byte, {lead}"
            data = before + bytes([id_ << 1 | 1])
            name = f"error.short.id-{id_:02d}.{lead}"
            draft.area(name, title, data, 1, count, error=code, requirements=must)
        title = f"A separator without its increment, {lead}"
        name = f"error.separator.{lead}"
        draft.area(name, title, before + b"\x03", 3, count, error=code, requirements=must)
    must = ("extension.length",)
    code = "extension.lacing.truncated"
    for size in (0, 1, 2, 3):
        title = f"A length that breaks off after {size} bytes of 255"
        data = a + b"\x41" + b"\xff" * size
        name = f"error.lacing.{size}"
        draft.area(name, title, data, 1, 1, error=code, requirements=must)
    code = "extension.long.truncated"
    for size in (1, 2, 254, 255, 256, 511):
        for missing in sorted({1, size}):
            title = f"A payload of {size} bytes of which {missing} are missing"
            data = a + laced(70, _bytes(size))[:-missing]
            name = f"error.long.{size:03d}.missing-{missing:03d}"
            draft.area(name, title, data, 1, 1, error=code, requirements=must)
    mixed = a + laced(41, b"xy") + short(4) + laced(42, b"z") + short(5, b"s")
    units = b"1" + lace(b"mn") + lace(b"o") + b"2" + b"3" + lace(b"") + lace(b"pq") + b"4"
    flags = ("Repeat",)
    for tag, rte, tail in (
        ("l-1", RTE, units),
        ("l-0", RTE_LAST, units[:7] + b"3" + lace(b"") + b"4"),
    ):
        whole = mixed + rte + tail
        for size in range(len(mixed) + 1, len(whole)):
            data = whole[:size]
            wanted = draft.add(
                f"error.repeat.{tag}.{size - len(mixed) - 1:02d}",
                "",
                ExtensionInput(blob(data), 3),
                clauses=(REPEAT_CLAUSE,),
                flags=flags,
            )
            assert isinstance(wanted, Exact)
            found = wanted.value["error"]
            kept = size - len(mixed) - 1
            what = found["code"] if found else "still valid"
            draft.retitle(
                f"A repeat with {tag.replace('-', ' = ').upper()} cut {kept} bytes in: {what}"
            )
    must = ("extension.repeat",)
    code = "extension.repeat.truncated"
    data = laced(40, b"k") + a + short(4, b"b") + RTE_LAST
    for size in (0, 1):
        title = f"{size} of the two short bytes that must follow the unlaced payload"
        draft.area(
            f"error.repeat.no-room-{size}",
            title,
            data + b"xy"[:size],
            2,
            3,
            error=code,
            requirements=must,
            flags=("Repeat", "RepeatUnlaced"),
            clauses=(REPEAT_CLAUSE,),
        )
    title = "An error behind a repeat: what was repeated is delivered"
    data = a + RTE + b"x" + NEXT * 2
    draft.area("error.behind-repeat", title, data, 2, 2, error="extension.frame", flags=flags)
    return draft


def _random() -> Draft:
    draft = _draft("random", "Areas drawn at random: well-formed ones, damaged ones, noise", SEED)
    source = random.Random(SEED)
    for index in range(120):
        frames = source.randint(1, 8)
        data = _draw_area(source, frames)
        title = "A well-formed area drawn at random"
        draft.area(f"random.valid-{index:03d}", title, data, frames)
    for index in range(120):
        frames = source.randint(1, 8)
        whole = bytearray(_draw_area(source, frames))
        for _ in range(source.randint(1, 3)):
            whole[source.randrange(len(whole))] = source.randrange(256)
        data = bytes(whole[: source.randint(1, len(whole))])
        draft.add(
            f"random.damaged-{index:03d}",
            "A well-formed area with damage",
            ExtensionInput(blob(data), frames),
        )
    for index in range(120):
        frames = source.randint(1, 48)
        size = source.randint(1, 40)
        data = bytes(
            source.choice((source.randrange(8), source.randrange(256))) for _ in range(size)
        )
        draft.add(
            f"random.noise-{index:03d}", "Noise as an area", ExtensionInput(blob(data), frames)
        )
    return draft


def _draw_area(source: random.Random, frames: int) -> bytes:
    """A well-formed area: items that fit the frames, repeats with payloads for all later ones."""
    data = b""
    frame = 0
    since: list[int] = []
    for _ in range(source.randint(1, 8)):
        kind = source.choice(("short", "short", "long", "long", "padding", "next", "repeat"))
        if kind == "short":
            size = source.randint(0, 1)
            data += short(source.randint(3, 31), _draw(source, size))
            since.append(size)
        elif kind == "long":
            data += laced(source.randint(32, 127), _draw(source, source.randint(0, 5)))
            since.append(-1)
        elif kind == "padding":
            data += b"\x01"
        elif kind == "next" and frame < frames - 1:
            step = source.randint(1, frames - 1 - frame)
            data += jump(step) if step > 1 or source.random() < 0.5 else NEXT
            frame += step
            since = []
        elif kind == "repeat" and since:
            data += RTE
            for _ in range(frame + 1, frames):
                for size in since:
                    payload = _draw(source, source.randint(0, 5) if size < 0 else size)
                    data += lace(payload) if size < 0 else payload
            since = []
    if source.random() < 0.5:
        data += last(source.randint(32, 127), _draw(source, source.randint(0, 6)))
    return data or b"\x01"


def _draw(source: random.Random, size: int) -> bytes:
    return bytes(source.randrange(256) for _ in range(size))


def _bytes(size: int) -> bytes:
    """A payload in which no two neighbours are equal."""
    return bytes((89 * index + 7) & 0xFF for index in range(size))
