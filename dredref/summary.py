"""What a whole input holds: is there DRED, how much, what does it cost, and if none, why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.scan.columns import ABSENCES, PRESENT
from dredref.scan.scanner import Scan
from dredref.spec.dred import UNIT_MS, UNITS_PER_CHUNK
from dredref.spec.reading import Absence
from dredref.streams.batch import LOST
from dredref.streams.clock import NO_TIME

SAMPLES_PER_MS = 48

DTX_BYTES = 2
"""Packets of no more bytes hold no sound: TOC, and a frame count or an empty frame."""

NS_PER_MS = 1_000_000

REAL_TIME = 0.999
"""Packets captured in a smaller part of the time that they last tell no more than their audio."""

SAME_TIME = 0.02
"""Two times that differ by less are not told apart."""

PAUSE_48K = 960
"""Time without a packet that counts as a pause: containers' clocks wander by less."""
Figures = NDArray[np.float64]


@dataclass(slots=True)
class Spread:
    """Least, most and mean of a figure."""

    count: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def add(self, values: Figures) -> None:
        """Count some more values."""
        if values.size:
            least, most = float(values.min()), float(values.max())
            self.least = min(self.least, least) if self.count else least
            self.most = max(self.most, most) if self.count else most
            self.count += values.size
            self.total += float(values.sum())

    @property
    def mean(self) -> float:
        """Mean, 0 of nothing."""
        return self.total / self.count if self.count else 0.0

    def to_json(self) -> dict[str, float]:
        """Least, mean and most."""
        return {"min": self.least, "mean": round(self.mean, 3), "max": self.most}


@dataclass(slots=True)
class StreamSummary:
    """Counts of one Opus stream, grown batch by batch."""

    records: int = 0
    lost: int = 0
    bytes: int = 0
    duration_48k: int = 0
    """Samples at 48 kHz."""
    with_dred: int = 0
    dred_bytes: int = 0
    """Bytes that DRED takes on the wire: id, lacing, prefix and payload."""
    absences: Counter[Absence] = field(default_factory=Counter)
    final: int = 0
    """Packets with DRED in its final form: an id of its own, no prefix."""
    versions: Counter[int] = field(default_factory=Counter)
    q0: Counter[int] = field(default_factory=Counter)
    chunks: Spread = field(default_factory=Spread)
    covered: Spread = field(default_factory=Spread)
    offset_ms: Spread = field(default_factory=Spread)
    dtx: int = 0
    """Packets of discontinuous transmission: of a byte or two, that say nothing."""
    pauses: int = 0
    """Places where time goes on without a packet, and none is missing."""
    paused_48k: int = 0
    """How long they last."""
    _captured_ns: tuple[int, int] | None = None
    """Arrival of the first packet, and of the last."""
    leading: int = 0
    """Packets before the first with DRED; all where there is none."""
    _last_48k: int = 0
    _first_at: int | None = None
    _end_at: int | None = None
    _gap: bool = False

    def add(self, scan: Scan, chosen: NDArray[np.int64]) -> None:
        """Count the records of this stream in a batch, ``chosen`` in turn."""
        rows, count = scan.rows[chosen], scan.batch.count[chosen]
        self.records += int(count.sum())
        self.lost += int(count[scan.batch.kind[chosen] == LOST].sum())
        self.bytes += int(rows["size"].sum())
        each = self._add_duration(rows["duration_48k"], count)
        self._add_arrivals(scan.batch.arrivals_ns(), chosen)
        self._add_clock(scan.batch.timestamp_48k[chosen], scan.batch.kind[chosen] == LOST, each)
        size = rows["size"]
        self.dtx += int(((size > 0) & (size <= DTX_BYTES) & (rows["duration_48k"] > 0)).sum())
        absent = rows["absence"] != PRESENT
        absences = np.bincount(rows["absence"][absent], count[absent], len(ABSENCES))
        for absence, times in zip(ABSENCES, absences.astype(int).tolist(), strict=True):
            if times:
                self.absences[absence] += times
        if not self.with_dred:
            heard = count[: int(np.argmin(absent))] if not absent.all() else count
            lost = scan.batch.kind[chosen][: len(heard)] == LOST
            self.leading += int(heard[~lost].sum())
        self._add_dred(rows[~absent])

    def _add_clock(
        self, at: NDArray[np.int64], lost: NDArray[np.bool_], each: NDArray[np.int64]
    ) -> None:
        """Follow the stream's own clock: how long it runs, and where it runs without packets."""
        known = (at != NO_TIME) & ~lost
        if not known.any():
            self._gap |= bool(lost.any())
            return
        begin, end = at[known], (at + each)[known]
        before = np.concatenate(([begin[0] if self._end_at is None else self._end_at], end))[:-1]
        gaps = np.diff(np.cumsum(lost)[known], prepend=-int(self._gap)) > 0
        silent = np.where(gaps, 0, begin - before)
        silent = silent[silent >= PAUSE_48K]
        self.pauses += len(silent)
        self.paused_48k += int(silent.sum())
        self._first_at = int(begin[0]) if self._first_at is None else self._first_at
        self._end_at = max(int(end[-1]), self._end_at or 0)
        self._gap = bool(lost[np.flatnonzero(known)[-1] :].any())

    def _add_arrivals(
        self, arrivals_ns: NDArray[np.int64] | None, chosen: NDArray[np.int64]
    ) -> None:
        """Follow the clock of who captured the stream."""
        at = np.zeros(0, np.int64) if arrivals_ns is None else arrivals_ns[chosen]
        at = at[at != NO_TIME]
        if at.size:
            first, last = self._captured_ns or (int(at[0]), int(at[0]))
            self._captured_ns = min(first, int(at.min())), max(last, int(at.max()))

    def _add_duration(
        self, duration: NDArray[np.int32], count: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Count time, and return what each packet lasts.

        What tells no duration lasts as long as the packet before it.
        """
        known = np.maximum.accumulate(np.where(duration > 0, np.arange(1, len(duration) + 1), 0))
        each = np.concatenate(([self._last_48k], duration))[known]
        self.duration_48k += int((each * count).sum())
        self._last_48k = int(each[-1])
        return np.asarray(each, np.int64)

    def _add_dred(self, rows: Any) -> None:
        """Count the records that carry DRED."""
        self.with_dred += len(rows)
        self.dred_bytes += int(rows["wire"].sum())
        self.final += int(rows["final"].sum())
        for counter, column in ((self.versions, "version"), (self.q0, "q0")):
            values, times = np.unique(rows[column], return_counts=True)
            counter.update(dict(zip(values.tolist(), times.tolist(), strict=True)))
        self.chunks.add(rows["nb_chunks"].astype(np.float64))
        reach = (rows["nb_chunks"] * UNITS_PER_CHUNK - rows["dred_offset"]) * UNIT_MS
        self.covered.add(np.maximum(reach, 0.0))
        self.offset_ms.add(rows["dred_offset"] * UNIT_MS)

    @property
    def duration_ms(self) -> float:
        """Milliseconds of audio."""
        return self.duration_48k / SAMPLES_PER_MS

    @property
    def captured_ms(self) -> float | None:
        """Milliseconds from the capture of the first packet to the end of the last one.

        None where arrival times are not known, or tell less than the audio lasts: then nobody
        captured the packets as they were sent, or some of them late.
        """
        if self._captured_ns is None:
            return None
        first, last = self._captured_ns
        passed = (last - first) / NS_PER_MS + self._last_48k / SAMPLES_PER_MS
        return passed if passed >= REAL_TIME * self.duration_ms else None

    @property
    def clock_ms(self) -> float | None:
        """Milliseconds by the stream's own clock, pauses included; None without one."""
        if self._first_at is None or self._end_at is None:
            return None
        return max(self.duration_ms, (self._end_at - self._first_at) / SAMPLES_PER_MS)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds that passed, by the clock that ``elapsed_by`` names."""
        for passed in (self.captured_ms, self.clock_ms):
            if passed is not None:
                return passed
        return self.duration_ms

    @property
    def elapsed_by(self) -> str:
        """Which clock tells how much time passed: that of the capture, the stream, or the audio."""
        if self.captured_ms is not None:
            return "capture"
        return "audio" if self.clock_ms is None else "stream"

    @property
    def dred_bits_per_second(self) -> float | None:
        """Cost of DRED over the time that passed; None where that is not known."""
        return _rate(self.dred_bytes, self.elapsed_ms)

    @property
    def bits_per_second(self) -> float | None:
        """All bits of the packets over the time that passed."""
        return _rate(self.bytes, self.elapsed_ms)

    def answer(self) -> str:
        """One sentence: is there DRED, how much, what does it cost; if none, why."""
        if not self.with_dred:
            return f"no DRED in {self._counted()}: {self.reasons() or 'there are none'}"
        versions = ", ".join(str(version) for version in sorted(self.versions))
        if self.final:
            part = "" if self.final == self.with_dred else f" ({self.final} of them)"
            versions += f" in its final form{part}"
        text = (
            f"DRED version {versions} in {self.with_dred} of {self._counted()}, "
            f"{self.chunks.mean:.1f} chunks each, reaching back {self.covered.mean:.0f} ms"
        )
        rate = self.dred_bits_per_second
        if rate is not None and self.bits_per_second:
            share = 100 * rate / self.bits_per_second
            text += f", at {_kilobits(rate, self.bits_per_second)} ({share:.0f} %)"
            text += self._of_audio_time()
        return text + self._silence()

    def _of_audio_time(self) -> str:
        """The same rates over the time of the audio alone, where that is another time."""
        dred, whole = (_rate(size, self.duration_ms) for size in (self.dred_bytes, self.bytes))
        if dred is None or whole is None or abs(self.elapsed_ms / self.duration_ms - 1) < SAME_TIME:
            return ""
        clock = {"capture": "time of the capture", "stream": "time of the stream"}[self.elapsed_by]
        return f" by {clock}, {_kilobits(dred, whole)} by time of the audio"

    def reasons(self) -> str:
        """Why packets have no DRED, most frequent first."""
        return ", ".join(f"{absence} ({count})" for absence, count in self.absences.most_common())

    def _silence(self) -> str:
        """How much of the time had no packets, in words."""
        if not self.paused_48k:
            return ""
        paused = self.paused_48k / SAMPLES_PER_MS / 1000
        pauses = "1 pause" if self.pauses == 1 else f"{self.pauses} pauses"
        return (
            f"; {self.duration_ms / 1000:.1f} s of audio in {self.elapsed_ms / 1000:.1f} s, "
            f"{paused:.1f} s of {pauses} without packets (DTX)"
        )

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
            "elapsed_ms": self.elapsed_ms,
            "elapsed_by": self.elapsed_by,
            "dtx_packets": self.dtx,
            "pauses": self.pauses,
            "paused_ms": self.paused_48k / SAMPLES_PER_MS,
            "with_dred": self.with_dred,
            "in_final_form": self.final,
            "dred_bytes": self.dred_bytes,
            "dred_bits_per_second": self.dred_bits_per_second,
            "bits_per_second": self.bits_per_second,
            "dred_bits_per_audio_second": _rate(self.dred_bytes, self.duration_ms),
            "bits_per_audio_second": _rate(self.bytes, self.duration_ms),
            "versions": {str(key): count for key, count in sorted(self.versions.items())},
            "q0": {str(key): count for key, count in sorted(self.q0.items())},
            "chunks": self.chunks.to_json(),
            "covered_ms": self.covered.to_json(),
            "dred_offset_ms": self.offset_ms.to_json(),
            "no_dred": {str(key): count for key, count in self.absences.most_common()},
            "answer": self.answer(),
        }


def _rate(size: int, ms: float) -> float | None:
    """Bits a second."""
    return 8000 * size / ms if ms else None


def _kilobits(dred: float, whole: float) -> str:
    """The share of DRED in a bit rate, in words."""
    return f"{dred / 1000:.1f} of {whole / 1000:.1f} kb/s"


def add_to_summaries(summaries: dict[int, StreamSummary], scan: Scan) -> None:
    """Count a batch; ``summaries`` holds the streams' by their number."""
    order = np.argsort(scan.batch.stream, kind="stable")
    streams = scan.batch.stream[order]
    for chosen in np.split(order, np.flatnonzero(np.diff(streams)) + 1):
        if chosen.size:
            number = int(scan.batch.stream[chosen[0]])
            summaries.setdefault(number, StreamSummary()).add(scan, chosen)
