"""Draws of packets, areas and payloads that the scan is compared on; the same for the same seed.

The reference costs milliseconds a long payload, so most are short: :data:`CHUNKS` says how many
chunks, up to what a parser shows at most. Everything else is as in :mod:`tools.libopus.draw`:
headers and offsets in turn, values past the escapes and at the limits of the encoder, and strings
cut short, lengthened, flipped or random.
"""

from __future__ import annotations

import random
from functools import cache, lru_cache

from dredref.conformance.adapters.libopus.peer import Peer
from dredref.spec.checks import value_limits
from dredref.spec.dred import (
    CHUNK_LIMIT,
    DECODER_CHUNKS,
    EXPERIMENT_ID,
    MAX_EXTENSION_BYTES,
    UNIT_48K,
    add_prefix,
    build_payload,
    make_payload,
)
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import MAX_FRAMES, Frame, Packet, Toc, build_packet
from dredref.spec.tables import level_of_chunk, quantizer_tables
from dredref.streams import Record
from tools.libopus import draw

PEER = "1.6.1"
"""Build of libopus that writes some of the areas."""
FINAL_IDS = (None, EXPERIMENT_ID, None, 32)
"""Which extensions of a run of areas are DRED: with the experiments' prefix, or final by id."""
CHUNKS = (
    (0.1, range(1)),
    (0.4, range(1, 2)),
    (0.25, range(2, 3)),
    (0.2304, range(3, 9)),
    (0.015, range(9, DECODER_CHUNKS)),
    (0.004, range(DECODER_CHUNKS, DECODER_CHUNKS + 4)),
    (0.0006, range(CHUNK_LIMIT - 2, CHUNK_LIMIT + 3)),
)
"""Share of the payloads that are built -> their chunks."""
SHORT_PADDING = 254
"""Most padding that has a length of one byte."""
LONG_RANDOM = 0.001
"""Share of the random payloads that have about as many bytes as libopus writes at most."""


@cache
def peer() -> Peer:
    """The build of libopus, loaded once a process."""
    return Peer(PEER)


def nb_chunks(rng: random.Random) -> int:
    """How many chunks a payload has."""
    [counts] = rng.choices([counts for _, counts in CHUNKS], [share for share, _ in CHUNKS])
    return rng.choice(counts)


def at_limit(rng: random.Random, values: list[int], limits: list[int], coded: list[bool]) -> None:
    """Raise one value to the largest that an encoder can put out, or past it."""
    place = rng.randrange(len(values))
    if coded[place]:
        values[place] = rng.choice((-1, 1)) * (limits[place] + rng.choice((0, 0, 1)))


@lru_cache(maxsize=2)
def built(seed: str, number: int, version: int) -> bytes:
    """A payload that an encoder could have written, headers and offsets in turn."""
    rng = random.Random(f"{seed} {version} {number}")
    tables = quantizer_tables(version)
    q0, dQ, qmax = draw.headers()[number % len(draw.headers())]
    extra, offset = divmod(number * 2731 % draw.OFFSETS, 32)
    said = extra if extra or rng.random() < 0.5 else None
    count = nb_chunks(rng)
    places = [(tables.state.coded[q0].tolist(), value_limits(version)[0][q0])]
    for level in (level_of_chunk(q0, dQ, qmax, k) for k in range(count)):
        places.append((tables.latent.coded[level].tolist(), value_limits(version)[1][level]))
    # Zeros cost next to nothing, so that last chunks can be some that no decoder sees.
    zeros = count > 40 or rng.random() < 0.2
    state, *latents = [
        [0] * len(coded) if zeros and index else draw.vector(rng, coded)
        for index, (coded, _) in enumerate(places)
    ]
    if rng.random() < 0.05:
        which = rng.randrange(len(places))
        coded, limits = places[which]
        at_limit(rng, [state, *latents][which], limits, coded)
    payload = make_payload(version, q0, dQ, offset, state, latents, qmax=qmax, extra_offset=said)
    return build_payload(payload, allow_unseen=True)


def payload(rng: random.Random, seed: str, number: int, version: int) -> bytes:
    """Payload ``number``: of four one as it was built, two of its damaged, and a random one."""
    number, kind = divmod(number, 4)
    if kind == 3:
        size = rng.choice((1, 2, 3, rng.randrange(1, 20), rng.randrange(1, 60)))
        size = rng.randrange(996, 1003) if rng.random() < LONG_RANDOM else size
        fills = (b"\xff" * size, bytes(size), rng.randbytes(size))
        return rng.choices(fills, (3, 3, 94))[0]
    data = built(seed, number, version)
    return draw.damaged(rng, data)[0] if kind else data


def in_packet(rng: random.Random, nb_frames: int, area: bytes) -> bytes:
    """A packet with this area, of any duration of frames that so many of them can have."""
    configs = [
        one for one in range(32) if Toc(one, False, 3).frame_48k * nb_frames <= 48 * UNIT_48K
    ]
    toc = Toc(rng.choice(configs), bool(rng.randrange(2)), 3)
    frames = (Frame(rng.randbytes(rng.randrange(6))),) * nb_frames
    return build_packet(Packet(toc, frames, False, area))


def carried(rng: random.Random, version: int, data: bytes) -> bytes:
    """A packet that carries a payload, at times beside other extensions or another of DRED."""
    nb_frames = rng.choice((1, 1, 2, 3, 6))
    frame = rng.choice((0, 0, 0, rng.randrange(nb_frames)))
    extensions = [Extension(EXPERIMENT_ID, frame, add_prefix(version, data))]
    if rng.random() < 0.2:
        extensions.insert(0, Extension(rng.choice((3, 40, 127)), 0, b"x"))
    if rng.random() < 0.1:
        again = rng.choice((frame, nb_frames - 1))
        size = rng.choice((0, 0, 0, 0, MAX_EXTENSION_BYTES + rng.randrange(-1, 2)))
        more = add_prefix(version, data).ljust(size, b"x")
        extensions.append(Extension(EXPERIMENT_ID, again, more))
    return in_packet(rng, nb_frames, pack_extensions(extensions, nb_frames))


def dred_data(rng: random.Random, id_: int, size: int) -> bytes:
    """Data of an extension: with DRED's ids mostly a payload, at times with a wrong prefix."""
    if id_ not in FINAL_IDS or rng.random() < 0.3:
        return rng.randbytes(size)
    version = rng.choice((12, 12, 12, 10, 10, 11, 0)) if id_ == EXPERIMENT_ID else 12
    data = (
        payload(rng, "in an area", rng.randrange(100_000), version) if version in (10, 12) else b""
    )
    data = data[: rng.choice((size, 300, 300))]
    if id_ != EXPERIMENT_ID:
        return data
    return rng.choice((b"D", b"D", b"D", b"D", b"E")) + bytes([version]) + data


def packet_record(seed: int, number: int) -> Record:
    """A drawn packet; of every eighth one the padding is a drawn area."""
    if number % 8 == 5:
        rng = random.Random(f"{seed} packet with area {number}")
        nb_frames, area = rng.choice((1, 2, 3, MAX_FRAMES)), draw.loose(rng, dred_data)
        if rng.random() < 0.9:
            return Record(number, in_packet(rng, nb_frames, area))
        # A padding length of two bytes where one is enough.
        data = in_packet(rng, nb_frames, area[:SHORT_PADDING].ljust(SHORT_PADDING, b"\0"))
        return Record(number, data[:2] + b"\xff\0" + data[3:])
    return Record(number, draw.packet(seed, number))


def area_record(seed: int, number: int) -> Record:
    """A drawn area, of every fourth number in a packet."""
    area = draw.area(seed, number, peer(), dred_data)
    if number % 4 == 1:
        rng = random.Random(f"{seed} packet around {number}")
        return Record(number, in_packet(rng, area.nb_frames, area.area))
    return Record(number, area.area, "extension_area", nb_frames=area.nb_frames)


def payload_record(seed: int, number: int) -> Record:
    """A drawn payload of either version in turn, every fourth pair in packets."""
    version, index = (12, 10)[number % 2], number // 2
    rng = random.Random(f"{seed} {version} {index}")
    data = payload(rng, str(seed), index, version)
    if index // 4 % 4 == 1:
        return Record(number, carried(rng, version, data))
    return Record(number, data, "dred_payload", version=version)


DRAWS = {"packets": packet_record, "areas": area_record, "payloads": payload_record}


def drawn(what: str, seed: int, numbers: range) -> list[Record]:
    """A run of drawn packets, areas or payloads as records."""
    return [DRAWS[what](seed, number) for number in numbers]
