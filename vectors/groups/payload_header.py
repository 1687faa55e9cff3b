"""Headers: every q0, dQ and qmax with the levels that follow, and every class of offset."""

from __future__ import annotations

from dredref.spec.tables import LEVEL_STEPS, level_of_chunk
from dredref.vectors.draft import Draft
from dredref.vectors.groups.payload_parts import pattern_payload, payload_file, quiet_payload

TOP = 15
"""The coarsest level, and the qmax where none is coded."""
MOST_CHUNKS = 26
FEWEST_CHUNKS = 4
FRAME_PLACES = (1, 2, 4, 8, 12, 16, 24, 32, 40, 47)
"""Positions of a carrying frame, in 2.5 ms."""
OFFSET_CLASSES = (0, 1, 15, 16, 17, 31)
"""Offsets about the ends of the field and about the bias of 16."""
QUIET_LEVEL = 12


def chunks_to_show(q0: int, dQ: int, qmax: int) -> int:
    """Chunks that reach the highest level and stay there, or few where it is out of reach."""
    for index in range(MOST_CHUNKS - 1):
        if level_of_chunk(q0, dQ, TOP, index) >= qmax and index:
            return max(FEWEST_CHUNKS, index + 2)
    return FEWEST_CHUNKS if level_of_chunk(q0, dQ, TOP, MOST_CHUNKS - 1) < qmax else MOST_CHUNKS


def coded_qmax(q0: int, dQ: int) -> list[int]:
    """Every qmax that a header with these can say; 15 alone where it has no such field."""
    return list(range(q0 + 1, TOP + 1)) if q0 < 14 and dQ > 0 else [TOP]


def levels(version: int) -> Draft:
    """Every header of q0, dQ and qmax."""
    draft = payload_file(version, "levels", "Every q0, dQ and qmax")
    for q0 in range(16):
        for dQ, step in enumerate(LEVEL_STEPS):
            for qmax in coded_qmax(q0, dQ):
                count = chunks_to_show(q0, dQ, qmax) if dQ else FEWEST_CHUNKS
                payload = pattern_payload(version, q0, dQ, count, qmax=qmax, turn=q0 + dQ + qmax)
                last = payload.chunks[-1].level
                title = f"Level {q0}, steps of {step}/16, at most {qmax}: {count} chunks to {last}"
                has_field = q0 < 14 and dQ > 0
                draft.payload(
                    f"q0-{q0:02d}.dq-{dQ}.qmax-{qmax:02d}",
                    title,
                    payload,
                    flags=() if has_field else ("NoQmax",),
                )
    return draft


def offsets(version: int) -> Draft:
    """Every offset, every extra offset, and positions of frames."""
    draft = payload_file(version, "offsets", "Every offset, alone and with every extra offset")

    def add(offset: int, extra: int | None, place: int = 0) -> None:
        total = 16 - offset - 32 * (extra or 0) + place
        name = f"offset.o-{offset:02d}" if extra is None else f"offset.x-{extra:03d}.o-{offset:02d}"
        title = f"dred_offset {total}: offset {offset}"
        title += "" if extra is None else f", extra {extra}"
        title += f", in a frame at {place}" if place else ""
        flags = [*(["NegativeOffset"] if total < 0 else ()), *(["FramePosition"] if place else ())]
        draft.payload(
            name + (f".frame-{place:02d}" if place else ""),
            title,
            quiet_payload(version, QUIET_LEVEL, 1, offset=offset, extra_offset=extra),
            frame_offset=place,
            requirements=() if extra else ("dred.extra-offset",),
            flags=tuple(flags),
        )

    for offset in range(32):
        add(offset, None)
    for extra in range(256):
        add((11 * extra + 5) % 32, extra)
    for extra in (0, 1, 127, 128, 255):
        for offset in OFFSET_CLASSES:
            if offset != (11 * extra + 5) % 32:
                add(offset, extra)
    for place in FRAME_PLACES:
        for offset, more in ((0, None), (16, None), (31, None), (31, 1), (0, 255)):
            add(offset, more, place)
    return draft
