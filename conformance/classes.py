"""Conformance classes: what may be claimed, and when a run supports the claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.outcome import BAD, Outcome


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
    """Every vector of the class was put, and none failed."""
    NOT = "not conformant"
    """A vector of level MUST failed, or ended without an answer."""
    PARTLY = "partly tested"
    """Nothing failed, but vectors were not put or not supported."""
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


def version_key(version: int | None) -> str:
    """The key of a vector's version in the totals of a suite."""
    return ANY if version is None else str(version)


def verdicts(
    outcomes: Iterable[tuple[str, int | None, Outcome]],
    totals: Mapping[str, Mapping[str, int]],
    versions: Sequence[int],
) -> tuple[ClassVerdict, ...]:
    """Judge every class.

    Args:
        outcomes: group, DRED version and outcome of each vector that was selected.
        totals: vectors of each group and version in the whole suite.
        versions: the DRED versions that the implementation knows; others do not count.
    """
    known = {ANY, *(str(one) for one in versions)}
    by_group: dict[str, dict[str, int]] = {}
    for group, version, outcome in outcomes:
        if version_key(version) in known:
            counts = by_group.setdefault(group, {})
            counts[str(outcome)] = counts.get(str(outcome), 0) + 1
    sizes = {
        group: sum(count for version, count in of_group.items() if version in known)
        for group, of_group in totals.items()
    }
    return tuple(_judge(one, by_group, sizes) for one in CLASSES)


def _judge(
    one: ConformanceClass, by_group: Mapping[str, Mapping[str, int]], sizes: Mapping[str, int]
) -> ClassVerdict:
    counts = {str(outcome): 0 for outcome in Outcome}
    for group in one.groups:
        for outcome, number in by_group.get(group, {}).items():
            counts[outcome] += number
    total = sum(sizes.get(group, 0) for group in one.groups)
    held = counts[Outcome.PASS] + counts[Outcome.NONSTRICT]
    if any(counts[outcome] for outcome in BAD):
        claim = Claim.NOT
    elif not held:
        claim = Claim.NONE
    elif held < total:
        claim = Claim.PARTLY
    else:
        claim = Claim.CONFORMANT
    return ClassVerdict(one.name, claim, total, counts)
