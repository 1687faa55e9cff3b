"""Speech by any vocoder: its features, analysed anew, against those that it was to speak."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dredref.conformance.checkers.features import judge_features
from dredref.conformance.checkers.kind import Kind, Question, Values, limits_text
from dredref.conformance.checkers.values import UnreadableError, pcm_field
from dredref.conformance.outcome import Verdict
from dredref.metrics.divergence import Divergence
from dredref.metrics.features import compare_features, features_from_bytes
from dredref.vectors.model import Analysed

FRAME = 160
"""Samples of a vector at 16 kHz."""


class AnalysedKind(Kind[Analysed]):
    """Speech that says what it was to say, by any vocoder."""

    def check(self, question: Question[Analysed], answer: Values) -> Verdict:
        """Analyse the answer's speech and compare vector by vector."""
        expected = question.expected
        wanted = features_from_bytes(expected.features.read())
        try:
            pcm = pcm_field(answer)
        except UnreadableError as problem:
            return Verdict(False, problem.divergence)
        if pcm.size != FRAME * len(wanted):
            return Verdict(False, Divergence("pcm count", FRAME * len(wanted), pcm.size))
        inner = slice(expected.edge, len(wanted) - expected.edge)
        return judge_features(
            compare_features(wanted[inner], features_of(pcm)[inner]), expected.limits
        )

    def describe(self, expected: Analysed) -> str:
        """Return what is expected, in words for a report."""
        limits = limits_text(expected.limits)
        return f"speech whose analysis is within {limits} of what was asked for"


def features_of(pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    """The reference's analysis of speech, [vectors, 20]."""
    # The networks take time to load.
    from dredref.analysis.analyser import FeatureAnalyser

    features: NDArray[np.float64] = FeatureAnalyser().analyse(pcm[None])[0].astype(np.float64)
    return features
