"""The examples for implementers run as they stand and agree with the suite."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dredref.conformance.adapters.libopus.builds import compile_program
from dredref.conformance.adapters.libopus.library import compiled
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.conformance.outcome import BAD, Outcome
from dredref.conformance.running.harness import Harness
from dredref.conformance.running.runner import run_vectors
from dredref.vectors.suite import load_suite

EXAMPLES = Path(__file__).parents[1] / "examples"


def outcomes(command: list[str], ids: list[str]) -> dict[str, Outcome]:
    """Outcome of the first few vectors of each kind."""
    first = Harness(command)
    capabilities = first.capabilities()
    first.close()
    vectors = [*load_suite().vectors(ids=ids)][::8]
    results = run_vectors(vectors, lambda: Harness(command), capabilities)
    return {result.id: result.outcome for result in results}


@pytest.mark.peer
def test_c_example(peer_161: Peer, peer_152: Peer) -> None:
    ids = ["packet.code?.*", "extension.short.*", "decode.v*"]
    for peer in (peer_161, peer_152):
        program = compile_program("harness", [EXAMPLES / "harness.c"], peer.build)
        found = outcomes([str(program)], ids)
        assert len(found) > 5
        late = {name for name, one in found.items() if one is Outcome.NONSTRICT}
        assert all("chunks-" in name for name in late)  # libopus decodes 26
        assert set(found.values()) <= {Outcome.PASS, Outcome.NONSTRICT, Outcome.UNSUPPORTED}
        passed = {name.partition(".")[0] for name, one in found.items() if one is Outcome.PASS}
        assert passed == {"packet", "extension", "decode"}


@pytest.mark.peer
def test_python_example(peer_161: Peer) -> None:
    library = compiled(peer_161.build, traced=False)
    command = [sys.executable, str(EXAMPLES / "harness.py"), str(library)]
    found = outcomes(command, ["packet.code?.*", "packet.r?.*", "stream.*offset*"])
    assert len(found) > 5
    passed = {name.partition(".")[0] for name, one in found.items() if one is Outcome.PASS}
    assert passed == {"packet", "stream"}
    missed = {name for name, one in found.items() if one in BAD}
    assert not missed
