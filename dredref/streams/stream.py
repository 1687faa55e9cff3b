"""Opening any kind of input as one sequence of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from dredref.closing import Closing
from dredref.spec.errors import InputError
from dredref.streams.batch import RecordBatch, batches_of, single_events
from dredref.streams.capture.census import Census
from dredref.streams.detect import detect_format
from dredref.streams.record import Container, Event, Notice, Record, StreamInfo
from dredref.streams.rtp.options import RtpOptions
from dredref.streams.rtp.sdp import parse_key
from dredref.streams.source import Source

NOTICES_KEPT = 1000
"""Notices that `Stream.notices` holds; all are counted."""

READERS: dict[Container, str] = {
    "bit": "dredref.streams.bit:read_bit",
    "jsonl": "dredref.streams.jsonl:read_jsonl",
    "ogg": "dredref.streams.ogg:read_ogg",
    "matroska": "dredref.streams.media:read_media",
    "mp4": "dredref.streams.media:read_media",
    "pcap": "dredref.streams.rtp.reader:read_rtp",
    "pcapng": "dredref.streams.rtp.reader:read_rtp",
    "rtpdump": "dredref.streams.rtp.reader:read_rtp",
    "mjr": "dredref.streams.rtp.reader:read_rtp",
    "media": "dredref.streams.media:read_media",
    "hex": "dredref.streams.hexlines:read_hex",
}
"""Kind of input -> the generator that reads it, imported on use."""

SAID = 3
"""Notices that an error repeats."""

RTP_CONTAINERS = ("pcap", "pcapng", "rtpdump", "mjr")
"""Kinds of input for which `RtpOptions` say how they are read."""


class Stream(Closing):
    """The records of one input, read forward once. Made by `open_stream`.

    Iterating gives the records. `events` gives descriptions and notices as well, each where it
    belongs. What iteration passes over is collected in the attributes.

    Attributes:
        container: kind of input.
        infos: number -> description of each Opus stream found so far.
        notices: the first notices so far, at most `NOTICES_KEPT`.
        notice_counts: code -> how many notices there were, all counted.
        census: the accounts of a capture, once it is read to its end; None of other inputs.
    """

    def __init__(
        self, source: Source, container: Container, events: Iterator[Event | RecordBatch]
    ) -> None:
        """Take what a reader yields; reads on to the first record, so that failures show early."""
        self.container: Container = container
        self.infos: dict[int, StreamInfo] = {}
        self.notices: list[Notice] = []
        self.notice_counts: Counter[str] = Counter()
        self.census: Census | None = None
        self._source = source
        self._events = events
        self._ahead: list[Event | RecordBatch] = []
        for event in events:
            self._note(event)
            self._ahead.append(event)
            if isinstance(event, Record | RecordBatch):
                break
        if not self.infos:
            raise InputError(
                "input.no_opus_track", f"{source.name} holds no Opus stream{self._said()}"
            )
        if not any(isinstance(event, Record | RecordBatch) for event in self._ahead):
            raise InputError(
                "input.no_packet", f"{source.name} holds no packet, only headers{self._said()}"
            )

    def _said(self) -> str:
        """The first things that the reader had to say, for an error."""
        told = [one for one in self.notices if one.code != "ogg.junk"] or self.notices
        details = list(dict.fromkeys(notice.detail for notice in told))[:SAID]
        left = sum(self.notice_counts.values()) - len(details)
        more = f", and {left} notices more" if left > 0 and details else ""
        return f": {'; '.join(details)}{more}" if details else ""

    @property
    def info(self) -> StreamInfo:
        """The first stream."""
        return next(iter(self.infos.values()))

    def _note(self, event: Event | RecordBatch) -> None:
        """Collect what is no record."""
        if isinstance(event, StreamInfo):
            self.infos[event.number] = event
        elif isinstance(event, Census):
            self.census = event
        elif isinstance(event, Notice):
            self.notice_counts[event.code] += 1
            if len(self.notices) < NOTICES_KEPT:
                self.notices.append(event)

    def _portions(self) -> Iterator[Event | RecordBatch]:
        """What the reader yields, from the beginning."""
        while self._ahead:
            yield self._ahead.pop(0)
        for event in self._events:
            self._note(event)
            yield event

    def events(self) -> Iterator[Event]:
        """Descriptions, records and notices in the order of the input."""
        return single_events(self._portions())

    def __iter__(self) -> Iterator[Record]:
        """Records only."""
        return (event for event in self.events() if isinstance(event, Record))

    def batches(self) -> Iterator[RecordBatch]:
        """The records in columns, many at a time."""
        return batches_of(self._portions())

    def close(self) -> None:
        """Stop reading and close the input."""
        self._source.close()


def open_stream(
    source: str | Path | BinaryIO,
    *,
    payload_type: int | None = None,
    ssrc: int | None = None,
    sdp: str = "",
    srtp_keys: Sequence[str] = (),
    keylog: str = "",
) -> Stream:
    """Open an input of any kind, its kind told by its content.

    Args:
        source: a path, ``-`` for standard input, or an open binary file.
        payload_type: the RTP payload type that carries Opus; found by plausibility if not given.
        ssrc: read this RTP source only.
        sdp: text of a session description of a capture: payload types, and SRTP keys.
        srtp_keys: SRTP master keys with salt, ``[SUITE:]KEY`` in base64 or hexadecimal.
        keylog: text of a TLS key log (``SSLKEYLOGFILE``) with the secrets of DTLS handshakes.

    Raises:
        InputError: the input cannot be read, is empty, of no known kind, or without Opus. Reading
            on may raise it too, after what stands before the fault was delivered.
        MissingExtraError: a library that this kind of input needs is not installed.
    """
    opened = Source.open(source)
    try:
        container = detect_format(opened)
        options = RtpOptions(payload_type, ssrc, sdp, tuple(map(parse_key, srtp_keys)), keylog)
        events = reader_of(container, options)(opened)
        return Stream(opened, container, events)
    except BaseException:
        opened.close()
        raise


def reader_of(
    container: Container, options: RtpOptions
) -> Callable[[Source], Iterator[Event | RecordBatch]]:
    """The reader of a kind of input, with the options that concern it."""
    module, _, name = READERS[container].partition(":")
    reader = getattr(import_module(module), name)
    if container in RTP_CONTAINERS:
        return lambda source: reader(source, options)
    return lambda source: reader(source)
