"""Carriers: where in a packet DRED stands, and what is passed over on the way to it."""

from __future__ import annotations

from dredref.spec.dred import add_prefix, build_payload
from dredref.spec.packet import Frame, Packet, Toc, build_packet, parse_toc
from dredref.spec.tables import CURRENT_VERSION, VERSIONS
from dredref.vectors.draft import Draft
from dredref.vectors.groups.extension_parts import (
    NEXT,
    RTE,
    RTE_LAST,
    jump,
    lace,
    laced,
    last,
    short,
)
from dredref.vectors.groups.packet import filler
from dredref.vectors.groups.payload_parts import PayloadFile, pattern_payload, payload_file

ID = 126
"""Extension id of experiments."""
SILK_20, CELT_20, CELT_5, CELT_2_5 = 9, 31, 29, 28


def carrying(area: bytes | None, frames: int = 1, config: int = SILK_20) -> bytes:
    """A code-3 packet of filler frames whose padding is this area."""
    body = tuple(Frame(filler(2, index)) for index in range(frames))
    return build_packet(Packet(Toc(config, False, 3), body, False, area))


def dred_data(version: int, turn: int = 0, chunks: int = 2) -> bytes:
    """Prefix and payload; ``turn`` tells them apart."""
    return add_prefix(version, build_payload(pattern_payload(version, 9, 3, chunks, turn=turn)))


def carriers(version: int) -> Draft:
    """DRED in packets, of one version."""
    draft = payload_file(version, "carried", "DRED inside packets")
    _places(draft)
    _passed_over(draft)
    _absent(draft)
    _repeated(draft)
    _broken(draft)
    if version == CURRENT_VERSION:
        _final(draft)
    return draft


def _places(draft: PayloadFile) -> None:
    """On every frame, laced and unlaced, behind padding and other extensions."""
    data = dred_data(draft.version)
    one = ("dred.first-frame", "dred.one-per-packet", "dred.one-per-frame", "dred.size-empty")
    title = "DRED alone in the padding, unlaced"
    draft.packet(
        "carried.unlaced",
        title,
        carrying(last(ID, data)),
        found=True,
        requirements=(*one, "dred.prefix", "dred.version"),
    )
    title = "DRED alone in the padding, laced"
    draft.packet("carried.laced", title, carrying(laced(ID, data)), found=True, requirements=one)
    for config in (0, SILK_20, 10, 11, CELT_2_5, CELT_5, CELT_20):
        shown = parse_toc(config << 3)
        count = 5760 // shown.frame_48k
        middle = {0, 1, count // 2, count - 2, count - 1}
        for frame in sorted(place for place in middle if place >= 0):
            lead = jump(frame) if frame > 1 else NEXT * frame
            title = f"DRED on frame {frame} of {count}, {shown.frame_ms:g} ms each"
            seen = draft.packet(
                f"carried.config-{config:02d}.frame-{frame:02d}",
                title,
                carrying(lead + last(ID, data), count, config),
                found=True,
                requirements=("dred.first-frame",),
                flags=("FramePosition",),
            )
            assert seen["dred_offset"] == 8 + frame * shown.frame_48k // 120
    for size in (1, 2, 254, 600):
        title = f"DRED behind {size} bytes of padding"
        area = b"\x01" * size + last(ID, data)
        draft.packet(f"carried.padded-{size:03d}", title, carrying(area), found=True)
    title = "DRED behind short and long extensions of other ids"
    area = short(3, b"a") + short(31) + laced(32, b"bc") + laced(127, b"D\x0c") + last(ID, data)
    draft.packet("carried.behind-others", title, carrying(area), found=True)
    title = "DRED before other extensions"
    area = laced(ID, data) + short(4, b"q") + last(70, b"rest")
    draft.packet("carried.before-others", title, carrying(area), found=True)
    title = "DRED of 300 bytes, its length laced"
    long = add_prefix(
        draft.version, build_payload(pattern_payload(draft.version, 2, 0, 14), size=298)
    )
    area = laced(ID, long) + short(4, b"q")
    draft.packet("carried.laced-300", title, carrying(area), found=True)
    for size in (1000, 1001):
        title = f"DRED of {size} bytes with its prefix"
        payload = build_payload(pattern_payload(draft.version, 0, 0, 26, turn=3), size=size - 2)
        draft.packet(
            f"carried.size-{size}",
            title,
            carrying(last(ID, add_prefix(draft.version, payload))),
            found=True,
            requirements=("dred.size-max",),
        )
    title = "DRED in a packet with frames of no byte"
    empty = Packet(Toc(SILK_20, False, 3), (Frame(b""), Frame(b"")), False, last(ID, data))
    draft.packet("carried.no-audio", title, build_packet(empty), found=True)


def _passed_over(draft: PayloadFile) -> None:
    """Several extensions with DRED's id; the first that is DRED of the version wins."""
    version = draft.version
    first, second = dred_data(version, 0), dred_data(version, 4, 3)
    other = VERSIONS[0] if version == VERSIONS[-1] else VERSIONS[-1]
    flags = ("FirstWins",)
    several = ("dred.one-per-packet",)
    title = "Two DRED extensions on one frame: the first counts"
    area = laced(ID, first) + last(ID, second)
    draft.packet(
        "carried.two.same-frame",
        title,
        carrying(area),
        found=True,
        flags=flags,
        requirements=(*several, "dred.one-per-frame"),
    )
    title = "DRED on two frames: the first counts"
    area = NEXT + laced(ID, second) + NEXT + last(ID, first)
    seen = draft.packet(
        "carried.two.frames",
        title,
        carrying(area, 3),
        found=True,
        flags=flags,
        requirements=several,
    )
    assert seen["frame"] == 1
    skipped = {
        "prefix": (b"E" + first[1:], "another letter than D", ("dred.prefix",), ()),
        "lower-case": (b"d" + first[1:], "a lower-case d", ("dred.prefix",), ()),
        "swapped": (first[1::-1] + first[2:], "the prefix turned round", ("dred.prefix",), ()),
        "version-other": (
            dred_data(other),
            f"DRED of version {other}",
            (),
            ("WrongVersion",),
        ),
        "version-11": (b"D\x0b" + first[2:], "version 11", ("dred.version",), ("WrongVersion",)),
        "version-0": (b"D\x00" + first[2:], "version 0", ("dred.version",), ("WrongVersion",)),
        "empty": (b"", "no byte", ("dred.prefix",), ()),
        "letter": (b"D", "nothing but a D", ("dred.prefix",), ()),
        "no-payload": (first[:2], "a prefix without payload", ("dred.size-empty",), ()),
    }
    for name, (data, words, requirements, more) in skipped.items():
        title = f"An extension with {words}, then DRED"
        area = laced(ID, data) + last(ID, second)
        draft.packet(
            f"carried.skip.{name}",
            title,
            carrying(area),
            found=True,
            flags=flags + more,
            requirements=requirements,
        )
        title = f"An extension with {words}, and no DRED"
        draft.packet(
            f"carried.none.{name}",
            title,
            carrying(last(ID, data)),
            found=False,
            flags=more,
            requirements=requirements,
        )
    title = "DRED under the ids beside its own"
    area = laced(ID - 1, first) + last(ID + 1, first)
    draft.packet("carried.none.other-ids", title, carrying(area), found=False)


def _absent(draft: PayloadFile) -> None:
    """Packets without DRED."""
    data = dred_data(draft.version)
    for code in (0, 1, 2):
        frames = (Frame(last(ID, data)),) if code == 0 else (Frame(data), Frame(data))
        packet = build_packet(Packet(Toc(SILK_20, False, code), frames))
        title = f"A packet of code {code} whose frames look like DRED"
        draft.packet(f"carried.none.code-{code}", title, packet, found=False)
    title = "A code-3 packet without padding"
    draft.packet("carried.none.no-padding", title, carrying(None), found=False)
    title = "Padding of no byte"
    draft.packet("carried.none.empty-padding", title, carrying(b""), found=False)
    title = "Padding of zeros"
    draft.packet("carried.none.zeros", title, carrying(bytes(40)), found=False)
    title = "DRED behind a zero byte is padding"
    area = b"\x00" + last(ID, data)
    draft.packet("carried.none.behind-zero", title, carrying(area), found=False)


def _repeated(draft: PayloadFile) -> None:
    """DRED given by a repeat."""
    version = draft.version
    first, second, third = (dred_data(version, turn) for turn in (0, 3, 6))
    other = b"X" + first[1:]
    title = "DRED on the first frame and repeated: the first counts"
    area = laced(ID, first) + RTE + lace(second) + lace(third)
    flags: tuple[str, ...] = ("FirstWins",)
    several = ("dred.one-per-packet",)
    draft.packet(
        "repeated.first",
        title,
        carrying(area, 3),
        found=True,
        flags=flags,
        requirements=several,
    )
    flags = ("Repeat", "FramePosition")
    title = "DRED whose id stands on the first frame, its data on the second, by repeat"
    area = laced(ID, other) + RTE + lace(first) + lace(second)
    seen = draft.packet("repeated.second", title, carrying(area, 3), found=True, flags=flags)
    assert seen["frame"] == 1
    title = "DRED in the unlaced payload of a repeat"
    area = laced(ID, other) + RTE_LAST + first
    flags = ("Repeat", "RepeatUnlaced", "FramePosition")
    seen = draft.packet("repeated.unlaced", title, carrying(area, 2), found=True, flags=flags)
    assert seen["frame"] == 1
    title = "The same, before two short bytes that must follow"
    area = laced(ID, other) + short(3, b"a") + short(4, b"b") + RTE_LAST + first + b"cd"
    draft.packet("repeated.before-shorts", title, carrying(area, 2), found=True, flags=flags)
    title = "DRED repeated to the last of 48 frames"
    area = laced(ID, b"") + RTE_LAST + lace(b"") * 46 + first
    seen = draft.packet(
        "repeated.last-of-48",
        title,
        carrying(area, 48, CELT_2_5),
        found=True,
        flags=flags,
    )
    assert seen["frame"] == 47
    title = "Repeated DRED comes before later DRED of the first frame"
    area = laced(ID, other) + RTE + lace(first) + laced(ID, second)
    flags = ("Repeat", "FrameOrder", "FirstWins")
    seen = draft.packet(
        "repeated.order", title, carrying(area, 2), found=True, flags=flags, requirements=several
    )
    assert seen["frame"] == 1
    title = "DRED on the frame that follows a repeat with L = 0"
    area = short(3, b"a") + RTE_LAST + b"x" + last(ID, first)
    flags = ("Repeat", "RepeatRest", "FramePosition")
    seen = draft.packet("repeated.next-frame", title, carrying(area, 2), found=True, flags=flags)
    assert seen["frame"] == 1
    title = "What follows a repeat with L = 0 in the last frame is padding"
    area = short(3, b"a") + RTE_LAST + last(ID, first)
    flags = ("Repeat", "RepeatRest")
    draft.packet("repeated.rest", title, carrying(area), found=False, flags=flags)
    title = "An increment of 0 moves DRED to no other frame"
    area = short(3, b"a") + jump(0) + last(ID, first)
    seen = draft.packet(
        "carried.jump-0", title, carrying(area, 2), found=True, flags=("SeparatorZero",)
    )
    assert seen["frame"] == 0


def _broken(draft: PayloadFile) -> None:
    """Packets and areas that break before or behind DRED."""
    data = dred_data(draft.version)
    broken = {
        "frame": (NEXT * 2 + last(ID, data), "extension.frame", "a frame past the end"),
        "short": (short(3, b"a") + b"\x0b", "extension.short.truncated", "a short one cut off"),
        "lacing": (b"\xfd\xff\xff", "extension.lacing.truncated", "a length cut off"),
        "long": (laced(ID, data)[:-1], "extension.long.truncated", "a payload cut off"),
        "repeat": (
            laced(ID, b"X") + short(3, b"a") + RTE_LAST,
            "extension.repeat.truncated",
            "a repeat cut off",
        ),
    }
    for name, (area, code, words) in broken.items():
        flags = ("MalformedArea", *(("FramePastEnd",) if name == "frame" else ()))
        title = f"An area with {words} and no DRED before"
        draft.packet(
            f"carried.error.{name}",
            title,
            carrying(area, 2),
            found=code,
            flags=flags,
            requirements=(_REQUIREMENT[code],),
        )
        title = f"DRED, then {words}"
        draft.packet(
            f"carried.before-error.{name}",
            title,
            carrying(laced(ID, data) + area, 2),
            found=True,
        )
    whole = carrying(last(ID, data))
    title = "DRED cut off together with its packet"
    draft.packet("carried.error.packet", title, whole[:-3], found="packet.r6.padding")
    title = "DRED in a packet of no frame"
    empty = whole[:1] + b"\x40" + whole[2:]
    draft.packet("carried.error.no-frame", title, empty, found="packet.r5.count")
    title = "No packet"
    draft.packet("carried.error.empty", title, b"", found="packet.r1.empty")


_REQUIREMENT = {
    "extension.frame": "extension.frame",
    "extension.short.truncated": "extension.short",
    "extension.lacing.truncated": "extension.length",
    "extension.long.truncated": "extension.length",
    "extension.repeat.truncated": "extension.repeat",
}


def _final(draft: PayloadFile) -> None:
    """The form to come: an id of its own, and no prefix."""
    data = dred_data(draft.version)
    for id_ in (32, 100, ID, 127):
        title = f"DRED without prefix under id {id_}"
        area = laced(id_, data[2:])
        draft.packet(f"final.id-{id_:03d}", title, carrying(area), found=True, final_id=id_)
    title = "An empty extension of DRED's id is passed over"
    area = laced(100, b"") + last(100, data[2:])
    draft.packet("final.empty", title, carrying(area), found=True, final_id=100)
    title = "One byte is a payload"
    draft.packet("final.one-byte", title, carrying(last(100, b"\x5a")), found=True, final_id=100)
    title = "DRED of an experiment does not count where the final id is asked for"
    area = last(ID, data)
    draft.packet("final.not-experiment", title, carrying(area), found=False, final_id=100)
    title = "A prefix is payload where the final id is asked for"
    area = last(100, data)
    draft.packet("final.prefix", title, carrying(area), found=True, final_id=100)
