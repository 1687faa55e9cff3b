"""How the faults that flags name show themselves, so that a miss is put down to what was seen.

A vector's flags say what it watches for; that it was missed does not say why. A flag is a *cause*
only where an answer came and parts from what is expected in the way that the fault makes it part.
A crash, a refusal, a hang or a failure is never the doing of a flag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from dredref.conformance.outcome import Verdict
from dredref.metrics.divergence import Divergence
from dredref.spec.dred import DECODER_CHUNKS
from dredref.vectors.model import QueryInput, Vector

Test = Callable[[Vector, Divergence, Verdict], bool]
"""Whether a divergence at the right stage is of the kind that the fault gives."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """How a fault shows."""

    words: str
    """For people: what an answer looks like that has the fault."""
    stages: tuple[str, ...] = ()
    """Globs of the stages of divergence; none if an answer never shows the fault."""
    test: Test = lambda vector, found, verdict: True

    def explains(self, vector: Vector, verdict: Verdict) -> bool:
        """Whether a verdict on an answer is what the fault would give."""
        found = verdict.divergence
        if found is None or not any(fnmatchcase(found.stage, glob) for glob in self.stages):
            return False
        return self.test(vector, found, verdict)


def _number(value: Any) -> float | None:
    """A JSON number, not a truth value."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _difference(found: Divergence) -> float:
    """What was got less what was expected; 0 where either is no number."""
    expected, got = _number(found.expected), _number(found.got)
    return 0.0 if expected is None or got is None else got - expected


def _differs_by(*steps: int) -> Test:
    return lambda vector, found, verdict: _difference(found) in steps


def _more(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    return _difference(found) > 0


def _past_the_end(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """An extension more than there should be, or no error where there should be one."""
    if found.stage == "extensions count":
        return _difference(found) > 0
    return found.expected is not None and found.got is None


def _large_value(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """An integer whose magnitude takes an escape."""
    expected = _number(found.expected)
    return expected is not None and abs(expected) > 7


def _sign_lost(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """A negative offset that came out as none or as a positive one."""
    expected, got = _number(found.expected), _number(found.got)
    if expected is None or got is None:
        return False
    return got >= 0 > expected if found.stage == "dred.dred_offset" else expected > 0 == got


def _position_lost(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """The offset lacks whole frames."""
    return _difference(found) < 0


def _other_chunks(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """Whole chunks of 40 ms more or fewer, as another rule counts them."""
    given = vector.input
    if not isinstance(given, QueryInput) or found.frame is None:
        return False
    chunk = given.queries[found.frame][2] / 25
    return found.got == 0 or found.expected == 0 or _difference(found) % chunk == 0


def _first_after_silence(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """Few packets later than the rest: stamped too recent, while every other one is in place."""
    measured = {one.name: one.value for one in verdict.measures}
    return 0 < measured.get("packets out of place", 0) <= LATE_PACKETS and _difference(found) > 0


def _later_chunks(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    """The first chunk is right, one behind it is not."""
    return found.frame is not None and found.frame >= VECTORS_OF_A_CHUNK


def _cap(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    return bool(found.got == PACKET_CAP)


def _nothing(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    return found.got in (None, 0)


def _stops(vector: Vector, found: Divergence, verdict: Verdict) -> bool:
    vectors = VECTORS_OF_A_CHUNK * DECODER_CHUNKS
    return bool(found.got == (vectors if vector.operation == "decode" else DECODER_CHUNKS))


LATE_PACKETS = 3
"""Packets at most that start at an older latent after the silences of a recording."""
VECTORS_OF_A_CHUNK = 4
PACKET_CAP = 1276

_AREA = ("extensions*", "error*")
_FOUND = ("dred", "dred.*")
_CHUNKS = ("dred.nb_chunks", "dred.chunks count")
_INTEGERS = ("dred.state", "dred.chunks.*", "dred.chunks")

SYMPTOMS: Mapping[str, Symptom] = MappingProxyType(
    {
        "FramePastEnd": Symptom(
            "an extension more than there is, or no error where the area breaks",
            ("extensions count", "error", "reply"),
            lambda vector, found, verdict: (
                found.stage == "reply" or _past_the_end(vector, found, verdict)
            ),
        ),
        "MalformedArea": Symptom("DRED is said to be in an area that breaks before it", ("reply",)),
        "Repeat": Symptom(
            "other extensions than those repeated, or repeated DRED is not found",
            (*_AREA, *_FOUND, "reply"),
        ),
        "RepeatUnlaced": Symptom(
            "other data or another number of extensions behind the repeat", (*_AREA, *_FOUND)
        ),
        "RepeatRest": Symptom(
            "extensions, an error or DRED behind the last repeat", (*_AREA, *_FOUND)
        ),
        "FrameOrder": Symptom(
            "the extensions of the area in another order, or the DRED of another frame",
            ("extensions.*", *_FOUND),
        ),
        "SeparatorZero": Symptom(
            "another frame, or another number of repeated extensions",
            ("extensions*", "error", "dred", "dred.frame", "dred.dred_offset"),
        ),
        "WrongVersion": Symptom(
            "DRED of another version, or none where it stands behind such",
            (*_FOUND, "results.*"),
        ),
        "FirstWins": Symptom("the DRED of another extension, or none", _FOUND),
        "FramePosition": Symptom(
            "an offset without the position of the frame", ("dred.dred_offset",), _position_lost
        ),
        "SevenBits": Symptom("one chunk more or fewer", _CHUNKS, _differs_by(-1, 1)),
        "PastTheEnd": Symptom(
            "other integers or chunks at the end of the payload",
            (*_INTEGERS, *_CHUNKS, "dred.q0", "dred.dQ", "dred.qmax", "dred.*offset"),
        ),
        "Escapes": Symptom(
            "another value where one of more than 7 is coded",
            ("dred.state", "dred.chunks.latents"),
            _large_value,
        ),
        "NegativeOffset": Symptom(
            "a negative offset read without its sign",
            ("dred.dred_offset", "results.dred_end"),
            _sign_lost,
        ),
        "NoQmax": Symptom(
            "another highest level, and other integers behind it", ("dred.qmax", *_INTEGERS)
        ),
        "ManyChunks": Symptom("more chunks than were asked for", _CHUNKS, _more),
        "UnseenChunk": Symptom("one chunk more", _CHUNKS, _differs_by(1)),
        "ChunksByDuration": Symptom(
            "whole chunks more or fewer, as the span alone gives them",
            ("results.samples",),
            _other_chunks,
        ),
        "AlignmentAfterSilence": Symptom(
            f"at most {LATE_PACKETS} packets too recent, all others in place",
            ("alignment ms",),
            _first_after_silence,
        ),
        "StereoAdvance": Symptom(
            "packets out of place, or features of other speech, with two channels",
            ("alignment ms", "features"),
        ),
        "PacketCap": Symptom(f"packets of {PACKET_CAP} bytes", ("packet bytes",), _cap),
        "ClippedInput": Symptom("packets in place, features off with loud input", ("features",)),
        "OddLatents": Symptom("the oldest vector starts some 20 ms late", ("start ms",)),
        "UnprocessedDred": Symptom("speech where a refusal was due", ("reply",)),
        "ConvolutionHistory": Symptom(
            "the first chunk is right, those behind it are not", ("features",), _later_chunks
        ),
        "LargeBody": Symptom(
            "no DRED, or nothing to be had of it, where the body is large",
            ("dred", "results.samples"),
            _nothing,
        ),
        "ChunkLimit": Symptom("26 chunks and no more", (*_CHUNKS, "features count"), _stops),
        "SilenceSent": Symptom("silence in the redundancy", ("silence ms",)),
        "FrameEnd": Symptom("other samples where other bytes stand behind the frames", ("pcm",)),
        "FinalForm": Symptom("no DRED, or the DRED of an extension of the other id", _FOUND),
        "PitchPeriod": Symptom("no answer shows it, but a sanitizer of bounds does"),
        "Damaged": Symptom("no answer shows it: whatever is answered in time is right"),
    }
)
"""Flag -> how its fault shows; there is one for every flag."""


def causes_of(vector: Vector, verdict: Verdict) -> tuple[str, ...]:
    """The flags of a vector that explain the verdict on an answer.

    Flags of other suites than the project's own have no symptom here, and explain nothing.
    """
    if verdict.ok or verdict.refused:
        return ()
    return tuple(
        flag
        for flag in vector.flags
        if flag in SYMPTOMS and SYMPTOMS[flag].explains(vector, verdict)
    )
