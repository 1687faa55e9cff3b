"""Giving the packets of an existing stream other bytes, and keeping all else.

Each kind of stream is rewritten in its own terms: what the records do not show, such as pages, tags
and other tracks, passes through.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, TypeAlias

from dredref.spec.errors import BuildError, InputError, ParseError, UsageError
from dredref.streams.batch import single_events
from dredref.streams.bit import RECORD_HEAD, read_bit
from dredref.streams.detect import detect_format
from dredref.streams.jsonl import read_lines
from dredref.streams.multistream import join_packets
from dredref.streams.ogg import Step, walk_ogg
from dredref.streams.oggpage import NO_GRANULE, Page, build_page, build_pages
from dredref.streams.record import Container, Event, Record, StreamInfo
from dredref.streams.rtp.options import RtpOptions
from dredref.streams.source import Source
from dredref.streams.stream import reader_of
from dredref.streams.write import SUFFIXES, output_file

Transform: TypeAlias = Callable[[Record], bytes]
"""New bytes for the packet of a record. It is not called for lost packets."""

Observe: TypeAlias = Callable[[Event], None]
"""Told of all other events, in order: descriptions, notices, lost packets."""

Rewriter: TypeAlias = Callable[[Source, BinaryIO, Transform, Observe], None]

REWRITERS: dict[Container, str] = {
    "bit": "dredref.streams.rewrite:rewrite_bit",
    "jsonl": "dredref.streams.rewrite:rewrite_jsonl",
    "ogg": "dredref.streams.rewrite:rewrite_ogg",
    "matroska": "dredref.streams.mediawrite:rewrite_media",
    "mp4": "dredref.streams.mediawrite:rewrite_media",
    "pcap": "dredref.streams.rtp.rewrite:rewrite_rtp",
    "pcapng": "dredref.streams.rtp.rewrite:rewrite_rtp",
}
"""Kind of stream -> what rewrites it, imported on use."""


def rewrite_stream(
    source: str | Path | BinaryIO,
    target: str | Path,
    transform: Transform,
    observe: Observe = lambda event: None,
) -> None:
    """Copy a stream with other packets; the copy is of the same kind and appears whole or not.

    Timestamps, granule positions, headers, tags, final ranges, other tracks and other traffic are
    kept. Damaged pages of Ogg are left out, and show as missing in the copy too.

    Args:
        source: as for `open_stream`.
        target: a path, or ``-`` for standard output.
        transform: gives the new bytes for the packet of a record, in order.
        observe: is told of all other events.

    Raises:
        InputError: as `open_stream`; ``output.unwritable``.
        BuildError: the new packets do not fit the stream.
        UsageError: ``output.kind`` if the target's suffix is that of another kind of stream.
        MissingExtraError: a library that this kind of stream needs is not installed.
    """
    with Source.open(source) as opened:
        container = detect_format(opened)
        if container not in REWRITERS:
            next(reader_of(container, RtpOptions())(opened), None)  # tells what is of no kind
            raise InputError(
                "output.kind", f"streams in {container} can be read, but not rewritten"
            )
        _refuse_other_kind(target, container)
        module, _, name = REWRITERS[container].partition(":")
        rewriter: Rewriter = getattr(import_module(module), name)
        watch = _Watch(observe)
        with output_file(target) as file:
            rewriter(opened, file, transform, watch)
            if not watch.streams:
                raise InputError("input.no_opus_track", f"{opened.name} holds no Opus stream")


def _refuse_other_kind(target: str | Path, container: Container) -> None:
    """A copy is of its source's kind; a name that says otherwise would mislead."""
    named = SUFFIXES.get(Path(target).suffix.lower())
    if named is not None and named != container.replace("pcapng", "pcap"):
        raise UsageError(
            "output.kind", f"{target}: the copy of a stream in {container} is in {container} too"
        )


class _Watch:
    """Passes events on, and knows whether there was a stream."""

    def __init__(self, observe: Observe) -> None:
        self.observe = observe
        self.streams = 0

    def __call__(self, event: Event) -> None:
        self.streams += isinstance(event, StreamInfo)
        self.observe(event)


def rewrite_bit(source: Source, file: BinaryIO, transform: Transform, observe: Observe) -> None:
    """Rewrite ``.bit``: final ranges are those of the frames, which padding leaves alone."""
    for event in single_events(read_bit(source)):
        if not isinstance(event, Record):
            observe(event)
            continue
        data = b""
        if event.packet is None:
            observe(event)
        elif not (data := transform(event)):
            raise BuildError("output.empty_packet", "an empty packet would read as a lost one")
        file.write(RECORD_HEAD.pack(len(data), event.final_range or 0) + data)


def rewrite_jsonl(source: Source, file: BinaryIO, transform: Transform, observe: Observe) -> None:
    """Rewrite JSON lines: all other keys stay; lines of lost packets stay as they are."""
    for event, line in read_lines(source):
        if isinstance(event, Record) and event.packet is not None:
            fields = json.loads(line)
            fields[event.kind] = transform(event).hex()
            line = json.dumps(fields, ensure_ascii=False).encode() + b"\n"
        else:
            observe(event)
        file.write(line)


def rewrite_ogg(source: Source, file: BinaryIO, transform: Transform, observe: Observe) -> None:
    """Rewrite Ogg page by page: packets stay on the page on which they end.

    A page that grows past what one can hold becomes several; page numbers follow suit.
    """
    shifts: dict[int, int] = {}
    for step in walk_ogg(source):
        for event in step.events:
            if not isinstance(event, Record) or event.packet is None:
                observe(event)
        if step.page is None:
            continue
        if step.shared:
            raise InputError(
                "input.ogg_layout", f"{source.name}: headers and audio share an Ogg page"
            )
        if step.page.first:
            shifts[step.page.serial] = 0
        shift = shifts.get(step.page.serial, 0)  # none if the first page is not there
        pages = list(_pages(step, step.page, (step.page.sequence + shift) % 2**32, transform))
        if step.audio:
            shifts[step.page.serial] = shift + len(pages) - 1
        for page in pages:
            file.write(build_page(page))


def _pages(step: Step, page: Page, sequence: int, transform: Transform) -> Iterator[Page]:
    """What takes the place of a page."""
    if not step.audio:
        yield replace(page, sequence=sequence)
        return
    if not step.packets and page.granule != NO_GRANULE:  # an empty page that states the end
        yield replace(page, sequence=sequence, lacing=b"", body=b"", continued=False)
        return
    packets = []
    for packet in step.packets:
        end = packet.end_48k if page.granule == NO_GRANULE else min(packet.end_48k, page.granule)
        packets.append((transform_parts(packet.data, packet.records, transform), end))
    if packets and page.granule != NO_GRANULE:
        packets[-1] = packets[-1][0], page.granule
    yield from build_pages(packets, page.serial, sequence, last=page.last)


def transform_parts(data: bytes, records: Sequence[Record], transform: Transform) -> bytes:
    """The new packet for one that has a record for each part; one that did not split stays."""
    if any(record.packet is None for record in records):
        return data
    try:
        return join_packets([transform(record) for record in records])
    except ParseError as error:
        raise BuildError("output.multistream", error.detail) from error
