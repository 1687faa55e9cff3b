"""A miss is put down to the fault that the answer shows, and to no other."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
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
from dredref.spec.reading import read_packet
from dredref.vectors.flags import FLAGS
from dredref.vectors.model import Audio, Features, Vector
from dredref.vectors.suite import load_suite

WRAPPER = str(Path(__file__).with_name("wrapper.py"))


def run_wrapped(mode: str, *globs: str) -> Run:
    """A run of the wrapper on some vectors."""
    suite = load_suite()
    vectors = list(suite.vectors(ids=globs))

    def make() -> Implementation:
        return Harness([sys.executable, WRAPPER, mode], Limits(start_seconds=120, seconds=120))

    return run_of(run_vectors(vectors, make, capabilities()), vectors)


def run_of(results: list[Result], vectors: list[Vector]) -> Run:
    """Results as a run."""
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
    assert texts[0] in html(run, {})


def test_refused_large_bodies_are_told_as_that() -> None:
    globs = ("payload.v12.large.body-0998.*", "payload.v12.large.body-1024.*")
    run = run_wrapped("large", *globs)
    assert [one.outcome for one in run.results] == [Outcome.PASS] * 2 + [Outcome.FAIL] * 2
    (found,) = findings(run)
    assert found.name == "payload: a refusal body of more than N bytes"
    assert dict(found.watched) == {"LargeBody": 2}
    page = html(run, {})
    assert "a refusal body of more than N bytes" in page
    assert "Vectors that also watch for LargeBody" in " ".join(page.split())
    (found,) = findings(run_wrapped("none-large", *globs))
    assert (found.name, found.missed) == ("LargeBody", 2)


def test_no_dred_is_as_right_as_a_refusal_where_an_area_breaks() -> None:
    run = run_wrapped("no-error", "payload.v12.carried.error.*")
    broken = [one for one in run.results if ".packet" not in one.id]
    area = [one for one in broken if one.reason.startswith("no DRED")]
    assert len(area) == 5
    assert {one.outcome for one in run.results} == {Outcome.PASS}


def test_nearness_to_the_vocoder_alone_is_a_should() -> None:
    vector = load_suite().find("vocoder.synthetic")
    pcm = bytes.fromhex(str(true_answer(vector)["pcm"]))
    quiet = (np.frombuffer(pcm, "<i2") // 8).astype("<i2").tobytes()
    result = judge(vector, {"pcm": quiet.hex()})
    assert (vector.level, result.outcome) == ("MUST", Outcome.NONSTRICT)
    vector = load_suite().find("vocoder.read.1")
    silent = bytes(len(pcm_of(vector)))
    assert judge(vector, {"pcm": silent.hex()}).outcome is Outcome.FAIL
    assert judge(vector, {"pcm": ""}).outcome is Outcome.FAIL
    # The recording itself is as near to the recording as can be, whatever FARGAN makes of it.
    assert isinstance(vector.expected, Audio)
    assert vector.expected.original is not None
    spoken = vector.expected.original.read()[: len(silent)]
    result = judge(vector, {"pcm": spoken.hex()})
    assert result.outcome in (Outcome.PASS, Outcome.NONSTRICT)


def pcm_of(vector: Vector) -> bytes:
    """The speech that a vector expects."""
    assert isinstance(vector.expected, Audio)
    return vector.expected.pcm.read()


@pytest.mark.parametrize(("shift", "gain"), [(80, 1.0), (-80, 1.0), (0, 0.5)])
def test_analysis_of_the_speech_judges_any_vocoder(shift: int, gain: float) -> None:
    vector = load_suite().find("vocoder.analysed.read-1")
    spoken = np.frombuffer(pcm_of(load_suite().find("vocoder.read.1")), "<i2")
    assert judge(vector, {"pcm": spoken.tobytes().hex()}).outcome is Outcome.PASS
    changed = (gain * np.roll(spoken, shift)).astype("<i2")
    result = judge(vector, {"pcm": changed.tobytes().hex()})
    assert result.outcome is Outcome.NONSTRICT


def test_silence_that_is_sent_is_seen() -> None:
    vector = load_suite().find("encode.v12.left-out.trailing")
    value = true_answer(vector)
    assert judge(vector, value).outcome is Outcome.PASS
    packets = list(value["packets"])  # type: ignore[call-overload]
    late = packets[60]
    reading = read_packet(bytes.fromhex(late))
    assert reading.dred is not None
    silent = [*packets[:-10], *[late] * 10]
    result = judge(vector, {"packets": silent})
    assert result.outcome is Outcome.NONSTRICT


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


def test_the_form_and_the_limit_of_chunks_are_named() -> None:
    found = judge(load_suite().find("payload.v12.forms.final"), {"dred": None})
    assert (found.outcome, found.causes) == (Outcome.NONSTRICT, ("FinalForm",))
    vector = load_suite().find("decode.v12.chunks-32")
    assert isinstance(vector.expected, Features)
    features = vector.expected.features.read()
    assert judge(vector, {"features": features.hex()}).outcome is Outcome.PASS
    found = judge(vector, {"features": features[: 26 * 320].hex()})
    assert (found.outcome, found.causes) == (Outcome.NONSTRICT, ("ChunkLimit",))
    assert judge(vector, {"features": features[: 25 * 320].hex()}).causes == ()


def test_pages_say_what_was_seen_and_what_was_watched_for() -> None:
    run = run_wrapped("refuse", "extension.repeat.bare.48")
    page = html(run, vectors_of(run, None))
    assert "<dt>Watches for</dt>" in page
    assert "<dt>Seen</dt>" not in page
