"""Runs on disk: what is written is read back; broken-off and edited files are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dredref.conformance.classes import Claim
from dredref.conformance.outcome import Measure, Outcome, Result
from dredref.conformance.record import Run, read_run, write_run
from dredref.conformance.running.replies import Capabilities
from dredref.spec.errors import InputError


def result(name: str, outcome: Outcome = Outcome.PASS) -> Result:
    """A result of some vector."""
    return Result(
        id=name,
        group=name.split(".")[0],
        operation="payload",
        title="A title",
        level="MUST",
        version=None if name.startswith("hostile") else 12,
        clauses=("a clause",),
        requirements=(),
        flags=("AFlag",),
        expectation="something",
        outcome=outcome,
        measures=(Measure("total", 0.25, 0.5),),
        divergence=None if outcome is Outcome.PASS else {"stage": "q0", "text": "q0: wrong"},
        seconds=0.5,
        answer={"dred": None},
    )


TOTALS = {"payload": {"10": {"MUST": 5}, "12": {"MUST": 3}}, "hostile": {"any": {"MUST": 1}}}


def run(*results: Result) -> Run:
    """A run of a suite of three payload vectors and one hostile one."""
    return Run(
        implementation=Capabilities("an implementation", ("payload",), "1.0", (12,)),
        suite={
            "version": "0.1.0",
            "digest": "00",
            "totals": TOTALS,
            "notes": {},
        },
        environment={"python": "3"},
        selection={"groups": [], "ids": []},
        started="2026-01-01T00:00:00+00:00",
        seconds=1.5,
        results=results,
    )


GOOD = run(result("payload.a"), result("payload.b"), result("payload.c"), result("hostile.a"))


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(GOOD, path)
    found = read_run(path)
    assert found == GOOD
    assert found.results[0].answer == {"dred": None}
    footer = json.loads(path.read_text().splitlines()[-1])
    assert footer["type"] == "footer"
    assert footer["counts"]["pass"] == 4
    assert "conformant" not in footer
    assert footer["verdicts"]["bitstream"] == "conformant"


def test_broken_off_and_edited_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(replace(GOOD, results=(*GOOD.results, result("payload.d", Outcome.FAIL))), path)
    lines = path.read_text().splitlines(keepends=True)
    for broken, code in (
        (lines[:-1], "results.footer"),
        ([*lines[:-1], lines[-1][:20]], "results.footer"),
        ([*lines[:2], *lines[3:]], "results.footer"),
        ([line.replace('"fail"', '"pass"') for line in lines[:-1]] + lines[-1:], "results.footer"),
        (lines[1:], "results.form"),
        ([], "results.form"),
        (["null\n"], "results.form"),
        (["{}\n"], "results.form"),
    ):
        path.write_text("".join(broken))
        with pytest.raises(InputError) as caught:
            read_run(path)
        assert caught.value.code == code
    with pytest.raises(InputError, match=r"results\.unreadable"):
        read_run(tmp_path / "none")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"results\.form"):
        read_run(path)


def claims(run_: Run) -> dict[str, Claim]:
    """Claim of each class."""
    return {one.name: one.claim for one in run_.verdicts}


def test_claims() -> None:
    assert claims(GOOD) == {
        "bitstream": Claim.CONFORMANT,
        "decoder": Claim.NONE,
        "vocoder": Claim.NONE,
        "encoder": Claim.NONE,
        "concealment": Claim.NONE,
        "playback": Claim.NONE,
        "robustness": Claim.CONFORMANT,
    }
    assert not GOOD.failed
    for outcome, claim, holds in (
        (Outcome.NONSTRICT, Claim.CONFORMANT, True),
        (Outcome.UNSUPPORTED, Claim.PARTLY, True),
        (Outcome.SKIPPED, Claim.PARTLY, True),
        (Outcome.FAIL, Claim.NOT, False),
        (Outcome.ERROR, Claim.NOT, False),
        (Outcome.TIMEOUT, Claim.NOT, False),
    ):
        changed = run(result("payload.a"), result("payload.b"), result("payload.c", outcome))
        assert claims(changed)["bitstream"] is claim, outcome
        assert (not changed.failed) is holds, outcome


def test_a_part_of_a_class_is_not_conformance() -> None:
    assert claims(run(result("payload.a")))["bitstream"] is Claim.PARTLY
    nothing = run(result("payload.a", Outcome.UNSUPPORTED))
    assert claims(nothing)["bitstream"] is Claim.NONE
    assert not nothing.tested


def test_versions_that_are_not_known_do_not_count() -> None:
    other = replace(result("payload.old", Outcome.UNSUPPORTED), version=10)
    assert claims(replace(GOOD, results=(*GOOD.results, other)))["bitstream"] is Claim.CONFORMANT
    both = replace(GOOD, implementation=replace(GOOD.implementation, versions=(10, 12)))
    assert claims(both)["bitstream"] is Claim.PARTLY


def test_only_what_must_be_done_makes_a_class_whole() -> None:
    totals = {"payload": {"12": {"MUST": 3, "SHOULD": 2}}, "hostile": {"any": {"MUST": 1}}}
    suite = {**GOOD.suite, "totals": totals}
    should = replace(result("payload.d", Outcome.UNSUPPORTED), level="SHOULD")
    assert claims(replace(GOOD, suite=suite))["bitstream"] is Claim.CONFORMANT
    more = replace(GOOD, suite=suite, results=(*GOOD.results, should))
    assert claims(more)["bitstream"] is Claim.CONFORMANT
    fewer = replace(GOOD, suite=suite, results=(*GOOD.results[1:], should))
    assert claims(fewer)["bitstream"] is Claim.PARTLY
