"""From a vector and what came back to a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dredref.conformance.checkers.analysed import check_analysed
from dredref.conformance.checkers.audio import check_audio
from dredref.conformance.checkers.encoded import check_encoded
from dredref.conformance.checkers.exact import check_exact
from dredref.conformance.checkers.features import check_features
from dredref.conformance.checkers.same import check_same
from dredref.conformance.outcome import Verdict
from dredref.metrics.divergence import Divergence
from dredref.vectors.model import (
    Analysed,
    Audio,
    Encoded,
    Exact,
    Expected,
    Features,
    Reject,
    Same,
    Survive,
    Vector,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question; its form is checked by the checkers."""

    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The implementation took the input for invalid, on purpose."""

    code: str | None = None
    detail: str = ""

    def __str__(self) -> str:
        """In words."""
        return "a refusal" + (f" ({self.code})" if self.code else "")


def check(
    vector: Vector,
    reply: Answer | Refusal,
    *,
    codes: bool = False,
    baseline: Answer | None = None,
) -> Verdict:
    """Judge a reply.

    Args:
        vector: the question and what is expected.
        reply: what the implementation said. A crash or a time-out is no reply, and never
            comes here.
        codes: whether the implementation speaks this project's error codes.
        baseline: the answer to the question that comes first, of vectors that have one.
    """
    expected = vector.expected
    if isinstance(expected, Survive):
        return Verdict(True, note=str(reply) if isinstance(reply, Refusal) else "an answer")
    if isinstance(expected, Reject):
        return _check_refusal(vector, expected, reply, codes=codes)
    if isinstance(reply, Refusal):
        got = f"{reply} {reply.detail}".strip()
        return Verdict(False, Divergence("reply", describe(expected), got), refused=True)
    if isinstance(expected, Exact):
        return check_exact(vector.operation, expected.value, reply.value, codes=codes)
    if isinstance(expected, Features):
        return check_features(expected, reply.value)
    if isinstance(expected, Audio):
        return check_audio(expected, reply.value)
    if isinstance(expected, Analysed):
        return check_analysed(expected, reply.value)
    if isinstance(expected, Same):
        assert baseline is not None
        return check_same(baseline.value, reply.value)
    return check_encoded(vector, expected, reply.value)


def _check_refusal(
    vector: Vector, expected: Reject, reply: Answer | Refusal, *, codes: bool
) -> Verdict:
    """A refusal is expected.

    Where an extension area breaks before any DRED, no source says that the packet must be refused:
    "no DRED" is as good an answer.
    """
    if isinstance(reply, Answer):
        if expected.code.startswith("extension.") and _says_none(vector.operation, reply.value):
            return Verdict(True, note=NO_DRED)
        return Verdict(False, Divergence("reply", describe(expected), "an answer"))
    if codes and reply.code != expected.code:
        return Verdict(False, Divergence("code", expected.code, reply.code))
    return Verdict(True)


NO_DRED = "no DRED, where the area breaks before any; refusing it is as right"


def _says_none(operation: str, value: Mapping[str, Any]) -> bool:
    """Whether an answer says that there is no DRED."""
    if operation == "payload":
        return "dred" in value and value["dred"] is None
    if operation == "decode":
        return value.get("features") == ""
    none = {"samples": 0, "dred_end": 0}
    return operation == "query" and all(one == none for one in value.get("results", [1]))


def describe(expected: Expected) -> str:
    """What is expected, in words for a report."""
    if isinstance(expected, Survive):
        return "any answer or refusal in time: no crash, no hang"
    if isinstance(expected, Reject):
        return f"a refusal ({expected.code})"
    if isinstance(expected, Exact):
        return _describe_exact(expected.value)
    if isinstance(expected, Features):
        return f"features within {_limits(expected.limits)} of the reference"
    if isinstance(expected, Audio):
        words = f"speech within {_limits(expected.limits)} of the reference"
        if expected.original_limits is not None:
            words += f", and {_limits(expected.original_limits)} of the recording"
        return words
    if isinstance(expected, Analysed):
        return f"speech whose analysis is within {_limits(expected.limits)} of what was asked for"
    if isinstance(expected, Same):
        return "the samples that the frames alone give, to the last one"
    assert isinstance(expected, Encoded)
    return _describe_encoded(expected)


def _describe_encoded(expected: Encoded) -> str:
    """What is expected of a stream."""
    words = (
        f"a valid stream, {expected.min_packets} packets or more with DRED, each within "
        f"{expected.align_ms:g} ms of its place; features within {_limits(expected.limits)}"
    )
    if expected.packet_bytes is not None:
        words += f"; every packet of {expected.packet_bytes} bytes"
    if expected.start_ms is not None:
        words += f"; every packet with DRED reaching to {expected.start_ms:g} ms from the start"
    if expected.silence_ms is not None:
        words += f"; no more than {expected.silence_ms:g} ms of silence at an end of its DRED"
    if expected.silent_packets:
        words += f"; {expected.silent_packets} packets or more that say nothing"
    return words


def _limits(limits: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {limit:g}" for name, limit in limits.items())


def _describe_exact(value: Mapping[str, Any]) -> str:
    """The gist of an exact answer."""
    if "dred" in value:
        dred = value["dred"]
        if dred is None:
            return "no DRED found"
        return (
            f"DRED of {dred['nb_chunks']} chunks, offset {dred['dred_offset']}, "
            "every state and latent integer"
        )
    if "extensions" in value:
        count = len(value["extensions"])
        words = f"{count} extension{'' if count == 1 else 's'}"
        return words + (f", then an error ({value['error']['code']})" if value["error"] else "")
    if "frames" in value:
        return f"{value['nb_frames']} frames of {value['frame_ms']:g} ms"
    if "results" in value:
        pairs = ", ".join(f"{one['samples']}/{one['dred_end']}" for one in value["results"][:4])
        return f"samples/dred_end {pairs}" + (" ..." if len(value["results"]) > 4 else "")
    return "this answer exactly"
