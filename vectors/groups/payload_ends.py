"""Ends of payloads: how many chunks there are, bits left over, cuts, and what follows."""

from __future__ import annotations

import random
from dataclasses import replace

from dredref.spec.dred import DredPayload, build_payload, make_payload, parse_payload
from dredref.spec.tables import level_of_chunk, quantizer_tables
from dredref.vectors.draft import Draft
from dredref.vectors.groups.payload_parts import (
    pattern_payload,
    payload_file,
    quiet_payload,
    tell_after,
)

SEED = 7
SPARE = 7
"""Bits that no chunk is read from."""


def chunk_counts(version: int) -> Draft:
    """1 to 26 chunks, more than a decoder takes, and fewer asked for."""
    draft = payload_file(version, "chunks", "1 to 26 chunks, and beyond")
    most = ("dred.chunks-max",)
    for count in range(1, 27):
        payload = pattern_payload(version, 5, 3, count, qmax=12, turn=count)
        title = f"{count} chunks"
        draft.payload(f"chunks.{count:02d}", title, payload, requirements=most)
    for count in (27, 28, 33, 52, 80):
        payload = pattern_payload(version, 9, 2, count, turn=count)
        title = f"{count} chunks, of which 26 are read"
        name = f"chunks.{count:02d}"
        draft.payload(name, title, payload, requirements=most, flags=("ManyChunks",))
    payload = pattern_payload(version, 6, 4, 26, qmax=13)
    for asked in (1, 2, 3, 5, 12, 13, 24, 25):
        title = f"26 chunks, of which {asked} are asked for"
        draft.payload(f"chunks.asked-{asked:02d}", title, payload, max_chunks=asked)
    for q0 in (0, 15):
        title = f"26 chunks of zeros at level {q0}"
        draft.payload(f"chunks.zeros.q0-{q0:02d}", title, quiet_payload(version, q0, 26))
    return draft


def bits_left(version: int) -> Draft:
    """Payloads that leave 5 to 10 bits after a chunk: 8 and more are read as one."""
    draft = payload_file(version, "bits-left", "Bits left after the last chunk", SEED)
    source = random.Random(SEED + version)
    for q0, dQ, chunks in ((15, 0, 0), (15, 0, 1), (8, 3, 1), (12, 5, 3), (6, 2, 8), (4, 7, 25)):
        for left in range(5, 11):
            payload, size = _draw_with_left(source, version, q0, dQ, chunks, left)
            string = build_payload(payload, size=size, allow_unseen=True)
            unread = parse_payload(string, version, limit=chunks)
            assert unread.bits_total - unread.bits_used == left
            assert unread.chunks == payload.chunks
            title = f"{left} bits left after {chunks} chunks: "
            title += "too few" if left <= SPARE else "one more chunk is read"
            seen = draft.bytes_(
                f"bits-left.{left:02d}.q0-{q0:02d}.chunks-{chunks:02d}",
                title,
                string,
                flags=("SevenBits",),
                requirements=("dred.chunk-overrun", "dred.chunks-none")[: 2 if not chunks else 1],
            )
            assert seen["nb_chunks"] == (chunks if left <= SPARE else chunks + 1)
    for index, chunks in enumerate((1, 2, 6)):
        payload = _draw_unseen(source, version, chunks)
        string = build_payload(payload, allow_unseen=True)
        title = f"A last chunk, the {chunks}., that no decoder sees"
        seen = draft.bytes_(
            f"bits-left.unseen-{index}",
            title,
            string,
            flags=("UnseenChunk", "SevenBits"),
            requirements=("dred.chunk-unseen",),
        )
        assert seen["nb_chunks"] == chunks - 1
    return draft


def _draw(source: random.Random, version: int, q0: int, dQ: int, chunks: int) -> DredPayload:
    """Random small values."""
    tables = quantizer_tables(version)

    def row(coded: list[bool]) -> list[int]:
        return [source.choice((0, 0, 0, 1, -1)) if there else 0 for there in coded]

    return make_payload(
        version,
        q0,
        dQ,
        source.randrange(32),
        row(tables.state.coded[q0].tolist()),
        [
            row(tables.latent.coded[level_of_chunk(q0, dQ, 15, index)].tolist())
            for index in range(chunks)
        ],
    )


def _draw_with_left(
    source: random.Random, version: int, q0: int, dQ: int, chunks: int, left: int
) -> tuple[DredPayload, int]:
    """Values that fill so many whole bytes but for the bits left, and that number of bytes.

    From what is left, if anything, one chunk is read and no second.
    """
    while True:
        payload = _draw(source, version, q0, dQ, chunks)
        bits = tell_after(payload) + left
        if bits % 8:
            continue
        string = build_payload(payload, size=bits // 8, allow_unseen=True)
        if len(parse_payload(string, version).chunks) == chunks + (left > SPARE):
            return payload, bits // 8


def _draw_unseen(source: random.Random, version: int, chunks: int) -> DredPayload:
    """Values whose last chunk costs so few bits that it starts with 7 or fewer left."""
    tables = quantizer_tables(version)
    zeros = (0,) * tables.latent.dimension
    while True:
        payload = _draw(source, version, 15, 0, chunks)
        last = replace(payload.chunks[-1], latents=zeros)
        payload = replace(payload, chunks=(*payload.chunks[:-1], last))
        string = build_payload(payload, allow_unseen=True)
        if len(parse_payload(string, version).chunks) == chunks - 1:
            return payload


def truncations(version: int) -> Draft:
    """Payloads cut off at every byte."""
    draft = payload_file(version, "truncated", "Payloads cut to every length")
    shapes = {
        "fine": pattern_payload(version, 1, 5, 2, qmax=9),
        "middle": pattern_payload(version, 7, 3, 6, offset=31, extra_offset=2),
        "coarse": quiet_payload(version, 15, 12),
    }
    must = ("dred.header-overrun", "dred.state-overrun", "dred.chunk-overrun", "dred.chunks-none")
    for shape, payload in shapes.items():
        string = build_payload(payload)
        draft.bytes_(f"cut.{shape}.whole", f"The {shape} payload whole", string, requirements=must)
        for size in range(1, len(string)):
            name = f"cut.{shape}.{size:03d}"
            seen = draft.bytes_(
                name, "", string[:size], requirements=must, flags=("PastTheEnd", "SevenBits")
            )
            title = f"The {shape} payload cut to {size} bytes: {seen['nb_chunks']} chunks"
            draft.retitle(title)
    return draft


def tails(version: int) -> Draft:
    """Payloads with more bytes than they need."""
    draft = payload_file(version, "tails", "Payloads with bytes behind what they need")
    payload = pattern_payload(version, 8, 3, 3)
    string = build_payload(payload)
    must = ("dred.trailing-bytes", "dred.trailing-bits")
    draft.bytes_("tail.none", "The payload as an encoder ends it", string, requirements=must)
    for kind, byte, sizes in (
        ("zeros", 0x00, (*range(1, 9), 16, 64, 200)),
        ("ones", 0xFF, (1, 2, 4, 8)),
    ):
        for size in sizes:
            tail = bytes([byte]) * size
            name = f"tail.{kind}-{size:03d}"
            seen = draft.bytes_(name, "", string + tail, requirements=must)
            words = f"{size} bytes 0x{byte:02x} behind a payload of 3 chunks"
            draft.retitle(f"{words}: {seen['nb_chunks']} are read")
    large = pattern_payload(version, 0, 0, 26, turn=3)
    filled = build_payload(large, size=998)
    title = "A payload that fills 1000 bytes with its prefix"
    draft.bytes_("size.998", title, filled)
    title = "A payload of one byte more than that"
    draft.bytes_("size.999", title, build_payload(large, size=999))
    return draft
