"""Putting DRED into packets and taking it out; frames and all other extensions stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dredref.dtx import is_dtx
from dredref.payload.sized import area_size, sized_packet
from dredref.spec.dred import EXPERIMENT_ID, FINAL_ID, add_prefix, split_prefix
from dredref.spec.errors import BuildError, ParseError
from dredref.spec.extension import PADDING, Extension, pack_extensions, parse_area
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


class ParsedPacket:
    """A packet that was parsed once, for all that is asked of it and made of it.

    Attributes:
        data: its bytes.
        packet: its parts.
        final_id: an id under which DRED stands in its final form, besides its own.
    """

    def __init__(self, data: bytes, *, final_id: int | None = None) -> None:
        """Parse a packet.

        Raises:
            ParseError: ``packet...`` if it is no Opus packet.
        """
        self.data, self.final_id = data, final_id
        self.packet = parse_packet(data)
        self._area = parse_area(self.packet.padding or b"", self.packet.nb_frames)

    @property
    def has_dred(self) -> bool:
        """Whether any extension is DRED's."""
        return any(
            is_dred(one, self.final_id)
            for id_ in (EXPERIMENT_ID, FINAL_ID, self.final_id)
            if id_ is not None
            for one in self._area.extensions.with_id(id_)
        )

    @property
    def has_padding(self) -> bool:
        """Whether it holds plain padding: bytes that belong to no extension."""
        return bool(self._area.rest) or any(item.id == PADDING for item in self._area.items)

    @property
    def is_dtx(self) -> bool:
        """Whether it is one of discontinuous transmission, which says nothing."""
        return is_dtx(self.packet)

    def strip(self) -> bytes:
        """Return the packet without DRED, see :func:`strip_dred`."""
        if not self.has_dred:
            return self.data
        return build_packet(_with_extensions(self.packet, self._others()))

    def insert(self, payload: bytes, version: int = CURRENT_VERSION, *, size: int = 0) -> bytes:
        """Return the packet with this DRED alone, see :func:`insert_dred`."""
        extensions = [*self._others(), self._dred(payload, version)]
        out = build_packet(_with_extensions(self.packet, extensions))
        return sized_packet(self.packet, extensions, size) if len(out) < size else out

    def pad(self, size: int) -> bytes:
        """Return the packet with padding up to ``size`` bytes; one as long or longer as it is."""
        if len(self.data) >= size:
            return self.data
        packet = self.packet
        if len(self.data) + 1 == size and packet.padding is None and packet.toc.code != 3:
            return build_packet(replace(with_padding(packet, b""), padding=None))
        return sized_packet(packet, self._delivered(), size)

    def room(self, size: int, version: int = CURRENT_VERSION) -> int:
        """Return the most bytes of a payload with which it is no longer than ``size``, or 0."""
        others, area = self._others(), area_size(self.packet, size)

        def needed(payload: int) -> int:
            dred = self._dred(bytes(payload), version)
            return len(pack_extensions([*others, dred], self.packet.nb_frames))

        room = area - needed(0)
        while room > 0 and needed(room) > area:  # an extension behind it asks for its length
            room -= 1
        return max(room, 0)

    def _dred(self, payload: bytes, version: int) -> Extension:
        """The extension that carries a payload."""
        if self.final_id is not None:
            return Extension(self.final_id, 0, payload)
        return Extension(EXPERIMENT_ID, 0, add_prefix(version, payload))

    def _others(self) -> list[Extension]:
        """Extensions that are not DRED's."""
        return [one for one in self._delivered() if not is_dred(one, self.final_id)]

    def _delivered(self) -> Sequence[Extension]:
        """What its area delivers, if it is not too much to be written without repeats.

        Raises:
            BuildError: ``extension.repeat`` if it is.
        """
        extensions = self._area.extensions
        if len(extensions) > MOST_EXTENSIONS:
            detail = f"its repeats give {len(extensions)} extensions, too many to write each"
            raise BuildError("extension.repeat", detail)
        return extensions


def strip_dred(data: bytes, *, final_id: int | None = None) -> bytes:
    """Return the packet without DRED.

    A packet without DRED is returned as it is, byte for byte. From others all DRED extensions go,
    and plain padding with them; where no extension is left, the packet takes its shortest form.

    Raises:
        ParseError: ``packet...`` if it is no Opus packet.
    """
    return ParsedPacket(data, final_id=final_id).strip()


def insert_dred(
    data: bytes,
    payload: bytes,
    version: int = CURRENT_VERSION,
    *,
    final_id: int | None = None,
    size: int = 0,
) -> bytes:
    """Return the packet with ``payload`` as its only DRED, in its first frame.

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
    return ParsedPacket(data, final_id=final_id).insert(payload, version, size=size)


def _with_extensions(packet: Packet, extensions: list[Extension]) -> Packet:
    """The packet with these extensions as all of its padding."""
    if extensions:
        return with_padding(packet, pack_extensions(extensions, packet.nb_frames))
    sizes = {len(frame.data) for frame in packet.frames}
    code = {1: 0, 2: 1 if len(sizes) == 1 else 2}.get(packet.nb_frames, 3)
    vbr = packet.vbr and len(sizes) > 1
    return replace(packet, toc=replace(packet.toc, code=code), vbr=vbr, padding=None)
