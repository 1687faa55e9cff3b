"""The list of what the suite found: borne out by vectors and flags, and in step with its page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dredref.conformance.found import Found, faults_of, found, found_markdown
from dredref.conformance.scoreboard import FOLDER
from dredref.vectors.form import vector_to_json
from dredref.vectors.suite import load_suite

PAGE = FOLDER.parent / "FOUND.md"
ENTRIES = found()


def test_page_is_in_step_with_the_entries() -> None:
    """After a change: dredref scoreboard --found -o conformance/FOUND.md."""
    assert PAGE.read_text("utf-8") == found_markdown(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=[one.id for one in ENTRIES])
def test_vectors_show_what_is_told(entry: Found) -> None:
    vectors = list(load_suite().vectors())
    assert faults_of(entry, vectors) == []
    if re.fullmatch("[0-9a-f]+", entry.input):
        asked = [str(vector_to_json(one)["input"]) for one in vectors if one.id in entry.vectors]
        assert any(entry.input in text for text in asked)


def test_entries_that_nothing_bears_out_are_told() -> None:
    vectors = list(load_suite().vectors())
    one = ENTRIES[0]
    assert faults_of(replace(one, vectors=()), vectors) == ["no vector shows it"]
    assert faults_of(replace(one, vectors=("x.y",)), vectors) == ["x.y is no vector"]
    assert faults_of(replace(one, flag="Sevenbits"), vectors)
    assert faults_of(replace(one, flag="SevenBits"), vectors)


def test_ids_are_unique_and_states_are_known() -> None:
    assert len({one.id for one in ENTRIES}) == len(ENTRIES)
    assert {one.state for one in ENTRIES} <= {"unfixed", "fixed", "unknown"}
    assert all(one.version for one in ENTRIES if one.state != "unknown")
