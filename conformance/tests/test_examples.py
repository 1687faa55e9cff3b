"""The examples for implementers run as they stand and agree with the suite."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.outcome import Outcome
from conformance.running.harness import Harness
from conformance.running.runner import run_vectors
from tools.libopus.build import compile_program
from tools.libopus.library import compiled
from tools.libopus.peer import Peer
from vectors.suite import load_suite

EXAMPLES = Path(__file__).parents[1] / "examples"


def outcomes(command: list[str], ids: list[str]) -> dict[str, Outcome]:
    """Outcome of the first few vectors of each kind."""
    first = Harness(command)
    capabilities = first.capabilities()
    first.close()
    vectors = list(load_suite().vectors(ids=ids))
    results = run_vectors(vectors, lambda: Harness(command), capabilities)
    return {result.id: result.outcome for result in results}


@pytest.mark.peer
def test_c_example(peer_161: Peer, peer_152: Peer) -> None:
    ids = ["packet.code?.*", "extension.short.*", "decode.*level-0*", "decode.v1*.01*"]
    for peer in (peer_161, peer_152):
        program = compile_program("harness", [EXAMPLES / "harness.c"], peer.build)
        found = outcomes([str(program)], ids)
        assert len(found) > 5
        assert set(found.values()) <= {Outcome.PASS, Outcome.UNSUPPORTED}
        assert Outcome.PASS in found.values()


@pytest.mark.peer
def test_python_example(peer_161: Peer) -> None:
    library = compiled(peer_161.build, traced=False)
    command = [sys.executable, str(EXAMPLES / "harness.py"), str(library)]
    found = outcomes(command, ["packet.code?.*", "packet.r?.*"])
    assert len(found) > 5
    assert set(found.values()) == {Outcome.PASS}
