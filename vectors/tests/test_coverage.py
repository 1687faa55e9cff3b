"""What the suite has to cover, and that a gap would be seen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from dredref.spec.requirements import requirements
from dredref.vectors.coverage import broken_requirements, coverage, is_covered, requirement_coverage
from dredref.vectors.model import GROUPS, Reject, Vector
from dredref.vectors.suite import load_suite


@cache
def suite() -> tuple[Vector, ...]:
    """Every vector."""
    return tuple(load_suite().vectors())


def test_every_case_has_a_vector() -> None:
    rows = coverage(suite())
    assert {row.group for row in rows} == {"packet", "extension", "payload v10", "payload v12"}
    for row in rows:
        assert row.wanted
        assert not row.missing, row


def test_every_requirement_is_kept_and_broken() -> None:
    rows = requirement_coverage(suite(), enough=1)
    assert [row.requirement.id for row in rows] == list(requirements())
    assert [row.requirement.id for row in rows if not is_covered(row)] == []


def test_every_error_of_the_parsers_is_expected() -> None:
    refused = {v.expected.code for v in suite() if isinstance(v.expected, Reject)}
    inside = {
        v.expected.value["error"]["code"]  # type: ignore[union-attr]
        for v in suite()
        if v.operation == "extension" and v.expected.kind == "exact" and v.expected.value["error"]  # type: ignore[union-attr]
    }
    for requirement in requirements().values():
        if requirement.check == "parser":
            assert set(requirement.codes) <= refused | inside, requirement.id


def gaps() -> Iterator[tuple[str, str]]:
    """Globs of vectors to leave out, and the row that must show it."""
    yield "payload.v12.q0-06.dq-3.qmax-11", "q0, dQ and qmax"
    yield "payload.v10.offset.x-200.*", "extra offset"
    yield "payload.v12.symbols.level-03.turn-05", "latent: level, place, symbols"
    yield "extension.[er]*", "errors"
    yield "packet.toc.config-13.stereo", "config and channels"


@pytest.mark.parametrize(("glob", "what"), list(gaps()))
def test_a_gap_is_seen(glob: str, what: str) -> None:
    group = glob.partition(".")[0]
    out = {vector.id for vector in load_suite().vectors([group], [glob])}
    assert out
    kept = [v for v in suite() if v.group == group and v.id not in out]
    assert any(row.what == what and row.missing for row in coverage(kept))


def test_a_requirement_without_a_breaking_vector_is_seen() -> None:
    listed = [v for v in suite() if "packet.r3" in v.requirements]
    kept = [v for v in listed if "packet.r3" not in broken_requirements(v)]
    row = next(r for r in requirement_coverage(kept) if r.requirement.id == "packet.r3")
    assert row.keeping
    assert not is_covered(row)


def test_every_group_and_both_versions_are_there() -> None:
    assert {vector.group for vector in suite()} == set(GROUPS)
    for group in ("payload", "decode", "encode", "stream", "hostile"):
        versions = {vector.version for vector in suite() if vector.group == group}
        assert {10, 12} <= versions


def test_the_suite_is_small() -> None:
    """A third is speech that upstream's limits ask for: sixteen clips of 12 s and their features,
    which cannot be shorter, as the limits hold for that length. A quarter are payloads of every
    header and level. What came since (playback, large bodies, silence, concealment) takes 2 MiB.
    """
    root = load_suite().root
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    assert size < 22 * 2**20
