"""What a mutant is: a change of one source or data file, read from ``mutants.toml``."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dredref.spec.errors import InputError

DATA = Path(__file__).parent / "mutants.toml"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutant of the reference."""

    name: str
    what: str
    """What is wrong with it."""
    path: str
    """From the root of the sources."""
    groups: tuple[str, ...]
    """Groups that are asked first, in this order, since they ought to kill it."""
    old: str = ""
    new: str = ""
    entry: tuple[Any, ...] = ()
    """Keys down to a number of a JSON file; the mutant adds 1 to it."""

    def mutate(self, text: str) -> str:
        """Return the file as it is in the mutant.

        Raises:
            InputError: ``mutants.stale`` if the file does not have the one place to change.
        """
        if self.entry:
            return self._add_one(text)
        if text.count(self.old) != 1:
            raise InputError(
                "mutants.stale", f"{self.name}: {self.path} has {text.count(self.old)} places"
            )
        return text.replace(self.old, self.new)

    def _add_one(self, text: str) -> str:
        data = json.loads(text)
        *folders, last = self.entry
        place = data
        for key in folders:
            place = place[key]
        place[last] += 1
        return json.dumps(data)


@cache
def mutants() -> tuple[Mutant, ...]:
    """All mutants, in the order of the file."""
    listed = tomllib.loads(DATA.read_text("utf-8"))["mutant"]
    return tuple(_mutant(form) for form in listed)


def _mutant(form: dict[str, Any]) -> Mutant:
    lists: dict[str, Any] = {key: tuple(form[key]) for key in ("groups", "entry") if key in form}
    return Mutant(**{**form, **lists})
