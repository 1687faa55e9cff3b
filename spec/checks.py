"""Checks of a reading against the requirements.

Each function checks one requirement on one record and yields what violates it; its name stands in
the catalogue. What the parsers themselves find (framing, extension area, prefix) is taken from the
reading's errors. Positions count from the start of the record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np

from dredref.spec.dred import (
    DECODER_CHUNKS,
    MAX_EXTENSION_BYTES,
    SPARE_BITS,
    DredPayload,
    build_payload,
    build_prefixes,
    parse_payload,
)
from dredref.spec.extension import PADDING, REPEAT, SEPARATOR
from dredref.spec.packet import build_packet
from dredref.spec.reading import Carrier, Reading
from dredref.spec.requirements import Level, Requirement, requirement_of_code, requirements
from dredref.spec.symbols import Symbol
from dredref.spec.tables import quantizer_tables


@dataclass(frozen=True, slots=True)
class Violation:
    """A requirement that a record does not meet, where, and what was found."""

    requirement: Requirement
    code: str
    byte: int
    bit: int
    detail: str

    @property
    def level(self) -> Level:
        """How binding the requirement is."""
        return self.requirement.level


NO_CHUNK = "no chunk"
Found = tuple[int, int, str]
"""Byte, bit, and what was found."""
Check = Callable[[Reading], Iterator[Found]]


def packet_padding_length(reading: Reading) -> Iterator[Found]:
    """The padding length takes no more bytes than it needs."""
    if reading.packet is not None and reading.packet.padding is not None:
        spare = reading.size - len(build_packet(reading.packet))
        if spare:
            yield 2, 0, f"{spare} bytes more than needed"


def extension_padding_zero(reading: Reading) -> Iterator[Found]:
    """Padding up to the end of the area is zero."""
    if reading.area is None or reading.area.error is not None:
        return
    area = reading.area
    rests = [(item.offset + 1, item.data) for item in area.items if item.id == PADDING]
    rests.append((area.size - len(area.rest), area.rest))
    for start, data in rests:
        for index, byte in enumerate(data):
            if byte:
                yield reading.area_byte + start + index, 0, f"0x{byte:02x} in padding"
                break


def extension_separator_zero(reading: Reading) -> Iterator[Found]:
    """A separator moves on by at least one frame."""
    for item in reading.area.items if reading.area else ():
        if item.id == SEPARATOR and item.L and item.data == b"\0":
            yield reading.area_byte + item.offset, 0, "an increment of 0"


def extension_repeat_nothing(reading: Reading) -> Iterator[Found]:
    """A repeat has something to repeat and a later frame to give it to."""
    for item in reading.area.items if reading.area else ():
        if item.id == REPEAT and not item.repeats:
            yield reading.area_byte + item.offset, 0, f"nothing repeated in frame {item.frame}"


def dred_size_max(reading: Reading) -> Iterator[Found]:
    """A DRED extension has at most 1000 bytes."""
    for carrier in reading.carriers:
        size = len(carrier.extension.data)
        if carrier.error is None and size > MAX_EXTENSION_BYTES:
            yield _data_byte(reading, carrier), 0, f"{size} bytes"


def dred_one_per_frame(reading: Reading) -> Iterator[Found]:
    """A frame has at most one DRED extension."""
    frames: set[int] = set()
    for carrier in reading.carriers:
        frame = carrier.extension.frame
        if carrier.error is None:
            if frame in frames:
                yield _data_byte(reading, carrier), 0, f"another one on frame {frame}"
            frames.add(frame)


def dred_one_per_packet(reading: Reading) -> Iterator[Found]:
    """A packet has at most one DRED extension."""
    valid = [carrier for carrier in reading.carriers if carrier.error is None]
    for carrier in valid[1:2]:
        yield _data_byte(reading, carrier), 0, f"{len(valid)} DRED extensions"


def dred_first_frame(reading: Reading) -> Iterator[Found]:
    """DRED stands on the first frame of its packet."""
    if reading.carrier is not None and reading.carrier.extension.frame > 0:
        frame = reading.carrier.extension.frame
        yield _data_byte(reading, reading.carrier), 0, f"on frame {frame}"


def dred_header_overrun(reading: Reading) -> Iterator[Found]:
    """The header fits the payload."""
    if reading.dred is not None:
        header = [symbol for symbol in reading.dred.symbols if symbol.place is None]
        yield from _overrun(reading, header, "the header")


def dred_state_overrun(reading: Reading) -> Iterator[Found]:
    """The initial state fits the payload."""
    if reading.dred is not None:
        state = [symbol for symbol in reading.dred.symbols if symbol.field == "state"]
        yield from _overrun(reading, state, "the state")


def dred_chunk_overrun(reading: Reading) -> Iterator[Found]:
    """The last chunk fits the payload."""
    if reading.dred is not None and reading.dred.chunks:
        last = len(reading.dred.chunks) - 1
        symbols = [symbol for symbol in reading.dred.symbols if symbol.chunk == last]
        yield from _overrun(reading, symbols, f"chunk {last}")


def dred_chunks_none(reading: Reading) -> Iterator[Found]:
    """A payload holds at least one chunk."""
    if reading.dred is not None and not reading.dred.chunks:
        yield *_position(reading, reading.dred.used), NO_CHUNK


def dred_chunks_max(reading: Reading) -> Iterator[Found]:
    """A payload holds at most 26 chunks."""
    if reading.dred is not None and len(reading.dred.chunks) > DECODER_CHUNKS:
        start = reading.dred.chunks[DECODER_CHUNKS].start
        more = "" if reading.dred.complete else " and more, which are not read"
        yield *_position(reading, start), f"{len(reading.dred.chunks)} chunks{more}"


def dred_chunk_unseen(reading: Reading) -> Iterator[Found]:
    """No last chunk is written that decoders cannot see."""
    dred = reading.dred
    if dred is None or not 0 < 8 * dred.bits_total - dred.used < 8 * (SPARE_BITS + 1):
        return
    if _is_canonical(reading):
        return
    seen = len(dred.chunks)
    hidden = _hidden_chunks(reading.payload, dred.version, seen)
    if hidden:
        yield *_position(reading, dred.used), _unseen(seen, hidden)


@lru_cache(maxsize=16)
def _hidden_chunks(payload: bytes, version: int, seen: int) -> int:
    """Chunks that a payload holds past those that are seen; 0 if it ends in none."""
    more = parse_payload(payload + b"\0\0", version, limit=seen + SPARE_BITS + 1)
    written = build_prefixes(more, seen + 1)
    return next((count - seen for count, string in written if string == payload), 0)


def _unseen(seen: int, hidden: int) -> str:
    """That so many chunks after those seen are not."""
    which = f"chunk {seen}" if hidden == 1 else f"chunks {seen} to {seen + hidden - 1}"
    return f"{which} cannot be seen"


def dred_trailing_bytes(reading: Reading) -> Iterator[Found]:
    """No bytes follow what the payload needs, unseen chunks included."""
    dred = reading.dred
    if dred is None or reading.payload[-1:] != b"\0" or _is_canonical(reading):
        return
    if any(dred_chunk_unseen(reading)):
        return
    content = reading.payload.rstrip(b"\0")
    # What stands before the others needs fewer bytes than there are.
    late = [index for index, one in enumerate(dred.chunks) if one.start + 72 > 64 * len(content)]
    for count, needed in build_prefixes(dred, late[0]) if late else ():
        phantoms = len(dred.chunks) - count
        if phantoms and needed == content.ljust(len(needed), b"\0"):
            spare = len(reading.payload) - len(needed)
            least = "" if dred.complete else "at least "
            detail = f"after {count} chunks {spare} zero bytes are read as {least}{phantoms} more"
            yield *_position(reading, dred.chunks[count].start), detail
            return


def dred_trailing_bits(reading: Reading) -> Iterator[Found]:
    """The last bits of a payload are those that an encoder writes."""
    dred = reading.dred
    if dred is None or dred.used > 8 * dred.bits_total or len(dred.chunks) > DECODER_CHUNKS:
        return
    explained = any(dred_chunk_unseen(reading)) or any(dred_trailing_bytes(reading))
    if not _is_canonical(reading) and not explained:
        yield *_position(reading, dred.used), "not what an encoder ends with"


def dred_extra_offset(reading: Reading) -> Iterator[Found]:
    """An extra offset is coded only where it is needed."""
    if reading.dred is not None and reading.dred.extra_offset == 0:
        [start] = [one.start for one in reading.dred.symbols if one.field == "extra_offset"]
        yield *_position(reading, start), "an extra offset of 0"


def dred_value_range(reading: Reading) -> Iterator[Found]:
    """State and latents are values that the encoder network can put out."""
    dred = reading.dred
    if dred is None or dred.used > 8 * dred.bits_total:
        return
    state_limit, latent_limit = value_limits(dred.version)
    for symbol in dred.symbols:
        if symbol.place is not None:
            chunk = symbol.chunk
            row = state_limit[dred.q0] if chunk is None else latent_limit[dred.chunks[chunk].level]
            limit = row[symbol.place]
            if abs(symbol.value) > limit:
                detail = f"{symbol.name} is {symbol.value}, at most {limit} can be"
                yield *_position(reading, symbol.start), detail
                return


@cache
def value_limits(version: int) -> tuple[list[list[int]], list[list[int]]]:
    """Largest magnitude of state and latents by level and dimension.

    The encoder's last layers add up tanh outputs, so the weights bound what they can put out.
    """
    text = files("dredref.spec").joinpath(f"data/value_range_v{version}.json").read_text()
    bounds = json.loads(text)
    tables = quantizer_tables(version)

    def limits(bound: list[float], scale: np.ndarray) -> list[list[int]]:
        steps = np.ceil(np.array(bound) * scale / 256 + 0.5)
        return [[int(step) for step in row] for row in steps]

    return (
        limits(bounds["state"], tables.state.scale),
        limits(bounds["latent"], tables.latent.scale),
    )


def _data_byte(reading: Reading, carrier: Carrier) -> int:
    """Where an extension starts."""
    return reading.area_byte + carrier.extension.offset


def _position(reading: Reading, eighths: int) -> tuple[int, int]:
    """Byte and bit of a place in the payload, given in 1/8 bit and rounded down."""
    byte, bit = divmod(eighths // 8, 8)
    return (reading.carrier.payload_byte if reading.carrier else 0) + byte, bit


def _overrun(reading: Reading, symbols: list[Symbol], what: str) -> Iterator[Found]:
    """The first of the symbols that starts within the payload and ends past it."""
    assert reading.dred is not None
    end = 8 * reading.dred.bits_total
    for symbol in symbols:
        if symbol.end > end >= symbol.start:
            missing = -(-(symbols[-1].end - end) // 8)
            detail = f"{what} needs {missing} bits more than there are"
            yield *_position(reading, symbol.start), detail
            return


@lru_cache(maxsize=16)
def _canonical(dred: DredPayload) -> bytes:
    """What an encoder writes for these values, kept because several checks of a record ask it."""
    return build_payload(dred, allow_unseen=True)


def _is_canonical(reading: Reading) -> bool:
    """Whether the payload is what an encoder writes for what a decoder sees."""
    dred = reading.dred
    return dred is not None and _canonical(replace(dred, symbols=())) == reading.payload


@cache
def _functions() -> tuple[tuple[Requirement, Check], ...]:
    """Requirements that have a function of their own here."""
    own = [entry for entry in requirements().values() if entry.check in globals()]
    return tuple((entry, globals()[entry.check]) for entry in own)


def check_record(reading: Reading) -> list[Violation]:
    """All violations of one record on its own, in the order of their position."""
    found = [
        Violation(requirement_of_code(error.code), error.code, error.byte, error.bit, error.detail)
        for error in (
            *reading.errors,
            *(carrier.error for carrier in reading.carriers if carrier.error is not None),
        )
    ]
    for requirement, function in _functions():
        for byte, bit, detail in function(reading):
            found.append(Violation(requirement, requirement.codes[0], byte, bit, detail))
    return sorted(found, key=lambda violation: (violation.byte, violation.bit))


def version_change(payload_byte: int, version: int, before: int) -> Violation:
    """A record whose DRED is of another version than the one before in its stream."""
    code = "dred.version-change"
    detail = f"version {version} after version {before}"
    return Violation(requirement_of_code(code), code, max(payload_byte - 1, 0), 0, detail)


class StreamChecker:
    """Checks the records of one stream in turn: each on its own, and against those before it."""

    def __init__(self) -> None:
        """Start a stream."""
        self._version: int | None = None

    def check(self, reading: Reading) -> list[Violation]:
        """All violations of the next record."""
        found = check_record(reading)
        if reading.dred is not None:
            version = reading.dred.version
            if self._version is not None and version != self._version:
                payload_byte = reading.carrier.payload_byte if reading.carrier else 0
                found.append(version_change(payload_byte, version, self._version))
            self._version = version
        return found
