"""The stages of validation are timed on packets of the chunk counts that they are named after."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dredref.conformance.adapters.libopus.peer import Peer
from tools.bench import stages


def test_the_total_is_that_of_the_stages() -> None:
    result = stages.Stages("x", 3, 5.0, 2.0, 1.0, 4.0, 3.0)
    assert result.total == 8
    assert result.times_libopus == 4
    assert stages.table([result]).row_count == 1


def test_the_first_round_does_not_count() -> None:
    calls: list[int] = []
    assert stages.quickest(lambda: calls.append(0), 1, 3) >= 0
    assert len(calls) == 4


@pytest.mark.peer
def test_groups_hold_what_their_names_say(peer_161: Peer) -> None:
    arguments = ["--packets", "64", "--rounds", "1", "--json"]
    done = CliRunner().invoke(stages.main, arguments)
    assert done.exit_code == 0, done.output
    results = {result["group"]: result for result in json.loads(done.output)}
    for name, (least, most) in stages.GROUPS.items():
        assert least <= results[name]["chunks"] <= most
        assert results[name]["distinct"] > 10
        assert results[name]["libopus"] > 0
    assert results["all packets"]["distinct"] > 3000
