"""What went wrong in a run, gathered: by the fault that the answers show, else by what was seen.

A miss counts for a flag only where its answer shows the flag's fault (see causes.py). Everything
else is gathered by group and by what was seen, with a word on the flags that its vectors watch for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dredref.conformance.causes import SYMPTOMS
from dredref.conformance.outcome import NOT_RUN, Outcome, Result
from dredref.conformance.record import Run

FINDINGS = 40
"""Rows of findings, at most."""
_ORDER = (Outcome.ERROR, Outcome.TIMEOUT, Outcome.FAIL, Outcome.NONSTRICT)
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What several vectors have in common that went wrong."""

    name: str
    """The flag, or the group and what was seen."""
    note: str
    """What the flag stands for."""
    shows: str
    """How the flag's fault shows; empty where the finding is no flag's."""
    missed: int
    of: int
    """Vectors with the flag, or of the group, that were put."""
    outcomes: tuple[tuple[str, int], ...]
    watched: tuple[tuple[str, int], ...]
    """Flags that the vectors also watch for, with their numbers, and that they do not show."""
    first: str
    text: str


def findings(run: Run) -> tuple[Finding, ...]:
    """Everything that went wrong; a miss that shows several faults counts for each of them."""
    missed: dict[str, list[Result]] = {}
    put: Counter[str] = Counter()
    for result in run.results:
        if result.outcome in NOT_RUN:
            continue
        put.update((result.group, *result.flags))
        if result.outcome is not Outcome.PASS:
            for name in result.causes or (seen(result),):
                missed.setdefault(name, []).append(result)
    ordered = sorted(missed.items(), key=lambda item: _rank(item[1]))
    notes = run.suite["notes"]
    return tuple(
        _finding(name, found, put, notes.get(name, "")) for name, found in ordered[:FINDINGS]
    )


def _rank(found: Sequence[Result]) -> tuple[int, int]:
    """Failures before missed SHOULDs, then the more frequent first."""
    worst = min(_ORDER.index(one.outcome) for one in found)
    return int(_ORDER[worst] is Outcome.NONSTRICT), -len(found)


def _finding(name: str, found: Sequence[Result], put: Counter[str], note: str) -> Finding:
    is_cause = name in found[0].causes
    watched = Counter(flag for one in found for flag in one.flags if flag not in one.causes)
    outcomes = Counter(one.outcome for one in found)
    return Finding(
        name=name,
        note=note if is_cause else "",
        shows=SYMPTOMS[name].words if is_cause and name in SYMPTOMS else "",
        missed=len(found),
        of=put[name] if is_cause else put[found[0].group],
        outcomes=tuple((str(one), outcomes[one]) for one in _ORDER if outcomes[one]),
        watched=() if is_cause else tuple(watched.most_common()),
        first=found[0].id,
        text=where(found[0]),
    )


def where(result: Result) -> str:
    """Where an answer parts from what is expected, or why there is none."""
    return str(result.divergence["text"]) if result.divergence else result.reason


def seen(result: Result) -> str:
    """The group and what was seen: stage of divergence, refusal with its reason, or fault."""
    if result.divergence is None:
        return f"{result.group}: {_alike(result.reason)}"
    stage = str(result.divergence["stage"])
    if stage == "reply":
        return f"{result.group}: {_alike(str(result.divergence['got']))}"
    return f"{result.group}: {stage}"


def _alike(text: str) -> str:
    """A message without its figures, so that those of one kind are one."""
    return re.sub(r"0x[0-9a-f]+|\b\d[\d.]*", "N", text)[:160].strip()


@dataclass(frozen=True, slots=True)
class FlagRow:
    """What a flag's vectors came to in several runs."""

    flag: str
    note: str
    missed: tuple[tuple[int, int] | None, ...]
    """Vectors whose answers show the fault, and those put, for each run; None where none was."""


def flag_rows(runs: Sequence[Run]) -> list[FlagRow]:
    """Every flag whose fault the answers of any run show."""
    put = [_count(run, lambda result: result.flags) for run in runs]
    missed = [_count(run, lambda result: result.causes) for run in runs]
    notes: dict[str, str] = {}
    for run in runs:
        notes |= run.suite["notes"]
    flags = sorted({flag for one in missed for flag in one})
    return [
        FlagRow(
            flag,
            notes.get(flag, ""),
            tuple(
                (failed[flag], asked[flag]) if asked[flag] else None
                for failed, asked in zip(missed, put, strict=True)
            ),
        )
        for flag in flags
    ]


def _count(run: Run, names: Callable[[Result], Iterable[str]]) -> Counter[str]:
    return Counter(
        name for result in run.results if result.outcome not in NOT_RUN for name in names(result)
    )
