"""What the vectors expect of bits is what libopus says of them: 1.6.1, and 1.5.2 for version 10."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from dredref.conformance.adapters.libopus.harness import Libopus
from dredref.conformance.adapters.libopus.peer import Dred, Peer, PeerPacket
from dredref.conformance.checkers import Answer, check
from dredref.vectors.model import Exact, ExtensionInput, PacketInput, PayloadInput, Vector
from dredref.vectors.suite import load_suite

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


def dred_form(found: Dred) -> dict[str, Any] | None:
    """What libopus reads of DRED, as vectors say it; bits are compared as ``tell_frac``."""
    if not found.found:
        return None
    ends = [found.state_tell, *found.tells.tolist()]
    return {
        "q0": found.q0,
        "dQ": found.dQ,
        "qmax": found.qmax,
        "offset": found.offset,
        "extra_offset": found.extra or 0,
        "dred_offset": found.dred_offset,
        "nb_chunks": found.nb_chunks,
        "state": found.state.tolist(),
        "levels": found.levels.tolist(),
        "latents": found.latents.tolist(),
        "bits": [(after - before) / 8 for before, after in pairwise(ends)],
    }


def expected_form(dred: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same of a vector's expectation."""
    if dred is None:
        return None
    chunks = dred["chunks"]
    plain = ("q0", "dQ", "qmax", "offset", "extra_offset", "dred_offset", "nb_chunks")
    return {key: dred[key] for key in plain} | {
        "state": list(dred["state"]),
        "levels": [chunk["level"] for chunk in chunks],
        "latents": [list(chunk["latents"]) for chunk in chunks],
        "bits": [chunk["bits"] for chunk in chunks],
    }


def payload_vectors(version: int) -> list[Vector]:
    """The payload vectors that libopus can be asked: not those of the final id."""
    return [
        vector
        for vector in of_group("payload")
        if vector.version == version and ".final." not in vector.id
    ]


def parting(peer: Peer) -> set[str]:
    """Ids of the payload vectors on which a build, asked for its own version, parts from them."""
    bare: dict[int, list[tuple[Vector, PayloadInput]]] = defaultdict(list)
    packets = []
    for vector in payload_vectors(peer.version):
        assert isinstance(vector.input, PayloadInput)
        if vector.input.payload is None:
            packets.append((vector, vector.input))
        else:
            bare[vector.input.max_chunks].append((vector, vector.input))
    assert packets
    parted = set()
    for most, entries in bare.items():
        strings = [given.payload.read() for _, given in entries if given.payload]
        offsets = [given.frame_offset for _, given in entries]
        batch = peer.payloads(strings, offsets, max_frames=4 * most)
        for (vector, _), found in zip(entries, batch, strict=True):
            assert isinstance(vector.expected, Exact)
            if dred_form(found) != expected_form(vector.expected.value["dred"]):
                parted.add(vector.id)
    batch = peer.parse([given.packet.read() for _, given in packets if given.packet])
    for (vector, _), found in zip(packets, batch, strict=True):
        if isinstance(vector.expected, Exact):
            same = dred_form(found) == expected_form(vector.expected.value["dred"])
        else:
            same = found.result < 0
        if not same:
            parted.add(vector.id)
    return parted


def test_payloads_of_version_12(peer_161: Peer) -> None:
    """Libopus stops at 26 chunks, and knows one form of DRED; no vector of these is a MUST."""
    vectors = list(payload_vectors(12))
    longer = {one.id: one.level for one in vectors if "ChunkLimit" in one.flags}
    forms = {one.id: one.level for one in vectors if one.id.startswith("payload.v12.forms.")}
    assert {*longer.values(), *forms.values()} == {"SHOULD"}
    parted = parting(peer_161)
    assert set(longer) < parted <= {*longer, *forms}


def test_payloads_of_version_10_part_where_libopus_changed(peer_152: Peer) -> None:
    parted = parting(peer_152)
    changes = {"Repeat", "MalformedArea", "FramePastEnd", "ChunkLimit"}
    seen: set[str] = set()
    for vector in payload_vectors(10):
        known = changes & set(vector.flags)
        if vector.id in parted:
            assert known, vector.id
            seen |= known
    assert seen == changes


QUERIES = ["stream.query.*", "stream.duration.*", "stream.frame.*", "stream.mixed.*"]
ENCODES = ["encode.*.silence-*", "encode.*.stereo-*", "encode.*.plain"]
SETTINGS = ["encode.*.cbr-bytes.*", "encode.*.start", "encode.*.level-*", "encode.*.dtx.*"]


def named_faults(build: str, ids: list[str], flags: set[str]) -> set[tuple[str, bool]]:
    """Flagged vectors of a build's version, and whether it passes them; all others must pass."""
    groups = {glob.partition(".")[0] for glob in ids}
    libopus = Libopus(build)
    found = set()
    for vector in load_suite().vectors(groups, ids):
        if vector.version not in (None, libopus.peer.version):
            continue
        reply = libopus.answer(vector.operation, vector.request())
        if not isinstance(reply, Answer):
            continue
        ok = check(vector, reply).ok
        if flags & set(vector.flags):
            found.add((vector.id, ok))
        else:
            assert ok, vector.id
    return found


def test_changes_after_161_are_caught_by_name(peer_161: Peer) -> None:
    """Chunks by duration; DRED after silence, unfixed to this day; stereo in long SILK frames."""
    passed = dict(named_faults(peer_161.name, QUERIES, {"ChunksByDuration"}))
    assert passed
    assert not any(passed.values())
    known = {"stream.duration.v12.offset-plus-0016.ms-020"}
    known |= {"stream.duration.v12.offset-minus-0040.ms-020"}
    known |= {"stream.duration.v12.offset-plus-0000.ms-040"}
    assert known <= set(passed)
    passed = dict(named_faults(peer_161.name, ENCODES, {"AlignmentAfterSilence", "StereoAdvance"}))
    late = [f"encode.v12.silence-{ms}ms" for ms in (100, 240, 400)]
    stereo = [f"encode.v12.stereo-{ms}ms" for ms in (40, 60)]
    for name in late + stereo:
        assert not passed[name], name


def test_late_dred_after_silence_is_in_152_too(peer_152: Peer) -> None:
    flags = {"AlignmentAfterSilence", "StereoAdvance"}
    passed = dict(named_faults(peer_152.name, ENCODES, flags))
    assert passed == {"encode.v10.silence-240ms": False, "encode.v10.stereo-60ms": False}


def test_what_encoders_changed_is_caught_by_name(peer_161: Peer, peer_152: Peer) -> None:
    """Clipped input and odd latents up to 1.6.1, the cap of 1.5.2; quiet speech passes."""
    flags = {"ClippedInput", "OddLatents", "PacketCap", "AlignmentAfterSilence"}
    passed = dict(named_faults(peer_161.name, SETTINGS, flags))
    assert passed == {
        **{f"encode.v12.level-{rate}.loud": False for rate in (8000, 12000, 24000)},
        **{f"encode.v12.cbr-bytes.120ms-{kbps}k": True for kbps in (96, 128)},
        "encode.v12.start": False,
        "encode.v12.dtx.pause": False,
    }
    passed = dict(named_faults(peer_152.name, SETTINGS, flags))
    assert passed == {
        **{f"encode.v10.cbr-bytes.120ms-{kbps}k": False for kbps in (96, 128)},
        "encode.v10.start": False,
        "encode.v10.dtx.pause": False,
    }


def test_unprocessed_dred_is_spoken_by_all_builds(peer_161: Peer, peer_152: Peer) -> None:
    for peer, version in ((peer_161, 12), (peer_152, 10)):
        found = named_faults(peer.name, ["stream.unprocessed.*"], {"UnprocessedDred"})
        ids = {f"stream.unprocessed.v{version}.rate-{rate}" for rate in (16000, 48000)}
        assert found == {(name, False) for name in ids}


def test_areas_part_from_152_where_they_say(peer_152: Peer) -> None:
    """Without flag an area is read by libopus 1.5.2 as by anyone."""
    libopus = Libopus(peer_152.name)
    parted: set[str] = set()
    for vector in of_group("extension"):
        reply = libopus.answer(vector.operation, vector.request())
        assert isinstance(reply, Answer)
        if not check(vector, reply).ok:
            assert {"Repeat", "FramePastEnd"} & set(vector.flags), vector.id
            parted |= set(vector.flags)
    assert {"Repeat", "RepeatUnlaced", "RepeatRest", "FramePastEnd"} <= parted
