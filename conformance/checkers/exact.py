"""Answers known to the last bit: equality, and the first place where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dredref.conformance.checkers.kind import Kind, Question, Values
from dredref.conformance.outcome import Verdict
from dredref.metrics.divergence import Divergence
from dredref.vectors.model import Exact

OPTIONAL: Mapping[str, frozenset[str]] = {
    "packet": frozenset({"frame_ms", "padding"}),
    "extension": frozenset({"extensions.offset"}),
    "payload": frozenset(
        {
            "dred.frame",
            "dred.q0",
            "dred.dQ",
            "dred.qmax",
            "dred.offset",
            "dred.extra_offset",
            "dred.chunks.bits",
            "dred.bits_used",
            "dred.bits_total",
        }
    ),
    "query": frozenset(),
}
"""Operation -> keys that may be left out by who cannot see them; given ones count."""

_CODES = frozenset({"error.code"})
"""Keys that only count with implementations that speak this project's error codes."""


def check_exact(
    operation: str, expected: Mapping[str, Any], got: Mapping[str, Any], *, codes: bool = False
) -> Verdict:
    """Compare an answer key by key, in the order of the vector."""
    passed_over = frozenset() if codes else _CODES
    difference = _difference(
        expected, got, (), (), OPTIONAL.get(operation, frozenset()), passed_over
    )
    return Verdict(difference is None, difference)


class ExactKind(Kind[Exact]):
    """An answer that is known to the last bit."""

    def check(self, question: Question[Exact], answer: Values) -> Verdict:
        """Compare an answer with the vector's."""
        operation, value = question.vector.operation, question.expected.value
        return check_exact(operation, value, answer, codes=question.codes)

    def describe(self, expected: Exact) -> str:
        """Return what is expected, in words for a report."""
        return gist(expected.value)


def gist(value: Mapping[str, Any]) -> str:
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


def _difference(
    expected: Any,
    got: Any,
    path: tuple[str, ...],
    places: tuple[int, ...],
    optional: frozenset[str],
    passed_over: frozenset[str],
) -> Divergence | None:
    """The first difference under ``path``, or None."""
    name = ".".join(path)
    if name in passed_over:
        return None
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return _place(name, places, expected, got)
        for key, value in expected.items():
            inner = ".".join((*path, key))
            if key not in got:
                if inner in optional or inner in passed_over:
                    continue
                return _place(inner, places, value, "(left out)")
            found = _difference(value, got[key], (*path, key), places, optional, passed_over)
            if found:
                return found
        return None
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple):
            return _place(name, places, expected, got)
        for index, (left, right) in enumerate(zip(expected, got, strict=False)):
            found = _difference(left, right, path, (*places, index), optional, passed_over)
            if found:
                return found
        if len(expected) != len(got):
            return _place(f"{name} count", places, len(expected), len(got))
        return None
    return None if _equal(expected, got) else _place(name, places, expected, got)


def _equal(expected: Any, got: Any) -> bool:
    """Equality of JSON scalars: true is not 1, 20 and 20.0 are one number."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return expected == got
    if isinstance(expected, str) and isinstance(got, str):
        return expected.lower() == got.lower() if _is_hex(expected) else expected == got
    return expected is None and got is None


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


def _place(name: str, places: tuple[int, ...], expected: Any, got: Any) -> Divergence:
    """A divergence with the first two list indices as frame and index."""
    return Divergence(
        stage=name,
        expected=expected,
        got=got,
        frame=places[0] if places else None,
        index=places[1] if len(places) > 1 else None,
    )
