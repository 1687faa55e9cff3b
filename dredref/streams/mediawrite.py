"""Writing Opus into WebM, and rewriting WebM, Matroska and MP4, with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from io import BytesIO
from typing import Any, BinaryIO

from dredref.spec.errors import BuildError, InputError
from dredref.streams.clock import packet_duration_48k
from dredref.streams.media import (
    SKIP_SAMPLES,
    MediaTrack,
    import_av,
    is_opus,
    kind_of_media,
    open_container,
    why,
)
from dredref.streams.oggwrite import OggWriter
from dredref.streams.record import Notice, Record, StreamInfo
from dredref.streams.rewrite import Observe, Transform, transform_parts
from dredref.streams.source import Source
from dredref.streams.track import Numbering
from dredref.streams.write import Writer

_SAMPLE = Fraction(1, 48000)
_MOULD = Record(0, b"\xf8\xff\xfe", timestamp_48k=0, discard_48k=480)
"""A packet of silence with its end trimmed, of which a template is made."""


class MatroskaWriter(Writer):
    """One Opus track in WebM. Times are rounded to milliseconds, as the container has them.

    PyAV takes a track's description from another stream: here from a file of Ogg Opus in memory
    with the headers wanted, and from its one packet the side data that carries end trimming.
    """

    def __init__(self, file: BinaryIO, info: StreamInfo) -> None:
        """Describe the track."""
        if info.parts > 1:
            raise BuildError("output.multistream", "multistream tracks are written as Ogg only")
        av = import_av()
        template = BytesIO()
        ogg = OggWriter(template, info)
        ogg.write(_MOULD)
        ogg.finish()
        template.seek(0)
        self._template = av.open(template, format="ogg")
        mould = next(packet for packet in self._template.demux() if packet.size)
        self._skip = mould.get_sidedata("skip_samples")
        self._make: Any = av.Packet
        self._output = av.open(file, mode="w", format="webm")
        self._track = self._output.add_stream_from_template(self._template.streams[0])
        self._pre_skip = info.pre_skip or 0
        self._stream: int | None = None
        self._clock = 0

    def _write(self, record: Record) -> None:
        if self._stream not in (None, record.stream):
            raise BuildError("output.one_stream", "a WebM file is written of one stream only")
        self._stream = record.stream
        start = self._clock if record.timestamp_48k is None else record.timestamp_48k
        if record.packet is None:
            return
        packet = self._make(record.packet)
        duration = packet_duration_48k(record.packet)
        self._clock = start + duration
        packet.stream = self._track
        packet.time_base = _SAMPLE
        packet.pts = packet.dts = start - self._pre_skip
        packet.duration = duration - record.discard_48k
        packet.is_keyframe = True
        if record.discard_48k:
            self._skip.update(SKIP_SAMPLES.pack(0, record.discard_48k) + bytes(2))
            packet.set_sidedata(self._skip)
        with _told():
            self._output.mux(packet)

    def finish(self) -> None:
        """Write the index."""
        with _told():
            self._output.close()
        self._template.close()


def rewrite_media(source: Source, file: BinaryIO, transform: Transform, observe: Observe) -> None:
    """Copy all tracks, times, side data, tags and chapters; give Opus packets other bytes.

    Raises:
        InputError: ``input.corrupt``, or ``input.track`` for a track that PyAV cannot copy.
        BuildError: ``output.mux`` for times that the container cannot hold.
    """
    with _told():
        _rewrite(source, file, transform, observe)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what FFmpeg has against packets or tracks into an error of ours."""
    try:
        yield
    except import_av().error.FFmpegError as error:
        detail = f"packets or times that the container cannot hold: {why(error)}"
        raise BuildError("output.mux", detail) from error


def _rewrite(source: Source, file: BinaryIO, transform: Transform, observe: Observe) -> None:
    """Copy tracks and packets."""
    av = import_av()
    head = source.peek(64)
    container = kind_of_media(source)
    form = "mp4" if container == "mp4" else "webm" if b"webm" in head else "matroska"
    numbering = Numbering()
    with ExitStack() as stack:
        given = open_container(source, stack)
        made = stack.enter_context(av.open(file, mode="w", format=form))
        copies, tracks = {}, {}
        for stream in given.streams:
            if stream.type not in ("audio", "video", "subtitle"):
                detail = f"track {stream.index} ({stream.type}) cannot be copied and is left out"
                observe(Notice("media.track", detail, numbering.records))
                continue
            copies[stream.index] = _copy_track(stream, made, source.name)
            if is_opus(stream):
                tracks[stream.index] = track = MediaTrack(stream, numbering, container)
                for event in track.events:
                    observe(event)
        made.metadata.update(given.metadata)
        if hasattr(given, "chapters") and given.chapters():
            made.set_chapters(given.chapters())
        for packet in _packets(given, numbering, observe):
            if packet.stream.index not in copies:
                continue
            data = bytes(packet)
            if packet.stream.index in tracks:
                records = []
                for event in tracks[packet.stream.index].packet(packet):
                    if isinstance(event, Record):
                        records.append(event)
                    if not isinstance(event, Record) or event.packet is None:
                        observe(event)
                data = transform_parts(data, records, transform)
            made.mux(_copy_packet(packet, data, copies[packet.stream.index]))
        for track in tracks.values():
            for notice in track.left_out(given):
                observe(notice)


def _packets(given: Any, numbering: Numbering, observe: Observe) -> Iterator[Any]:
    """All packets of all tracks; a notice where reading fails."""
    try:
        yield from (packet for packet in given.demux() if packet.size)
    except (import_av().error.FFmpegError, EOFError) as error:
        observe(Notice("stream.truncated", f"reading ended: {why(error)}", numbering.records))


def _copy_track(stream: Any, made: Any, name: str) -> Any:
    """A track like the one given."""
    try:
        copy = made.add_stream_from_template(stream)
    except (import_av().error.FFmpegError, ValueError, AttributeError, TypeError) as error:
        raise InputError(
            "input.track", f"{name}: a track of kind {stream.type} cannot be copied"
        ) from error
    copy.metadata.update(stream.metadata)
    copy.time_base = stream.time_base
    copy.disposition = stream.disposition
    return copy


def _copy_packet(packet: Any, data: bytes, track: Any) -> Any:
    """A packet with other bytes, and the times, flags and side data of the one given."""
    copy = type(packet)(data)
    copy.stream = track
    copy.time_base = packet.time_base
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.is_keyframe = packet.is_keyframe
    for item in packet.iter_sidedata():
        copy.set_sidedata(item)
    return copy
