"""What the reference answers to the exact questions: framing, extensions, payloads, queries.

Values have the form that ``schema.json`` asks of an expectation. A refusal is the reference's own
error, whose ``code`` the vectors expect.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dredref.inspection import dred_json, number_json
from dredref.spec.dred import DECODER_CHUNKS, FINAL_ID, UNITS_PER_CHUNK, parse_payload
from dredref.spec.errors import UsageError
from dredref.spec.extension import ExtensionArea, parse_area
from dredref.spec.packet import Packet, parse_packet
from dredref.spec.reading import Carrier, find_experiments, find_finals
from dredref.streams.rtp.sdp import parse_sdp
from dredref.vectors.model import ExtensionInput, PacketInput, PayloadInput, SdpInput

UNITS_PER_SECOND = 400
"""Units of 2.5 ms, in which DRED counts."""
VECTORS_PER_SECOND = 100
"""Feature vectors; a caller's wish for samples is rounded up to these."""
UNITS_PER_VECTOR = 4


def answer_packet(given: PacketInput) -> dict[str, Any]:
    """The frames and the padding of a packet.

    Raises:
        ParseError: ``packet.*``.
    """
    return packet_value(parse_packet(given.packet.read()))


def answer_extension(given: ExtensionInput) -> dict[str, Any]:
    """The extensions of an area, and the error that ends it, if any."""
    return extension_value(parse_area(given.area.read(), given.nb_frames))


def answer_payload(given: PayloadInput, version: int) -> dict[str, Any]:
    """The DRED of a payload or a packet; None where a packet has none of that version.

    Raises:
        ParseError: ``packet.*``, or ``extension.*`` if the area breaks before DRED is found.
    """
    if given.payload is not None:
        payload = parse_payload(
            given.payload.read(), version, frame_offset=given.frame_offset, limit=given.max_chunks
        )
        return {"dred": dred_json(payload)}
    assert given.packet is not None
    found = find_dred(
        given.packet.read(), version, given.final_id, both_forms=bool(given.both_forms)
    )
    if found is None:
        return {"dred": None}
    packet, carrier = found
    frame = carrier.extension.frame
    payload = parse_payload(
        carrier.payload, version, frame_offset=packet.frame_offset(frame), limit=given.max_chunks
    )
    return {"dred": dred_json(payload, frame)}


def answer_sdp(given: SdpInput) -> dict[str, Any]:
    """The payload types of Opus in a session description, and how much DRED it says of each."""
    text = given.sdp.read().decode("utf-8", "replace")
    return {
        "types": [
            {"payload_type": kind, "sends_ms": found.sends_ms, "takes_ms": found.takes_ms}
            for media in parse_sdp(text)
            for kind, found in media.durations().items()
        ]
    }


def find_dred(
    data: bytes, version: int, final_id: int | None = None, *, both_forms: bool = False
) -> tuple[Packet, Carrier] | None:
    """A packet's DRED of one version: the first extension with its prefix and a payload.

    With ``final_id`` that id counts, without a prefix; with ``both_forms`` the final form does
    where there is no DRED of experiments.

    Raises:
        ParseError: ``packet.*``, or ``extension.*`` if the area breaks before DRED is found.
    """
    packet = parse_packet(data)
    if packet.padding is None:
        return None
    area = parse_area(packet.padding, packet.nb_frames)
    start = packet.padding_offset
    carriers = find_experiments(area, start) if final_id is None else ()
    if final_id is not None or both_forms:
        carriers += find_finals(area, start, final_id or FINAL_ID)
    for carrier in carriers:
        if carrier.error is None and carrier.version == version:
            return packet, carrier
    if area.error is not None:
        raise area.error.shifted(packet.padding_offset)
    return None


def query_packet(data: bytes, max_samples: int, rate: int, version: int) -> dict[str, int]:
    """What there is to be had of a packet's DRED, in samples at ``rate`` (a multiple of 400).

    As many chunks are taken as reach ``max_samples`` back from the packet's start, 26 at most.
    ``samples`` says how far back the redundancy goes, ``dred_end`` how far before the packet it
    ends; 0 stands for the packet's start.

    Raises:
        ParseError: as :func:`find_dred`.
    """
    found = find_dred(data, version)
    if found is None:
        return {"samples": 0, "dred_end": 0}
    packet, carrier = found
    place = packet.frame_offset(carrier.extension.frame)
    head = parse_payload(carrier.payload, version, frame_offset=place, limit=0)
    wanted = chunks_wanted(max_samples, rate, head.dred_offset)
    chunks = parse_payload(carrier.payload, version, limit=wanted).chunks
    unit = rate // UNITS_PER_SECOND
    reach = UNITS_PER_CHUNK * len(chunks) - head.dred_offset
    return {"samples": max(0, reach * unit), "dred_end": max(0, -head.dred_offset * unit)}


def chunks_wanted(max_samples: int, rate: int, dred_offset: int) -> int:
    """Chunks that reach ``max_samples`` back from the packet's start, 0 to 26.

    The samples are rounded up to feature vectors of 10 ms, the vectors to chunks.
    """
    vectors = -(-VECTORS_PER_SECOND * max_samples // rate)
    units = UNITS_PER_VECTOR * vectors + dred_offset
    return min(DECODER_CHUNKS, max(0, -(-units // UNITS_PER_CHUNK)))


def packet_value(packet: Packet) -> dict[str, Any]:
    """A packet as its expectation."""
    padding = None
    if packet.padding is not None:
        padding = {"offset": packet.padding_offset, "bytes": len(packet.padding)}
    toc = packet.toc
    return {
        "toc": {"config": toc.config, "stereo": toc.stereo, "code": toc.code},
        "nb_frames": packet.nb_frames,
        "frame_ms": number_json(toc.frame_ms),
        "frames": [{"offset": one.offset, "bytes": len(one.data)} for one in packet.frames],
        "padding": padding,
    }


def extension_value(area: ExtensionArea) -> dict[str, Any]:
    """An area as its expectation."""
    return {
        "extensions": [
            {"id": one.id, "frame": one.frame, "offset": one.offset, "data": one.data.hex()}
            for one in area.extensions
        ],
        "error": None if area.error is None else {"code": area.error.code},
    }


__all__ = [
    "answer_extension",
    "answer_packet",
    "answer_payload",
    "answer_sdp",
    "chunks_wanted",
    "extension_value",
    "find_dred",
    "packet_value",
    "query_packet",
]


def conceal_script(steps: str, samples: bytes, features: bytes) -> bytes:
    """What the reference conceals by a script: 16-bit samples, little-endian.

    Raises:
        UsageError: ``plc.script`` if the script asks for more than it is given.
    """
    from dredref.plc.concealer import PacketLossConcealer
    from dredref.vocoder.sizes import FEATURES, FRAME

    heard = np.frombuffer(samples, "<i2").astype(np.int16)
    told = np.frombuffer(features, "<f4").astype(np.float32)
    wanted = steps.count("u") * FRAME, steps.count("f") * FEATURES
    if (heard.size, told.size) != wanted:
        raise UsageError("plc.script", "samples or features are not as many as the steps take")
    frames, vectors = iter(heard.reshape(-1, FRAME)), iter(told.reshape(-1, FEATURES))
    concealer, spoken = PacketLossConcealer(), []
    for step in steps:
        if step == "u":
            concealer.update(next(frames))
        elif step == "c":
            spoken.append(concealer.conceal().astype("<i2").tobytes())
        elif step == "x":
            concealer.clear()
        else:
            concealer.add_features(next(vectors) if step == "f" else None)
    return b"".join(spoken)
