"""Speech: the right number of samples, within the limits of the audio metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dredref.conformance.checkers.kind import Kind, Question, Values, limits_text
from dredref.conformance.checkers.values import UnreadableError, pcm_field
from dredref.conformance.outcome import Measure, Verdict
from dredref.metrics.audio import AudioComparison, compare_audio
from dredref.metrics.divergence import Divergence
from dredref.vectors.model import Audio, Vector

if TYPE_CHECKING:
    from dredref.conformance.checkers.kind import Seen

REACH = 960
"""Samples, 60 ms, up to which a shift of the whole is looked for."""
NEAR_ENOUGH = "near to the recording, which decides, but not to the reference's vocoder"

Pcm = NDArray[np.int16]


class AudioKind(Kind[Audio]):
    """Speech near to the reference's, or to the recording."""

    def check(self, question: Question[Audio], answer: Values) -> Verdict:
        """Compare the answer's speech with the reference's and, if given, with the recording.

        The recording decides, as in upstream's procedure. Speech that is near to it, or that has no
        recording to be near to, and is not near to the reference's vocoder misses a SHOULD.
        """
        expected = question.expected
        reference = np.frombuffer(expected.pcm.read(), "<i2")
        try:
            candidate = pcm_field(answer)
        except UnreadableError as problem:
            return Verdict(False, problem.divergence)
        if candidate.size != reference.size:
            return Verdict(False, Divergence("pcm count", reference.size, candidate.size))
        verdict = _judge(expected, reference, candidate)
        if verdict.ok:
            return verdict
        late = shift_of(reference, candidate)
        if late and _judge(expected, *_overlap(reference, candidate, late), max(0, -late)).ok:
            return replace(verdict, divergence=Divergence("pcm late by samples", 0, late))
        return verdict

    def describe(self, expected: Audio) -> str:
        """Return what is expected, in words for a report."""
        words = f"speech within {limits_text(expected.limits)} of the reference"
        if expected.original_limits is not None:
            words += f", and {limits_text(expected.original_limits)} of the recording"
        return words

    def draw(self, vector: Vector, expected: Audio, answer: Values) -> Seen:
        """Draw the answer's speech beside the vector's."""
        from dredref.conformance.report.plots import Plots, audio_plots

        try:
            spoken = pcm_field(answer)
        except UnreadableError:
            return Plots(), ()
        return audio_plots(np.frombuffer(expected.pcm.read(), "<i2"), spoken, expected.limits), ()


def _judge(expected: Audio, reference: Pcm, candidate: Pcm, start: int = 0) -> Verdict:
    """A verdict on speech that begins ``start`` samples into the vector's."""
    verdict = judge_audio(compare_audio(reference, candidate), expected.limits)
    if expected.original is None or expected.original_limits is None:
        return replace(verdict, binding=False)
    original = np.frombuffer(expected.original.read(), "<i2")[start:][: candidate.size]
    comparison = compare_audio(original, candidate[: original.size])
    other = judge_audio(comparison, expected.original_limits, "original ")
    return Verdict(
        verdict.ok and other.ok,
        verdict.divergence or other.divergence,
        verdict.measures + other.measures,
        verdict.note if verdict.ok or not other.ok else NEAR_ENOUGH,
        binding=not other.ok,
    )


def shift_of(reference: Pcm, candidate: Pcm) -> int:
    """Samples by which the candidate comes late, negative if early; the best up to REACH."""
    size = 1 << (reference.size + REACH).bit_length()
    spectra = [np.fft.rfft(one.astype(np.float64), size) for one in (reference, candidate)]
    products = np.fft.irfft(spectra[1] * spectra[0].conj(), size)
    shifts = np.arange(-REACH, REACH + 1)
    return int(shifts[np.argmax(products[shifts])])


def _overlap(reference: Pcm, candidate: Pcm, late: int) -> tuple[Pcm, Pcm]:
    """Both signals where they lie over each other."""
    common = reference.size - abs(late)
    return (
        reference[max(0, -late) :][:common],
        candidate[max(0, late) :][:common],
    )


def judge_audio(result: AudioComparison, limits: Mapping[str, float], against: str = "") -> Verdict:
    """A verdict on a comparison; what differs first is the first frame over the limit of err4."""
    measures = tuple(
        Measure(against + name, value, limits.get(name))
        for name, value in result.measures.items()
        if name != "pitch" or result.judges_pitch
    )
    if result.within(limits):
        note = "" if result.first_difference() else "equal to the last sample"
        return Verdict(True, None, measures, note)
    return Verdict(False, _place(result, limits, against), measures)


def _place(result: AudioComparison, limits: Mapping[str, float], against: str) -> Divergence:
    """Where to look first: over the limit of err4, else where pitch goes, else the worst frame."""
    limit = limits.get("err4")
    if limit is not None and not result.err4 <= limit and (found := result.first_over(limit)):
        return found
    pitch = limits.get("pitch")
    if pitch is not None and not result.pitch <= pitch:
        over = np.flatnonzero(result.frame_pitch > pitch)
        frame = int(over[0]) if over.size else None
        return Divergence(f"{against}pitch", 0.0, result.pitch, frame=frame, limit=pitch)
    return result.worst(limit if limit is not None else limits.get("err16"))
