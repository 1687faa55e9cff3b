"""A whole stream with losses, made good: what a receiver would play, and where each part is from.

:mod:`dredref.receiver.receiver` is the receiver. Here its output loses the codec's delay at the
start and what the stream says to drop at the end, and its parts are gathered loss by loss.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dredref.receiver.receiver import HOLD_MS, SOURCES, Part, Receiver, Settings
from dredref.receiver.timeline import Counts, Transit, no_transit
from dredref.receiver.vectors import VECTOR
from dredref.spec.packet import MAX_DURATION_48K
from dredref.spec.tables import VERSIONS
from dredref.streams.record import Record

Pcm = NDArray[np.int16]
"""Samples [n, channels], 16 bits."""
Progress = Callable[[float], object]
"""Is told how many seconds have been played."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss, and what became of it. Times are of the samples given out, in ms."""

    start_ms: float
    ms: float
    packets: int
    parts: dict[str, int]
    """Parts of 10 ms by what they are from; the last part of each kind may be shorter."""
    held: int
    """Parts of 10 ms spoken from a DRED vector that is a little too old."""
    sources: tuple[int, ...]
    """Records that served: those of copies, LBRR and DRED."""

    @property
    def recovered(self) -> int:
        """Parts that were made from what was sent."""
        return sum(self.parts.get(source, 0) for source in ("red", "lbrr", "dred")) - self.held

    @property
    def left(self) -> int:
        """Parts for which nothing was sent."""
        return sum(self.parts.get(source, 0) for source in ("plc", "codec"))


@dataclass(slots=True)
class Log:
    """What a receiver played, gathered part by part; it grows with the losses alone."""

    counts: Counts = field(default_factory=Counts)
    skipped: int = 0
    """Samples at 48 kHz that are dropped at the start."""
    losses: list[Loss] = field(default_factory=list)
    runs: list[tuple[str, int]] = field(default_factory=list)
    """Source and length, in samples at 48 kHz, of what follows each other."""
    seconds: float = 0.0
    _open: list[Part] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Take the next part."""
        self.seconds += part.duration / 48_000
        if self.runs and self.runs[-1][0] == part.source:
            self.runs[-1] = part.source, self.runs[-1][1] + part.duration
        else:
            self.runs.append((part.source, part.duration))
        if not part.fills_loss or part.lost:
            self.end()
        if part.fills_loss:
            self._open.append(part)

    def end(self) -> None:
        """Close the loss that is open, if one is."""
        if not self._open:
            return
        parts, self._open = self._open, []
        first, last = parts[0], parts[-1]
        counted = {
            source: sum(-(-one.duration // VECTOR) for one in run)
            for source, run in groupby(
                sorted(parts, key=lambda one: one.source), key=lambda one: one.source
            )
        }
        served = {one.index for one in parts if one.source in ("red", "lbrr", "dred")}
        self.losses.append(
            Loss(
                (first.start - self.skipped) / 48,
                (last.start + last.duration - first.start) / 48,
                first.lost,
                counted,
                sum(one.held for one in parts),
                tuple(sorted(served)),
            )
        )


@dataclass(frozen=True, slots=True)
class Concealment:
    """A stream as it would be heard."""

    samples: Pcm
    """[n, channels] at ``rate``."""
    rate: int
    packets: int
    lost: int
    malformed: int
    """Of the lost ones, those that came but are no Opus packets."""
    losses: tuple[Loss, ...]

    @property
    def pcm(self) -> Pcm:
        """The first channel, [n]."""
        return self.samples[:, 0]

    @property
    def recovered(self) -> int:
        """Parts of 10 ms that were made from what was sent."""
        return sum(loss.recovered for loss in self.losses)

    @property
    def held(self) -> int:
        """Parts of 10 ms spoken from a vector that is a little too old."""
        return sum(loss.held for loss in self.losses)

    @property
    def left(self) -> int:
        """Parts of 10 ms for which nothing was sent."""
        return sum(loss.left for loss in self.losses)


def play(
    records: Iterable[Record],
    settings: Settings,
    log: Log,
    *,
    pre_skip: int = 0,
    transit: Transit = no_transit,
) -> Iterator[Pcm]:
    """Yield what is heard of one stream, block by block, [n, channels] at ``settings.rate``.

    Memory does not grow with the stream but for ``log``, which grows with the losses.

    Args:
        records: Opus packets of one stream in their order, without packet where they are lost.
        settings: what the receiver uses, and how long it waits.
        log: is told of every part.
        pre_skip: samples at 48 kHz to drop at the start.
        transit: how long packets are under way.

    Raises:
        InputError: ``conceal.kind``, ``conceal.nothing``, ``conceal.hole``, ``decode.opus``.
        UsageError: ``conceal.library``.
        MissingExtraError: PyAV is not installed.
    """
    receiver = Receiver(settings)
    log.counts, log.skipped = receiver.counts, pre_skip
    skip = pre_skip * settings.rate // 48_000
    most = MAX_DURATION_48K * settings.rate // 48_000
    held: Pcm = np.zeros((0, settings.channels), np.int16)

    def block(new: Pcm, keep: int) -> Pcm:
        """What can be given out while ``keep`` samples are held back."""
        nonlocal skip, held
        dropped = min(skip, len(new))
        skip -= dropped
        whole = np.concatenate([held, new[dropped:]])
        cut = max(0, len(whole) - keep)
        held = whole[cut:]
        return whole[:cut]

    for part in receiver.play(records, transit):
        log.add(part)
        yield block(receiver.pcm(), most)
    log.end()
    yield block(receiver.pcm(all_of_it=True), receiver.counts.discard_48k * settings.rate // 48_000)


def conceal_stream(
    records: Iterable[Record],
    *,
    versions: Collection[int] = VERSIONS,
    hold_ms: float = HOLD_MS,
    delay_ms: float | None = None,
    use: Collection[str] = SOURCES,
    rate: int = 16_000,
    channels: int = 1,
    final_id: int | None = None,
    pre_skip: int = 0,
    transit: Transit = no_transit,
    progress: Progress = lambda seconds: None,
) -> Concealment:
    """Decode one stream and make its losses good.

    The speech is held whole; :func:`play` gives it block by block.

    Args:
        records: Opus packets of one stream in their order, without packet where they are lost.
        versions: DRED versions to speak losses from.
        hold_ms: without ``delay_ms``: how long after a loss packets may still help.
        delay_ms: playout delay; None waits for what comes after each loss.
        use: what losses are made good from, of :data:`dredref.receiver.receiver.SOURCES`.
        rate: of the output, one at which Opus decodes.
        channels: of the output, 1 or 2.
        final_id: id of DRED extensions without prefix; by default both forms are looked for.
        pre_skip: samples at 48 kHz to drop at the start.
        transit: how long packets are under way.
        progress: called after each packet and part of a loss.

    Raises:
        InputError, UsageError, MissingExtraError: as :func:`play`.
    """
    settings = Settings(rate, channels, delay_ms, hold_ms, tuple(use), versions, final_id)
    log, blocks = Log(), [np.zeros((0, channels), np.int16)]
    for block in play(records, settings, log, pre_skip=pre_skip, transit=transit):
        blocks.append(block)
        progress(log.seconds)
    counts = log.counts
    return Concealment(
        np.concatenate(blocks),
        rate,
        counts.packets,
        counts.lost,
        counts.malformed,
        tuple(log.losses),
    )
