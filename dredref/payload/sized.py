"""Packets of a given size: the rest is filled with padding, in front of the extensions."""

from __future__ import annotations

from collections.abc import Sequence

from dredref.spec.errors import BuildError
from dredref.spec.extension import Extension, pack_extensions
from dredref.spec.packet import Packet, build_packet, with_padding

LENGTH_STEP = 254
"""What a byte of 255 in a padding length counts."""


def plain_size(packet: Packet) -> int:
    """Bytes of the packet in code 3 without padding: the least that it can be padded from."""
    return len(build_packet(with_padding(packet, b""))) - 1


def area_size(packet: Packet, size: int) -> int:
    """Bytes of the extension area that makes the packet ``size`` bytes long; negative if none can.

    A byte of padding length stands for up to 254 bytes of area.
    """
    more = size - plain_size(packet)
    return more - -(-more // (LENGTH_STEP + 1)) if more > 0 else -1


def sized_packet(packet: Packet, extensions: Sequence[Extension], size: int) -> bytes:
    """The packet's frames with these extensions and as much padding as makes ``size`` bytes.

    Raises:
        BuildError: ``extension.size`` if they take more.
    """
    room = area_size(packet, size)
    if room < 0:
        raise BuildError("extension.size", f"a packet cannot be padded to {size} bytes")
    area = pack_extensions(extensions, packet.nb_frames, size=room)
    data = build_packet(with_padding(packet, area))
    if len(data) == size:
        return data
    # The area is a multiple of 254 bytes, and its length is to be a byte longer: 255, 0 is 254.
    last = 1 + room // LENGTH_STEP
    return data[:last] + b"\xff\x00" + data[last + 1 :]
