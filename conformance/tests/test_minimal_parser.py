"""The parser written from the text passes the vectors, and the text names its error codes."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from dredref.conformance.outcome import Outcome
from dredref.conformance.running.harness import Harness
from dredref.conformance.running.runner import run_vectors
from dredref.conformance.tests.imports import STANDARD, imported
from dredref.spec.document.render import environment
from dredref.vectors.model import Exact, Reject
from dredref.vectors.suite import load_suite

PARSER = Path(__file__).parents[1] / "examples" / "minimal_parser.py"
GROUPS = {"packet": 400, "extension": 700, "payload": 3000}
"""Groups that the parser answers whole, and how many vectors they have at the least."""


def harness() -> Harness:
    """The parser as a program under test."""
    return Harness([sys.executable, str(PARSER)])


@pytest.mark.parametrize("group", GROUPS)
def test_all_vectors_pass(group: str) -> None:
    first = harness()
    capabilities = first.capabilities()
    first.close()
    assert capabilities.codes
    results = run_vectors(list(load_suite().vectors([group])), harness, capabilities)
    assert len(results) >= GROUPS[group]
    others = [result for result in results if result.outcome is not Outcome.PASS]
    assert not others, (Counter(result.outcome.value for result in others), others[:3])


def test_nothing_but_the_standard_library() -> None:
    assert imported(PARSER) <= STANDARD


def test_text_names_every_code() -> None:
    """The codes that vectors expect are those of the specification, all of them."""
    expected = set()
    for vector in load_suite().vectors(GROUPS):
        wanted = vector.expected
        if isinstance(wanted, Reject):
            expected.add(wanted.code)
        elif isinstance(wanted, Exact) and wanted.value.get("error"):
            expected.add(wanted.value["error"]["code"])
    loader = environment().loader
    assert loader is not None
    named = set()
    for chapter in ("packet", "extension"):
        text = loader.get_source(environment(), f"{chapter}.md.j2")[0]
        named |= set(re.findall(rf"\| `({chapter}\.[a-z0-9.]+)` (?=\|)", text))
    requirements = {"extension.short", "extension.length", "extension.repeat"}
    assert named - requirements == expected
