"""What this project reads from bytes against what libopus does: the first difference of each case.

Every function returns one line about the first thing that differs, or None.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dredref.conformance.adapters.libopus.peer import Dred, Peer, PeerExtension, PeerPacket
from dredref.spec.dred import DECODER_CHUNKS, DredPayload, parse_payload
from dredref.spec.errors import ParseError
from dredref.spec.extension import ExtensionArea, parse_area
from dredref.spec.packet import Packet, parse_packet
from dredref.spec.reading import read_packet


def differs(what: str, ours: object, theirs: object) -> str | None:
    """A line about two values unless they are equal."""
    return None if ours == theirs else f"{what}: {ours} here, {theirs} in libopus"


def first(lines: Iterator[str | None]) -> str | None:
    """The first line there is."""
    return next((line for line in lines if line is not None), None)


def packet(data: bytes, theirs: PeerPacket | int) -> str | None:
    """Framing: refused by both, or cut at the same places."""
    try:
        ours = parse_packet(data)
    except ParseError as error:
        return None if isinstance(theirs, int) else f"framing: {error} here, taken by libopus"
    if isinstance(theirs, int):
        return f"framing: taken here, error {theirs} in libopus"
    return first(_packet(ours, theirs))


def _packet(ours: Packet, theirs: PeerPacket) -> Iterator[str | None]:
    yield differs("toc", ours.toc.byte, theirs.toc)
    frames = tuple((frame.offset, len(frame.data)) for frame in ours.frames)
    yield differs("frames", frames, theirs.frames)
    padding = (ours.padding_offset, len(ours.padding)) if ours.padding else None
    yield differs(
        "padding", padding, theirs.padding if theirs.padding and theirs.padding[1] else None
    )


def extensions(
    ours: ExtensionArea, theirs: list[tuple[int, int, bytes]], returned: int
) -> str | None:
    """Extensions: the same ids, frames and bytes in the same order; an error in both or none."""
    return first(_extensions(ours, theirs, returned))


def _extensions(
    ours: ExtensionArea, theirs: list[tuple[int, int, bytes]], returned: int
) -> Iterator[str | None]:
    found = [(e.id, e.frame, e.data) for e in ours.extensions]
    for k, (one, other) in enumerate(zip(found, theirs, strict=False)):
        yield differs(f"extension {k}", one, other)
    yield differs("number of extensions", len(found), len(theirs))
    yield differs("whether the area breaks", ours.error is not None, returned < 0)


def area(data: bytes, nb_frames: int, rows: npt.NDArray[np.int32], returned: int) -> str | None:
    """An area read here against libopus' rows of id, frame, offset and size."""
    theirs = [(i, f, data[start : start + size]) for i, f, start, size in rows.tolist()]
    return extensions(parse_area(data, nb_frames), theirs, returned)


def payload(data: bytes, frame_offset: int, theirs: Dred, version: int) -> str | None:
    """Header, positions and every integer of a payload."""
    ours = parse_payload(data, version, frame_offset=frame_offset, limit=DECODER_CHUNKS)
    return first(_payload(ours, theirs))


def _payload(ours: DredPayload, theirs: Dred) -> Iterator[str | None]:
    yield None if theirs.exact else "libopus' floats give no integers"
    yield differs("q0", ours.q0, theirs.q0)
    yield differs("dQ", ours.dQ, theirs.dQ)
    yield differs("qmax", ours.qmax, theirs.qmax)
    yield differs("extra offset", ours.extra_offset, theirs.extra)
    yield differs("offset", ours.offset, theirs.offset)
    yield differs("dred_offset", ours.dred_offset, theirs.dred_offset)
    yield differs("state", ours.state, tuple(theirs.state.tolist()))
    yield differs("1/8 bits up to the state", ours.end_of("state"), theirs.state_tell)
    yield differs("chunks", len(ours.chunks), theirs.nb_chunks)
    latents, levels = theirs.latents.tolist(), theirs.levels.tolist()
    for k, chunk in enumerate(ours.chunks):
        yield differs(f"level of chunk {k}", chunk.level, levels[k])
        yield differs(f"latents of chunk {k}", chunk.latents, tuple(latents[k]))
        yield differs(f"1/8 bits up to chunk {k}", chunk.start + chunk.cost, int(theirs.tells[k]))


def streamed(data: bytes, theirs: Dred, version: int, framing: Peer) -> str | None:
    """All of a packet of a stream: framing, extensions, and DRED as ``opus_dred_parse`` finds it.

    ``framing`` is the build that frames and extensions are compared with, 1.6.1 for its area rules.
    """
    return first(_streamed(data, theirs, version, framing))


def _streamed(data: bytes, theirs: Dred, version: int, framing: Peer) -> Iterator[str | None]:
    cut = framing.packet(data)
    yield packet(data, cut)
    reading = read_packet(data)
    if reading.area is not None and isinstance(cut, PeerPacket) and cut.padding is not None:
        start, size = cut.padding
        found, returned = framing.extensions(data[start : start + size], len(cut.frames))
        yield extensions(reading.area, [_row(e) for e in found], returned)
    ours = reading.dred if reading.dred and reading.dred.version == version else None
    yield differs("DRED", ours is not None, theirs.found)
    if ours is not None and reading.carrier is not None and theirs.found:
        yield differs("frame offset", ours.frame_offset, theirs.dred_offset - _at_frame_0(theirs))
        yield payload(reading.payload, ours.frame_offset, theirs, version)


def _row(extension: PeerExtension) -> tuple[int, int, bytes]:
    return extension.id, extension.frame, extension.data


def _at_frame_0(theirs: Dred) -> int:
    """The dred_offset that libopus' fields would give in the first frame."""
    return 16 - theirs.offset - 32 * (theirs.extra or 0)
