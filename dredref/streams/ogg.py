"""Ogg Opus (RFC 7845): packets, their times, and what is missing.

`walk_ogg` goes page by page, so that a file can be rewritten page by page; `read_ogg` gives the
records in one row, those of routine pages in columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dredref.spec.errors import InputError, ParseError
from dredref.streams.batch import NO_RANGE, RecordBatch
from dredref.streams.clock import packet_duration_48k
from dredref.streams.oggpage import NO_GRANULE, Damage, Page, Pages
from dredref.streams.opushead import HEAD_SIGNATURE, TAGS_SIGNATURE, OpusHead, parse_head
from dredref.streams.record import MAX_PACKET_BYTES, Event, Notice, Record, StreamInfo
from dredref.streams.source import Source
from dredref.streams.track import MAX_LOST, Numbering, Track

MAX_TAGS_BYTES = 1 << 24
"""Longest OpusTags that is kept; pictures make them large."""

CODECS = (
    (b"\x01vorbis", "Vorbis"),
    (b"\x7fFLAC", "FLAC"),
    (b"Speex   ", "Speex"),
    (b"\x80theora", "Theora"),
    (b"fishead", "a Skeleton"),
    (b"CELT    ", "CELT, from before Opus"),
    (b"PCM     ", "PCM"),
    (b"OVP80", "VP8"),
    (b"BBCD\0", "Dirac"),
    (b"\x80kate", "Kate"),
    (TAGS_SIGNATURE, "OpusTags without OpusHead"),
)
"""First bytes of other streams -> their codec."""

MAX_LOGICAL = 256
"""Most logical streams open at a time."""


RUN = 4096
"""Most packets of routine pages that are read together."""


@dataclass
class PagePacket:
    """A packet that ends on a page, with its records: one for each part of a multistream."""

    data: bytes
    records: list[Record]
    end_48k: int


@dataclass
class Step:
    """What one page gave.

    Attributes:
        page: the page, None where there was damage instead.
        events: in order, records included.
        packets: of an audio page, those that end on it.
        audio: the page belongs to the audio of an Opus stream, behind its headers.
        shared: headers end and audio begins on it, which RFC 7845, section 3, forbids.
        missing: pages missing right before it.
    """

    page: Page | None
    events: list[Event] = field(default_factory=list)
    packets: list[PagePacket] = field(default_factory=list)
    audio: bool = False
    shared: bool = False
    missing: int = 0


class Assembler:
    """Puts the packets of one logical stream together from its pages."""

    def __init__(self) -> None:
        """Begin before the first page."""
        self.partial: list[bytes] | None = None
        self.size = 0
        self.broken = 0

    def feed(self, page: Page, limit: int) -> list[bytes]:
        """The packets that end on ``page``. ``broken`` counts those dropped for want of a part.

        Packets of more than ``limit`` bytes are dropped as broken.
        """
        self.broken = 0
        if page.continued and self.partial is None:
            dropping = True
        else:
            dropping = False
            if self.partial is not None and not page.continued:
                self.broken += 1
            if not page.continued:
                self.partial, self.size = None, 0
        packets = []
        at = 0
        for value in page.lacing:
            if not dropping:
                self.size += value
                self.partial = self.partial or []
                if self.size <= limit:
                    self.partial.append(page.body[at : at + value])
            at += value
            if value == 255:
                continue
            if dropping or self.size > limit:
                self.broken += 1
            else:
                packets.append(b"".join(self.partial or ()))
            self.partial, self.size, dropping = None, 0, False
        return packets


class Logical:
    """One logical Ogg stream that carries Opus."""

    def __init__(self, page: Page, head: OpusHead, raw_head: bytes, numbering: Numbering) -> None:
        """Start with the page that holds OpusHead."""
        self.head = head
        self.raw_head = raw_head
        self.track = Track(numbering)
        self.assembler = Assembler()
        self.serial = page.serial
        self.sequence = page.sequence
        self.position: int | None = None
        self.duration = 0

    @property
    def is_routine(self) -> bool:
        """Whether the next page may be one that needs no looking at."""
        known = self.position is not None and self.assembler.partial is None
        return known and len(self.track.infos) == 1

    @property
    def numbers(self) -> tuple[int, int, int, int, int]:
        """What is known of such a stream, as `dredref.streams.columns.ogg` says."""
        number = self.track.infos[0].number
        return self.serial, self.sequence, self.position or 0, self.duration, number

    def feed(self, page: Page) -> Step:
        """Take the next page of this stream."""
        step = Step(page)
        step.missing = (page.sequence - self.sequence - 1) % 2**32
        if step.missing >= 2**31:  # a number that goes back: no loss can be told
            step.events.append(
                self.track.notice("ogg.sequence", f"page {page.sequence} follows {self.sequence}")
            )
            step.missing = 0
        self.sequence = page.sequence
        if step.missing:
            self.assembler.partial = None
        described = bool(self.track.infos)
        packets = self.assembler.feed(page, MAX_PACKET_BYTES if described else MAX_TAGS_BYTES)
        if not described:
            if not packets and not self.assembler.broken and not step.missing:
                return step  # OpusTags goes on
            packets = self._describe(page, packets, step)
            described = bool(packets)
        step.audio = described
        if described:
            self._stamp(page, packets, step)
        return step

    def _describe(self, page: Page, packets: list[bytes], step: Step) -> list[bytes]:
        """Take OpusTags; the packets that follow it, on a page that should hold none."""
        tags = None
        if packets and packets[0].startswith(TAGS_SIGNATURE):
            tags, packets = packets[0], packets[1:]
            step.shared = bool(packets)
        info = StreamInfo(0, "ogg", track=page.serial, head=self.raw_head, tags=tags)
        step.events += self.track.describe(info, self.head)
        if tags is None:
            step.events.append(self.track.notice("ogg.no_tags", "OpusTags is missing"))
        return packets

    def _stamp(self, page: Page, packets: list[bytes], step: Step) -> None:
        """Give the packets of an audio page their times, and tell of gaps before them."""
        durations = [packet_duration_48k(packet) for packet in packets]
        total = sum(durations)
        start, trim = self._start(page, total, bool(packets), step)
        if packets:
            self.duration = self.duration or durations[0]
            self._gap(step, start)
        if self.assembler.broken:
            step.events.append(
                self.track.notice(
                    "ogg.broken_packet",
                    f"page {page.sequence}: packets without their beginning or end",
                    self.assembler.broken,
                )
            )
        discards = [0] * len(packets)
        for place in reversed(range(len(packets))):
            discards[place] = min(trim, durations[place])
            trim -= discards[place]
        for packet, duration, discard in zip(packets, durations, discards, strict=True):
            events = list(self.track.packet(packet, start, discard))
            step.events += events
            start += duration
            self.duration = duration or self.duration
            records = [event for event in events if isinstance(event, Record)]
            step.packets.append(PagePacket(packet, records, start))
        if packets:
            self.position = start

    def _start(self, page: Page, total: int, any_packet: bool, step: Step) -> tuple[int, int]:
        """First sample of the page's packets, and how many are trimmed at their end."""
        expected = self.position or 0
        if not any_packet or page.granule == NO_GRANULE:
            return expected, 0
        start = page.granule - total
        ends_early = page.last and (
            start < 0 if self.position is None else start < expected and not step.missing
        )
        if ends_early:
            return expected, expected - start
        if start < 0 or (start < expected and not step.missing):
            before = "the stream's beginning" if self.position is None else "the page before it"
            detail = (
                f"page {page.sequence}: the granule position lies {expected - start} samples too "
                f"early for the packets since {before}; times follow the packets instead"
            )
            step.events.append(self.track.notice("ogg.granule", detail))
            return expected, 0
        return start, 0

    def _gap(self, step: Step, start: int) -> None:
        """Tell of missing pages and jumps in time; put in the lost packets of missing pages.

        Without a page missing a stream may begin at any time: it may have been joined late.
        """
        jump = start - (self.position or 0)
        if step.missing:
            lost = max(jump, 0) // self.duration if self.duration else 0
            step.events.append(
                self.track.notice(
                    "ogg.gap",
                    f"{step.missing} pages are missing, {jump} samples, {lost} packets",
                    step.missing,
                )
            )
            if 0 < lost <= MAX_LOST:
                step.events += self.track.lost(lost, self.position or 0)
        elif jump and self.position is not None:
            step.events.append(
                self.track.notice("ogg.jump", f"granule positions jump by {jump} samples")
            )


class OggReader:
    """Reads the pages of a file, whichever streams they belong to."""

    def __init__(self, source: Source) -> None:
        """Begin before the first page."""
        self.source = source
        self.numbering = Numbering()
        self.pages = Pages(source)
        self.streams: dict[int, Logical | None] = {}
        self._others: list[Notice] = []

    def steps(self) -> Iterator[Step]:
        """What each page gives, pages of other streams included.

        Raises:
            InputError: ``input.corrupt`` where no end of damage or of streams is in sight.
        """
        for item in self.pages:
            step = self._step(item)
            if isinstance(item, Page) and item.last:
                self.streams.pop(item.serial, None)
            yield step
            if len(self.streams) > MAX_LOGICAL:
                detail = f"{self.source.name}: more than {MAX_LOGICAL} Ogg streams at a time"
                raise InputError("input.corrupt", detail)
        if not self.numbering.streams:
            yield Step(None, [*self._others[:MAX_LOGICAL]])
        unfinished = sum(logical is not None for logical in self.streams.values())
        if unfinished:
            detail = "the file ends without the last page of a stream"
            yield Step(
                None, [Notice("ogg.no_end", detail, self.numbering.records, count=unfinished)]
            )

    def _step(self, item: Page | Damage) -> Step:
        """What a page gives, or damage."""
        index = self.numbering.records
        if isinstance(item, Damage):
            return Step(None, [Notice(item.code, item.detail, index, count=item.skipped)])
        known = self.streams.get(item.serial)
        if item.first or (known is None and item.body.startswith(HEAD_SIGNATURE)):
            return _begin(item, self.streams, self.numbering, self._others)
        if item.serial not in self.streams:
            self.streams[item.serial] = None
            detail = f"pages of stream {item.serial:#x} without its first, which holds OpusHead"
            return Step(item, [Notice("ogg.orphan", detail, index)])
        return known.feed(item) if known else Step(item)

    def run(self) -> RecordBatch | None:
        """The packets of the routine pages that follow, if there are any.

        Such a page gives what `Logical.feed` gives of it.
        """
        routine = [one for one in self.streams.values() if one is not None and one.is_routine]
        if not routine:
            return None
        from dredref.streams.columns import ogg

        data = np.frombuffer(self.source.ahead(), np.uint8)
        streams = np.array([one.numbers for one in routine], np.int64)
        state, records = np.zeros(2, np.int64), np.zeros((RUN, 4), np.int64)
        ogg.walk_ogg_pages(data, streams, ogg.CHECKSUM_TABLES, state, records)
        size, count = state.tolist()
        if not count:
            return None
        self.source.skip(size)
        self.pages.damaged = 0
        for one, row in zip(routine, streams.tolist(), strict=True):
            _, one.sequence, one.position, one.duration, _ = row
        first, self.numbering.records = self.numbering.records, self.numbering.records + count
        begin, end, stream, stamp = records[:count].T.copy()
        return RecordBatch(
            data,
            begin,
            end,
            kind=np.ones(count, np.uint8),
            companion=np.zeros(count, np.uint8),
            stream=stream.astype(np.int32),
            index=np.arange(first, first + count),
            count=np.ones(count, np.int64),
            timestamp_48k=stamp,
            final_range=np.full(count, NO_RANGE, np.int64),
        )


def walk_ogg(source: Source) -> Iterator[Step]:
    """Yield what each page gives, pages of other streams included.

    Raises:
        InputError: ``input.corrupt`` where no end of damage or of streams is in sight.
    """
    return OggReader(source).steps()


def _begin(
    page: Page,
    streams: dict[int, Logical | None],
    numbering: Numbering,
    others: list[Notice],
) -> Step:
    """Take the first page of a logical stream, of Opus or something else."""
    step = Step(page)
    packets = Assembler().feed(page, MAX_PACKET_BYTES)
    streams[page.serial] = None
    if packets and packets[0].startswith(HEAD_SIGNATURE):
        try:
            head = parse_head(packets[0])
        except ParseError as error:
            step.events.append(Notice("ogg.head", error.detail, numbering.records))
        else:
            streams[page.serial] = Logical(page, head, packets[0], numbering)
            if not page.first:
                detail = f"page {page.sequence} holds OpusHead and is not flagged as a first page"
                step.events.append(Notice("ogg.flags", detail, numbering.records))
    elif packets:
        name = next((name for magic, name in CODECS if packets[0].startswith(magic)), None)
        what = name or f"unknown, it begins {packets[0][:8]!r}"
        detail = f"stream {page.serial:#x} is {what}, not Opus"
        others.append(Notice("ogg.other", detail, numbering.records))
    return step


def read_ogg(source: Source) -> Iterator[Event | RecordBatch]:
    """Yield the records of all Opus streams of an Ogg file, chained or side by side.

    Pages that are missing or damaged give notices and, where granule positions tell their time,
    lost records.

    Raises:
        InputError: ``input.corrupt``.
    """
    reader = OggReader(source)
    for step in reader.steps():
        yield from step.events
        while batch := reader.run():
            yield batch
