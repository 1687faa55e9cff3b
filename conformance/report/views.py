"""A run as its page shows it: counts, findings, families of vectors, cards."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dredref.conformance.classes import CLASSES, Claim
from dredref.conformance.outcome import BAD, Measure, Outcome, Result
from dredref.conformance.record import Run
from dredref.conformance.report.details import NOTHING, Detail, detail
from dredref.spec.requirements import requirements
from dredref.vectors.material import bit_stream
from dredref.vectors.model import GROUPS, Vector

CARDS_EACH = 3
"""Vectors of a family and outcome that get a card; the others get a line.

Of those that were not put as many get a line; the others are counted."""
CARDS = 240
"""Cards of a page that do not show a passing vector, at most."""
PLOTTED = 18
"""Cards with plots of vectors that did not pass, at most, for each operation that has them."""
SOUND = 2_000_000
"""Characters of sound in a page, at most."""

GROUP_TITLES: Mapping[str, str] = {
    "packet": "framing of Opus packets",
    "extension": "extension areas in the padding",
    "payload": "DRED header, state and latent integers",
    "decode": "payloads to features",
    "vocoder": "features to speech",
    "encode": "speech to a stream with DRED",
    "stream": "whole streams: what is there to be had, and losses made good",
    "plc": "neural concealment, frame by frame",
    "pcm": "what stands behind frames is not heard",
    "hostile": "what must never crash, hang or read out of bounds",
}
CLAIM_STYLES = {
    Claim.CONFORMANT: "conformant",
    Claim.NOT: "not",
    Claim.PARTLY: "partly",
    Claim.NONE: "none",
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many vectors had an outcome."""

    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Gauge:
    """A measure as a bar."""

    name: str
    text: str
    limit: float | None
    share: float | None
    """Percent of the limit, at most 100."""
    kept: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and answered, for who wants to see for himself."""

    request: str = ""
    reply: str = ""
    replay: str = ""
    said: str = ""
    download: str = ""
    """The packets of an encoder's answer as a ``.bit`` file, a data URI."""


SHOWN_JSON = 3000
"""Characters of a request or reply on the page."""


def exchange(result: Result, vector: Vector | None) -> Exchange:
    """The exchange behind a result that did not pass."""
    if result.outcome is Outcome.PASS:
        return Exchange()
    question = ""
    if vector is not None:
        form = {"cmd": "run", "seq": 1, "operation": vector.operation, "input": vector.request()}
        question = _line(form)
    packets = (result.answer or {}).get("packets")
    return Exchange(
        request=question,
        reply=_line(result.answer) if result.answer else "",
        replay=f"dredref replay results.jsonl {result.id} --command ...",
        said=result.said,
        download=_download(packets) if isinstance(packets, list) else "",
    )


def _line(form: Mapping[str, Any]) -> str:
    """JSON as the protocol writes it, cut where it is long."""
    text = json.dumps(form, separators=(",", ":"))
    return text if len(text) <= SHOWN_JSON else f"{text[:SHOWN_JSON]}... ({len(text)} characters)"


def _download(packets: list[Any]) -> str:
    try:
        content = bit_stream(bytes.fromhex(one) for one in packets)
    except (TypeError, ValueError):
        return ""
    return "data:application/octet-stream;base64," + base64.b64encode(content).decode()


@dataclass(frozen=True, slots=True)
class Entry:
    """A vector on the page."""

    id: str
    title: str
    outcome: str
    level: str
    version: int | None
    expectation: str
    divergence: str
    reason: str
    clauses: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    """Requirements, and where each comes from."""
    notes: tuple[tuple[str, str, bool], ...]
    """Flags, what they stand for, and whether the answer shows the fault."""
    measures: tuple[Gauge, ...]
    detail: Detail
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Family:
    """Vectors whose ids begin alike."""

    name: str
    total: int
    counts: tuple[Count, ...]
    bad: bool
    open: bool
    cards: tuple[Entry, ...]
    lines: tuple[Entry, ...]
    passed: tuple[Entry, ...]
    not_run: tuple[tuple[int, str, str], ...]
    """Number, outcome and reason of vectors that are only counted."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the suite."""

    name: str
    title: str
    counts: tuple[Count, ...]
    families: tuple[Family, ...]


@dataclass(slots=True)
class _Budget:
    """What a page still has room for."""

    cards: int = CARDS
    sound: int = SOUND
    plotted: Counter[str] = field(default_factory=Counter)

    def heard(self, inside: Detail) -> Detail:
        """The detail, without its players if they do not fit."""
        size = sum(len(clip.uri) for clip in inside.plots.clips)
        if size > self.sound:
            return replace(inside, plots=replace(inside.plots, clips=()))
        self.sound -= size
        return inside

    def plots(self, result: Result) -> bool:
        """Whether this vector's plots still fit."""
        if result.answer is None and result.operation in ("decode", "records", "vocode", "conceal"):
            return False
        self.plotted[result.operation] += 1
        return self.plotted[result.operation] <= PLOTTED


def counts(results: Iterable[Result]) -> tuple[Count, ...]:
    """Every outcome with its count."""
    found = Counter(result.outcome for result in results)
    return tuple(Count(str(outcome), found[outcome]) for outcome in Outcome)


def family_of(name: str) -> str:
    """The first two parts of an id; the third as well where the second is a DRED version."""
    parts = name.split(".")
    count = 3 if len(parts) > 3 and parts[1] in ("v10", "v12") else 2
    return ".".join(parts[:count])


def gauge(one: Measure) -> Gauge:
    """A measure as a bar."""
    share = None
    if one.limit is not None and one.limit > 0:
        share = 100.0 if not one.value <= one.limit else max(0.0, 100 * one.value / one.limit)
    return Gauge(one.name, f"{one.value:.6g}", one.limit, share, one.kept)


def groups(run: Run, vectors: Mapping[str, Vector]) -> tuple[Group, ...]:
    """The page's groups; details come from the vectors, where they are at hand."""
    budget = _Budget()
    by_group: dict[str, list[Result]] = {}
    for result in run.results:
        by_group.setdefault(result.group, []).append(result)
    return tuple(
        Group(
            name,
            GROUP_TITLES[name],
            counts(by_group[name]),
            tuple(_families(by_group[name], vectors, run.suite["notes"], budget)),
        )
        for name in GROUPS
        if name in by_group
    )


def _families(
    results: Sequence[Result],
    vectors: Mapping[str, Vector],
    meanings: Mapping[str, str],
    budget: _Budget,
) -> Iterable[Family]:
    """Families in the order of the suite, those with something bad first."""
    members: dict[str, list[Result]] = {}
    for result in results:
        members.setdefault(family_of(result.id), []).append(result)
    ordered = sorted(
        members.items(), key=lambda item: all(one.outcome not in BAD for one in item[1])
    )
    opened = 0
    for name, family in ordered:
        cards: list[Entry] = []
        lines: list[Entry] = []
        passed: list[Entry] = []
        shown: Counter[Outcome] = Counter()
        not_run: Counter[tuple[str, str]] = Counter()
        for result in family:
            vector = vectors.get(result.id)
            if result.outcome is Outcome.PASS:
                if result.answer is not None and vector is not None:
                    inside = budget.heard(detail(vector, result, plots=True))
                    cards.append(_entry(result, meanings, inside))
                else:
                    passed.append(_entry(result, meanings, NOTHING))
                continue
            shown[result.outcome] += 1
            wanted = result.outcome not in (Outcome.UNSUPPORTED, Outcome.SKIPPED)
            if not wanted and shown[result.outcome] > CARDS_EACH:
                not_run[str(result.outcome), result.reason] += 1
            elif wanted and shown[result.outcome] <= CARDS_EACH and budget.cards > 0:
                budget.cards -= 1
                inside = NOTHING
                if vector is not None:
                    inside = budget.heard(detail(vector, result, plots=budget.plots(result)))
                cards.append(_entry(result, meanings, inside, exchange(result, vector)))
            else:
                lines.append(_entry(result, meanings, NOTHING))
        bad = any(result.outcome in BAD for result in family)
        opened += bad
        kept = tuple(one for one in counts(family) if one.count)
        open_ = (bad and opened <= 3) or any(card.detail.plots.clips for card in cards)
        yield Family(
            name,
            len(family),
            kept,
            bad,
            open_,
            tuple(cards),
            tuple(lines),
            tuple(passed),
            tuple((number, *key) for key, number in not_run.most_common()),
        )


def _entry(
    result: Result,
    meanings: Mapping[str, str],
    inside: Detail,
    asked: Exchange | None = None,
) -> Entry:
    """One vector as it is shown."""
    text = str(result.divergence["text"]) if result.divergence else ""
    return Entry(
        id=result.id,
        title=result.title,
        outcome=str(result.outcome),
        level=result.level,
        version=result.version,
        expectation=result.expectation,
        divergence=text,
        reason=result.reason,
        clauses=result.clauses,
        sources=tuple(
            (name, requirements()[name].clause)
            for name in result.requirements
            if name in requirements()
        ),
        notes=notes_of(result, meanings),
        measures=tuple(gauge(one) for one in result.measures),
        detail=inside,
        exchange=asked or Exchange(),
    )


def notes_of(result: Result, meanings: Mapping[str, str]) -> tuple[tuple[str, str, bool], ...]:
    """Flags with what they mean, those that are seen first."""
    ordered = sorted(result.flags, key=lambda flag: flag not in result.causes)
    return tuple((flag, meanings.get(flag, ""), flag in result.causes) for flag in ordered)


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """The largest value of a figure in several runs."""

    group: str
    name: str
    largest: tuple[float | None, ...]
    """For each run; None where nothing was measured."""


def measure_rows(runs: Sequence[Run]) -> list[MeasureRow]:
    """Every figure that has a limit somewhere, group by group."""
    found: dict[tuple[str, str], list[float | None]] = {}
    for place, run in enumerate(runs):
        for result in run.results:
            for one in result.measures:
                if one.limit:
                    row = found.setdefault((result.group, one.name), [None] * len(runs))
                    before = row[place]
                    row[place] = one.value if before is None else max(before, one.value)
    return [
        MeasureRow(group, name, tuple(found[key]))
        for group in GROUPS
        for key in found
        if key[0] == group
        for name in (key[1],)
    ]


def verdict_views(run: Run) -> list[dict[str, Any]]:
    """The classes with their claims."""
    known = {one.name: one for one in CLASSES}
    return [
        {
            "name": one.name,
            "title": known[one.name].title,
            "definition": known[one.name].definition,
            "claim": str(one.claim),
            "style": CLAIM_STYLES[one.claim],
            "held": one.held,
            "total": one.total,
        }
        for one in run.verdicts
    ]


def environment_rows(run: Run) -> list[tuple[str, str]]:
    """Everything that says what was run on what."""
    known = run.implementation
    return [
        ("implementation", f"{known.name} {known.version}".strip()),
        *((name, value) for name, value in known.details.items() if value),
        ("operations", ", ".join(known.operations)),
        ("DRED versions", ", ".join(str(one) for one in known.versions)),
        ("suite", f"{run.suite['version']}, sha256 {run.suite['digest']}"),
        ("started", run.started),
        ("duration", f"{run.seconds:.1f} s"),
        *run.environment.items(),
    ]
