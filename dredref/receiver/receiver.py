"""A receiver on a clock: every 10 ms it plays the best that has come by then.

For each part of the output, at its deadline, the first of these that there is:

1. ``packet``: the packet itself;
2. ``red``: a whole copy of it that came with a later packet (RFC 2198);
3. ``lbrr``: the coarse copy in the packet that follows (RFC 6716 section 2.1.7);
4. ``dred``: feature vectors of any packet that has come;
5. ``plc``: features that the concealment network predicts;
6. ``codec``: what the codec makes up by itself. So is time in which no packet was sent.

Vectors of 4 and 5 feed one vocoder, so DRED takes over in the middle of a loss, and back. The
deadline of a part is ``delay_ms`` after the time at which its packet arrives when it is under way
no longer than the first one; a packet that comes later is not played, but what it holds of other
times is. Without a delay that ends, each loss waits for the first packet after it, and those that
follow within ``hold_ms``.

Where received audio goes on, speech gives way to it within 1 ms: the codec is brought to the state
it would have from what was spoken (:meth:`dredref.receiver.codec.Codec.teach`): libopus writes
speech into its decoder's state, which cannot be reached from outside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from dredref.opusdecoder import LAG
from dredref.plc.concealer import PacketLossConcealer
from dredref.receiver.codec import Codec
from dredref.receiver.line import KEPT, Line, Output
from dredref.receiver.timeline import Counts, Slot, Transit, lay_out, no_transit
from dredref.receiver.vectors import LEAD, VECTOR, Features, Redundancy, RedundancyStore
from dredref.spec.packet import parse_packet
from dredref.spec.silk import has_lbrr
from dredref.spec.tables import VERSIONS
from dredref.streams.record import Record
from dredref.vocoder.sizes import FRAME

Pcm = NDArray[np.int16]

SOURCES = ("packet", "red", "lbrr", "dred", "plc", "codec")
"""What a part of the output may be made from, the best first."""
HOLD_MS = 100.0
"""Without a delay that ends: how long after a loss packets may still help."""
EARLY = 48 * 200
"""How much earlier than due a packet may arrive, in samples at 48 kHz."""
FRAMES_FED = 15
"""Frames before a loss that concealment may hear."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a receiver uses, and how long it waits."""

    rate: int = 16_000
    channels: int = 1
    delay_ms: float | None = None
    """Playout delay; None waits for what comes after each loss."""
    hold_ms: float = HOLD_MS
    use: Collection[str] = SOURCES
    """Of :data:`SOURCES`; packets and the codec are used in any case."""
    versions: Collection[int] = VERSIONS
    """DRED versions that are taken."""
    final_id: int | None = None
    """Id of DRED extensions without prefix, instead of the experiments'."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the output, and where it is from."""

    start: int
    """In samples at 48 kHz."""
    duration: int
    source: str
    index: int
    """Record that served; the first lost one for ``plc`` and ``codec``."""
    lost: int = 0
    """Packets of the loss that begins with this part; 0 within a loss and for packets."""
    fills_loss: bool = False
    held: bool = False
    """Whether it is spoken from a DRED vector that is a little too old."""


class Receiver:
    """Plays one stream.

    ``line`` and output are in step with the packets' times but for the codec's own delay; see
    :meth:`pcm`.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Prepare to play.

        Raises:
            UsageError: ``conceal.library``.
            MissingExtraError: there is neither a libopus library nor PyAV.
        """
        self.settings = settings or Settings()
        self.counts = Counts()
        given = self.settings
        self._line = Line()
        plain = (given.rate, given.channels) == (16_000, 1)
        self._output = None if plain else Output(self._line, given.rate, given.channels)
        self._codec = Codec(self._line, self._output)
        self._store = RedundancyStore(given.versions if "dred" in given.use else (), given.final_id)
        self._concealer = PacketLossConcealer()
        self._fed = 0
        self._speaking = False
        self._spoken_until = 0
        """Where speech is to fade out, on the line."""
        self._after: Features | None = None
        """The vector for the time after the last part, if there is one."""
        self._taken = 0

    def play(self, records: Iterable[Record], transit: Transit = no_transit) -> Iterator[Part]:
        """Play the packets of a stream in their order, and say part by part what is played.

        The samples are to be fetched with :meth:`pcm` meanwhile.

        Raises:
            InputError: as :func:`dredref.receiver.timeline.lay_out`, or ``decode.opus``.
        """
        ahead = _Ahead(lay_out(records, self.counts, transit), self.settings)
        for slot in ahead:
            if slot.packet is not None and slot.arrival <= slot.start + ahead.delay:
                yield self._packet(slot.packet, slot.start, slot.duration, "packet", slot.index)
            elif slot.packet is None and not slot.lost:
                self._codec.conceal(slot.duration)
                yield Part(slot.start, slot.duration, "codec", slot.index)
            else:
                yield from self._loss(slot, ahead)
        self._end_speech()

    def pcm(self, *, all_of_it: bool = False) -> Pcm:
        """Return the samples [n, channels] that are final and were not fetched yet.

        At other formats than 16 kHz, one channel, they are 1 ms behind, until ``all_of_it``.
        """
        if self._output is not None:
            return self._output.take(all_of_it=all_of_it)
        first, self._taken = self._taken, self._line.known
        return self._line.before(self._taken, self._taken - first)[:, None]

    def _packet(self, packet: bytes, start: int, duration: int, source: str, index: int) -> Part:
        self._end_speech()
        self._codec.decode(packet, duration)
        return Part(start, duration, source, index)

    def _loss(self, slot: Slot, ahead: _Ahead) -> Iterator[Part]:
        """A loss, or a packet that comes too late, 10 ms after 10 ms."""
        lost = max(slot.lost, 1)
        now = slot.start
        while now < slot.end:
            part = self._part(now, slot, ahead, lost)
            lost = 0
            yield part
            now += part.duration

    def _part(self, now: int, slot: Slot, ahead: _Ahead, lost: int) -> Part:
        """The best for the time from ``now`` on, up to 10 ms of it or what a packet holds."""
        arrived = ahead.arrived(now, slot)
        copy = self._copy(now, slot, arrived)
        if copy is not None:
            duration = min(parse_packet(copy[1]).duration_48k, slot.end - now)
            part = self._packet(copy[1], now, duration, "red", copy[0])
            return Part(now, part.duration, "red", part.index, lost, True)
        duration = min(VECTOR, slot.end - now)
        begin, follower = self._lbrr(slot, arrived)
        if follower is not None and follower.packet is not None and begin <= now:
            self._end_speech()
            frame = parse_packet(follower.packet).toc.frame_48k
            self._codec.decode_lbrr(follower.packet, frame, slot.end - now)
            return Part(now, slot.end - now, "lbrr", follower.index, lost, True)
        if begin < now + duration:
            duration = int(begin) - now
        found = self._conceal(now, duration, arrived)
        if isinstance(found, str):
            return Part(now, duration, found, slot.index, lost, True)
        held = found.number_at(now) < 0
        return Part(now, duration, "dred", found.index, lost, True, held)

    def _copy(self, now: int, slot: Slot, arrived: list[Slot]) -> tuple[int, bytes] | None:
        """A RED copy of the packet that was to start now, and the record it came with."""
        if "red" not in self.settings.use:
            return None
        for later in arrived:
            for start, packet in later.copies:
                if start == now:
                    return later.index, packet
        return None

    def _lbrr(self, slot: Slot, arrived: list[Slot]) -> tuple[float, Slot | None]:
        """From when on the packet after a loss holds its end as LBRR, and that packet."""
        if "lbrr" in self.settings.use and self._codec.has_lbrr and self._codec.started:
            for later in arrived:
                if later.start == slot.end and later.packet is not None:
                    packet = parse_packet(later.packet)
                    if has_lbrr(packet):
                        return slot.end - packet.toc.frame_48k, later
        return inf, None

    def _conceal(self, now: int, duration: int, arrived: list[Slot]) -> Redundancy | str:
        """Speak from DRED or from what is predicted, over what the codec makes up.

        Return the DRED that served, or else the source.
        """
        self._codec.conceal(duration)
        at = now // 3 + LAG
        found = self._store.find(now, arrived, follows=self._after is not None)
        predict = "plc" in self.settings.use and (self._codec.started or self._speaking)
        if found is None and not predict:
            self._end_speech()
            return "codec"
        concealer = self._concealer
        concealer.clear()
        if not self._speaking:
            self._feed(at)
        if found is not None:
            number = found.number_at(now)
            first = number if self._speaking else number + LEAD
            for place in range(first, number - 1, -1):
                concealer.add_features(found.take(place))
        self._line.speak(at, concealer.conceal())
        self._fed = at + FRAME
        self._speaking = True
        self._spoken_until = at + duration // 3
        self._after = None if found is None else found.take(number - 1)
        return found or "plc"

    def _feed(self, at: int) -> None:
        """Let the concealment hear what was played up to ``at``, since it last did."""
        frames = min(max(0, at - self._fed) // FRAME, FRAMES_FED)
        heard = self._line.before(at, frames * FRAME)
        heard = np.concatenate([np.zeros(frames * FRAME - len(heard), np.int16), heard])
        for frame in heard.reshape(frames, FRAME):
            self._concealer.update(frame)

    def _end_speech(self) -> None:
        """Let speech fade out, from where the last loss ended, and bring the codec up to it."""
        if not self._speaking:
            return
        end = self._spoken_until
        more = self._concealer.preview(self._after)
        self._line.fade(end, more)
        self._codec.teach(end - LAG)
        self._speaking, self._after = False, None


class _Ahead:
    """The slots of a stream in turn, and those after each that have arrived by a time."""

    def __init__(self, slots: Iterator[Slot], settings: Settings) -> None:
        self._slots = slots
        self._waiting: deque[Slot] = deque()
        delay = settings.delay_ms
        self.delay = inf if delay is None else 48 * delay
        self._hold = 48 * settings.hold_ms

    def __iter__(self) -> Iterator[Slot]:
        while self._pull():
            yield self._waiting.popleft()

    def _pull(self) -> bool:
        """Have at least one slot waiting, if there is one."""
        if not self._waiting:
            self._waiting.extend(self._next())
        return bool(self._waiting)

    def _next(self) -> list[Slot]:
        slot = next(self._slots, None)
        return [] if slot is None else [slot]

    def arrived(self, now: int, lost: Slot) -> list[Slot]:
        """Packets after ``lost`` that have come at the deadline of ``now``, by their start."""
        if self.delay == inf:
            return self._first_and_held(lost)
        limit = now + self.delay
        while not self._waiting or self._waiting[-1].start <= limit + EARLY:
            more = self._next()
            if not more:
                break
            self._waiting.extend(more)
        late = [lost] if lost.arrival <= limit else []
        return late + [slot for slot in self._waiting if slot.arrival <= limit]

    def _first_and_held(self, lost: Slot) -> list[Slot]:
        """The first packet after a loss, and those that start soon after the loss."""
        found: list[Slot] = []
        place = 0
        while True:
            if place == len(self._waiting):
                self._waiting.extend(self._next())
                if place == len(self._waiting):
                    return found
            slot = self._waiting[place]
            if found and slot.start > lost.end + self._hold:
                return found
            if slot.packet is not None and (not found or slot.start <= lost.end + self._hold):
                found.append(slot)
            place += 1


assert KEPT >= FRAMES_FED * FRAME
