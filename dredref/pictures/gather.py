"""Everything that a page or a figure of a stream shows, gathered once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from dredref.conceal import Concealment, Loss, conceal_stream
from dredref.inspection import inspections
from dredref.pictures import dredspeech
from dredref.pictures.sounds import Sound
from dredref.receiver.receiver import SOURCES, Settings
from dredref.receiver.timeline import Transit, no_transit
from dredref.scan import scan_batch
from dredref.spec.errors import DredError
from dredref.streams.batch import batches_of
from dredref.streams.clock import packet_duration_48k
from dredref.streams.record import Record, StreamInfo
from dredref.summary import StreamSummary, add_to_summaries
from dredref.timeline import Entry, entry_of

MOST_PACKETS = 15_000
"""Packets of one picture: five minutes of 20 ms."""
NAMES = {"red": "RED copies", "lbrr": "LBRR", "dred": "DRED", "plc": "prediction"}
"""Sources of the receiver in words."""
DRED_ALONE = Settings(use=("dred",))
"""How losses are concealed where nothing else is asked for."""
Progress = Callable[[str, int, int], object]
"""Is told what is being done, and how much of how much."""


@dataclass(frozen=True, slots=True)
class StreamPicture:
    """A stream as a page or figure shows it. Times are ms on the decoder's clock."""

    source: str
    summary: StreamSummary
    entries: tuple[Entry, ...]
    losses: tuple[Loss, ...] = ()
    """Each with the records whose DRED it was spoken from."""
    sound_start_ms: float = 0.0
    sounds: tuple[Sound, ...] = ()
    """From ``sound_start_ms`` on."""
    remarks: tuple[str, ...] = field(default=())
    """What is not shown, and why."""

    @property
    def end_ms(self) -> float:
        """Where the last packet ends."""
        return max(((one.time_ms or 0) + (one.duration_ms or 0) for one in self.entries), default=0)


def gather(
    source: str,
    records: Sequence[Record],
    info: StreamInfo,
    *,
    final_id: int | None = None,
    settings: Settings = DRED_ALONE,
    transit: Callable[[], Transit] = lambda: no_transit,
    progress: Progress = lambda what, done, total: None,
) -> StreamPicture:
    """Read, decode, conceal and speak one stream.

    What cannot be heard is left out, with a remark: other records than whole packets, a library
    that is missing, a stream of which nothing was received.

    Args:
        source: the name of the input.
        records: the packets of one stream, gaps among them; at most `MOST_PACKETS` are shown.
        info: what the container says of it.
        final_id: id of DRED extensions without prefix; by default both forms are looked for.
        settings: of the receiver that conceals losses; its rate and channels do not count.
        transit: gives anew how long packets are under way.
        progress: is told what goes on.
    """
    remarks = []
    if len(records) > MOST_PACKETS:
        remarks.append(f"Only the first {MOST_PACKETS} of {len(records)} packets are shown.")
        records = records[:MOST_PACKETS]
    entries = [entry_of(inspection) for inspection in inspections(records, final_id=final_id)]
    summaries: dict[int, StreamSummary] = {}
    for batch in batches_of(records):
        add_to_summaries(summaries, scan_batch(batch, final_id=final_id))
    summary = summaries.get(info.number, StreamSummary())
    picture = StreamPicture(source, summary, tuple(_timed(entries)), remarks=tuple(remarks))
    pre_skip = info.pre_skip or 0
    try:
        given = replace(settings, final_id=final_id)
        return _with_sound(picture, records, pre_skip, given, transit, progress)
    except DredError as error:
        remark = f"There is no sound: {error}"
        return replace(picture, remarks=(*picture.remarks, remark))


def _timed(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that all have a time: one without follows the one before it."""
    now, timed = 0.0, []
    for entry in entries:
        start = now if entry.time_ms is None else entry.time_ms
        timed.append(replace(entry, time_ms=start))
        now = start + (entry.duration_ms or 0)
    return timed


def _with_sound(
    picture: StreamPicture,
    records: Sequence[Record],
    pre_skip: int,
    settings: Settings,
    transit: Callable[[], Transit],
    progress: Progress,
) -> StreamPicture:
    """The picture with what a receiver hears, its losses concealed and not, and what DRED holds."""
    total = sum(packet_duration_48k(record.packet or b"") for record in records) // 48_000

    def tell(seconds: float) -> None:
        progress("playing", int(seconds), max(total, int(seconds)))

    def conceal(use: Collection[str]) -> Concealment:
        return conceal_stream(
            records,
            versions=settings.versions,
            hold_ms=settings.hold_ms,
            delay_ms=settings.delay_ms,
            use=use,
            final_id=settings.final_id,
            pre_skip=pre_skip,
            transit=transit(),
            progress=tell,
        )

    received, concealed = conceal(()), conceal(settings.use)
    first = (records[0].timestamp_48k or 0) + pre_skip
    alone = dredspeech.speak(
        dredspeech.pieces(records, final_id=settings.final_id),
        first // 3,
        len(concealed.pcm),
        lambda done, total: progress("speaking DRED", done, total),
    )
    base = first / 48
    losses = tuple(replace(one, start_ms=one.start_ms + base) for one in concealed.losses)
    sounds = (
        Sound("received", "what was received, losses left to the codec", received.pcm),
        Sound("concealed", concealed_from(settings), concealed.pcm),
        Sound("DRED alone", "what DRED holds, and nothing else", alone),
    )
    return replace(picture, losses=losses, sound_start_ms=base, sounds=sounds)


def concealed_from(settings: Settings) -> str:
    """Return in words what losses are concealed from, and how long they may wait for it."""
    names = [NAMES.get(source, source) for source in SOURCES[1:-1] if source in settings.use]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    waits = "" if settings.delay_ms is None else f", {settings.delay_ms:g} ms of playout delay"
    return f"losses concealed from {listed or 'nothing that was sent'}{waits}"


__all__ = ["NAMES", "StreamPicture", "concealed_from", "gather"]
