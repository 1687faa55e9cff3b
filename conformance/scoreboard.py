"""Outcomes of implementations as data: one file each in ``results/``, and one page of them all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dredref.conformance.outcome import BAD, NOT_RUN, Outcome
from dredref.conformance.record import Run
from dredref.spec.errors import InputError
from dredref.vectors.model import GROUPS

FOLDER = Path(__file__).parent / "results"
"""The entries that come with the project."""
LISTED = 12
"""Missed vectors that the page lists of an entry."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A vector that failed or gave no answer."""

    id: str
    outcome: str
    where: str
    """Stage of the divergence, or empty."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the suite said of one implementation."""

    name: str
    revision: str
    date: str
    suite: str
    """Version of the suite."""
    digest: str
    """Of the suite; empty where only its version is known."""
    versions: tuple[int, ...]
    """DRED versions that the implementation knows."""
    counts: Mapping[str, Mapping[str, int]]
    """Group and outcome to the number of vectors."""
    missed: tuple[Miss, ...]
    remarks: tuple[str, ...] = ()

    def put(self, group: str) -> int:
        """Vectors of a group that were answered, or should have been."""
        not_run = {str(one) for one in NOT_RUN}
        return sum(n for outcome, n in self.counts.get(group, {}).items() if outcome not in not_run)

    def held(self, group: str) -> int:
        """Vectors of a group that did not fail."""
        found = self.counts.get(group, {})
        return found.get("pass", 0) + found.get("nonstrict", 0)


def entry_of_run(run: Run, *, revision: str, remarks: Sequence[str] = ()) -> Entry:
    """The entry of a recorded run.

    Raises:
        InputError: ``scoreboard.selection`` for a run of a part of the suite.
    """
    if any(run.selection.get(key) for key in ("groups", "ids")):
        raise InputError("scoreboard.selection", "the run put a selection of vectors, not all")
    counts: dict[str, Counter[str]] = {}
    for result in run.results:
        counts.setdefault(result.group, Counter())[str(result.outcome)] += 1
    missed = tuple(
        Miss(one.id, str(one.outcome), str((one.divergence or {}).get("stage", "")))
        for one in run.results
        if one.outcome in BAD
    )
    return Entry(
        name=run.implementation.name,
        revision=revision or run.implementation.version,
        date=run.started[:10],
        suite=str(run.suite["version"]),
        digest=str(run.suite["digest"]),
        versions=run.implementation.versions,
        counts={group: dict(found) for group, found in counts.items()},
        missed=missed,
        remarks=tuple(remarks),
    )


def entry_text(entry: Entry) -> str:
    """An entry as its file."""
    return json.dumps(asdict(entry), indent=1, ensure_ascii=False) + "\n"


def read_entry(path: Path) -> Entry:
    """Read an entry.

    Raises:
        InputError: ``scoreboard.form`` if it is none.
    """
    try:
        form: dict[str, Any] = json.loads(path.read_text("utf-8"))
        form["missed"] = tuple(Miss(**one) for one in form["missed"])
        form |= {key: tuple(form[key]) for key in ("versions", "remarks")}
        entry = Entry(**form)
        known = {str(one) for one in Outcome}
        if not set(entry.counts) <= set(GROUPS) or any(
            not set(found) <= known for found in entry.counts.values()
        ):
            raise ValueError("a group or an outcome that is not known")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError("scoreboard.form", f"{path}: {error}") from error
    return entry


def entries(folder: Path = FOLDER) -> list[Entry]:
    """All entries of a folder, by name and revision."""
    found = [read_entry(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda one: (one.name.lower(), one.revision))


def scoreboard_markdown(listed: Sequence[Entry]) -> str:
    """The page, in Markdown."""
    lines = [
        "# Scoreboard",
        "",
        "Written by `dredref scoreboard` from the files in `results/`. Vectors held, of those that",
        "were put, for the DRED versions that an implementation knows; a missed SHOULD is held.",
        "How to send in your own: [guides/send-results.md](guides/send-results.md).",
        "",
        "| implementation | DRED | " + " | ".join(GROUPS) + " |",
        "|---|---|" + "---|" * len(GROUPS),
    ]
    for entry in listed:
        cells = [
            f"{entry.held(group)}/{entry.put(group)}" if entry.put(group) else "-"
            for group in GROUPS
        ]
        versions = ", ".join(str(one) for one in entry.versions)
        lines.append(f"| {entry.name} {entry.revision} | {versions} | " + " | ".join(cells) + " |")
    for entry in listed:
        lines += ["", f"## {entry.name} {entry.revision}", ""]
        digest = f" (sha256 {entry.digest[:12]})" if entry.digest else ""
        lines.append(f"Suite {entry.suite}{digest}, {entry.date}.")
        lines += [f"\n{remark}" for remark in entry.remarks]
        if entry.missed:
            lines += ["", f"{len(entry.missed)} vectors failed or gave no answer:", ""]
            for one in entry.missed[:LISTED]:
                where = f" at {one.where}" if one.where else ""
                lines.append(f"- `{one.id}`: {one.outcome}{where}")
            if len(entry.missed) > LISTED:
                lines.append(f"- and {len(entry.missed) - LISTED} more")
    return "\n".join(lines) + "\n"


def badge(entry: Entry) -> dict[str, Any]:
    """A badge in the form that badge servers read from an address."""
    failed = len(entry.missed)
    put = sum(entry.put(group) for group in GROUPS)
    return {
        "schemaVersion": 1,
        "label": "Opus DRED",
        "message": f"{put - failed} of {put} vectors held",
        "color": "red" if failed else "brightgreen",
    }
