"""Samples that an implementation gives for two packings of the same frames: equal to the last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.conformance.checkers.kind import Kind, Question, Values
from dredref.conformance.checkers.values import UnreadableError, pcm_field
from dredref.conformance.outcome import Measure, Verdict
from dredref.metrics.divergence import Divergence
from dredref.vectors.model import Same

Pcm = NDArray[np.int16]


class SameKind(Kind[Same]):
    """The samples that the frames alone give."""

    def check(self, question: Question[Same], answer: Values) -> Verdict:
        """Compare an answer with the one to the frames alone."""
        assert question.baseline is not None
        return check_same(question.baseline.value, answer)

    def describe(self, expected: Same) -> str:
        """Return what is expected, in words for a report."""
        return "the samples that the frames alone give, to the last one"


def check_same(baseline: Values, answer: Values) -> Verdict:
    """Compare an answer with the one to the frames alone, which have nothing behind them."""
    try:
        plain, dressed = pcm_field(baseline), pcm_field(answer)
    except UnreadableError as problem:
        return Verdict(False, problem.divergence)
    if plain.size != dressed.size:
        return Verdict(False, Divergence("pcm count", plain.size, dressed.size))
    if not plain.size:
        return Verdict(False, Divergence("pcm count", "samples", 0))
    differs = np.flatnonzero(plain != dressed)
    if not differs.size:
        return Verdict(True, note="equal to the last sample")
    first = int(differs[0])
    measures = (
        Measure("samples that differ", differs.size, 0),
        Measure("dB between the two", separation_db(plain, dressed)),
    )
    found = Divergence("pcm", int(plain[first]), int(dressed[first]), index=first)
    return Verdict(False, found, measures)


def separation_db(plain: Pcm, dressed: Pcm) -> float:
    """Power of one signal over that of its difference from the other, in decibels."""
    signal = plain.astype(np.float64)
    noise = signal - dressed
    return float(10 * np.log10(max((signal**2).sum(), 1e-9) / max((noise**2).sum(), 1e-9)))
