"""What drafts and the working group say, followed through to requirements.

The statements are the data file ``data/drafts.json``: the place to begin when a newer draft comes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Status = Literal["done", "open", "todo"]
"""``done``: checked, or shown by vectors; ``open``: not settled in its source; ``todo``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a source."""

    id: str
    statement: str
    """In this project's words."""
    document: str
    """With version, where it has one."""
    where: str
    """Section, empty where the source has none."""
    level: str
    requirements: tuple[str, ...]
    """Ids of the catalogue that carry it."""
    status: Status
    libopus: str
    """What libopus does."""
    suite: str
    """What this project does."""

    @property
    def source(self) -> str:
        """Document and section."""
        return f"{self.document} {self.where}".strip()


@cache
def _data() -> dict[str, list[dict[str, object]]]:
    text = files("dredref.spec").joinpath("data/drafts.json").read_text("utf-8")
    found: dict[str, list[dict[str, object]]] = json.loads(text)
    return found


@cache
def statements() -> tuple[Statement, ...]:
    """All statements, in the order of the file."""
    return tuple(
        Statement(**{**form, "requirements": tuple(form["requirements"])})  # type: ignore[arg-type]
        for form in _data()["statements"]
    )


def documents_read() -> tuple[str, ...]:
    """What was read of which document."""
    return tuple(str(one) for one in _data()["read"])
