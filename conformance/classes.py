"""Conformance classes: what may be claimed, and when a run supports the claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dredref.conformance.outcome import BAD, Outcome, Result
from dredref.vectors.model import Vector


@dataclass(frozen=True, slots=True)
class ConformanceClass:
    """A part of the format that an implementation may claim to do."""

    name: str
    title: str
    groups: tuple[str, ...]
    definition: str


CLASSES: tuple[ConformanceClass, ...] = (
    ConformanceClass(
        "bitstream",
        "Bitstream",
        ("packet", "extension", "payload"),
        "Takes packets, extension areas and DRED payloads apart exactly: every frame, every "
        "extension, every header field, state and latent integer; and refuses what is malformed.",
    ),
    ConformanceClass(
        "decoder",
        "Decoder",
        ("decode", "stream"),
        "Turns payloads into features within the limits of the feature metric, and tells how much "
        "of the past a packet can give back.",
    ),
    ConformanceClass(
        "vocoder",
        "Vocoder",
        ("vocoder",),
        "Turns features into speech within the limits of the audio metric, for clips of the "
        "length that the limits were set for.",
    ),
    ConformanceClass(
        "encoder",
        "Encoder",
        ("encode",),
        "Writes valid streams whose DRED stands where the speech was and whose features are near "
        "to those of the speech.",
    ),
    ConformanceClass(
        "concealment",
        "Concealment",
        ("plc",),
        "Conceals losses by libopus' network within the limits of the audio metric. Any other "
        "concealment is as good by the format: all of its vectors are SHOULD.",
    ),
    ConformanceClass(
        "playback",
        "Playback",
        ("pcm",),
        "Plays the same samples whatever stands behind the frames: DRED, other padding, the next "
        "frame. Asked of every Opus decoder, also of one that knows no DRED.",
    ),
    ConformanceClass(
        "robustness",
        "Robustness",
        ("hostile",),
        "Answers or refuses hostile input in time and within its memory: no crash, no hang.",
    ),
)
"""In the order of the pipeline."""


class Claim(StrEnum):
    """What a run says about a class, for the DRED versions that the implementation knows."""

    CONFORMANT = "conformant"
    """Every vector of level MUST was put and held, and none failed."""
    NOT = "not conformant"
    """A vector of level MUST failed, or ended without an answer."""
    PARTLY = "partly tested"
    """Nothing failed, but vectors of level MUST were not put or not supported."""
    NONE = "not tested"
    """Nothing of the class was answered."""


@dataclass(frozen=True, slots=True)
class ClassVerdict:
    """The claim on one class, and the counts behind it."""

    name: str
    claim: Claim
    total: int
    """Vectors of the class in the suite, without those of versions that are not known."""
    counts: Mapping[str, int]

    @property
    def held(self) -> int:
        """Vectors that did not fail: passed, or missed a SHOULD only."""
        return self.counts[Outcome.PASS] + self.counts[Outcome.NONSTRICT]


ANY = "any"
"""Key of the vectors in which the DRED version plays no part."""

Totals = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Group, version and level to the number of vectors in the suite."""


def version_key(version: int | None) -> str:
    """The key of a vector's version in the totals of a suite."""
    return ANY if version is None else str(version)


def count_vectors(vectors: Iterable[Vector]) -> dict[str, dict[str, dict[str, int]]]:
    """The totals of some vectors."""
    totals: dict[str, dict[str, dict[str, int]]] = {}
    for vector in vectors:
        levels = totals.setdefault(vector.group, {}).setdefault(version_key(vector.version), {})
        levels[vector.level] = levels.get(vector.level, 0) + 1
    return totals


def verdicts(
    results: Iterable[Result], totals: Totals, versions: Sequence[int]
) -> tuple[ClassVerdict, ...]:
    """Judge every class.

    Args:
        results: of all vectors that were selected.
        totals: what the whole suite holds.
        versions: the DRED versions that the implementation knows; others do not count.
    """
    known = {ANY, *(str(one) for one in versions)}
    counted = [one for one in results if version_key(one.version) in known]
    return tuple(_judge(one, counted, totals, known) for one in CLASSES)


def _judge(
    one: ConformanceClass, results: Sequence[Result], totals: Totals, known: set[str]
) -> ClassVerdict:
    of_class = [result for result in results if result.group in one.groups]
    tally = Counter(result.outcome for result in of_class)
    total = {"MUST": 0, "SHOULD": 0}
    for group in one.groups:
        for version, levels in totals.get(group, {}).items():
            for level, count in levels.items():
                total[level] += count if version in known else 0
    binding = sum(
        result.level == "MUST" and result.outcome in (Outcome.PASS, Outcome.NONSTRICT)
        for result in of_class
    )
    if any(tally[outcome] for outcome in BAD):
        claim = Claim.NOT
    elif not tally[Outcome.PASS] + tally[Outcome.NONSTRICT]:
        claim = Claim.NONE
    elif binding < total["MUST"]:
        claim = Claim.PARTLY
    else:
        claim = Claim.CONFORMANT
    counts = {str(outcome): tally[outcome] for outcome in Outcome}
    return ClassVerdict(one.name, claim, sum(total.values()), counts)
