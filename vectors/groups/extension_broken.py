"""Areas that break, and areas drawn at random."""

from __future__ import annotations

import random

from dredref.vectors.draft import Draft, blob
from dredref.vectors.groups.extension_parts import (
    NEXT,
    REPEAT_CLAUSE,
    RTE,
    RTE_LAST,
    area_file,
    flags_of,
    jump,
    lace,
    laced,
    last,
    payload_bytes,
    short,
)
from dredref.vectors.model import Exact, ExtensionInput

SEED = 20260


def broken_areas() -> Draft:
    """Every error, at every place."""
    draft = area_file("errors", "Areas that break: every error, at every place")
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
            data = a + laced(70, payload_bytes(size))[:-missing]
            name = f"error.long.{size:03d}.missing-{missing:03d}"
            draft.area(name, title, data, 1, 1, error=code, requirements=must)
    _cut_repeats(draft)
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
    draft.area("error.behind-repeat", title, data, 2, 2, error="extension.frame", flags=("Repeat",))
    return draft


def _cut_repeats(draft: Draft) -> None:
    """Repeats cut off at every byte."""
    mixed = short(3, b"a") + laced(41, b"xy") + short(4) + laced(42, b"z") + short(5, b"s")
    units = b"1" + lace(b"mn") + lace(b"o") + b"2" + b"3" + lace(b"") + lace(b"pq") + b"4"
    unlaced = units[:7] + b"3" + lace(b"") + b"4"
    for L, rte, tail in ((1, RTE, units), (0, RTE_LAST, unlaced)):
        for kept in range(len(tail)):
            wanted = draft.add(
                f"error.repeat.l-{L}.{kept:02d}",
                "",
                ExtensionInput(blob(mixed + rte + tail[:kept]), 3),
                clauses=(REPEAT_CLAUSE,),
                flags=("Repeat",),
            )
            assert isinstance(wanted, Exact)
            found = wanted.value["error"]
            what = found["code"] if found else "still valid"
            draft.retitle(f"A repeat with L = {L} cut {kept} bytes in: {what}")


def random_areas() -> Draft:
    """Areas drawn at random: what is expected was agreed upon with libopus, not constructed."""
    draft = area_file(
        "random", "Areas drawn at random: well-formed ones, damaged ones, noise", SEED
    )
    source = random.Random(SEED)
    for index in range(120):
        frames = source.randint(1, 8)
        data = _draw_area(source, frames)
        title = "A well-formed area drawn at random"
        flags = flags_of(data, frames)
        draft.area(f"random.valid-{index:03d}", title, data, frames, flags=flags)
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
            flags=flags_of(data, frames),
        )
    for index in range(120):
        frames = source.randint(1, 48)
        size = source.randint(1, 40)
        data = bytes(
            source.choice((source.randrange(8), source.randrange(256))) for _ in range(size)
        )
        draft.add(
            f"random.noise-{index:03d}",
            "Noise as an area",
            ExtensionInput(blob(data), frames),
            flags=flags_of(data, frames),
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
