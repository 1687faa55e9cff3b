"""The reference behind the protocol: every operation, and agreement with libopus behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dredref.conformance.adapters.libopus.harness import Libopus
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.conformance.adapters.reference import ANSWERS, answer, capabilities
from dredref.conformance.adapters.registry import ADAPTERS, adapter
from dredref.conformance.checkers import Answer, Refusal
from dredref.conformance.running.replies import Unsupported
from dredref.conformance.running.runner import run_vectors
from dredref.metrics import compare_features
from dredref.metrics.features import features_from_bytes
from dredref.rdovae.records import write_records
from dredref.spec.errors import UsageError
from dredref.spec.reading import read_packet
from dredref.streams import open_stream
from dredref.vectors.suite import load_suite

STREAM = Path(__file__).parents[2] / "spec" / "streams" / "v12-dred-1040ms.bit"


def packets() -> list[bytes]:
    """Some packets with long DRED."""
    with open_stream(STREAM) as stream:
        found = [record.packet for record in stream if record.packet is not None]
    return [packet for packet in found if read_packet(packet).dred is not None][-3:]


def features(reply: object) -> np.ndarray:
    """The features of an answer."""
    assert isinstance(reply, Answer)
    return features_from_bytes(bytes.fromhex(reply.value["features"]))


def test_operations_are_answered() -> None:
    packet = packets()[0]
    dred = read_packet(packet).dred
    assert dred is not None
    found = answer("payload", {"packet": packet.hex(), "version": 12})
    assert isinstance(found, Answer)
    assert found.value["dred"]["nb_chunks"] == len(dred.chunks)
    assert answer("payload", {"packet": packet.hex(), "version": 10}) == Answer({"dred": None})
    rows = features(answer("decode", {"packet": packet.hex(), "version": 12, "max_chunks": 26}))
    assert len(rows) == 4 * len(dred.chunks)
    vocoded = answer("vocode", {"features": rows.astype("<f4").tobytes().hex()})
    assert isinstance(vocoded, Answer)
    assert len(vocoded.value["pcm"]) == 4 * 160 * len(rows)
    query = {"packet": packet.hex(), "version": 12, "queries": [[0, 16000, 16000]]}
    [there] = answer("query", query).value["results"]  # type: ignore[union-attr]
    assert there["samples"] > 10000
    assert isinstance(answer("packet", {"packet": ""}), Refusal)
    assert isinstance(answer("sing", {}), Unsupported)
    assert set(capabilities().operations) == set(ANSWERS)


def test_records_give_what_payloads_give() -> None:
    fine = STREAM.with_name("v12-dred-40ms.bit")
    with open_stream(fine) as stream:
        readings = [read_packet(one.packet) for one in stream if one.packet is not None]
    dred = next(one.dred for one in readings if one.dred and len(one.dred.chunks) == 1)
    rows = features(answer("records", {"records": write_records([dred]).hex(), "version": 12}))
    payload = next(one.payload for one in readings if one.dred == dred)
    direct = features(answer("decode", {"payload": payload.hex(), "version": 12}))
    assert np.array_equal(rows[::-1], direct)
    broken = write_records([dred])[:-1].hex()
    assert isinstance(answer("records", {"records": broken, "version": 12}), Refusal)


def test_reference_passes_a_part_of_the_suite_in_a_process_of_its_own() -> None:
    reference = adapter("reference")
    vectors = list(load_suite().vectors(["packet", "extension"]))[::40]
    results = run_vectors(vectors, reference.make, capabilities())
    assert {str(result.outcome) for result in results} == {"pass"}


def test_unknown_and_missing_implementations() -> None:
    with pytest.raises(UsageError, match="no implementation"):
        adapter("none")
    assert "libopus-1.6.1" in ADAPTERS


@pytest.mark.peer
def test_libopus_agrees(peer_161: Peer) -> None:
    libopus = Libopus(peer_161.name)
    for packet in packets():
        question = {"packet": packet.hex(), "version": 12, "max_chunks": 26}
        ours, theirs = (one("payload", question) for one in (answer, libopus.answer))
        assert isinstance(ours, Answer)
        assert isinstance(theirs, Answer)
        dred = theirs.value["dred"]
        assert {key: ours.value["dred"][key] for key in dred if key != "chunks"} == {
            key: value for key, value in dred.items() if key != "chunks"
        }
        result = compare_features(
            features(answer("decode", question)), features(libopus.answer("decode", question))
        )
        assert result.within({"total": 0.5, "max": 0.15, "pitch": 0.02})
        rows = features(libopus.answer("decode", question)).astype("<f4").tobytes().hex()
        sizes = [
            len(one("vocode", {"features": rows}).value["pcm"])  # type: ignore[union-attr]
            for one in (answer, libopus.answer)
        ]
        assert sizes[0] == sizes[1]
