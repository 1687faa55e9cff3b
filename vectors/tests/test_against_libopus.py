"""What the vectors expect of bits is what libopus says of them: 1.6.1, and 1.5.2 for version 10."""

from __future__ import annotations

import pytest

from tools.libopus.peer import Peer, PeerPacket
from vectors.model import Exact, ExtensionInput, PacketInput, Vector
from vectors.suite import load_suite

pytestmark = pytest.mark.peer


def of_group(group: str) -> list[Vector]:
    """The vectors of one group."""
    return list(load_suite().vectors([group]))


def packet_form(found: PeerPacket | int) -> object:
    """What libopus sees in a packet, as vectors say it; None if it refuses."""
    if isinstance(found, int):
        return None
    frames = [{"offset": start, "bytes": size} for start, size in found.frames]
    # libopus tells no padding from padding of no byte
    return frames, (found.padding or (0, 0))[1]


def test_packets(peer_161: Peer) -> None:
    for vector in of_group("packet"):
        assert isinstance(vector.input, PacketInput)
        found = packet_form(peer_161.packet(vector.input.packet.read()))
        wanted = None
        if isinstance(vector.expected, Exact):
            value = vector.expected.value
            wanted = list(value["frames"]), (value["padding"] or {"bytes": 0})["bytes"]
        assert found == wanted, vector.id


def test_extensions(peer_161: Peer) -> None:
    for vector in of_group("extension"):
        assert isinstance(vector.input, ExtensionInput)
        assert isinstance(vector.expected, Exact)
        found, code = peer_161.extensions(vector.input.area.read(), vector.input.nb_frames)
        value = vector.expected.value
        wanted = [(one["id"], one["frame"], one["data"]) for one in value["extensions"]]
        assert [(one.id, one.frame, one.data.hex()) for one in found] == wanted, vector.id
        assert (code < 0) == (value["error"] is not None), vector.id
