"""What the vectors cover, counted from the vectors themselves, not from how they were made.

Every row of :func:`coverage` names a class of cases, how many there are, and which of them no
vector shows. :func:`requirement_coverage` says which vectors keep and which break each requirement.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dredref.spec.checks import StreamChecker
from dredref.spec.reading import Reading, read_area, read_dred, read_packet
from dredref.spec.requirements import Level, Requirement, requirements
from dredref.spec.tables import LEVELS, VERSIONS, quantizer_tables
from dredref.vectors.material import bit_packets
from dredref.vectors.model import (
    Exact,
    ExtensionInput,
    PacketInput,
    PayloadInput,
    QueryInput,
    Reject,
    Vector,
)

ESCAPES = range(1, 41)
"""Lengths of escapes of which each is asked for."""
MAGNITUDE_ESCAPE = 8
"""Magnitudes from here on are one class of symbols."""
MOST_CHUNKS = 26


@dataclass(frozen=True, slots=True)
class Row:
    """A class of cases: how many were wanted, and which are missing."""

    group: str
    what: str
    wanted: int
    missing: tuple[Hashable, ...]

    @property
    def found(self) -> int:
        """Cases that some vector shows."""
        return self.wanted - len(self.missing)


def coverage(vectors: Iterable[Vector]) -> list[Row]:
    """All rows, in the order of the pipeline."""
    listed = list(vectors)
    rows = [*_packet_rows(listed), *_extension_rows(listed)]
    for version in VERSIONS:
        rows += _payload_rows([v for v in listed if v.version == version], version)
    return rows


def _row(group: str, what: str, wanted: Iterable[Hashable], found: Iterable[Hashable]) -> Row:
    cases = list(wanted)
    shown = set(found)
    return Row(group, what, len(cases), tuple(case for case in cases if case not in shown))


def _codes(prefix: str) -> list[str]:
    """Error codes of the catalogue's requirements on a layer that parsers find."""
    return [
        code
        for requirement in requirements().values()
        if requirement.group == prefix and requirement.check == "parser"
        for code in requirement.codes
    ]


def _packet_rows(vectors: list[Vector]) -> Iterator[Row]:
    values = [
        v.expected.value
        for v in vectors
        if v.operation == "packet" and isinstance(v.expected, Exact)
    ]
    tocs = [(v["toc"]["config"], v["toc"]["stereo"]) for v in values]
    every = [(config, stereo) for config in range(32) for stereo in (False, True)]
    yield _row("packet", "config and channels", every, tocs)
    codes = [(v["toc"]["config"], v["toc"]["code"]) for v in values]
    yield _row("packet", "config and code 0", [(config, 0) for config in range(32)], codes)
    counts = [v["nb_frames"] for v in values if v["toc"]["code"] == 3]
    yield _row("packet", "frames of code 3", range(1, 49), counts)
    refused = [
        v.expected.code
        for v in vectors
        if v.operation == "packet" and isinstance(v.expected, Reject)
    ]
    yield _row("packet", "errors of R1 to R7", _codes("packet"), refused)


def _extension_rows(vectors: list[Vector]) -> Iterator[Row]:
    headers: set[tuple[int, int]] = set()
    frames: set[int] = set()
    repeated: set[tuple[str, int]] = set()
    errors: set[str] = set()
    for vector in vectors:
        if not isinstance(vector.input, ExtensionInput) or not isinstance(vector.expected, Exact):
            continue
        error = vector.expected.value["error"]
        if error:
            errors.add(error["code"])
        area = read_area(vector.input.area.read(), vector.input.nb_frames).area
        assert area is not None
        for item in area.items:
            headers.add((item.id, item.L))
            if item.repeats:
                repeated |= {("long" if one.id >= 32 else "short", item.L) for one in item.repeats}
        frames |= {one.frame for one in area.extensions}
    yield _row("extension", "id and L", [(i, L) for i in range(128) for L in (0, 1)], headers)
    yield _row("extension", "frames", range(48), frames)
    kinds = [(kind, L) for kind in ("short", "long") for L in (0, 1)]
    yield _row("extension", "repeated kinds, L of the repeat", kinds, repeated)
    yield _row("extension", "errors", _codes("extension"), errors)


def _payload_rows(vectors: list[Vector], version: int) -> Iterator[Row]:
    group = f"payload v{version}"
    dreds = [
        v.expected.value["dred"]
        for v in vectors
        if v.operation == "payload" and isinstance(v.expected, Exact) and v.expected.value["dred"]
    ]
    headers = [(d["q0"], d["dQ"], d["qmax"]) for d in dreds]
    wanted = [
        (q0, dQ, qmax)
        for q0 in range(16)
        for dQ in range(8)
        for qmax in (range(q0 + 1, 16) if q0 < 14 and dQ else (15,))
    ]
    yield _row(group, "q0, dQ and qmax", wanted, headers)
    yield _row(group, "offset", range(32), (d["offset"] for d in dreds if not d["extra_offset"]))
    yield _row(group, "extra offset", range(1, 256), (d["extra_offset"] for d in dreds))
    signs = ((d["dred_offset"] > 0) - (d["dred_offset"] < 0) for d in dreds)
    yield _row(group, "sign of dred_offset", (-1, 0, 1), signs)
    totals = (32 * d["extra_offset"] + d["offset"] for d in dreds)
    yield _row(group, "ends of the offset", (0, 31, 32, 8160, 8191), totals)
    yield _row(group, "chunks", range(MOST_CHUNKS + 1), (d["nb_chunks"] for d in dreds))
    yield from _symbol_rows(group, version, dreds)
    yield _row(group, "bits left", range(6, 10), (left for d in dreds for left in _bits_left(d)))
    yield _row(group, "cut payloads, every length", range(2), range(_cut_payloads(vectors)))
    yield _row(group, "carriers", CARRIERS, _carrier_cases(vectors))


def _symbol_rows(group: str, version: int, dreds: list[dict[str, Any]]) -> Iterator[Row]:
    """Values by table entry, and numbers of escapes."""
    tables = quantizer_tables(version)
    classes = [*range(-MAGNITUDE_ESCAPE, MAGNITUDE_ESCAPE + 1)]
    found: dict[str, set[tuple[int, int, int]]] = {"state": set(), "latent": set()}
    escapes: set[int] = set()
    for dred in dreds:
        rows: list[tuple[str, int, list[int]]] = [("state", dred["q0"], dred["state"])]
        rows += [("latent", c["level"], c["latents"]) for c in dred["chunks"]]
        for kind, level, values in rows:
            for place, value in enumerate(values):
                small = max(-MAGNITUDE_ESCAPE, min(MAGNITUDE_ESCAPE, value))
                found[kind].add((level, place, small))
                escapes.add((abs(value) - 1) // 7 if value else 0)
    for kind, table in (("state", tables.state), ("latent", tables.latent)):
        wanted = [
            (level, place, value)
            for level in range(LEVELS)
            for place in range(table.dimension)
            if table.coded[level, place]
            for value in classes
        ]
        yield _row(group, f"{kind}: level, place, symbols", wanted, found[kind])
    yield _row(group, "escapes", ESCAPES, escapes)


def _bits_left(dred: dict[str, Any]) -> list[int]:
    """Bits left before each chunk and after the last, as a decoder counts them."""
    used = float(dred["bits_used"])
    ends = [used]
    for chunk in reversed(dred["chunks"]):
        used -= chunk["bits"]
        ends.append(used)
    total = int(dred["bits_total"])
    return [total - int(-(-end // 1)) for end in ends]


def _cut_payloads(vectors: list[Vector]) -> int:
    """Payloads of which every shorter length is a vector too."""
    strings = {
        vector.input.payload.read()
        for vector in vectors
        if isinstance(vector.input, PayloadInput) and vector.input.payload
    }
    return sum(
        len(one) > 8 and all(one[:size] in strings for size in range(1, len(one)))
        for one in strings
        if one[:-1] in strings
    )


CARRIERS = (
    *("unlaced", "laced", "later frame", "by repeat", "unlaced by repeat", "behind padding"),
    *("behind others", "several", "wrong prefix", "wrong version", "too short", "no padding"),
    *("broken before", "broken behind", "broken packet", "frame of no byte"),
)
"""How DRED stands in packets, or does not."""


def _carrier_cases(vectors: list[Vector]) -> Iterator[str]:
    """Which of :data:`CARRIERS` the packets show."""
    for vector in vectors:
        given = vector.input
        if isinstance(given, PayloadInput) and given.packet and given.final_id is None:
            yield from _cases(read_packet(given.packet.read()), vector)


def _cases(reading: Reading, vector: Vector) -> Iterator[str]:
    if isinstance(vector.expected, Reject):
        yield "broken before" if vector.expected.code.startswith("ext") else "broken packet"
        return
    for carrier in reading.carriers:
        if carrier.error is not None:
            kinds = {"dred.prefix": "wrong prefix", "dred.version": "wrong version"}
            yield kinds.get(carrier.error.code, "too short")
    if reading.packet is not None and reading.packet.padding is None:
        yield "no padding"
    taken, area = reading.carrier, reading.area
    if taken is None or area is None or reading.packet is None:
        return
    extension = taken.extension
    if extension.repeated:
        yield "by repeat" if extension.laced else "unlaced by repeat"
    else:
        yield "laced" if extension.laced else "unlaced"
    before = [item for item in area.items if item.offset < extension.offset]
    tests: dict[str, bool] = {
        "later frame": extension.frame > 0,
        "behind padding": any(item.id == 0 for item in before),
        "behind others": any(item.id > 2 for item in before),
        "several": sum(one.error is None for one in reading.carriers) > 1,
        "broken behind": area.error is not None,
        "frame of no byte": not reading.packet.frames[0].data,
    }
    yield from (name for name, shown in tests.items() if shown)


IMPLEMENTATION = "implementation"
"""The check of requirements on answers: vectors ask for them, only an answer can break them."""
ASKED_FOR = frozenset({IMPLEMENTATION, "signalling"})
"""Checks of requirements that no vector's input breaks: on answers, and against SDP."""


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """A requirement with vectors that keep it and vectors that break it.

    Of a requirement on implementations, those that ask for it stand under ``keeping``.
    """

    requirement: Requirement
    keeping: tuple[str, ...]
    breaking: tuple[str, ...]


def requirement_coverage(
    vectors: Iterable[Vector], enough: int | None = None
) -> list[RequirementRow]:
    """Of the vectors that name a requirement, which keep it and which break it, by its check.

    With ``enough`` vectors of both kinds for a requirement no more are looked at for it.
    """
    keeping: dict[str, list[str]] = {name: [] for name in requirements()}
    breaking: dict[str, list[str]] = {name: [] for name in requirements()}
    for vector in vectors:
        wanted = [
            name
            for name in vector.requirements
            if enough is None or min(len(keeping[name]), len(breaking[name])) < enough
        ]
        if not wanted:
            continue
        on_input = [name for name in wanted if requirements()[name].check not in ASKED_FOR]
        broken = broken_requirements(vector) if on_input else frozenset()
        for name in wanted:
            (breaking if name in broken else keeping)[name].append(vector.id)
    return [
        RequirementRow(requirement, tuple(keeping[name]), tuple(breaking[name]))
        for name, requirement in requirements().items()
    ]


def broken_requirements(vector: Vector) -> frozenset[str]:
    """Requirements that a vector's input does not meet, its records taken as one stream."""
    checker = StreamChecker()
    return frozenset(
        found.requirement.id for reading in _readings(vector) for found in checker.check(reading)
    )


def _readings(vector: Vector) -> Iterator[Reading]:
    """The records of a vector's input."""
    given = vector.input
    if isinstance(given, PacketInput):
        yield read_packet(given.packet.read())
    elif isinstance(given, ExtensionInput):
        yield read_area(given.area.read(), given.nb_frames)
    elif isinstance(given, PayloadInput) and given.payload is not None:
        assert vector.version is not None
        yield read_dred(given.payload.read(), vector.version)
    elif isinstance(given, PayloadInput) and given.packet is not None:
        yield read_packet(given.packet.read(), final_id=given.final_id)
    elif isinstance(given, QueryInput) and given.stream is not None:
        yield from map(read_packet, bit_packets(given.stream.read()))
    else:
        raise TypeError(f"{vector.id} names requirements, but there is no way to check them")


def is_covered(row: RequirementRow) -> bool:
    """A MUST or SHOULD needs vectors of both kinds, one on implementations only such as ask for it;
    a note needs none.
    """
    if row.requirement.level is Level.NOTE:
        return True
    return bool(row.keeping and (row.breaking or row.requirement.check in ASKED_FOR))
