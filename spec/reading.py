"""One record of a stream, read as far as it goes: packet, extension area, DRED.

:func:`read_packet`, :func:`read_area` and :func:`read_dred` never raise for what the bytes say; the
result holds what could be read, the errors, and why there is no DRED if there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dredref.spec.dred import (
    CLAUSE,
    EXPERIMENT_ID,
    FINAL_ID,
    DredPayload,
    parse_payload,
    split_prefix,
)
from dredref.spec.errors import ParseError
from dredref.spec.extension import Extension, ExtensionArea, parse_area
from dredref.spec.packet import Packet, parse_packet
from dredref.spec.tables import CURRENT_VERSION


class Absence(StrEnum):
    """Why a record holds no DRED; the value is the sentence for people."""

    LOST = "the packet is lost"
    MALFORMED = "the packet is malformed"
    NOT_CODE_3 = "no code-3 packet, so no padding"
    NO_PADDING = "a code-3 packet without padding"
    NO_EXTENSION = "no extension with DRED's id"
    AREA_ERROR = "the extension area breaks before one with DRED's id"
    WRONG_PREFIX = "an extension with the id of experiments, but not DRED's prefix"
    WRONG_VERSION = "DRED of a version that is not known here"
    TOO_SHORT = "a DRED extension without payload"


_ABSENCE = {
    "dred.prefix": Absence.WRONG_PREFIX,
    "dred.version": Absence.WRONG_VERSION,
    "dred.size.empty": Absence.TOO_SHORT,
}


@dataclass(frozen=True, slots=True)
class Carrier:
    """An extension with DRED's id: what its data is, or what is wrong with its head."""

    extension: Extension
    version: int | None
    payload: bytes
    payload_byte: int
    """Where the payload starts, counted from the start of the record."""
    error: ParseError | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A record read as far as it goes. Byte positions count from the start of the record."""

    size: int
    """Bytes of the record."""
    packet: Packet | None = None
    area: ExtensionArea | None = None
    area_byte: int = 0
    carriers: tuple[Carrier, ...] = ()
    """Every extension with DRED's id, in the order of the wire."""
    carrier: Carrier | None = None
    """The one a decoder takes: the first with the right prefix and a payload."""
    dred: DredPayload | None = None
    payload: bytes = b""
    absence: Absence | None = None
    errors: tuple[ParseError, ...] = field(default=())
    """What broke the packet or the area, positions counted from the start of the record."""


def find_carriers(
    area: ExtensionArea, area_byte: int, final_id: int | None = None
) -> tuple[Carrier, ...]:
    """Every extension with DRED's id, of the one form that an area has.

    With ``final_id`` that id counts, and its data has no prefix. Without, DRED of experiments
    counts where a decoder takes any; else the final form, if an extension has its id. A prefix
    tells what it is, an id alone does not: before it was given to DRED others could use it.
    """
    if final_id is not None:
        return find_finals(area, area_byte, final_id)
    experiments = find_experiments(area, area_byte)
    if any(carrier.error is None for carrier in experiments):
        return experiments
    return find_finals(area, area_byte, FINAL_ID) or experiments


def find_finals(area: ExtensionArea, area_byte: int, final_id: int) -> tuple[Carrier, ...]:
    """Every extension with the id, its data taken for a payload."""
    found = []
    for extension in area.extensions.with_id(final_id):
        data_byte = _data_byte(extension, area_byte)
        error = None
        if not extension.data:
            error = ParseError("dred.size.empty", "no payload", byte=data_byte, clause=CLAUSE)
        found.append(Carrier(extension, CURRENT_VERSION, extension.data, data_byte, error))
    return tuple(found)


def find_experiments(area: ExtensionArea, area_byte: int) -> tuple[Carrier, ...]:
    """Every extension with the id of experiments, whose data should start with DRED's prefix."""
    found = []
    for extension in area.extensions.with_id(EXPERIMENT_ID):
        data_byte = _data_byte(extension, area_byte)
        try:
            version, payload = split_prefix(extension.data)
        except ParseError as failure:
            shifted = failure.shifted(data_byte)
            found.append(Carrier(extension, None, b"", data_byte, shifted))
        else:
            found.append(Carrier(extension, version, payload, data_byte + 2))
    return tuple(found)


def _data_byte(extension: Extension, area_byte: int) -> int:
    """Where an extension's data starts, counted from the start of the record."""
    return area_byte + extension.offset + extension.size - len(extension.data)


def read_packet(data: bytes, *, final_id: int | None = None) -> Reading:
    """Read an Opus packet."""
    try:
        packet = parse_packet(data)
    except ParseError as error:
        return Reading(len(data), absence=Absence.MALFORMED, errors=(error,))
    if packet.padding is None:
        absence = Absence.NO_PADDING if packet.toc.code == 3 else Absence.NOT_CODE_3
        return Reading(len(data), packet, absence=absence)
    area = parse_area(packet.padding, packet.nb_frames)
    return _read_area(area, len(data), packet, packet.padding_offset, final_id)


def read_area(data: bytes, nb_frames: int, *, final_id: int | None = None) -> Reading:
    """Read an extension area that stands alone; frames of unknown length count as 0 ms."""
    return _read_area(parse_area(data, nb_frames), len(data), None, 0, final_id)


def read_dred(payload: bytes, version: int) -> Reading:
    """Read a DRED payload that stands alone, without prefix."""
    dred = parse_payload(payload, version)
    return Reading(len(payload), dred=dred, payload=payload)


def _read_area(
    area: ExtensionArea, size: int, packet: Packet | None, area_byte: int, final_id: int | None
) -> Reading:
    errors = (area.error.shifted(area_byte),) if area.error else ()
    carriers = find_carriers(area, area_byte, final_id)
    taken = next((carrier for carrier in carriers if carrier.error is None), None)
    dred = None
    absence = None
    if taken is not None and taken.version is not None:
        frame_offset = packet.frame_offset(taken.extension.frame) if packet else 0
        dred = parse_payload(taken.payload, taken.version, frame_offset=frame_offset)
    elif carriers and carriers[0].error is not None:
        absence = _ABSENCE[carriers[0].error.code]
    else:
        absence = Absence.AREA_ERROR if area.error else Absence.NO_EXTENSION
    payload = taken.payload if taken else b""
    return Reading(size, packet, area, area_byte, carriers, taken, dred, payload, absence, errors)
