"""A track of Opus packets in a container, as one or more numbered streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dredref.spec.errors import ParseError
from dredref.streams.multistream import split_packet
from dredref.streams.opushead import OpusHead
from dredref.streams.record import (
    Container,
    Event,
    Notice,
    Record,
    RedundantCopy,
    RtpOrigin,
    StreamInfo,
)

MAX_LOST = 3000
"""Most packets that one gap stands for (60 s of 20 ms): a longer gap is a new start."""


@dataclass
class Numbering:
    """Running numbers of one input: records and streams, from 0."""

    records: int = 0
    streams: int = 0


@dataclass
class Track:
    """Turns the packets of one track into records; a multistream packet into one for each part.

    Attributes:
        numbering: shared by all tracks of the input.
        infos: one description for each elementary stream.
    """

    numbering: Numbering
    infos: list[StreamInfo] = field(default_factory=list)

    def describe(self, info: StreamInfo, head: OpusHead | None) -> list[StreamInfo]:
        """Number the streams of this track; ``info`` holds what the container says."""
        parts = head.streams if head else 1
        if head:
            info = replace(
                info,
                channels=head.channels,
                pre_skip=head.pre_skip,
                input_rate=head.input_rate,
                mapping_family=head.family,
            )
        first = self.numbering.streams
        self.infos = [
            replace(info, number=first + part, part=part, parts=parts) for part in range(parts)
        ]
        self.numbering.streams += parts
        return self.infos

    def packet(
        self,
        data: bytes,
        timestamp_48k: int | None,
        discard_48k: int = 0,
        rtp: RtpOrigin | None = None,
        redundancy: tuple[RedundantCopy, ...] = (),
    ) -> Iterator[Event]:
        """The records of a packet.

        A multistream packet that cannot be split gives a notice and lost records.
        """
        parts: list[bytes | None] = [data]
        if len(self.infos) > 1:
            try:
                parts = [*split_packet(data, len(self.infos))]
            except ParseError as error:
                yield self.notice("multistream.malformed", f"{error.detail} at byte {error.byte}")
                parts = [None] * len(self.infos)
        for info, part in zip(self.infos, parts, strict=True):
            yield Record(
                self._next(),
                part,
                stream=info.number,
                timestamp_48k=timestamp_48k,
                discard_48k=discard_48k,
                rtp=rtp,
                redundancy=redundancy,
            )

    def lost(self, count: int, start_48k: int | None) -> Iterator[Record]:
        """The gap that ``count`` lost packets leave, the first of them at ``start_48k``.

        A gap is one record of each elementary stream, however many packets it stands for.
        """
        for info in self.infos:
            yield Record(
                self._next(count), None, stream=info.number, timestamp_48k=start_48k, count=count
            )

    def notice(self, code: str, detail: str, count: int = 1, index: int | None = None) -> Notice:
        """A notice about this track, before the next record or that of an index."""
        number = self.infos[0].number if self.infos else None
        before = self.numbering.records if index is None else index
        return Notice(code, detail, before, number, count)

    def _next(self, count: int = 1) -> int:
        index = self.numbering.records
        self.numbering.records += count
        return index


def blank_info(container: Container, **known: int | str | bytes | None) -> StreamInfo:
    """A description with what the container says, before it is numbered."""
    return StreamInfo(0, container, **known)  # type: ignore[arg-type]
