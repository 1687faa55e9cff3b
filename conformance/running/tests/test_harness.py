"""The runner against harnesses that break the protocol, each in its own way."""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dredref.conformance.outcome import Outcome, Result
from dredref.conformance.running import process
from dredref.conformance.running.harness import Harness
from dredref.conformance.running.process import MEBI, Limits
from dredref.conformance.running.replies import FaultError, FaultKind
from dredref.conformance.running.runner import run_vectors
from dredref.conformance.running.starving import starved_seconds
from dredref.conformance.running.tests.harnesses import REPORTS
from dredref.vectors.blob import Blob
from dredref.vectors.model import Exact, Expected, ExtensionInput, Reject, Survive, Vector
from dredref.vectors.suite import load_suite

PROGRAM = str(Path(__file__).with_name("harnesses.py"))
LIMITS = Limits(seconds=0.5, start_seconds=8.0, memory_bytes=100 * MEBI, reply_bytes=MEBI)


def vector(name: str, area: str, expected: Expected | None = None) -> Vector:
    """A question about an extension area."""
    return Vector(
        id=f"extension.test.{name}",
        group="extension",
        title="A test",
        clauses=("none",),
        requirements=(),
        level="MUST",
        flags=(),
        version=None,
        input=ExtensionInput(Blob(inline=bytes.fromhex(area)), 1),
        expected=expected or Exact({"extensions": [], "error": None}),
    )


def run(mode: str, vectors: Sequence[Vector], jobs: int = 1) -> list[Result]:
    """All vectors against the harness in one mode."""
    command = [sys.executable, PROGRAM, mode]
    first = Harness(command, LIMITS)
    capabilities = first.capabilities()
    first.close()
    return run_vectors(vectors, lambda: Harness(command, LIMITS), capabilities, jobs=jobs)


MISBEHAVIOURS = {
    "crash": (Outcome.ERROR, "crash: ended by SIGSEGV"),
    **{mode: (Outcome.ERROR, f"crash: ended by SIGABRT: {line}") for mode, line in REPORTS.items()},
    "exit-code": (Outcome.ERROR, "crash: exit code 7: something went wrong"),
    "exits-early": (Outcome.ERROR, "exit: ended with exit code 0"),
    "half-line": (Outcome.ERROR, "exit: ended with exit code 0"),
    "closes-output": (Outcome.ERROR, "exit: closed its output"),
    "hang": (Outcome.TIMEOUT, "hang: no reply in time"),
    "hang-ignoring": (Outcome.TIMEOUT, "hang: no reply in time"),
    "not-json": (Outcome.ERROR, "garbage: not JSON"),
    "binary": (Outcome.ERROR, "garbage: not JSON"),
    "deep": (Outcome.ERROR, "garbage: not JSON"),
    "not-object": (Outcome.ERROR, "garbage: not an object"),
    "no-body": (Outcome.ERROR, "garbage: a reply with no body"),
    "two-bodies": (Outcome.ERROR, "garbage: a reply with answer and reject"),
    "no-number": (Outcome.ERROR, "garbage: a reply without a number"),
    "wrong-number": (Outcome.ERROR, "wrong-number: "),
    "text-number": (Outcome.ERROR, "wrong-number: "),
    "flood": (Outcome.ERROR, "flood: more than 1 MiB"),
    "flood-errors": (Outcome.ERROR, "flood: more than 1 MiB"),
    "memory": (Outcome.ERROR, "memory: more than 100 MiB"),
    "failure": (Outcome.ERROR, "failure: out of luck"),
    "unsupported": (Outcome.UNSUPPORTED, "not today"),
}


@pytest.mark.parametrize("mode", MISBEHAVIOURS)
def test_misbehaviour_is_told_apart_and_the_run_goes_on(mode: str) -> None:
    outcome, reason = MISBEHAVIOURS[mode]
    results = run(mode, [vector("a", "00"), vector("b", "ff"), vector("c", "00")])
    assert [result.outcome for result in results] == [Outcome.PASS, outcome, Outcome.PASS]
    assert results[1].reason.startswith(reason)


@pytest.mark.parametrize("mode", MISBEHAVIOURS)
def test_misbehaviour_never_counts_as_refusal_or_survival(mode: str) -> None:
    """Neither satisfies a vector, whatever it expects."""
    wanted: tuple[Expected, ...] = (Reject("extension.frame"), Survive())
    results = run(mode, [vector(str(n), "ff", one) for n, one in enumerate(wanted)])
    assert {result.outcome for result in results} == {MISBEHAVIOURS[mode][0]}


def test_an_answer_where_a_refusal_is_due_fails() -> None:
    [result] = run("good", [vector("a", "ff", Reject("extension.frame"))])
    assert result.outcome is Outcome.FAIL
    assert result.divergence is not None


def test_second_answer_breaks_the_next_question() -> None:
    """A surplus line is found before the next question, and does not answer it."""
    results = run("answers-twice", [vector("a", "ff"), vector("b", "00"), vector("c", "00")])
    assert [result.outcome for result in results] == [Outcome.PASS, Outcome.ERROR, Outcome.PASS]
    assert results[1].reason.startswith("unasked: wrote")


def test_answer_before_any_question() -> None:
    results = run("unasked-at-once", [vector("a", "00"), vector("b", "00")])
    assert {result.outcome for result in results} == {Outcome.ERROR}
    assert all(result.reason.startswith("unasked: ") for result in results)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("start-garbage", FaultKind.GARBAGE),
        ("start-exit", FaultKind.CRASH),
        ("start-protocol", FaultKind.GARBAGE),
        ("start-hang", FaultKind.HANG),
    ],
)
def test_bad_starts(mode: str, kind: FaultKind) -> None:
    limits = Limits(start_seconds=0.5) if mode == "start-hang" else LIMITS
    harness = Harness([sys.executable, PROGRAM, mode], limits)
    for _ in range(3):
        with pytest.raises(FaultError) as caught:
            harness.capabilities()
        assert caught.value.kind is kind
    with pytest.raises(FaultError, match="gave up after 3"):
        harness.capabilities()


def test_missing_program() -> None:
    with pytest.raises(FaultError) as caught:
        Harness(["./no-such-program"]).capabilities()
    assert caught.value.kind is FaultKind.START


def test_stop_is_not_waited_for_long() -> None:
    harness = Harness([sys.executable, PROGRAM, "stays"], LIMITS)
    harness.capabilities()
    start = time.monotonic()
    harness.close()
    assert time.monotonic() - start < 4


RECORDER = """
import json, sys
hello = {"protocol": 1, "name": "recorder", "operations": ["extension"]}
with open(sys.argv[1], "w") as heard:
    for line in sys.stdin:
        heard.write(line)
        known = json.loads(line)
        if known["cmd"] != "stop":
            say = hello if known["cmd"] == "start" else {"seq": known["seq"], "unsupported": "no"}
            print(json.dumps(say), flush=True)
"""


def test_requests_can_be_searched_for_names(tmp_path: Path) -> None:
    """Every line is in the one form that PROTOCOL.md promises to programs without JSON."""
    heard = tmp_path / "heard"
    harness = Harness([sys.executable, "-c", RECORDER, str(heard)], LIMITS)
    harness.ask(vector("a", "00"))
    harness.close()
    lines = heard.read_text().splitlines()
    kinds = [json.loads(line)["cmd"] for line in lines]
    assert kinds == ["start", "run", "stop"]
    for line in lines:
        assert line == json.dumps(json.loads(line), separators=(",", ":"))
        assert line.isascii()
        assert "\\" not in line


def test_workers_keep_the_order() -> None:
    questions = [vector(str(n), "ff" if n % 7 == 3 else "00") for n in range(20)]
    results = run("wrong-number", questions, jobs=3)
    assert [result.id for result in results] == [one.id for one in questions]
    bad = [n for n, result in enumerate(results) if result.outcome is Outcome.ERROR]
    assert bad == [3, 10, 17]


def test_requests_hold_nothing_expected() -> None:
    """The request is made of the input alone."""
    question = vector("a", "00", Exact({"extensions": [{"id": 99}], "error": None}))
    assert question.request() == {"area": "00", "nb_frames": 1}


def test_requests_are_plain_lines() -> None:
    """What PROTOCOL.md promises to who has no JSON library."""
    for found in [*load_suite().vectors(["packet", "extension", "payload", "stream"])][::50]:
        request = found.request()
        line = json.dumps(request)
        assert line.isascii()
        assert "\\" not in line
        assert not any(isinstance(value, dict) for value in request.values())


@pytest.mark.parametrize(("starved", "outcome"), [(0.0, Outcome.TIMEOUT), (1e6, Outcome.PASS)])
def test_waiting_for_a_processor_is_not_counted(
    starved: float, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no time at all a question is answered if the child has starved for as long."""
    waited = itertools.count(0, starved) if starved else itertools.repeat(0.0)
    monkeypatch.setattr(process, "starved_seconds", lambda pid: float(next(waited)))
    command = [sys.executable, PROGRAM, "good"]
    limits = replace(LIMITS, seconds=-1.0, start_seconds=60.0)
    first = Harness(command, limits)
    capabilities = first.capabilities()
    first.close()
    [found] = run_vectors([vector("x", "")], lambda: Harness(command, limits), capabilities, jobs=1)
    assert found.outcome is outcome


def test_starving_is_read_where_the_system_tells() -> None:
    assert 0 <= starved_seconds(os.getpid()) < 1e6
    assert starved_seconds(2**22 + 1) == 0
