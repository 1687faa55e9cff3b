"""Bodies as large as packets carry them, and more chunks than libopus takes."""

from __future__ import annotations

from dredref.spec.dred import add_prefix, build_payload
from dredref.vectors.draft import Draft, blob
from dredref.vectors.groups.extension_parts import laced, last
from dredref.vectors.groups.payload_carriers import ID, carrying
from dredref.vectors.groups.payload_parts import pattern_payload, payload_file
from dredref.vectors.model import PayloadInput

SIZES = (998, 999, 1000, 1001, 1002, 1003, 1024, 2048, 2701)
"""Bytes without prefix: around what libopus writes at most, and up to what it was tried with."""
MANY_CHUNKS = (27, 32, 50)
MOST = 50
"""2 s of reach."""


def large_body(version: int, size: int) -> bytes:
    """A payload of 26 chunks, its end filled up to a size."""
    return build_payload(pattern_payload(version, 0, 0, 26, turn=3), size=size)


def large_packet(version: int, size: int, *, is_laced: bool = False) -> bytes:
    """A packet that carries it."""
    data = add_prefix(version, large_body(version, size))
    return carrying(laced(ID, data) if is_laced else last(ID, data))


def large(version: int) -> Draft:
    """Large bodies in packets and alone, of one version."""
    draft = payload_file(version, "large", "Bodies as large as packets carry them")
    for size in SIZES:
        for is_laced, form in ((False, "unlaced"), (True, "laced")):
            draft.packet(
                f"large.body-{size:04d}.{form}",
                f"DRED of {size} bytes without its prefix, {form}",
                large_packet(version, size, is_laced=is_laced),
                found=True,
                flags=("LargeBody",),
                requirements=("dred.size-max",),
            )
        draft.add(
            f"v{version}.large.alone-{size:04d}",
            f"A payload of {size} bytes, without a packet",
            PayloadInput(blob(large_body(version, size))),
            flags=("LargeBody",),
            version=version,
        )
    for count in MANY_CHUNKS:
        string = build_payload(pattern_payload(version, 9, 3, count, turn=1))
        draft.add(
            f"v{version}.large.chunks-{count}",
            f"{count} chunks, {0.04 * count:.2f} s, all of them asked for",
            PayloadInput(blob(string), max_chunks=MOST),
            level="SHOULD",
            flags=("ChunkLimit",),
            requirements=("dred.chunks-max",),
            version=version,
        )
    return draft
