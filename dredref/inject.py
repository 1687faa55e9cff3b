"""DRED into an existing stream from its audio, and out of it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dredref.audio import AudioFile, AudioSource, open_audio
from dredref.encode import BLOCK_SECONDS, DredRequest, Progress
from dredref.notices import warn
from dredref.payload.encoder import DredEncoder
from dredref.payload.insert import ParsedPacket, strip_dred
from dredref.payload.placement import STEP_48K, Slot
from dredref.payload.rate import RatePlan, total_bitrate
from dredref.spec.errors import ParseError, UsageError
from dredref.spec.packet import parse_packet
from dredref.streams import Event, Notice, Record, StreamInfo, open_stream, rewrite_stream
from dredref.temporary import temporary_folder

DEFAULT_PRE_SKIP = 312
"""Delay of libopus, in samples at 48 kHz, for streams that do not state one: 6.5 ms."""


@dataclass(frozen=True, slots=True)
class InjectRequest:
    """What is to be done."""

    dred: DredRequest = field(default_factory=DredRequest)
    loss: float = 10
    """Expected packet loss in percent; with the stream's own bit rate it sets DRED's."""
    stream: int | None = None
    """Number of the Opus stream in the input; the first if None."""
    pre_skip: int | None = None
    """The codec's delay at 48 kHz, where the stream does not say or says it wrong."""
    audio_start_ms: float = 0
    """Time on the decoder's clock, less the codec's delay, at which the audio starts."""
    final_id: int | None = None
    """Write DRED in its final form, with this id and no prefix."""
    application: str = "voip"
    """What the stream was encoded for: says what was taken out of the audio before DRED."""


@dataclass(slots=True)
class RewriteResult:
    """What came of it."""

    packets: int = 0
    with_dred: int = 0
    had_dred: int = 0
    """Packets that carried DRED before."""
    malformed: int = 0
    """Packets that could not be parsed, and were left as they were."""
    bytes_before: int = 0
    bytes_after: int = 0
    plan: RatePlan | None = None


@dataclass(slots=True)
class Survey:
    """What a first reading of a stream tells."""

    info: StreamInfo
    slots: list[tuple[int, Slot]] = field(default_factory=list)
    """Index of each record with a packet, and its place, in order of time."""
    plain_bytes: int = 0
    """Bytes of all packets, DRED left out."""

    @property
    def packet_ms(self) -> float:
        """Duration of most packets."""
        durations = [slot.duration for _, slot in self.slots]
        return max(set(durations), key=durations.count) / 48

    @property
    def bitrate(self) -> float:
        """Mean bit rate of the packets without DRED."""
        duration = sum(slot.duration for _, slot in self.slots)
        return self.plain_bytes * 8 * 48_000 / duration


def survey_stream(source: str | Path, request: InjectRequest) -> Survey:
    """Read where the packets of a stream stand.

    Raises:
        InputError: as :func:`open_stream`.
        UsageError: ``inject.stream`` if there is no such stream, ``inject.empty`` if it has no
            packet, ``inject.clock`` if its packets have no times.
    """
    with open_stream(source) as stream:
        wanted = stream.info.number if request.stream is None else request.stream
        slots: list[tuple[int, Slot]] = []
        plain_bytes = 0
        for record in stream:
            if record.stream != wanted or record.packet is None or record.kind != "packet":
                continue
            try:
                parsed = ParsedPacket(record.packet, final_id=request.final_id)
            except ParseError:
                continue
            plain = parsed.strip()
            if parsed.is_dtx:
                continue
            duration = parsed.packet.duration_48k
            if record.timestamp_48k is None:
                raise UsageError("inject.clock", f"record {record.index} of {source} has no time")
            slots.append((record.index, Slot(record.timestamp_48k, duration)))
            plain_bytes += len(plain)
        if wanted not in stream.infos:
            raise UsageError("inject.stream", f"{source} has no stream {wanted}")
        if not slots:
            raise UsageError("inject.empty", f"{source} has no packet to put DRED into")
        slots.sort(key=lambda pair: pair[1].timestamp)
        return Survey(stream.infos[wanted], slots, plain_bytes)


def inject_file(
    source: str | Path,
    audio_path: AudioSource,
    target: str | Path,
    request: InjectRequest,
    progress: Progress = lambda seconds: None,
) -> RewriteResult:
    """Copy a stream with DRED made from its audio; what DRED it had is replaced.

    Every other extension, frame and timestamp stays; DRED takes the place of plain padding. A
    packet with padding that is room enough keeps its size, so that a stream of constant bit rate
    with such padding stays one; any other packet takes the size that it needs. Packets of
    discontinuous transmission that say nothing are left alone, so that they stay what they are.
    The copy appears whole or not at all.

    Raises:
        InputError: ``input...``, ``audio...``, ``output.unwritable``.
        UsageError: ``inject...``, ``encode...``.
        BuildError: the new packets do not fit the kind of stream.
    """
    with seekable(source) as path, open_audio(audio_path) as audio:
        survey = survey_stream(path, request)
        bitrate = total_bitrate(survey.bitrate, request.loss)
        plan = request.dred.plan(bitrate, request.loss, survey.packet_ms)
        made = _payloads(survey, audio, plan, request, progress)
        ready: dict[int, bytes | None] = {}
        known = {index for index, _ in survey.slots}
        result = RewriteResult(plan=plan)

        def transform(record: Record) -> bytes:
            assert record.packet is not None
            if record.index not in known:
                result.malformed += _is_malformed(record)
                return record.packet
            while record.index not in ready:
                ready.update(next(made))
            payload = ready.pop(record.index)
            parsed = ParsedPacket(record.packet, final_id=request.final_id)
            if payload is None:
                data = parsed.strip()
            else:
                size = len(record.packet) if parsed.has_padding else 0
                data = parsed.insert(payload, request.dred.version, size=size)
            result.packets += 1
            result.had_dred += parsed.has_dred
            result.with_dred += payload is not None
            result.bytes_before += len(record.packet)
            result.bytes_after += len(data)
            return data

        rewrite_stream(path, target, transform, NoticeTeller())
        return result


class NoticeTeller:
    """Warns of the first notice of each kind about an input, as inspect does."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._told: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Notice) and event.code not in self._told:
            self._told.add(event.code)
            warn(f"{event.detail} [{event.code}]")


def _is_malformed(record: Record) -> bool:
    try:
        parse_packet(record.packet or b"")
    except ParseError:
        return record.kind == "packet"
    return False


def _payloads(
    survey: Survey,
    audio: AudioFile,
    plan: RatePlan,
    request: InjectRequest,
    progress: Progress,
) -> Iterator[dict[int, bytes | None]]:
    """Payloads by record, a stretch of audio at a time, in order of time."""
    if not plan.chunks:
        yield dict.fromkeys(index for index, _ in survey.slots)
        return
    stated = survey.info.pre_skip
    pre_skip = request.pre_skip if request.pre_skip is not None else stated
    start = round(request.audio_start_ms * 48)
    placed = [(index, Slot(slot.timestamp - start, slot.duration)) for index, slot in survey.slots]
    encoder = DredEncoder(
        audio.rate,
        audio.channels,
        pre_skip=DEFAULT_PRE_SKIP if pre_skip is None else pre_skip,
        timestamp=placed[0][1].timestamp,
        settings=request.dred.settings(plan, request.application),
    )
    blocks = audio.blocks(BLOCK_SECONDS)
    for part in _stretches(placed):
        last = max(slot.timestamp + slot.duration for _, slot in part)
        while last - encoder.known_until >= STEP_48K:
            block = next(blocks, None)
            if block is None:
                encoder.end()
                break
            encoder.feed_q8(block)
        payloads = encoder.payloads([slot for _, slot in part])
        progress(last / 48_000)
        yield {index: payload for (index, _), payload in zip(part, payloads, strict=True)}


def _stretches(placed: Sequence[tuple[int, Slot]]) -> Iterator[list[tuple[int, Slot]]]:
    """Packets in stretches of a few seconds."""
    part: list[tuple[int, Slot]] = []
    for pair in placed:
        if part and pair[1].timestamp - part[0][1].timestamp > BLOCK_SECONDS * 48_000:
            yield part
            part = []
        part.append(pair)
    if part:
        yield part


def strip_file(
    source: str | Path, target: str | Path, *, final_id: int | None = None
) -> RewriteResult:
    """Copy a stream without DRED; packets that had none are copied as they are.

    Raises:
        InputError: ``input...``, ``output.unwritable``.
        BuildError: the new packets do not fit the kind of stream.
    """
    result = RewriteResult()

    def transform(record: Record) -> bytes:
        assert record.packet is not None
        result.packets += 1
        result.bytes_before += len(record.packet)
        data = record.packet
        if record.kind == "packet":
            try:
                data = strip_dred(record.packet, final_id=final_id)
            except ParseError:
                result.malformed += 1
        result.had_dred += data is not record.packet
        result.bytes_after += len(data)
        return data

    rewrite_stream(source, target, transform, NoticeTeller())
    return result


@contextmanager
def seekable(source: str | Path) -> Iterator[str | Path]:
    """A path that can be read twice: standard input (``-``) is kept in a temporary file."""
    if str(source) != "-":
        yield source
        return
    with temporary_folder() as folder:
        with (folder / "input").open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield folder / "input"
