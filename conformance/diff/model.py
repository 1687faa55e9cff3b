"""What a comparison of two files says, whatever they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dredref.conformance.outcome import Measure
from dredref.metrics.divergence import Divergence


@dataclass(frozen=True, slots=True)
class Difference:
    """The comparison of a reference file and a candidate."""

    kind: str
    """``features``, ``audio`` or ``packets``."""
    names: tuple[str, str]
    notes: tuple[str, ...]
    """What was assumed or found on the way: lengths, rates, what was left out."""
    measures: tuple[Measure, ...]
    first: Divergence | None
    """The first place that is not equal."""
    first_over: Divergence | None
    """The first place beyond a threshold."""
    worst: tuple[Divergence, ...]
    """The worst places, worst first."""
    counted: Mapping[str, int] = field(default_factory=dict)
    """How many frames or packets were compared, and how many differ."""
    detail: Any = field(default=None, compare=False)
    """The comparison that plots are made of."""

    @property
    def within(self) -> bool:
        """Whether every threshold is kept."""
        return self.first_over is None and all(one.kept for one in self.measures)

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "kind": self.kind,
            "reference": self.names[0],
            "candidate": self.names[1],
            "within": self.within,
            "notes": list(self.notes),
            "measures": [
                {"name": one.name, "value": one.value, "limit": one.limit} for one in self.measures
            ],
            "first_difference": self.first.to_json() if self.first else None,
            "first_over": self.first_over.to_json() if self.first_over else None,
            "worst": [one.to_json() for one in self.worst],
            "counts": dict(self.counted),
        }
