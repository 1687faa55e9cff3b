"""Group ``extension``: areas, valid and malformed, with the extensions and the error expected."""

from __future__ import annotations

from collections.abc import Iterator

from dredref.spec.extension import FIRST_LONG, LAST_ID, REPEAT
from dredref.vectors.draft import EXTENSION, RFC, Draft
from dredref.vectors.groups.extension_broken import broken_areas, random_areas
from dredref.vectors.groups.extension_parts import (
    FRAMES_CLAUSE,
    LACINGS,
    NEXT,
    area_file,
    jump,
    laced,
    last,
    payload_bytes,
    short,
)
from dredref.vectors.groups.extension_repeats import repeats


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    yield _forms()
    yield _frames()
    yield repeats()
    yield broken_areas()
    yield random_areas()


def _forms() -> Draft:
    draft = area_file("forms", "Every id in every form, lacing, and padding")
    draft.area("empty", "An area of no byte", b"", count=0)
    draft.area("short.one-byte", "A short extension with its one byte", b"\x07\x07", count=1)
    for id_ in range(REPEAT + 1, FIRST_LONG):
        for L in (0, 1):
            title = f"A short extension of id {id_} with L = {L}"
            data = short(id_, bytes([id_])[:L])
            must = ("extension.short",) if L else ()
            draft.area(f"short.id-{id_:03d}.l-{L}", title, data, count=1, requirements=must)
    for id_ in range(FIRST_LONG, LAST_ID + 1):
        title = f"A long extension of id {id_} up to the end of the area"
        draft.area(f"long.id-{id_:03d}.l-0", title, last(id_, b"ab"), count=1)
        title = f"A long extension of id {id_} with its length, then a short one"
        data = laced(id_, b"abc") + short(3, b"d")
        draft.area(f"long.id-{id_:03d}.l-1", title, data, count=2)
    for size in LACINGS:
        title = f"A laced payload of {size} bytes, then a short extension"
        data = laced(32, payload_bytes(size)) + short(4, b"z")
        draft.area(f"lacing.{size:04d}", title, data, count=2, requirements=("extension.length",))
        title = f"An unlaced payload of {size} bytes"
        draft.area(f"unlaced.{size:04d}", title, last(33, payload_bytes(size)), count=1)
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
    draft = area_file("frames", "Separators: which frame an extension belongs to")
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
    flags, zero = ("SeparatorZero",), ("extension.separator-zero",)
    title = "A separator with an increment of 0 stays in its frame"
    data = one + jump(0) + short(4)
    draft.area("frame.jump-0", title, data, 2, 2, flags=flags, requirements=zero)
    title = "An increment of 0 in the last frame"
    draft.area(
        "frame.jump-0.last", title, jump(1) + jump(0) + one, 2, 1, flags=flags, requirements=zero
    )
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
