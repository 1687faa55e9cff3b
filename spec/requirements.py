"""The catalogue of requirements: what a stream must and should be, with permanent ids.

The catalogue is the data file ``data/requirements.json``; :mod:`dredref.spec.checks` checks it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Level(StrEnum):
    """How binding a requirement is."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One statement that can be checked on a stream, or on an implementation."""

    id: str
    level: Level
    clause: str
    summary: str
    check: str
    """``parser``, ``carrier``, ``stream``, ``signalling``, ``implementation``, or a function of
    :mod:`dredref.spec.checks`."""
    codes: tuple[str, ...]
    """Codes of its violations."""

    @property
    def group(self) -> str:
        """``packet``, ``extension``, ``dred``, ``sdp``, ``decoder``, ``vocoder`` or ``encoder``."""
        return self.id.partition(".")[0]


@cache
def requirements() -> Mapping[str, Requirement]:
    """All requirements by id, in the order of the catalogue."""
    data = json.loads(files("dredref.spec").joinpath("data/requirements.json").read_text())
    return {
        entry["id"]: Requirement(
            entry["id"],
            Level(entry["level"]),
            entry["clause"],
            entry["summary"],
            entry["check"],
            tuple(entry["codes"]),
        )
        for entry in data["requirements"]
    }


@cache
def requirement_of_code(code: str) -> Requirement:
    """The requirement whose violation has this code."""
    for requirement in requirements().values():
        if code in requirement.codes:
            return requirement
    raise KeyError(code)
