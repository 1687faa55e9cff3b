"""One HTML page of a survey's data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

import jinja2
import numpy as np

from dredref.files import atomic_output
from dredref.spec.errors import InputError
from dredref.spec.requirements import Requirement, requirements
from dredref.streams.urls import is_url
from dredref.survey.dataset import TABLES, import_arrow
from dredref.survey.examine import OK, Row

EXAMPLES = 3
"""Examples of a requirement, or of a reason."""
LISTED = 100
"""Files that are listed by name as failed or unreadable."""
BARS = 20
"""Bars of a distribution."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a distribution: from and up to which value, how many, and its height in percent."""

    low: float
    high: float
    count: int
    height: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a figure is spread over the streams that carry DRED."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    median: float
    tenth: float
    """A tenth of the streams have less."""
    ninetieth: float
    """A tenth have more."""


@dataclass(slots=True)
class Finding:
    """What violates a requirement."""

    requirement: Requirement
    count: int = 0
    files: int = 0
    examples: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Reason:
    """Why streams carry no DRED, or why files could not be read."""

    text: str
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, path: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES and path not in self.examples:
            self.examples.append(path)


def write_report(folder: Path, page: Path) -> None:
    """Write the page of the data set in ``folder``.

    Raises:
        InputError: ``survey.missing`` if there is none, ``survey.damaged``, ``output.unwritable``.
        MissingExtraError: pyarrow is not installed.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dredref.survey", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}".replace(",", "\u202f")
    environment.filters["command"] = inspect_command
    environment.filters["link"] = link
    text = environment.get_template("survey.html.j2").render(contents(folder))
    with atomic_output(page) as temporary:
        temporary.write_text(text, "utf-8")


def link(path: str) -> str:
    """Where a browser finds a file."""
    return path if is_url(path) else Path(path).absolute().as_uri()


def inspect_command(path: str, index: int | None = None) -> str:
    """The command that shows a file, or one of its packets."""
    packet = "--summary" if index is None else f"--packet {index}"
    return f"dredref inspect {packet} {quote(path)}"


def contents(folder: Path) -> dict[str, Any]:
    """All that the page shows."""
    if not all((folder / table).is_dir() for table in TABLES):
        raise InputError("survey.missing", f"{folder} holds no survey")
    files = _files(folder)
    streams = _streams(folder)
    return {**files, **streams, "findings": _findings(folder), "folder": str(folder)}


def parts(folder: Path, table: str, columns: list[str] | None = None) -> Iterator[Any]:
    """The parts of a table, as tables of pyarrow.

    Raises:
        InputError: ``survey.damaged``.
    """
    arrow = import_arrow()
    for part in sorted((folder / table).glob("part-*.parquet")):
        if not (folder / "files" / part.name).exists():
            continue  # cut short
        try:
            yield arrow.parquet.read_table(part, columns=columns)
        except (arrow.ArrowException, OSError) as error:
            raise InputError("survey.damaged", f"cannot read {part}: {error}") from error


def _files(folder: Path) -> dict[str, Any]:
    """Counts of the files, and those that could not be read."""
    status: Counter[str] = Counter()
    listed: list[Row] = []
    figures: Counter[str] = Counter()
    for part in parts(folder, "files"):
        status.update(part["status"].to_pylist())
        for name in ("bytes", "records", "with_dred", "must", "should"):
            figures[name] += sum(part[name].drop_null().to_pylist())
        bad = part.filter([one != OK for one in part["status"].to_pylist()])
        listed += bad.slice(0, max(0, LISTED - len(listed))).to_pylist()
    left = status.total() - status[OK] - len(listed)
    return {"status": status, "figures": figures, "listed": listed, "unlisted": left}


def _streams(folder: Path) -> dict[str, Any]:
    """How many streams carry DRED, of which version, how much, how far back; why the rest not."""
    names = ["path", "with_dred", "version", "dred_bitrate", "reach_ms_mean", "why_none"]
    versions: Counter[int] = Counter()
    reasons: dict[str, Reason] = {}
    bitrates: list[float] = []
    reaches: list[float] = []
    total = 0
    for part in parts(folder, "streams", names):
        for path, with_dred, version, bitrate, reach, why in zip(
            *(part[name].to_pylist() for name in names), strict=True
        ):
            total += 1
            if with_dred:
                versions[version] += 1
                bitrates += [bitrate / 1000] if bitrate is not None else []
                reaches.append(reach)
            else:
                text = why or "no packet"
                reasons.setdefault(text, Reason(text)).add(path)
    spread = [
        distribution("Bit rate of DRED", "kb/s", bitrates),
        distribution("Mean reach back", "ms", reaches),
    ]
    return {
        "streams": total,
        "carrying": versions.total(),
        "versions": versions.most_common(),
        "distributions": [one for one in spread if one is not None],
        "reasons": sorted(reasons.values(), key=lambda reason: -reason.count),
    }


def distribution(title: str, unit: str, values: Sequence[float]) -> Distribution | None:
    """How values are spread; None of none."""
    if not values:
        return None
    top = float(np.percentile(values, 99.5)) or 1.0
    step = _round_step(top / BARS)
    edges = np.arange(0, top + step, step)
    counts, _ = np.histogram(np.minimum(values, edges[-1]), edges)
    tallest = max(int(counts.max()), 1)
    bars = tuple(
        Bar(float(low), float(low) + step, int(count), 100 * int(count) / tallest)
        for low, count in zip(edges, counts, strict=False)
    )
    tenth, median, ninetieth = (float(one) for one in np.percentile(values, (10, 50, 90)))
    return Distribution(title, unit, bars, median, tenth, ninetieth)


def _round_step(least: float) -> float:
    """The first of 1, 2, 5, 10, 20 ... (or of 0.1, 0.2, 0.5) that is no less."""
    step = 0.1
    for factor in (2, 2.5, 2) * 20:
        if step >= least:
            break
        step *= factor
    return step


def _findings(folder: Path) -> list[Finding]:
    """Violations by requirement, those of MUST first, then by how often."""
    catalogue = requirements()
    found: dict[str, Finding] = {}
    for part in parts(folder, "violations"):
        counted = part.group_by(["requirement", "path"]).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            name = row["requirement"]
            finding = found.setdefault(name, Finding(catalogue[name]))
            finding.count += row["count_all"]
            finding.files += 1
        for name in set(part["requirement"].to_pylist()):
            finding = found[name]
            rows = part.filter([one == name for one in part["requirement"].to_pylist()])
            seen = {row["path"] for row in finding.examples}
            for row in rows.to_pylist():
                if len(finding.examples) < EXAMPLES and row["path"] not in seen:
                    finding.examples.append(row)
                    seen.add(row["path"])
    order = ("MUST", "SHOULD", "note")
    return sorted(
        found.values(), key=lambda one: (order.index(str(one.requirement.level)), -one.count)
    )
