"""Draws of DRED payloads, extension areas and packets, the same for the same seed.

They are made to be awkward: every setting in turn, values past the escape, strings cut short,
lengthened, flipped or random from the start. Nothing here knows what the right answer is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dredref.conformance.adapters.libopus.peer import Peer, PeerExtension
from dredref.spec.dred import build_payload, make_payload
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.tables import level_of_chunk, quantizer_tables

MOST_CHUNKS = 26
OFFSETS = 8192
TAKEN_IDS = (0, 1, 1, 2, 2, 2, 3, 4, 31, 32, 33, 126, 126, 127)


@cache
def headers() -> tuple[tuple[int, int, int], ...]:
    """Every q0, dQ and qmax that a payload can say."""
    found = []
    for q0 in range(16):
        for dQ in range(8):
            caps = [*range(q0 + 1, 15), 15] if q0 < 14 and dQ > 0 else [15]
            found += [(q0, dQ, qmax) for qmax in caps]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PayloadDraw:
    """A payload, the position of its frame in 2.5 ms, and how it was made."""

    payload: bytes
    frame_offset: int
    kind: str


def value(rng: random.Random) -> int:
    """A Laplace value: mostly small, at times past one escape or several."""
    if rng.random() < 0.97:
        return int(rng.gauss(0, 1.2))
    return rng.choice((-1, 1)) * rng.choice((6, 7, 8, 13, 14, 15, 21, 22, rng.randrange(1, 80)))


def vector(rng: random.Random, coded: Sequence[bool]) -> list[int]:
    """A vector of values, 0 where the tables leave room for nothing else."""
    return [value(rng) if possible else 0 for possible in coded]


def built(rng: random.Random, number: int, version: int) -> bytes:
    """A payload that an encoder could have written, settings in turn."""
    tables = quantizer_tables(version)
    q0, dQ, qmax = headers()[number % len(headers())]
    # 2731 shares no factor with the number of offsets, so every one of them comes.
    extra, offset = divmod(number * 2731 % OFFSETS, 32)
    coded = [level_of_chunk(q0, dQ, qmax, k) for k in range(number % (MOST_CHUNKS + 1))]
    # As the signalled form allows either, a zero extra offset is said half of the time.
    said = extra if extra or number % 2 else None
    payload = make_payload(
        *(version, q0, dQ, offset, vector(rng, tables.state.coded[q0].tolist())),
        [vector(rng, tables.latent.coded[level].tolist()) for level in coded],
        qmax=qmax,
        extra_offset=said,
    )
    return build_payload(payload, allow_unseen=True)


def damaged(rng: random.Random, data: bytes) -> tuple[bytes, str]:
    """``data`` cut short, lengthened, or with bits flipped; and which of them it was."""
    kind = rng.choice(("truncated", "lengthened", "flipped"))
    if kind == "truncated" and len(data) > 1:
        return data[: rng.randrange(1, len(data))], kind
    if kind == "lengthened":
        return data + rng.choice((bytes(rng.randrange(1, 20)), rng.randbytes(5), b"\xff" * 9)), kind
    flipped = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(flipped), "flipped"


def payload(seed: int, number: int, version: int) -> PayloadDraw:
    """Payload ``number`` of the draw: half built, a quarter damaged, a quarter random."""
    rng = random.Random(f"{seed} {version} {number}")
    frame_offset = rng.choice((0, 0, 1, 4, 8, 24, 47))
    if number % 4 == 3:
        size = rng.choice((1, 2, 3, rng.randrange(1, 20), rng.randrange(1, 200), 1000))
        fill = rng.random()
        data = (
            b"\xff" * size if fill < 0.03 else bytes(size) if fill < 0.06 else rng.randbytes(size)
        )
        return PayloadDraw(data, frame_offset, "random")
    data = built(rng, number // 4 * 3 + number % 4, version)
    if number % 4 == 2:
        data, kind = damaged(rng, data)
        return PayloadDraw(data, frame_offset, kind)
    return PayloadDraw(data, frame_offset, "built")


DataDraw = Callable[[random.Random, int, int], bytes]
"""Draws the data of an extension, given its id and about how many bytes it has."""


def random_data(rng: random.Random, id_: int, size: int) -> bytes:
    """Data that says nothing."""
    return rng.randbytes(size)


@dataclass(frozen=True, slots=True)
class AreaDraw:
    """An extension area, the frames of its packet, and how it was made."""

    area: bytes
    nb_frames: int
    kind: str


def extension_list(
    rng: random.Random, nb_frames: int, data: DataDraw = random_data
) -> list[PeerExtension]:
    """Extensions such as a sender may want, often the same in every frame so that they repeat."""
    found = []
    pattern = [rng.choice((3, 5, 31, 32, 40, 126, 127)) for _ in range(rng.randrange(0, 4))]
    for frame in range(nb_frames):
        ids = pattern if rng.random() < 0.8 else [rng.randrange(3, 128)]
        for id_ in ids if rng.random() < 0.9 else []:
            size = rng.choice((0, 1)) if id_ < 32 else rng.choice((0, 1, 7, 254, 255, 256, 300))
            size = size if rng.random() < 0.5 else min(size, 3)
            found.append(PeerExtension(id_, frame, data(rng, id_, size), 0))
    return found


def loose(rng: random.Random, data: DataDraw = random_data) -> bytes:
    """Items put together with no regard to whether they fit."""
    parts = []
    for _ in range(rng.randrange(0, 9)):
        id_ = rng.choice(TAKEN_IDS)
        parts.append(bytes([2 * id_ + rng.randrange(2)]))
        parts.append(rng.choice((b"", b"\x00", b"\x01", b"\x02", b"\xff", data(rng, id_, 3))))
    return b"".join(parts)


def area(seed: int, number: int, peer: Peer, data: DataDraw = random_data) -> AreaDraw:
    """Area ``number`` of the draw: loose items, random bytes, or one by libopus, damaged or not."""
    rng = random.Random(f"{seed} area {number}")
    nb_frames = rng.choice((1, 1, 2, 3, 4, 6, rng.randrange(1, 49), 48))
    kind = number % 8
    if kind < 3:
        return AreaDraw(loose(rng, data), nb_frames, "loose")
    if kind == 3:
        return AreaDraw(rng.randbytes(rng.randrange(0, 48)), nb_frames, "random")
    wanted = extension_list(rng, nb_frames, data)
    written = peer.write_area(wanted, nb_frames)
    assert isinstance(written, bytes)
    if kind == 4 or not written:
        return AreaDraw(written, nb_frames, "written")
    changed, how = damaged(rng, written)
    if rng.random() < 0.2:
        nb_frames = rng.randrange(1, 49)
    return AreaDraw(changed, nb_frames, f"written, {how}")


def packet(seed: int, number: int) -> bytes:
    """Packet ``number`` of the draw: built in every code and config, whole, damaged, or random."""
    rng = random.Random(f"{seed} packet {number}")
    if number % 4 == 3:
        return rng.randbytes(rng.randrange(0, 40))
    data = _built_packet(rng, number)
    return damaged(rng, data)[0] if number % 4 == 2 else data


def _built_packet(rng: random.Random, number: int) -> bytes:
    toc = Toc(number % 32, bool(rng.randrange(2)), number // 32 % 4)
    most = 5760 // toc.frame_48k
    count = {0: 1, 1: 2, 2: 2}.get(toc.code) or rng.randrange(1, most + 1)
    vbr = toc.code == 3 and rng.random() < 0.5
    size = rng.choice((0, 1, 40, 251, 252, 255, 256, 300, 1275))
    sizes = [size] * count
    if vbr or toc.code == 2:
        sizes = [rng.choice((0, 1, 30, 251, 252, 253, 1275)) for _ in range(count)]
    padding = None
    if toc.code == 3 and rng.random() < 0.7:
        padding = rng.randbytes(rng.choice((0, 1, 2, 253, 254, 255, 256, 508, 509, 600)))
    frames = tuple(Frame(rng.randbytes(length)) for length in sizes)
    return build_packet(Packet(toc, frames, vbr, padding))


def numbers(count: int, parts: int) -> Iterator[range]:
    """``range(count)`` in about ``parts`` runs."""
    step = -(-count // parts) or 1
    return (range(start, min(start + step, count)) for start in range(0, count, step))
