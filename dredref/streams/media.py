"""Opus in WebM, Matroska and MP4, read with PyAV."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from dredref.extras import needs
from dredref.spec.errors import InputError, ParseError
from dredref.streams.clock import packet_duration_48k
from dredref.streams.opushead import parse_head
from dredref.streams.record import MAX_PACKET_BYTES, Container, Event, Notice, StreamInfo
from dredref.streams.source import BLOCK, Source
from dredref.streams.track import Numbering, Track

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet

SKIP_SAMPLES = struct.Struct("<II")
"""Side data ``skip_samples``: samples to drop at the packet's start and at its end."""

_SLACK_48K = 4800
"""Stated lengths are taken to be right within 100 ms."""


EBML = b"\x1a\x45\xdf\xa3"
"""Matroska and WebM begin so."""

MP4_FIRST_BOXES = frozenset((b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"))

FOREIGN = (
    (b"RIFF", "a WAV or AVI file"),
    (b"RF64", "a WAV file"),
    (b"fLaC", "a FLAC file"),
    (b"ID3", "an MP3 file"),
    (b"FLV", "a Flash video"),
    (b"caff", "a CAF file"),
    (b"#!SI", "a file of SILK from before Opus"),
    (b"%PDF", "a PDF"),
    (b"\x7fELF", "a program"),
)
"""First bytes of files that FFmpeg mostly reads -> what they are."""

KNOWN = (
    "Ogg, WebM, MP4, MPEG-TS, CAF and what else FFmpeg reads, pcap, pcapng, rtpdump, Janus .mjr, "
    "opus_demo .bit, JSON lines, hexadecimal lines"
)


def import_av() -> Any:
    """PyAV, or a word on how to get it."""
    with needs("containers", "reading and writing WebM and MP4"):
        import av
    return av


class MediaTrack:
    """One Opus track: its streams and its clock.

    Containers count in milliseconds (Matroska) or samples (MP4). A time that lies within one tick
    of where the packet before ended is that end: so exact sample times survive the rounding. Else
    the container's time holds, and a step of half a packet or more is told: recorders that stamp by
    the wall clock wander by less.
    """

    def __init__(self, stream: Any, numbering: Numbering, container: Container) -> None:
        """Describe the track from PyAV's stream."""
        self.track = Track(numbering)
        self.container = container
        self.tick = int(48000 * stream.time_base) if container == "matroska" else 0
        raw = bytes(stream.codec_context.extradata or b"")
        self.events: list[Event] = []
        try:
            head = parse_head(raw)
        except ParseError as error:
            self.events.append(
                Notice("media.head", error.detail, numbering.records, numbering.streams)
            )
            head = None
        channels = stream.codec_context.layout.nb_channels or None
        info = StreamInfo(
            0, container, channels=channels, track=stream.id, head=raw if head else None
        )
        self.events[:0] = self.track.describe(info, head)
        self.pre_skip = head.pre_skip if head else 0
        self.stream = stream
        self.origin: int | None = None
        self.expected = 0
        self.count = 0

    def packet(self, packet: Packet[Any]) -> Iterator[Event]:
        """The records of a packet, and a notice where time jumps."""
        self.count += 1
        data = bytes(packet)
        duration = packet_duration_48k(data)
        start = self._start(packet)
        if abs(start - self.expected) <= self.tick:
            start = self.expected
        elif self.expected and 2 * abs(start - self.expected) >= duration:
            yield self.track.notice(
                "media.jump", f"timestamps jump by {start - self.expected} samples"
            )
        self.expected = start + duration
        yield from self.track.packet(data, start, self._discard(packet, duration))

    def left_out(self, file: InputContainer) -> Iterator[Notice]:
        """A notice if the track ends before the end that the file states.

        MP4 states the number of packets, Matroska the length of the whole.
        """
        if self.container == "mp4":
            if self.count < self.stream.frames:
                detail = f"{self.count} packets of {self.stream.frames} could be read"
                missing = self.stream.frames - self.count
                yield self.track.notice("stream.truncated", detail, missing)
        elif file.duration and len(file.streams) == 1:
            missing = file.duration * 48 // 1000 + (self.origin or 0) - self.expected
            if missing > _SLACK_48K:
                detail = f"the file ends {missing // 48} ms before the length it states"
                yield self.track.notice("stream.truncated", detail)

    def _start(self, packet: Packet[Any]) -> int:
        """First sample on the decoder's clock.

        A track with pre-skip begins before zero, so that zero is the first sample heard.
        """
        if packet.pts is None or packet.time_base is None:
            return self.expected
        at = round(packet.pts * packet.time_base * 48000)
        if self.origin is None:
            self.origin = self.pre_skip if at < 0 else 0
        return at + self.origin

    def _discard(self, packet: Packet[Any], duration: int) -> int:
        """Samples to drop at the packet's end."""
        if packet.has_sidedata("skip_samples"):
            data = bytes(packet.get_sidedata("skip_samples"))
            _, end = SKIP_SAMPLES.unpack_from(data)
            return min(int(end), duration)
        if self.container == "mp4" and packet.duration and packet.time_base:
            return max(0, duration - round(packet.duration * packet.time_base * 48000))
        return 0


def kind_of_media(source: Source) -> Container:
    """Matroska, MP4, or anything else that FFmpeg may know."""
    head = source.peek(8)
    if head[:4] == EBML:
        return "matroska"
    return "mp4" if head[4:8] in MP4_FIRST_BOXES else "media"


def is_opus(stream: Any) -> bool:
    """Whether a track of PyAV's is Opus."""
    context = stream.codec_context
    return stream.type == "audio" and context is not None and context.name in ("opus", "libopus")


def open_container(source: Source, stack: ExitStack) -> InputContainer:
    """Open a source with PyAV.

    MP4 may have its index at the end: from a pipe it is first copied to a temporary file.

    Raises:
        InputError: ``input.corrupt``.
    """
    av = import_av()
    kind = kind_of_media(source)
    file: BinaryIO | Source | None = source.seekable_file()
    if file is None and kind != "matroska":
        file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        while block := source.read(BLOCK):
            file.write(block)
        file.seek(0)
    try:
        container: InputContainer = av.open(
            file or source,
            mode="r",
            format=None if kind == "media" else kind,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        if kind == "media":
            head = source.peek(4) or _first_bytes(file)
            name = next((what for magic, what in FOREIGN if head.startswith(magic)), None)
            found = f"is {name} that FFmpeg cannot read; read are"
            if name is None:
                found = f"begins with the bytes {head.hex(' ')}, and is no"
            raise InputError("input.unknown", f"{source.name} {found} {KNOWN}") from error
        raise InputError("input.corrupt", f"{source.name} cannot be read: {why(error)}") from error
    return stack.enter_context(container)


def _first_bytes(file: BinaryIO | Source | None) -> bytes:
    """The first bytes of a file that can seek."""
    if file is None or isinstance(file, Source):
        return b""
    file.seek(0)
    return file.read(4)


def why(error: Exception) -> str:
    """FFmpeg's own words, without numbers and names around them."""
    return str(getattr(error, "strerror", None) or error).splitlines()[0].lower()


def _packets(file: InputContainer, chosen: list[Any]) -> Iterator[Packet[Any]]:
    """The packets of some tracks.

    Tracks that FFmpeg meets on the way are not in PyAV's list, but are flushed at the end.
    """
    with suppress(IndexError):
        yield from file.demux(chosen)


def read_media(source: Source) -> Iterator[Event]:
    """Yield the records of all Opus tracks of a WebM, Matroska or MP4 file.

    Raises:
        InputError: ``input.corrupt``, ``input.no_opus_track``.
        MissingExtraError: PyAV is not installed.
    """
    av = import_av()
    container = kind_of_media(source)
    numbering = Numbering()
    with ExitStack() as stack:
        file = open_container(source, stack)
        chosen = [stream for stream in file.streams if is_opus(stream)]
        if not chosen:
            kinds = sorted({s.codec_context.name for s in file.streams if s.codec_context})
            raise InputError(
                "input.no_opus_track",
                f"{source.name} (for FFmpeg: {file.format.long_name}) holds no Opus track, only "
                f"{', '.join(kinds) or 'nothing'}; audio becomes Opus by dredref encode",
            )
        tracks: dict[int, MediaTrack] = {}
        for stream in chosen:
            track = MediaTrack(stream, numbering, container)
            tracks[stream.index] = track
            yield from track.events
        try:
            for packet in _packets(file, chosen):
                if packet.size == 0:
                    continue
                if packet.size > MAX_PACKET_BYTES:
                    raise InputError(
                        "input.corrupt", f"{source.name}: a packet of {packet.size} bytes"
                    )
                yield from tracks[packet.stream.index].packet(packet)
        except (av.error.FFmpegError, EOFError) as error:
            yield Notice("stream.truncated", f"reading ended: {why(error)}", numbering.records)
            return
        for track in tracks.values():
            yield from track.left_out(file)
