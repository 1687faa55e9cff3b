"""The public API: every name is there, and comes on first use."""

from __future__ import annotations

import pytest

import dredref


@pytest.mark.parametrize("name", dredref.__all__)
def test_a_public_name_can_be_had(name: str) -> None:
    assert getattr(dredref, name).__doc__
    assert name in dir(dredref)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dredref.nothing  # type: ignore[attr-defined]  # noqa: B018
