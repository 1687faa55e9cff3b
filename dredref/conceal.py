"""A whole stream with losses, made good from DRED: what a receiver would play.

What is standardised is which speech DRED holds: vector ``k`` of a packet, 0 the newest, is of the
10 ms that start ``2.5 * dred_offset - 10 * k - 25`` ms from the packet's first sample. The rest is
this receiver's choice, close to libopus':

- A loss is filled once a packet has come after it, however long that takes, as upstream's
  ``opus_demo`` does. That first packet holds the lost speech in its newest, finest chunks. Where it
  has no DRED, or does not reach the start of the loss, packets that follow within ``hold_ms`` serve
  as far as they reach: a receiver has them if its jitter buffer is that deep. They are not asked
  for what is more recent than an earlier packet's newest vector: there its encoder heard silence.
- Each 10 ms of a loss, counted from its start, are spoken from the vector that starts 5 ms before
  them, or the next more recent one, as libopus places it.
- The vocoder goes on from the last 320 samples before, and from five vectors: three analysed from
  those samples (or spoken, where less than 30 ms were received since the last loss), then two of
  the DRED from before the loss. DRED that does not reach so far gives its oldest vector instead.
- Speech lies as libopus has it at 16 kHz: 12 samples behind the packets' times. So the seams do.
- Up to 30 ms more recent than the newest vector, that one goes on: with packets of 10 ms or less
  the vector for the end of a loss may not be made yet.
- Where received speech goes on, the vocoder fades out over 10 ms, one vector more.
- SILK goes on from what was spoken, not from its own concealment: it is given the end of it, coded
  anew. libopus writes the speech into SILK's state, which cannot be reached from outside.
- What no DRED covers is what the codec makes up by itself: it goes on for some 20 ms and fades out.
  In-band FEC is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from dredref.alignment import decode_by_version
from dredref.opusdecoder import Pcm
from dredref.payload.reader import read_carried
from dredref.player import LEAD, Features, Player
from dredref.reception import Arrival, Span, receive
from dredref.spec.tables import VERSIONS
from dredref.streams.record import Record
from dredref.vocoder.sizes import FRAME

Progress = Callable[[int, int], object]
"""Is told how many of how many losses are done."""

HOLD_MS = 100.0
"""Packets that start this long after a loss may still help."""
HELD = 3
"""Parts of 10 ms past the newest vector for which that one goes on."""
UNIT = FRAME // 4
"""2.5 ms."""
BATCH = 64
"""Losses whose DRED is decoded at once."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss, and what became of it. Times are of the samples given out, in ms."""

    start_ms: float
    ms: float
    packets: int
    recovered: int
    """Parts of 10 ms that were spoken from DRED; the last part of a loss may be shorter."""
    held: int
    """Parts spoken from a vector that is a little too old."""
    left: int
    """Parts that were left to the codec."""
    sources: tuple[int, ...]
    """Records whose DRED was spoken."""


@dataclass(frozen=True, slots=True)
class Concealment:
    """A stream as it would be heard."""

    pcm: Pcm
    """16 kHz, one channel."""
    packets: int
    lost: int
    malformed: int
    """Of the lost ones, those that came but are no Opus packets."""
    losses: tuple[Loss, ...]

    @property
    def recovered(self) -> int:
        """Parts of 10 ms that were spoken from DRED."""
        return sum(loss.recovered for loss in self.losses)

    @property
    def held(self) -> int:
        """Parts of 10 ms spoken from a vector that is a little too old."""
        return sum(loss.held for loss in self.losses)

    @property
    def left(self) -> int:
        """Parts of 10 ms that no DRED covered."""
        return sum(loss.left for loss in self.losses)


@dataclass(frozen=True, slots=True)
class _Source:
    """Decoded DRED of a packet."""

    index: int
    start: int
    offset: int
    """``dred_offset``, in 2.5 ms."""
    vectors: Features
    """Newest first."""

    def vector_at(self, sample: int) -> int:
        """The vector that the 10 ms from ``sample`` on are spoken from; it need not be there."""
        return (self.start + UNIT * self.offset - sample) // FRAME - LEAD

    def reaches(self, sample: int) -> bool:
        """Whether DRED reaches that far back."""
        return self.vector_at(sample) < len(self.vectors)

    def take(self, numbers: Iterable[int]) -> Features:
        """Vectors by number; those past either end are the last at that end."""
        places = np.clip(list(numbers), 0, len(self.vectors) - 1)
        return np.asarray(self.vectors[places])


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive parts of a loss, each with its source."""

    start: int
    end: int
    sources: tuple[_Source, ...]

    def numbers(self) -> list[int]:
        """The vector for each 10 ms; below 0 where the newest is held."""
        starts = range(self.start, self.end, FRAME)
        pairs = zip(self.sources, starts, strict=True)
        return [source.vector_at(start) for source, start in pairs]

    def vectors(self) -> Features:
        """Oldest first: two from before, one for each 10 ms, and one more."""
        first, last, numbers = self.sources[0], self.sources[-1], self.numbers()
        lead = first.take(range(numbers[0] + LEAD, numbers[0], -1))
        pairs = zip(self.sources, numbers, strict=True)
        spoken = [source.take([number]) for source, number in pairs]
        return np.concatenate([lead, *spoken, last.take([numbers[-1] - 1])])


def conceal_stream(
    records: Iterable[Record],
    *,
    versions: Collection[int] = VERSIONS,
    hold_ms: float = HOLD_MS,
    final_id: int | None = None,
    pre_skip: int = 0,
    progress: Progress = lambda done, total: None,
) -> Concealment:
    """Decode one stream and make its losses good.

    The speech is held whole, 2 MB a minute.

    Args:
        records: Opus packets of one stream in their order, None for those that are lost.
        versions: DRED versions to speak losses from; without any, the codec fills all of them.
        hold_ms: how long after a loss packets may still help.
        final_id: id of DRED extensions without prefix, instead of the experiments'.
        pre_skip: samples at 48 kHz to drop at the start.
        progress: called after each loss.

    Raises:
        InputError: ``conceal.kind``, ``conceal.nothing``, ``conceal.hole``, ``decode.opus``.
        MissingExtraError: PyAV is not installed.
    """
    trimmed = 0

    def watched() -> Iterator[Record]:
        nonlocal trimmed
        for record in records:
            trimmed = record.discard_48k
            yield record

    got = receive(watched(), hold_ms=hold_ms, final_id=final_id, versions=versions)
    player = Player(got.spans[-1].end)
    skipped = pre_skip // 3
    losses: list[Loss] = []
    holes = _with_sources(got.holes, got.arrivals, hold_ms)
    for span in got.spans:
        if span.packet is not None:
            player.packet(span.packet, span.end_48k - span.start_48k)
            continue
        player.nothing(span.end_48k - span.start_48k)
        if span.is_hole:
            runs = _runs(span, next(holes))
            _speak(player, span, runs)
            losses.append(_loss(span, runs, skipped))
            progress(len(losses), len(got.holes))
    player.end()
    end = max(skipped, len(player.pcm) - trimmed // 3)
    return Concealment(player.pcm[skipped:end], got.packets, got.lost, got.malformed, tuple(losses))


def _speak(player: Player, hole: Span, runs: Sequence[_Run]) -> None:
    """Speak what there is for a hole."""
    for run in runs:
        player.speak(run.start, run.end, run.vectors())
    if runs and runs[-1].end == hole.end:
        player.teach(hole.end)


def _loss(hole: Span, runs: Sequence[_Run], skipped: int) -> Loss:
    """What became of a hole, ``skipped`` samples being dropped at the start."""
    numbers = [number for run in runs for number in run.numbers()]
    held = sum(number < 0 for number in numbers)
    return Loss(
        start_ms=(hole.start - skipped) / 16,
        ms=(hole.end - hole.start) / 16,
        packets=hole.lost,
        recovered=len(numbers) - held,
        held=held,
        left=-(-(hole.end - hole.start) // FRAME) - len(numbers),
        sources=tuple(sorted({source.index for run in runs for source in run.sources})),
    )


def _with_sources(
    holes: Sequence[Span], arrivals: Sequence[Arrival], hold_ms: float
) -> Iterator[list[_Source]]:
    """The DRED that may fill each hole, the first to come first."""
    left = iter(holes)
    place = 0
    while batch := list(islice(left, BATCH)):
        last = batch[-1].end + 16 * hold_ms
        while place < len(arrivals) and arrivals[place].start < batch[0].end:
            place += 1
        near = []
        for arrival in arrivals[place:]:
            if arrival.start > last:
                break
            near.append(arrival)
        sources = _decode(near)
        for hole in batch:
            reach = hole.end, hole.end + 16 * hold_ms
            yield [source for source in sources if reach[0] <= source.start <= reach[1]]


def _decode(arrivals: Sequence[Arrival]) -> list[_Source]:
    """What packets hold; those without a chunk are left out."""
    payloads = read_carried([arrival.carried for arrival in arrivals])
    return [
        _Source(arrival.index, arrival.start, payload.dred_offset, vectors)
        for arrival, payload, vectors in zip(
            arrivals, payloads, decode_by_version(payloads), strict=True
        )
        if len(vectors)
    ]


def _runs(hole: Span, sources: Sequence[_Source]) -> list[_Run]:
    """The parts of a hole that DRED covers, each from the first packet that reaches it."""
    runs: list[_Run] = []
    for start in range(hole.start, hole.end, FRAME):
        source = next((one for one in sources if one.reaches(start)), None)
        follows = bool(runs) and runs[-1].end == start
        if source is None or source.vector_at(start) < (-HELD if follows else 0):
            continue
        end = min(start + FRAME, hole.end)
        if follows:
            before = runs.pop()
            runs.append(_Run(before.start, end, (*before.sources, source)))
        else:
            runs.append(_Run(start, end, (source,)))
    return runs
