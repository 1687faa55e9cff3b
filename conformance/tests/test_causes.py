"""A miss is put down to the fault that the answer shows, and to no other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from dredref.conformance.adapters.reference import answer, capabilities
from dredref.conformance.causes import SYMPTOMS
from dredref.conformance.checkers import Answer
from dredref.conformance.classes import count_vectors
from dredref.conformance.outcome import Outcome, Result
from dredref.conformance.record import Run
from dredref.conformance.report.findings import Finding, findings
from dredref.conformance.report.write import html, vectors_of
from dredref.conformance.running.harness import Harness, Implementation
from dredref.conformance.running.process import Limits
from dredref.conformance.running.runner import run_one, run_vectors
from dredref.vectors.flags import FLAGS
from dredref.vectors.model import Vector
from dredref.vectors.suite import load_suite

WRAPPER = str(Path(__file__).with_name("wrapper.py"))


def run_wrapped(mode: str, *globs: str) -> Run:
    """A run of the wrapper on some vectors."""
    suite = load_suite()
    vectors = list(suite.vectors(ids=globs))

    def make() -> Implementation:
        return Harness([sys.executable, WRAPPER, mode], Limits(start_seconds=120, seconds=120))

    results = run_vectors(vectors, make, capabilities())
    notes = {flag: text for vector in vectors for flag, text in vector.notes.items()}
    told = {"version": "x", "digest": "0", "totals": count_vectors(vectors), "notes": notes}
    return Run(capabilities(), told, {}, {}, "2026-01-01T00:00:00", 1.0, tuple(results))


def found_by_name(run: Run) -> dict[str, Finding]:
    """The findings of a run."""
    return {one.name: one for one in findings(run)}


def judge(vector: Vector, value: dict[str, object]) -> Result:
    """The result of an answer."""

    class Answering:
        def capabilities(self) -> object:
            return capabilities()

        def ask(self, vector: Vector) -> Answer:
            return Answer(value)

        def close(self) -> None:
            pass

    return run_one(vector, Answering(), capabilities())  # type: ignore[arg-type]


def true_answer(vector: Vector) -> dict[str, object]:
    """What the reference says."""
    reply = answer(vector.operation, vector.request())
    assert isinstance(reply, Answer)
    return dict(reply.value)


def test_every_flag_says_how_it_shows() -> None:
    assert set(SYMPTOMS) == set(FLAGS)
    assert all(one.words for one in SYMPTOMS.values())


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("panic", "src/dred/encoder.rs:77:9: index out of bounds"),
        ("abort", "AddressSanitizer: heap-buffer-overflow"),
    ],
)
def test_a_crash_is_no_fault_of_a_name(mode: str, line: str) -> None:
    run = run_wrapped(mode, "encode.v12.start", "encode.v12.silence-*", "encode.v12.plain")
    assert {one.outcome for one in run.results} == {Outcome.ERROR}
    assert all(not one.causes for one in run.results)
    assert line in run.results[0].reason
    assert len(run.results[0].said.splitlines()) >= 3
    (found,) = findings(run)
    assert found.name.startswith("encode: crash")
    assert not found.note
    assert {flag for flag, _ in found.watched} >= {"OddLatents", "AlignmentAfterSilence"}
    page = html(run, {})
    assert "Vectors that also watch for" in page
    assert line.replace("'", "&#39;") in page


def test_a_refusal_is_no_fault_of_a_name() -> None:
    run = run_wrapped("refuse", "extension.repeat.*", "decode.v12.asked-*")
    assert all(not one.causes for one in run.results)
    assert {one.name for one in findings(run)} == {
        "extension: a refusal bad argument",
        "decode: a refusal bad argument",
    }


def test_speech_in_the_wrong_place_is_told_as_that() -> None:
    run = run_wrapped("late", "encode.v12.plain", "encode.v12.silence-100ms")
    assert all(not one.causes for one in run.results if one.outcome is not Outcome.PASS)
    assert not {"ConvolutionHistory", "AlignmentAfterSilence"} & set(found_by_name(run))


def test_shifted_speech_is_told_as_shifted() -> None:
    run = run_wrapped("shift", "vocoder.read.1", "vocoder.continued.030")
    texts = [str(one.divergence["text"]) for one in run.results if one.divergence]
    assert texts == ["pcm late by samples: expected 0, got 80"] * 2


def test_silence_sent_for_speech_is_not_called_history() -> None:
    run = run_wrapped("silent", "encode.v12.plain")
    (found,) = findings(run)
    assert found.name.startswith("encode: ")
    assert dict(found.watched) == {"ConvolutionHistory": 1}


def test_the_fault_itself_is_named() -> None:
    suite = load_suite()
    vector = suite.find("extension.repeat.bare.48")
    value = true_answer(vector)
    result = judge(vector, {**value, "extensions": value["extensions"][:1]})  # type: ignore[index]
    assert result.causes == ("Repeat",)
    vector = suite.find("decode.v12.asked-25")
    features = bytes.fromhex(str(true_answer(vector)["features"]))
    later = features[:320] + bytes(len(features) - 320)
    assert judge(vector, {"features": later.hex()}).causes == ("ConvolutionHistory",)
    first = bytes(320) + features[320:]
    result = judge(vector, {"features": first.hex()})
    assert result.outcome is Outcome.FAIL
    assert result.causes == ()


def test_a_wrong_integer_is_no_seven_bits() -> None:
    vector = next(
        one
        for one in load_suite().vectors(["payload"])
        if "SevenBits" in one.flags and one.version == 12 and one.expected.value["dred"]  # type: ignore[union-attr]
    )
    value = true_answer(vector)
    dred = dict(value["dred"])  # type: ignore[call-overload]
    state = [dred["state"][0] + 1, *dred["state"][1:]]
    assert judge(vector, {"dred": {**dred, "state": state}}).causes == ()
    fewer = {**dred, "nb_chunks": dred["nb_chunks"] - 1, "chunks": dred["chunks"][:-1]}
    assert judge(vector, {"dred": fewer}).causes == ("SevenBits",)


def test_pages_say_what_was_seen_and_what_was_watched_for() -> None:
    run = run_wrapped("refuse", "extension.repeat.bare.48")
    page = html(run, vectors_of(run, None))
    assert "<dt>Watches for</dt>" in page
    assert "<dt>Seen</dt>" not in page
