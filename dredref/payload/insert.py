"""Putting DRED into packets and taking it out; frames and all other extensions stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dredref.payload.sized import area_size, sized_packet
from dredref.spec.dred import EXPERIMENT_ID, FINAL_ID, add_prefix, split_prefix
from dredref.spec.errors import BuildError, ParseError
from dredref.spec.extension import PADDING, Extension, ExtensionArea, pack_extensions, parse_area
from dredref.spec.packet import Packet, build_packet, parse_packet, with_padding
from dredref.spec.tables import CURRENT_VERSION

MOST_EXTENSIONS = 1 << 16
"""Extensions that are written one by one; repeats can give millions."""


def is_dred(extension: Extension, final_id: int | None = None) -> bool:
    """Whether an extension is DRED's: the experiment's of any version known here, or final."""
    if extension.id in (FINAL_ID, final_id):
        return True
    if extension.id != EXPERIMENT_ID:
        return False
    try:
        split_prefix(extension.data)
    except ParseError as error:
        return error.code == "dred.size.empty"
    return True


def strip_dred(data: bytes, *, final_id: int | None = None) -> bytes:
    """The packet without DRED.

    A packet without DRED is returned as it is, byte for byte. From others all DRED extensions go,
    and plain padding with them; where no extension is left, the packet takes its shortest form.

    Raises:
        ParseError: ``packet...`` if it is no Opus packet.
    """
    packet = parse_packet(data)
    if not _has_dred(packet, final_id):
        return data
    return build_packet(_with_extensions(packet, _others(packet, final_id)))


def insert_dred(
    data: bytes,
    payload: bytes,
    version: int = CURRENT_VERSION,
    *,
    final_id: int | None = None,
    size: int = 0,
) -> bytes:
    """The packet with ``payload`` as its only DRED, in its first frame.

    DRED that was there goes, and so does plain padding; other extensions stay in their frames. Of
    a damaged extension area those stay that stand before the damage.

    Args:
        data: the packet.
        payload: a DRED payload, without prefix.
        version: DRED version, said in the prefix.
        final_id: write DRED in its final form: with this id and without prefix.
        size: a packet that would be shorter is filled up to these bytes with padding.

    Raises:
        ParseError: ``packet...`` if it is no Opus packet.
    """
    packet = parse_packet(data)
    others = _others(packet, final_id)
    extensions = [*others, _dred(payload, version, final_id)]
    out = build_packet(_with_extensions(packet, extensions))
    return sized_packet(packet, extensions, size) if len(out) < size else out


def pad_packet(data: bytes, size: int) -> bytes:
    """The packet with padding up to ``size`` bytes; one as long or longer as it is.

    Raises:
        ParseError: ``packet...`` if it is no Opus packet.
    """
    if len(data) >= size:
        return data
    packet = parse_packet(data)
    if len(data) + 1 == size and packet.padding is None and packet.toc.code != 3:
        return build_packet(replace(with_padding(packet, b""), padding=None))
    area = parse_area(packet.padding or b"", packet.nb_frames)
    return sized_packet(packet, _spelled_out(area), size)


def dred_room(
    data: bytes, size: int, version: int = CURRENT_VERSION, *, final_id: int | None = None
) -> int:
    """The most bytes of a payload with which a packet is no longer than ``size``; 0 if none is.

    Raises:
        ParseError: ``packet...`` if it is no Opus packet.
    """
    packet = parse_packet(data)
    others = _others(packet, final_id)
    area = area_size(packet, size)

    def needed(payload: int) -> int:
        dred = _dred(bytes(payload), version, final_id)
        return len(pack_extensions([*others, dred], packet.nb_frames))

    room = area - needed(0)
    while room > 0 and needed(room) > area:  # an extension behind it asks for its length
        room -= 1
    return max(room, 0)


def has_padding(data: bytes) -> bool:
    """Whether a packet holds plain padding: bytes that belong to no extension.

    Raises:
        ParseError: ``packet...`` if it is no Opus packet.
    """
    packet = parse_packet(data)
    area = parse_area(packet.padding or b"", packet.nb_frames)
    return bool(area.rest) or any(item.id == PADDING for item in area.items)


def _dred(payload: bytes, version: int, final_id: int | None) -> Extension:
    """The extension that carries a payload."""
    if final_id is not None:
        return Extension(final_id, 0, payload)
    return Extension(EXPERIMENT_ID, 0, add_prefix(version, payload))


def _has_dred(packet: Packet, final_id: int | None) -> bool:
    """Whether any extension is DRED's."""
    delivered = parse_area(packet.padding or b"", packet.nb_frames).extensions
    return any(
        is_dred(one, final_id)
        for id_ in (EXPERIMENT_ID, FINAL_ID, final_id)
        if id_ is not None
        for one in delivered.with_id(id_)
    )


def _others(packet: Packet, final_id: int | None) -> list[Extension]:
    """Extensions that are not DRED's."""
    delivered = _spelled_out(parse_area(packet.padding or b"", packet.nb_frames))
    return [one for one in delivered if not is_dred(one, final_id)]


def _spelled_out(area: ExtensionArea) -> Sequence[Extension]:
    """What an area delivers, if it is not too much to be written without repeats.

    Raises:
        BuildError: ``extension.repeat`` if it is.
    """
    if len(area.extensions) > MOST_EXTENSIONS:
        detail = f"its repeats give {len(area.extensions)} extensions, too many to write each"
        raise BuildError("extension.repeat", detail)
    return area.extensions


def _with_extensions(packet: Packet, extensions: list[Extension]) -> Packet:
    """The packet with these extensions as all of its padding."""
    if extensions:
        return with_padding(packet, pack_extensions(extensions, packet.nb_frames))
    sizes = {len(frame.data) for frame in packet.frames}
    code = {1: 0, 2: 1 if len(sizes) == 1 else 2}.get(packet.nb_frames, 3)
    vbr = packet.vbr and len(sizes) > 1
    return replace(packet, toc=replace(packet.toc, code=code), vbr=vbr, padding=None)
