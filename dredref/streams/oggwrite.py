"""Writing Ogg Opus (RFC 7845)."""

from __future__ import annotations

from typing import BinaryIO

from dredref.spec.errors import BuildError, ParseError
from dredref.streams.clock import packet_duration_48k
from dredref.streams.multistream import join_packets
from dredref.streams.oggpage import MAX_SEGMENTS, Page, build_page, build_pages, lace
from dredref.streams.opushead import OpusHead, build_head, build_tags
from dredref.streams.record import Record, StreamInfo
from dredref.streams.write import Writer

PAGE_48K = 48000
"""A page lasts at most a second, so that players can seek (RFC 7845, section 3, recommends it)."""

DEFAULT_SERIAL = 1


class OggWriter(Writer):
    """Ogg Opus with the headers that the description holds, or plain ones.

    Granule positions follow the records' timestamps. A lost packet shows as a missing page, the
    one way in which Ogg can tell of loss: its number is left out.
    """

    def __init__(self, file: BinaryIO, info: StreamInfo) -> None:
        """Write the headers."""
        self._file = file
        self._parts = info.parts
        self._serial = DEFAULT_SERIAL if info.track is None else info.track & 0xFFFFFFFF
        self._sequence = 0
        self._page: list[tuple[bytes, int]] = []
        self._segments = 0
        self._page_start = self._position = self._duration = 0
        self._trim = 0
        self._lost = False
        self._group: list[Record] = []
        head = info.head or build_head(
            OpusHead(
                channels=info.channels or 1,
                pre_skip=info.pre_skip or 0,
                input_rate=48000 if info.input_rate is None else info.input_rate,
            )
        )
        self._emit(build_pages([(head, 0)], self._serial, 0, first=True))
        self._emit(build_pages([(info.tags or build_tags(), 0)], self._serial, self._sequence))

    def _emit(self, pages: list[Page]) -> None:
        """Write pages, and count them."""
        for page in pages:
            self._file.write(build_page(page))
        self._sequence += len(pages)

    def _write(self, record: Record) -> None:
        self._group.append(record)
        if len(self._group) < self._parts:
            return
        group, self._group = self._group, []
        packets = [member.packet for member in group if member.packet is not None]
        if len(packets) < len(group):
            self._lost = True
            self._position += self._duration
            return
        try:
            self._add(join_packets(packets), record)
        except ParseError as error:
            raise BuildError("output.multistream", error.detail) from error

    def _add(self, packet: bytes, record: Record) -> None:
        """Put a packet on the page, after the page before it where one must end."""
        start = self._position if record.timestamp_48k is None else record.timestamp_48k
        duration = self._duration = packet_duration_48k(packet)
        broken = self._lost or start != self._position
        full = start + duration - self._page_start > PAGE_48K
        if self._page and (
            broken or full or self._segments + len(lace(len(packet))) > MAX_SEGMENTS
        ):
            self._flush()
        if self._lost:
            self._sequence += 1
            self._lost = False
        if not self._page:
            self._page_start = start
        self._position = start + duration
        self._page.append((packet, self._position))
        self._segments += len(lace(len(packet)))
        self._trim = record.discard_48k + (self._trim if record.discard_48k == duration else 0)

    def _flush(self, *, last: bool = False) -> None:
        """Write the page."""
        if last and self._page:
            packet, end = self._page[-1]
            self._page[-1] = packet, end - self._trim
        self._emit(build_pages(self._page, self._serial, self._sequence, last=last))
        self._page, self._segments = [], 0

    def finish(self) -> None:
        """Write the last page, with the end trimmed as the last records ask for."""
        self._flush(last=True)
