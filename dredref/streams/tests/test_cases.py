"""Every public case gives its right value, and every capture's accounts add up."""

from __future__ import annotations

import pytest

from dredref.spec.errors import InputError
from dredref.streams.tests.cases import CASES, OWN, Case, Outcome, read


def by_name(case: Case) -> str:
    """A readable test id."""
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_right_value(case: Case) -> None:
    right = case.right
    try:
        found = read(case)
    except InputError as error:
        found = Outcome(error=error.code, says=error.detail)
    assert (found.error, right.get("says", "") in found.says) == (right.get("error", ""), True)
    for key in ("packets", "lost", "streams", "copies"):
        if key in right:
            assert getattr(found, key) == right[key], key
    assert right.get("codes", set()) <= found.codes
    assert found.packets <= right.get("at_most", found.packets)
    if "starts" in right:
        assert found.times[0] == right["starts"]
    if "ends" in right:
        assert found.times[-1] == right["ends"]
    if found.census is not None:
        told = found.census.packets
        assert told["Opus"] + told["RED with Opus"] == found.packets
        if set(found.census.frames) == {"UDP"}:
            assert sum(told.values()) == found.census.frames["UDP"]


def test_at_least_twenty_cases_are_public() -> None:
    public = {case.source for case in CASES if case.source != OWN}
    assert len(public) >= 20
    assert len({case.name for case in CASES}) == len(CASES)
