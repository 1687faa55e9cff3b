"""Every requirement has a record that meets it and one that does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dredref.spec import checks
from dredref.spec.checks import StreamChecker, check_record
from dredref.spec.dred import EXPERIMENT_ID, add_prefix, build_payload, make_payload
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Frame, Packet, Toc, build_packet
from dredref.spec.reading import Absence, Reading, read_area, read_dred, read_packet
from dredref.spec.requirements import Level, requirements

STATE = [0] * 50
LATENTS = [[0, 0, -11, 0, 0, -1, 0, 9, 0, 1, -1, 0, 0, -3] + [0] * 11] * 4
GOOD = build_payload(make_payload(12, 6, 3, 6, STATE, LATENTS))
DRED = add_prefix(12, GOOD)


def packet(area: bytes, nb_frames: int = 2) -> bytes:
    """A packet of 20 ms frames with this extension area."""
    frames = tuple(Frame(b"frame") for _ in range(nb_frames))
    return build_packet(Packet(Toc(9, False, 3), frames, False, area))


def carrying(*data: bytes, frame: int = 0, id_: int = EXPERIMENT_ID) -> Reading:
    """The reading of a packet with extensions on one frame."""
    found = [Extension(id_, frame, item) for item in data]
    return read_packet(packet(pack_extensions(found, 2)))


def payload(**changes: object) -> Reading:
    """The reading of a payload with other values."""
    values: dict[str, object] = {
        "version": 12, "q0": 6, "dQ": 3, "offset": 6, "state": STATE, "latents": LATENTS,
    }  # fmt: skip
    return carrying(add_prefix(12, build_payload(make_payload(**(values | changes)))))  # type: ignore[arg-type]


def unseen() -> Reading:
    """A last chunk of zeros and one 1 at a high level, found by trying lengths of the state."""
    for place in range(50):
        for value in range(1, 9):
            state = list(STATE)
            state[place] = value
            made = make_payload(12, 14, 0, 6, state, [[0] * 25] * 2 + [[0] * 7 + [1] + [0] * 17])
            try:
                data = build_payload(made, allow_unseen=True)
            except Exception:
                break
            reading = carrying(add_prefix(12, data))
            if reading.dred and len(reading.dred.chunks) == 2:
                return reading
    raise AssertionError("no such payload")


LATE = read_area(bytes.fromhex("0302"), 2)
VIOLATING: dict[str, Callable[[], Reading]] = {
    "packet.r1": lambda: read_packet(b""),
    "packet.r2": lambda: read_packet(bytes(1277)),
    "packet.r3": lambda: read_packet(b"\x01\x00"),
    "packet.r4": lambda: read_packet(b"\x02\x05"),
    "packet.r5": lambda: read_packet(b"\x03\x00"),
    "packet.r6": lambda: read_packet(b"\x03\x41\xff"),
    "packet.r7": lambda: read_packet(b"\x03\x82\x05"),
    "packet.padding-length": lambda: read_packet(b"\x03\x41\xff\x00" + bytes(254)),
    "extension.frame": lambda: LATE,
    "extension.short": lambda: read_area(b"\x07", 1),
    "extension.length": lambda: read_area(b"\x41\x02\x00", 1),
    "extension.repeat": lambda: read_area(bytes.fromhex("4101aa 09bb 09cc 04 dd"), 2),
    "extension.padding-zero": lambda: read_area(b"\x00\x00\x01", 1),
    "extension.separator-zero": lambda: read_area(b"\x03\x00", 1),
    "extension.repeat-nothing": lambda: read_area(b"\x05", 2),
    "dred.prefix": lambda: carrying(b"E\x0c" + GOOD),
    "dred.version": lambda: carrying(b"D\x0b" + GOOD),
    "dred.size-empty": lambda: carrying(b"D\x0c"),
    "dred.size-max": lambda: carrying(DRED + bytes(1000)),
    "dred.one-per-frame": lambda: carrying(DRED, DRED),
    "dred.one-per-packet": lambda: carrying(DRED, DRED),
    "dred.first-frame": lambda: carrying(DRED, frame=1),
    "dred.header-overrun": lambda: carrying(add_prefix(12, b"\x63")),
    "dred.state-overrun": lambda: carrying(DRED[:6]),
    "dred.chunk-overrun": lambda: carrying(DRED[:-4]),
    "dred.chunks-none": lambda: payload(latents=[]),
    "dred.chunks-max": lambda: payload(latents=LATENTS * 4 + [[0] * 25] * 11, dQ=0),
    "dred.chunk-unseen": unseen,
    "dred.trailing-bytes": lambda: carrying(DRED + bytes(8)),
    "dred.trailing-bits": lambda: carrying(DRED[:-1] + bytes([DRED[-1] ^ 1])),
    "dred.extra-offset": lambda: payload(extra_offset=0),
    "dred.value-range": lambda: payload(state=[*STATE[:15], 4000, *STATE[16:]]),
}


def violated(reading: Reading) -> set[str]:
    """Ids of the requirements that a record violates."""
    return {violation.requirement.id for violation in check_record(reading)}


@pytest.mark.parametrize("requirement", sorted(VIOLATING))
def test_a_violation_is_found_and_named(requirement: str) -> None:
    reading = VIOLATING[requirement]()
    found = [item for item in check_record(reading) if item.requirement.id == requirement]
    assert found
    assert all(0 <= item.byte <= reading.size and 0 <= item.bit < 8 for item in found)
    assert all(item.detail and item.code in item.requirement.codes for item in found)


def test_a_good_packet_violates_nothing() -> None:
    assert violated(carrying(DRED)) == set()
    assert violated(read_dred(GOOD, 12)) == set()


def test_zeros_that_no_count_of_chunks_explains_are_trailing_bits() -> None:
    """A last byte of 0 that other bytes than an encoder's stand before."""
    reading = carrying(DRED[:-2] + bytes([DRED[-2] ^ 1, 0]))
    assert "dred.trailing-bits" in violated(reading)
    assert "dred.trailing-bytes" not in violated(reading)


def test_a_last_zero_of_an_unseen_chunk_is_not_trailing() -> None:
    payload = bytes.fromhex("f07b305fa20fd4b33600")
    assert violated(read_dred(payload, 12)) == {"dred.chunk-unseen"}


def test_trailing_zeros_are_counted_from_the_chunks_that_explain_the_rest() -> None:
    """Of two counts of chunks that reach the last byte that is not zero, the second fits."""
    [found] = check_record(read_dred(bytes.fromhex("9030000000000001900000000000"), 12))
    assert found.code == "dred.trailing-bytes"
    assert found.detail.startswith("after 1 chunks")


def test_a_violation_is_as_binding_as_its_requirement() -> None:
    [violation] = check_record(read_packet(b""))
    assert violation.level is Level.MUST


def test_every_requirement_is_tried() -> None:
    checks = ("stream", "signalling", "implementation")
    elsewhere = {entry.id for entry in requirements().values() if entry.check in checks}
    assert set(VIOLATING) | elsewhere == set(requirements())


def test_every_check_of_the_catalogue_exists() -> None:
    for requirement in requirements().values():
        known = requirement.check in ("parser", "carrier", "stream", "signalling", "implementation")
        assert known or callable(getattr(checks, requirement.check))
        assert requirement.codes
        assert requirement.clause
        assert requirement.level in Level


def test_a_change_of_version_within_a_stream_is_found() -> None:
    ten = build_payload(make_payload(10, 6, 3, 6, [0] * 19, [[1] * 20 + [0]] * 2))
    checker = StreamChecker()
    assert checker.check(carrying(DRED)) == []
    assert checker.check(read_packet(b"\x48no DRED")) == []
    found = checker.check(carrying(add_prefix(10, ten)))
    assert [item.requirement.id for item in found] == ["dred.version-change"]
    assert checker.check(carrying(add_prefix(10, ten))) == []


def test_the_first_with_the_right_prefix_wins() -> None:
    other = add_prefix(12, build_payload(make_payload(12, 9, 0, 3, STATE, [])))
    reading = carrying(b"E\x0cxx", b"D\x0b12", b"D\x0c", DRED, other)
    assert reading.dred is not None
    assert (reading.dred.q0, len(reading.carriers)) == (6, 5)


def test_positions_point_into_the_packet() -> None:
    reading = carrying(DRED, frame=1)
    assert reading.carrier is not None
    data = packet(pack_extensions([Extension(EXPERIMENT_ID, 1, DRED)], 2))
    assert data[reading.carrier.payload_byte :] == GOOD
    assert reading.dred is not None
    assert reading.dred.dred_offset == 16 - 6 + 8


@pytest.mark.parametrize(
    ("absence", "reading"),
    [
        (Absence.MALFORMED, read_packet(b"")),
        (Absence.NOT_CODE_3, read_packet(b"\x48abc")),
        (Absence.NO_PADDING, read_packet(b"\x4b\x01abc")),
        (Absence.NO_EXTENSION, read_packet(packet(b"\x07a"))),
        (Absence.AREA_ERROR, read_packet(packet(b"\xfd\x09a"))),
        (Absence.WRONG_PREFIX, carrying(b"XY")),
        (Absence.WRONG_VERSION, carrying(b"D\x0bxx")),
        (Absence.TOO_SHORT, carrying(b"D\x0c")),
    ],
)
def test_why_there_is_no_dred(absence: Absence, reading: Reading) -> None:
    assert reading.dred is None
    assert reading.absence is absence


def test_the_final_form_has_no_prefix() -> None:
    data = packet(pack_extensions([Extension(60, 0, GOOD)], 2))
    assert read_packet(data).dred is None
    final = read_packet(data, final_id=60)
    assert final.dred is not None
    assert final.dred.version == 12
    assert read_packet(packet(b"\x78"), final_id=60).absence is Absence.TOO_SHORT


FORMS = {
    "final alone": ([(32, GOOD)], 32, 0),
    "experiment alone": ([(126, DRED)], 126, 0),
    "final first": ([(32, GOOD), (126, DRED)], 126, 1),
    "experiment first": ([(126, DRED), (32, GOOD)], 126, 0),
    "other experiment first": ([(126, b"XY"), (32, GOOD)], 32, 1),
    "unknown version first": ([(126, b"D\x0bxx"), (32, GOOD)], 32, 1),
    "empty experiment first": ([(126, b"D\x0c"), (32, GOOD)], 32, 1),
    "empty final first": ([(32, b""), (32, GOOD)], 32, 1),
    "several": ([(32, GOOD), (32, GOOD)], 32, 0),
}
"""What packets hold -> the id that counts, and which extension."""


@pytest.mark.parametrize("name", FORMS)
def test_either_form_is_found_and_a_prefix_counts_more(name: str) -> None:
    given, id_, place = FORMS[name]
    data = packet(pack_extensions([Extension(one, 0, data) for one, data in given], 2))
    reading = read_packet(data)
    assert reading.carrier is not None
    assert reading.area is not None
    assert reading.carrier.extension is reading.area.extensions[place]
    assert reading.carrier.extension.id == id_
    assert {one.extension.id for one in reading.carriers} == {id_}
    assert read_packet(data, final_id=100).dred is None
    assert [one.code for one in check_record(reading)] == {
        "empty final first": ["dred.size.empty"],
        "several": ["dred.one-per-frame", "dred.one-per-packet"],
    }.get(name, [])


def test_an_empty_final_extension_is_told() -> None:
    reading = read_packet(packet(pack_extensions([Extension(32, 0, b"")], 2)))
    assert reading.absence is Absence.TOO_SHORT
