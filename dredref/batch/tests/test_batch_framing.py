"""Framing and areas in step find sound exactly what the reference finds without fault."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dredref.batch.area import read_areas
from dredref.batch.framing import SPARE_BYTES, Framing, read_framing
from dredref.spec.dred import EXPERIMENT_ID, MAX_EXTENSION_BYTES
from dredref.spec.errors import DredError
from dredref.spec.extension import (
    PADDING,
    REPEAT,
    SEPARATOR,
    Extension,
    ExtensionArea,
    pack_extensions,
    parse_area,
)
from dredref.spec.packet import build_packet, parse_packet
from dredref.spec.reading import Carrier, find_carriers
from dredref.spec.requirements import requirements
from dredref.spec.tests.strategies import extensions, packets, wire_bytes
from tools.libopus import draw

Bounds = tuple[np.ndarray, np.ndarray, np.ndarray]


def laid(pieces: list[bytes]) -> Bounds:
    """The data, and where each piece starts and ends in it."""
    ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
    data = np.frombuffer(b"".join([*pieces, bytes(SPARE_BYTES)]), np.uint8)
    return data, ends - [len(piece) for piece in pieces], ends


def agrees(framing: Framing, row: int, data: bytes, start: int) -> str:
    """Check one packet against the reference; what it is."""
    try:
        packet = parse_packet(data)
    except DredError as error:
        assert not framing.sound[row], data.hex()
        return error.code
    assert framing.sound[row] == (build_packet(packet) == data), data.hex()
    if not framing.sound[row]:
        return "not canonical"
    assert framing.code[row] == packet.toc.code
    assert framing.nb_frames[row] == packet.nb_frames
    assert framing.frame_48k[row] == packet.toc.frame_48k
    assert framing.padded[row] == (packet.padding is not None)
    if packet.padding is not None:
        assert framing.area_start[row] - start == packet.padding_offset
    return "sound"


def check_framing(data: list[bytes]) -> Counter[str]:
    """Check packets; how many there were of each kind."""
    joined, start, end = laid(data)
    framing = read_framing(joined, start, end)
    return Counter(agrees(framing, row, piece, int(start[row])) for row, piece in enumerate(data))


def test_drawn_packets_are_framed_as_by_the_reference() -> None:
    data = [draw.packet(11, number) for number in range(1500)]
    spared = b"\x03\x41\xff\x00" + bytes(254)
    found = check_framing([*(piece for piece in data if piece), spared])
    assert found["sound"] > 500
    assert found["not canonical"] == 1
    rules = [entry for entry in requirements().values() if entry.check == "parser"]
    codes = {code for entry in rules for code in entry.codes if code.startswith("packet.")}
    assert codes - set(found) == {"packet.r1.empty"}


def test_every_head_of_three_bytes_is_framed_as_by_the_reference() -> None:
    rng = random.Random(12)
    interesting = (0, 1, 2, 3, 62, 63, 64, 65, 127, 128, 129, 191, 192, 193, 251, 252, 254, 255)
    data = [
        bytes([toc, second, third]) + rng.randbytes(rng.choice((0, 1, 2, 7, 300)))
        for toc in range(0, 256, 3)
        for second in interesting
        for third in rng.sample(interesting, 2)
    ]
    assert check_framing(data)["sound"] > 300


@given(st.lists(packets().map(build_packet), min_size=1, max_size=5), st.binary(max_size=5))
def test_built_packets_are_framed_as_by_the_reference(data: list[bytes], more: bytes) -> None:
    check_framing(
        [*data, *(piece + more for piece in data), *(piece[:-1] or b"x" for piece in data)]
    )


def is_clean(area: ExtensionArea, carriers: tuple[Carrier, ...]) -> bool:
    """Whether an area has no fault, and at most one DRED, on the first frame."""
    return (
        area.error is None
        and all(not any(item.data) for item in area.items if item.id == PADDING)
        and all(item.data != b"\0" for item in area.items if item.id == SEPARATOR)
        and len(carriers) <= 1
        and all(found.error is None and not found.extension.frame for found in carriers)
        and all(len(found.extension.data) <= MAX_EXTENSION_BYTES for found in carriers)
    )


def check_areas(areas: list[tuple[bytes, int]], final_id: int | None = None) -> Counter[str]:
    """Check areas with their number of frames; how many there were of each kind."""
    joined, start, end = laid([area for area, _ in areas])
    nb_frames = np.array([count for _, count in areas])
    found = read_areas(joined, start, end, nb_frames, final_id)
    kinds: Counter[str] = Counter()
    for row, (data, count) in enumerate(areas):
        area = parse_area(data, count)
        carriers = find_carriers(area, int(start[row]), final_id)
        repeats = any(item.id == REPEAT for item in area.items)
        clean = is_clean(area, carriers) and not repeats
        assert found.sound[row] == clean, data.hex()
        if not clean:
            kinds["left"] += 1
        elif not carriers:
            assert found.version[row] == 0
            kinds["without"] += 1
        else:
            (carrier,) = carriers
            assert found.version[row] == carrier.version
            assert found.payload[row] == carrier.payload_byte
            payload = joined[found.payload[row] : found.payload_end[row]]
            assert payload.tobytes() == carrier.payload
            assert found.wire[row] == carrier.extension.size
            kinds["with"] += 1
    return kinds


def dred_areas(seed: int, count: int) -> list[tuple[bytes, int]]:
    """Areas with DRED and other extensions, most of them as they should be."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        nb_frames = rng.randrange(1, 7)
        data = (
            b"D"
            + rng.choice((b"\x0a", b"\x0c", b"\x0c", b"\x0b"))
            + rng.randbytes(rng.choice((0, 1, 30, 252, 253, 254, 508, 998, 999)))
        )
        items = [Extension(EXPERIMENT_ID, int(rng.random() < 0.1), data)]
        for _ in range(rng.choice((0, 0, 1, 3))):
            id_ = rng.choice((3, 31, 32, 127, rng.choice((126, 40))))
            size = rng.randrange(2) if id_ < 32 else rng.choice((0, 2, 254, 255, 256))
            items.append(Extension(id_, rng.randrange(nb_frames), rng.randbytes(size)))
        nb_frames = max(nb_frames, 2)
        area = pack_extensions(items, nb_frames)
        found.append((bytes([1]) * rng.choice((0, 0, 1, 300)) + area, nb_frames))
    return found


def test_areas_are_walked_as_by_the_reference() -> None:
    rng = random.Random(13)
    areas = [(draw.loose(rng), rng.choice((1, 2, 3, 48))) for _ in range(1500)]
    areas += [(bytes([1, 1, 0]) + bytes(9) + bytes([end]), 1) for end in (0, 1)]
    found = check_areas(areas)
    assert found["without"] > 100
    assert found["left"] > 500
    found = check_areas(dred_areas(14, 600))
    assert found["with"] > 200
    assert found["left"] > 100


def test_areas_of_the_final_id_have_no_prefix() -> None:
    assert check_areas(dred_areas(15, 200), final_id=126)["with"] > 80
    assert check_areas(dred_areas(16, 200), final_id=40)["with"] > 5


@given(st.lists(st.tuples(wire_bytes, st.integers(1, 5)), min_size=1, max_size=8))
def test_wild_areas_are_walked_as_by_the_reference(areas: list[tuple[bytes, int]]) -> None:
    check_areas(areas)


@given(st.integers(1, 5).flatmap(lambda count: st.tuples(extensions(count), st.just(count))))
def test_packed_areas_are_walked_as_by_the_reference(
    area: tuple[list[Extension], int],
) -> None:
    found, nb_frames = area
    check_areas([(pack_extensions(found, nb_frames), nb_frames)])


def test_a_walk_ends_in_time() -> None:
    """Areas of very many items are left to the reference; runs of padding count as one."""
    long = bytes([0x06]) * 5000
    padded = b"\x01" * 50_000
    joined, start, end = laid([long, padded, padded + b"\x06"])
    found = read_areas(joined, start, end, np.ones(3, np.int64))
    assert found.sound.tolist() == [False, True, True]
