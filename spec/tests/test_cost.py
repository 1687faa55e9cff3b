"""What reading costs, counted in calls and not in time: linear in the bytes, whatever they say."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dredref.spec.checks import check_record
from dredref.spec.coder import RangeDecoder, RangeEncoder
from dredref.spec.delivered import Repeats
from dredref.spec.dred import build_payload, build_prefixes, make_payload, parse_payload
from dredref.spec.extension import Extension, build_area, parse_area
from dredref.spec.laplace import LAPLACE_BITS, MAGNITUDES, magnitude_inverse
from dredref.spec.rangecoder import write_run, write_symbol
from dredref.spec.reading import read_area, read_dred
from dredref.spec.tables import quantizer_tables

AREAS: dict[str, Callable[[int], bytes]] = {
    "one-byte padding": lambda size: b"\x01" * size,
    "short without payload": lambda size: b"\x06" * size,
    "short with payload": lambda size: b"\x07" * size,
    "separators of 0": lambda size: b"\x03\x00" * (size // 2),
    "long and empty": lambda size: b"\x41\x00" * (size // 2),
    "experiments without prefix": lambda size: b"\xfd\x00" * (size // 2),
    "one repeat of all": lambda size: b"\x06" * (size - 1) + b"\x05",
    "a repeat of each": lambda size: b"\x06\x05" * (size // 2),
    "repeats with payload": lambda size: b"\x41\x00" * (size // 100) + b"\x05" + bytes(size),
    "a chain of lacing": lambda size: b"\x41" + b"\xff" * (size - 1),
}
SIZE = 4096


def calls(work: Callable[[], Any]) -> int:
    """How many functions a piece of work calls, those in C among them."""
    count = 0

    def see(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", AREAS)
def test_an_area_costs_calls_by_its_bytes(name: str) -> None:
    make = AREAS[name]

    def cost(size: int) -> int:
        area = make(size)
        return calls(lambda: check_record(read_area(area, 48)))

    cost(64)
    small, large = cost(SIZE), cost(4 * SIZE)
    assert large < 4.2 * small + 1000
    assert large < 40 * 4 * SIZE


@pytest.mark.parametrize("name", AREAS)
def test_an_area_costs_memory_by_its_bytes(name: str) -> None:
    area = AREAS[name](16 * SIZE)
    tracemalloc.start()
    try:
        check_record(read_area(area, 48))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 << 20


def test_what_a_repeat_gives_is_spelled_out_on_demand() -> None:
    """Against the sources and frames, written out."""
    area = bytes.fromhex("06 09aa 4101bb 06 05 cc 01dd ee 01ff")
    found = parse_area(area, 3)
    assert found.error is None
    given = found.items[4].repeats
    assert isinstance(given, Repeats)
    assert [(one.id, one.frame, one.data.hex(), one.offset, one.size) for one in given] == [
        (3, 1, "", 8, 0),
        (4, 1, "cc", 8, 1),
        (32, 1, "dd", 9, 2),
        (3, 1, "", 11, 0),
        (3, 2, "", 11, 0),
        (4, 2, "ee", 11, 1),
        (32, 2, "ff", 12, 2),
        (3, 2, "", 14, 0),
    ]
    assert list(given) == [given[index] for index in range(len(given))]
    assert [given.given(place) for place in range(4)] == [2, 2, 2, 2]
    [*_, broken] = parse_area(area[:-1], 3).extensions.parts
    assert isinstance(broken, Repeats)
    assert [broken.given(place) for place in range(4)] == [2, 2, 1, 1]
    assert found.extensions == (*found.extensions[:4], *given)
    assert found.extensions[-1] == Extension(3, 2, b"")
    assert found.extensions != found.extensions[:-1]
    assert found.extensions != len(found.extensions)
    assert repr(found.extensions) == "<12 extensions>"
    assert build_area(found) == area
    with pytest.raises(IndexError):
        found.extensions[12]


def test_extensions_of_one_id_are_found_in_the_order_of_the_wire() -> None:
    area = bytes.fromhex("06 fd01aa 06 05 01bb 01cc fd01dd 06")
    found = parse_area(area, 3)
    for id_ in (3, 126, 5):
        expected = [one for one in found.extensions if one.id == id_]
        assert list(found.extensions.with_id(id_)) == expected


@pytest.mark.parametrize("r", [1, 7, 60, 128, 200, 254, 255])
@pytest.mark.parametrize("value", [-1, 6, 7, 8, 14, 15, 700, -12345, 1_000_003])
def test_a_run_of_escapes_is_read_and_written_as_symbol_by_symbol(value: int, r: int) -> None:
    if abs(value) > 20_000 and r < 200:
        pytest.skip("a string of megabytes")
    runs, singly = RangeEncoder(), RangeEncoder()
    for coder in (runs, singly):
        coder.uint(5, 16)
    runs.laplace(value, 20_000, r)
    _write_singly(singly, value, 20_000, r)
    for coder in (runs, singly):
        coder.laplace(3, 20_000, 100)
    string = singly.finish()
    assert runs.finish() == string
    decoder = RangeDecoder(string)
    assert decoder.uint(16) == 5
    assert decoder.laplace(20_000, r) == value
    assert decoder.laplace(20_000, 100) == 3


def _write_singly(coder: RangeEncoder, value: int, nonzero: int, r: int) -> None:
    """Write a Laplace value with one symbol for each escape."""
    sign, rest = 1 if value > 0 else 2, abs(value) - 1
    signs = nonzero, nonzero >> 1, 0
    coder.state = write_symbol(coder.digits, *coder.state, sign, signs, 0, LAPLACE_BITS)
    for symbol in [7] * (rest // 7) + [rest % 7]:
        place = (MAGNITUDES, 8 * r, LAPLACE_BITS)
        coder.state = write_symbol(coder.digits, *coder.state, symbol, *place)


def escapes(size: int, version: int) -> bytes:
    """A payload whose state escapes to its end, at the highest probability that there is."""
    table = quantizer_tables(version).state
    level, place = np.unravel_index((table.coded * table.r.astype(int)).argmax(), table.r.shape)
    nonzero, r = table.rows(int(level))
    coder = RangeEncoder()
    for value, total in ((int(level), 16), (0, 8), (0, 2), (0, 32)):
        coder.uint(value, total)
    for before in range(int(place)):
        coder.laplace(0, nonzero[before], r[before])
    while coder.tell() < 8 * size - 16:
        often = magnitude_inverse(r[int(place)])[-2]
        coder.state = write_run(coder.digits, *coder.state, 64, often, LAPLACE_BITS)
    return coder.finish(size)


def hostile_payloads(size: int, version: int) -> dict[str, bytes]:
    """Payloads that cost the most."""
    table = quantizer_tables(version)
    state, latents = [0] * len(table.state.p0[15]), [0] * len(table.latent.p0[15])
    cheap = make_payload(version, 15, 0, 0, state, [latents] * 900)
    return {
        "zeros": bytes(size),
        "ones": b"\xff" * size,
        "cheap chunks": build_payload(cheap, allow_unseen=True)[:size],
        "cheap chunks, then zeros": build_payload(cheap, allow_unseen=True)[:size] + bytes(99),
        "escapes": escapes(size, version),
    }


@pytest.mark.parametrize("version", [10, 12])
@pytest.mark.parametrize("name", hostile_payloads(64, 12))
def test_a_payload_costs_calls_by_its_bytes(name: str, version: int) -> None:
    payload = hostile_payloads(1400, version)[name]
    read_dred(payload, version)
    assert calls(lambda: read_dred(payload, version)) < 60_000
    reading = read_dred(payload, version)
    assert calls(lambda: check_record(reading)) < 60_000


def test_prefixes_are_what_is_built_of_fewer_chunks() -> None:
    table = quantizer_tables(12)
    state, latents = [0] * len(table.state.p0[9]), [0] * len(table.latent.p0[9])
    latents[int((table.latent.r[9] != 0).argmax())] = 2
    whole = make_payload(12, 9, 0, 0, state, [latents] * 9)
    read = parse_payload(build_payload(whole), 12)
    for count, string in build_prefixes(read, 2):
        shorter = make_payload(12, 9, 0, 0, state, [latents] * count)
        assert string == build_payload(shorter, allow_unseen=True)
    assert [count for count, _ in build_prefixes(read, 2)] == list(range(2, 10))
