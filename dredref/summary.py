"""What a whole input holds: is there DRED, how much, what does it cost, and if none, why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from dredref.batch.outline import DredOutline, Outline
from dredref.spec.dred import UNIT_MS, reach_ms
from dredref.spec.reading import Absence
from dredref.streams.record import Record


@dataclass(slots=True)
class Spread:
    """Least, most and mean of a figure."""

    count: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def add(self, value: float) -> None:
        """Count one more value."""
        self.least = value if self.count == 0 else min(self.least, value)
        self.most = value if self.count == 0 else max(self.most, value)
        self.count += 1
        self.total += value

    @property
    def mean(self) -> float:
        """Mean, 0 of nothing."""
        return self.total / self.count if self.count else 0.0

    def to_json(self) -> dict[str, float]:
        """Least, mean and most."""
        return {"min": self.least, "mean": round(self.mean, 3), "max": self.most}


@dataclass(slots=True)
class StreamSummary:
    """Counts of one Opus stream, grown record by record."""

    records: int = 0
    lost: int = 0
    bytes: int = 0
    duration_ms: float = 0.0
    with_dred: int = 0
    dred_bytes: int = 0
    """Bytes that DRED takes on the wire: id, lacing, prefix and payload."""
    absences: Counter[Absence] = field(default_factory=Counter)
    versions: Counter[int] = field(default_factory=Counter)
    q0: Counter[int] = field(default_factory=Counter)
    chunks: Spread = field(default_factory=Spread)
    covered: Spread = field(default_factory=Spread)
    offset_ms: Spread = field(default_factory=Spread)
    _last_ms: float = 0.0

    def add(self, record: Record, outline: Outline) -> None:
        """Count a record; each packet of a gap lasts as long as the one before it."""
        self.records += record.count
        self.bytes += outline.size
        if record.packet is None:
            self.lost += record.count
        elif outline.duration_48k:
            self._last_ms = outline.duration_48k / 48
        self.duration_ms += self._last_ms * record.count
        if outline.absence is not None:
            self.absences[outline.absence] += record.count
        if outline.dred is not None:
            self._add_dred(outline.dred)

    def _add_dred(self, dred: DredOutline) -> None:
        self.with_dred += 1
        self.dred_bytes += dred.size
        self.versions[dred.version] += 1
        self.q0[dred.q0] += 1
        self.chunks.add(dred.nb_chunks)
        self.covered.add(reach_ms(dred.nb_chunks, dred.dred_offset))
        self.offset_ms.add(dred.dred_offset * UNIT_MS)

    @property
    def dred_bits_per_second(self) -> float | None:
        """Cost of DRED over the whole stream; None where the duration is not known."""
        return 8000 * self.dred_bytes / self.duration_ms if self.duration_ms else None

    @property
    def bits_per_second(self) -> float | None:
        """All bits of the packets over the duration."""
        return 8000 * self.bytes / self.duration_ms if self.duration_ms else None

    def answer(self) -> str:
        """One sentence: is there DRED, how much, what does it cost; if none, why."""
        if not self.with_dred:
            reasons = ", ".join(
                f"{absence} ({count})" for absence, count in self.absences.most_common()
            )
            return f"no DRED in {self._counted()}: {reasons or 'there are none'}"
        versions = ", ".join(str(version) for version in sorted(self.versions))
        text = (
            f"DRED version {versions} in {self.with_dred} of {self._counted()}, "
            f"{self.chunks.mean:.1f} chunks each, reaching back {self.covered.mean:.0f} ms"
        )
        rate = self.dred_bits_per_second
        if rate is not None and self.bits_per_second:
            share = 100 * rate / self.bits_per_second
            text += (
                f", at {rate / 1000:.1f} of {self.bits_per_second / 1000:.1f} kb/s ({share:.0f} %)"
            )
        return text

    def _counted(self) -> str:
        lost = f" ({self.lost} lost)" if self.lost else ""
        return f"{self.records} records{lost}"

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        return {
            "records": self.records,
            "lost": self.lost,
            "bytes": self.bytes,
            "duration_ms": self.duration_ms,
            "with_dred": self.with_dred,
            "dred_bytes": self.dred_bytes,
            "dred_bits_per_second": self.dred_bits_per_second,
            "bits_per_second": self.bits_per_second,
            "versions": {str(key): count for key, count in sorted(self.versions.items())},
            "q0": {str(key): count for key, count in sorted(self.q0.items())},
            "chunks": self.chunks.to_json(),
            "covered_ms": self.covered.to_json(),
            "dred_offset_ms": self.offset_ms.to_json(),
            "no_dred": {str(key): count for key, count in self.absences.most_common()},
            "answer": self.answer(),
        }
