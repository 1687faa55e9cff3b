"""The page of ``dredref evaluate``: a figure, a table, spectrograms and players."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dredref.conformance.report.templates import render
from dredref.conformance.report.write import put
from dredref.evaluation.quality import MEASURES, TITLES, Spread, spread
from dredref.evaluation.run import Evaluation
from dredref.files import make_folder
from dredref.pictures.sounds import Sound, shown

RANGES = {"plcmos": (1.0, 5.0), "pesq": (1.0, 4.7), "estoi": (0.0, 1.0)}
"""What the figure's axes span."""


@dataclass(frozen=True, slots=True)
class Row:
    """A system under one loss, over all clips."""

    system: str
    title: str
    loss: str
    clips: int
    kbps: float
    redundancy_kbps: float
    """What it sends more than the same speech without redundancy."""
    lost_percent: float
    scores: dict[str, Spread]
    sources: dict[str, float]
    """Percent of the output from each source."""


def rows(found: Evaluation) -> list[Row]:
    """Return a row for each loss and system."""
    made = []
    for loss in found.losses:
        plain = _mean_rate(found, found.systems[0].name, loss)
        for system in found.systems:
            results = found.of(system.name, loss)
            rate = _mean_rate(found, system.name, loss)
            total: Counter[str] = Counter()
            for one in results:
                total.update(one.sources)
            made.append(
                Row(
                    system.name,
                    system.title,
                    loss,
                    len(results),
                    rate / 1000,
                    (rate - plain) / 1000,
                    float(np.mean([one.lost_percent for one in results])),
                    {
                        name: spread([getattr(one.scores, name) for one in results])
                        for name in MEASURES
                    },
                    {name: 100 * ms / max(total.total(), 1) for name, ms in total.items()},
                )
            )
    return made


def _mean_rate(found: Evaluation, system: str, loss: str) -> float:
    return float(np.mean([one.bits_per_second for one in found.of(system, loss)]))


def write_evaluation(found: Evaluation, folder: Path, command: str) -> None:
    """Write ``evaluation.html`` and ``evaluation.json`` to a folder, which is made if need be.

    Raises:
        InputError: ``output.unwritable``.
    """
    made = rows(found)
    make_folder(folder)
    put(folder / "evaluation.json", json.dumps(to_json(found, made, command), indent=1) + "\n")
    put(
        folder / "evaluation.html",
        render(
            "evaluate.html.j2",
            title="What each way of making losses good is worth",
            command=command,
            losses=found.losses,
            clips=sorted({one.clip for one in found.results}),
            delay=found.delay_ms,
            rows=made,
            measures=[(name, TITLES[name]) for name in MEASURES],
            charts=[_chart(made, found.losses, name) for name in MEASURES],
            heard=_heard(found),
        ),
    )


def to_json(found: Evaluation, made: list[Row], command: str) -> dict[str, Any]:
    """All figures, for programs."""
    return {
        "command": command,
        "delay_ms": found.delay_ms,
        "seed": found.seed,
        "losses": found.losses,
        "systems": [asdict(system) for system in found.systems],
        "rows": [asdict(row) for row in made],
        "results": [asdict(one) for one in found.results],
    }


def _chart(made: list[Row], losses: tuple[str, ...], name: str) -> dict[str, Any]:
    """A chart of one measure: for each system a mark with its confidence, a column each loss."""
    low, high = RANGES[name]

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    steps = 5 if name == "estoi" else int(high - low)
    ticks = [low + (high - low if name == "estoi" else steps) * k / steps for k in range(steps + 1)]
    groups: dict[str, list[Row]] = {}
    for row in made:
        groups.setdefault(row.title, []).append(row)
    return {
        "title": TITLES[name],
        "ticks": [(place(tick), f"{tick:g}") for tick in ticks],
        "groups": [
            {
                "title": title,
                "marks": [
                    {
                        "series": losses.index(row.loss),
                        "at": place(row.scores[name].mean),
                        "low": place(row.scores[name].low),
                        "width": round(
                            place(row.scores[name].high) - place(row.scores[name].low), 2
                        ),
                        "text": f"{row.scores[name].mean:.2f}",
                    }
                    for row in of_title
                ],
            }
            for title, of_title in groups.items()
        ],
    }


def _heard(found: Evaluation) -> list[dict[str, Any]]:
    """What is to be seen and heard of the clips whose sound was kept."""
    lossless = {system.name for system in found.systems if system.lossless}
    made: list[dict[str, Any]] = []
    for clip in dict.fromkeys(key[0] for key in found.sound):
        for loss in found.losses:
            sounds = tuple(
                _sound(found, clip, system, loss, pcm)
                for (name, system, of_loss), pcm in found.sound.items()
                if name == clip and (of_loss in ("", loss) or system in lossless)
            )
            made.append({"clip": clip, "loss": loss, "sounds": shown(sounds, alike=True)})
    return made


def _sound(found: Evaluation, clip: str, system: str, loss: str, pcm: Any) -> Sound:
    """One recording, its scores beside it."""
    titles = {one.name: one.title for one in found.systems}
    scores = next((one.scores for one in found.of(system, loss) if one.clip == clip), None)
    told = "as it was before coding"
    if scores is not None:
        told = ", ".join(f"{TITLES[name]} {getattr(scores, name):.2f}" for name in MEASURES)
    return Sound(titles.get(system, system), told, pcm)
