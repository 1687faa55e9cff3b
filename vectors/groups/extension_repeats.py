"""Areas with repeats: what they repeat, how it is coded, and what comes after."""

from __future__ import annotations

from dredref.vectors.draft import Draft
from dredref.vectors.groups.extension_parts import (
    NEXT,
    REPEAT_CLAUSE,
    RTE,
    RTE_LAST,
    AreaFile,
    area_file,
    jump,
    lace,
    laced,
    payload_bytes,
    short,
)


def _case(
    draft: AreaFile,
    name: str,
    title: str,
    data: bytes,
    frames: int,
    count: int,
    *flags: str,
    requirements: tuple[str, ...] = (),
) -> None:
    """A valid area with a repeat."""
    draft.area(
        f"repeat.{name}",
        title,
        data,
        frames,
        count,
        clauses=(REPEAT_CLAUSE,),
        flags=("Repeat", *flags),
        requirements=requirements,
    )


def repeats() -> Draft:
    """Repeats in all shapes."""
    draft = area_file("repeats", "Repeat these extensions, with L = 1 and L = 0")
    for frames in (2, 3, 6, 48):
        _frames(draft, frames)
    _nothing(draft)
    _after(draft)
    _sources(draft)
    _unlaced(draft)
    return draft


def _frames(draft: AreaFile, frames: int) -> None:
    """Repeats from the first frame to all others."""
    a, b = short(3, b"a"), short(4)
    later = range(frames - 1)
    must = ("extension.repeat",)

    def add(kind: str, title: str, data: bytes, each: int, *flags: str) -> None:
        requirements = must if flags else ()
        name = f"{kind}.{frames:02d}"
        _case(draft, name, title, data, frames, each * frames, *flags, requirements=requirements)

    title = f"A short extension with a byte in all of {frames} frames"
    add("short", title, a + RTE + bytes(later), 1)
    title = f"A short extension without a byte in all of {frames} frames"
    add("bare", title, b + RTE, 1)
    payloads = [lace(payload_bytes(3 * frame % 8)) for frame in later]
    title = f"A laced extension in all of {frames} frames, of other lengths"
    add("long", title, laced(40, b"first") + RTE + b"".join(payloads), 1)
    title = f"A laced extension in all of {frames} frames, the last one unlaced"
    data = laced(40, b"first") + RTE_LAST + b"".join(payloads[:-1]) + b"\x05tail"
    add("last", title, data, 1, "RepeatUnlaced")
    mixed = a + laced(41, b"xy") + b + laced(42, b"z") + short(5, b"s") + short(6, b"t")
    units = [
        bytes([frame]) + lace(payload_bytes(frame % 4)) + lace(payload_bytes(frame % 3)) + b"ST"
        for frame in later
    ]
    title = f"Short and long extensions in all of {frames} frames"
    add("mixed", title, mixed + RTE + b"".join(units), 6)
    title = f"The same, the last long one unlaced before two short bytes, {frames} frames"
    tail = b"L" + lace(b"pq") + b"\x02runs up to" + b"ST"
    add("mixed-last", title, mixed + RTE_LAST + b"".join(units[:-1]) + tail, 6, "RepeatUnlaced")


def _nothing(draft: AreaFile) -> None:
    """Repeats that give nothing: nothing before them, or no later frame."""
    a, b = short(3, b"a"), short(4, b"b")
    note = ("extension.repeat-nothing",)
    zero = ("extension.padding-zero",)
    title = "A repeat with nothing before it"
    _case(draft, "nothing", title, RTE + a, 3, 1, requirements=note)
    title = "The same with L = 0 moves on a frame"
    _case(draft, "nothing.last", title, RTE_LAST + a, 3, 1, requirements=note)
    title = "A repeat in a packet of one frame"
    _case(draft, "one-frame", title, a + RTE + b, 1, 2, requirements=note)
    title = "With L = 0 in the last frame the rest is padding"
    data = a + RTE_LAST + b
    _case(draft, "one-frame.last", title, data, 1, 1, "RepeatRest", requirements=note + zero)
    title = "A repeat in the last frame"
    _case(draft, "end-frame", title, NEXT + a + RTE + b, 2, 2, requirements=note)
    title = "The same with L = 0: what follows is padding"
    data = NEXT + a + RTE_LAST + bytes(4)
    _case(draft, "end-frame.last", title, data, 2, 1, "RepeatRest", requirements=zero)


def _after(draft: AreaFile) -> None:
    """What comes after a repeat."""
    a, b, c = short(3, b"a"), short(4, b"b"), short(5, b"c")
    title = "More of the same frame after a repeat"
    _case(draft, "after", title, a + RTE + b"x" + b, 2, 3, "FrameOrder")
    title = "After a repeat with L = 0 the next frame goes on"
    _case(draft, "after.next", title, a + RTE_LAST + b"x" + b, 2, 3, "RepeatRest")
    title = "After a repeat, frames of their own: out of frame order"
    data = a + RTE + b"xy" + NEXT + b + NEXT + c
    _case(draft, "after.frames", title, data, 3, 5, "FrameOrder")
    title = "Without a long extension, L = 0 leaves the rest to the next frame"
    data = a + RTE_LAST + b"xy" + b + NEXT + c
    _case(draft, "after.rest", title, data, 3, 5, "RepeatRest")
    title = "Padding after a repeat"
    data = a + RTE + b"x" + b"\x01" + b"\x00\x00"
    _case(draft, "padding-after", title, data, 2, 2)
    title = "A second repeat repeats what came since"
    _case(draft, "twice", title, a + RTE + b"x" + b + RTE + b"y", 2, 4)
    title = "A second repeat with nothing since"
    _case(draft, "twice.empty", title, a + RTE + b"x" + RTE + b, 2, 3)


def _sources(draft: AreaFile) -> None:
    """Which extensions are repeated."""
    a, b = short(3, b"a"), short(4, b"b")
    title = "A repeat from the second of four frames"
    _case(draft, "from-middle", title, NEXT + a + RTE + b"xy", 4, 3)
    title = "What stands before a separator is not repeated"
    _case(draft, "separated", title, a + NEXT + b + RTE + b"y", 3, 3)
    title = "A separator with an increment of 0 does not end what is repeated"
    data = a + jump(0) + b + RTE + b"xy"
    _case(draft, "over-zero", title, data, 2, 4, "SeparatorZero")
    title = "Padding is not repeated"
    _case(draft, "over-padding", title, b"\x01" + a + b"\x01\x01" + b + RTE + b"xy", 2, 4)
    title = "Repeat of the ids 32 and 127"
    data = laced(32, b"") + laced(127, b"q") + RTE + lace(b"r") + lace(b"")
    _case(draft, "ids-32-127", title, data, 2, 4)
    title = "Repeated payloads of 254, 255 and 510 bytes"
    tail = b"".join(lace(payload_bytes(size)) for size in (254, 255, 510))
    _case(draft, "many-lacings", title, laced(60, b"") + RTE + tail, 4, 4)


def _unlaced(draft: AreaFile) -> None:
    """The last long extension of a repeat with L = 0."""
    a, b, c = short(3, b"a"), short(4, b"b"), short(5, b"c")
    long = laced(40, b"k")

    def add(name: str, title: str, data: bytes, frames: int, count: int, *must: str) -> None:
        _case(draft, name, title, data, frames, count, "RepeatUnlaced", requirements=must)

    add("last.empty", "The unlaced payload of a repeat has no byte", long + RTE_LAST, 2, 2)
    title = "The unlaced payload has no byte, the short ones after it have theirs"
    data = long + a + b + RTE_LAST + b"xy"
    add("last.empty-shorts", title, data, 2, 6, "extension.repeat")
    title = "Only the last of two long extensions is unlaced"
    data = long + laced(41, b"l") + RTE_LAST + lace(b"m") + b"\x03nop"
    add("last.not-last-long", title, data, 2, 4)
    title = "A short extension without a byte takes none behind the unlaced one"
    data = long + short(6) + a + RTE_LAST + b"mnop" + b"x"
    add("last.bare-after", title, data, 2, 6)
    title = "With L = 0 from the first of three frames the area is used up"
    data = long + RTE_LAST + lace(b"l") + NEXT + a
    add("last.then-frame", title, data, 3, 3)
    title = "A second repeat with L = 0 and a long extension of its own"
    data = long + RTE + lace(b"l") + laced(41, b"m") + c + RTE_LAST + b"nop" + b"q"
    add("twice.last", title, data, 2, 6)
