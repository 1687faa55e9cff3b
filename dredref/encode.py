"""Encoding audio as Opus with DRED: the frames from PyAV's libopus, DRED from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dredref.audio import AudioFile, AudioSource, open_audio, to_int16
from dredref.dtx import SilenceGate, dtx_packet
from dredref.opusframes import RATES as OPUS_RATES
from dredref.opusframes import OpusEncoder, OpusSettings
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.highpass import OF_APPLICATION
from dredref.payload.insert import ParsedPacket
from dredref.payload.placement import Slot
from dredref.payload.rate import RatePlan, chunks_of, expected_bits, plan_rate
from dredref.payload.writer import MAX_PAYLOAD_BYTES, Levels
from dredref.red import add_copies, bytes_of
from dredref.spec.errors import UsageError
from dredref.spec.tables import CURRENT_VERSION
from dredref.streams import Record, StreamInfo, create_stream, kind_of_output

Progress = Callable[[float], None]
"""Told the seconds of audio that are done."""

BLOCK_SECONDS = 5.0
"""Audio that is worked on at once."""


@dataclass(frozen=True, slots=True)
class DredRequest:
    """What is asked of DRED; what is None follows from the rate rule."""

    reach_ms: float = 1000
    q0: int | None = None
    dQ: int | None = None  # noqa: N815 - the draft's name
    qmax: int | None = None
    max_bytes: int | None = None
    version: int = CURRENT_VERSION
    skip_silence: bool = True
    highpass: str | None = None
    """What is taken out of the audio first (:data:`dredref.payload.highpass.KINDS`); None takes
    out what libopus does for the application, and nothing where there is no application."""

    def plan(self, bitrate: int, loss: float, packet_ms: float) -> RatePlan:
        """Levels, chunks and bytes at a total bit rate; see :mod:`dredref.payload.rate`.

        With ``q0`` given, the whole reach is sent at the levels asked for, whatever it costs.

        Raises:
            UsageError: ``encode.levels``.
        """
        plan = plan_rate(bitrate, loss, packet_ms, self.reach_ms)
        levels, chunks, max_bytes = plan.levels, plan.chunks, plan.max_bytes
        if self.q0 is not None:
            rise = 5 if self.dQ is None else self.dQ
            top = 15 if self.qmax is None else self.qmax
            levels = Levels(self.q0, rise, top)
            chunks, max_bytes = chunks_of(self.reach_ms), MAX_PAYLOAD_BYTES
        elif self.dQ is not None or self.qmax is not None:
            levels = Levels(
                levels.q0,
                levels.dQ if self.dQ is None else self.dQ,
                levels.qmax if self.qmax is None else self.qmax,
            )
        if self.max_bytes is not None:
            max_bytes = min(max_bytes, self.max_bytes)
        bits = min(expected_bits(levels, chunks), 8 * max_bytes) if chunks else 0
        return RatePlan(levels, chunks, max_bytes, bits)

    def settings(self, plan: RatePlan, application: str | None = None) -> DredSettings:
        """What the DRED encoder is told."""
        highpass = self.highpass or OF_APPLICATION.get(application or "", "none")
        return DredSettings(
            plan.levels, plan.chunks, plan.max_bytes, self.version, self.skip_silence, highpass
        )


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """What a stream is to be."""

    bitrate: int = 32_000
    """Of everything together, in bit/s."""
    loss: float = 10
    """Expected packet loss in percent."""
    frame_ms: float = 20
    application: str = "voip"
    cbr: bool = False
    """Constant bit rate: every packet has one size. DRED gets what the Opus frames leave of it,
    even if that is less than what was asked for, and padding fills what is left then."""
    fec: bool = False
    dtx: bool = False
    """Discontinuous transmission: silence goes out as packets that say nothing, without DRED."""
    dred: DredRequest = field(default_factory=DredRequest)
    red: int = 0
    """Copies of earlier packets that each packet carries (RED, RFC 2198), in captures; they come on
    top of the bit rate."""

    @property
    def packet_bytes(self) -> int | None:
        """Bytes of every packet at a constant bit rate, to the nearest, halves up; else None."""
        return (int(self.bitrate * self.frame_ms) // 1000 + 4) // 8 if self.cbr else None


@dataclass(frozen=True, slots=True)
class EncodeResult:
    """What came of it."""

    plan: RatePlan
    packets: int
    with_dred: int
    opus_bytes: int
    total_bytes: int
    duration_48k: int

    @property
    def bitrate(self) -> float:
        """Mean bit rate of the packets, in bit/s."""
        return self.total_bytes * 8 * 48_000 / max(self.duration_48k, 1)


def encode_file(
    source: AudioSource,
    target: str | Path,
    request: EncodeRequest,
    progress: Progress = lambda seconds: None,
) -> EncodeResult:
    """Encode an audio file as a stream with DRED, which appears whole or not at all.

    Raises:
        InputError: ``audio...``, ``encode.opus``, ``output.unwritable``.
        UsageError: ``encode...``, ``output.suffix``.
        MissingExtraError: PyAV is not installed.
    """
    if request.red and kind_of_output(target) != "pcap":
        raise UsageError("encode.red", f"{target}: only captures (.pcap) carry RED")
    with open_audio(source, OPUS_RATES) as audio:
        plan = request.dred.plan(request.bitrate, request.loss, request.frame_ms)
        opus = OpusEncoder(
            audio.rate,
            audio.channels,
            OpusSettings(
                bitrate=request.bitrate - int(plan.bits * 1000 / request.frame_ms),
                frame_ms=request.frame_ms,
                application=request.application,
                cbr=request.cbr,
                loss=round(request.loss),
                fec=request.fec,
            ),
        )
        info = StreamInfo(
            0,
            kind_of_output(target),
            channels=audio.channels,
            pre_skip=opus.pre_skip,
            input_rate=audio.rate,
            mapping_family=0,
            head=opus.head,
        )
        packets = with_dred = opus_bytes = total_bytes = duration = 0
        with create_stream(target, info=info) as writer:
            made, again = tee(encode_records(audio, opus, request, plan, progress))
            sent = add_copies((record for _, record in again), request.red)
            for (part, _), record in zip(made, sent, strict=True):
                writer.write(record)
                packets += 1
                with_dred += part.has_dred
                opus_bytes += part.opus_bytes
                total_bytes += bytes_of(record)
                duration += part.duration_48k
    return EncodeResult(plan, packets, with_dred, opus_bytes, total_bytes, duration)


def encode_records(
    audio: AudioFile, opus: OpusEncoder, request: EncodeRequest, plan: RatePlan, progress: Progress
) -> Iterator[tuple[Part, Record]]:
    """Each packet as a record, and what it is made of."""
    dred, size = request.dred, request.packet_bytes
    gate = SilenceGate(request.frame_ms) if request.dtx else None
    frame_48k = opus.frame_size * 48_000 // audio.rate
    audio_48k = audio.length * 48_000 // audio.rate
    count = max(1, -(-(audio_48k + opus.pre_skip) // frame_48k))
    encoder = None
    if plan.chunks:
        encoder = DredEncoder(
            audio.rate,
            audio.channels,
            pre_skip=opus.pre_skip,
            settings=dred.settings(plan, request.application),
        )
    index = 0
    for packets in _packets(audio, opus, encoder, count, gate):
        slots = [
            Slot(frame_48k * (index + k), frame_48k, _room(plain, size, dred.version))
            for k, plain in enumerate(packets)
        ]
        payloads = encoder.payloads(slots) if encoder else [None] * len(packets)
        for plain, slot, payload in zip(packets, slots, payloads, strict=True):
            data = _finished(plain, payload, dred.version, size)
            trimmed = max(0, slot.timestamp + frame_48k - opus.pre_skip - audio_48k)
            discard = min(trimmed, frame_48k) if index == count - 1 else 0
            yield (
                Part(len(plain.data), payload is not None, plain.packet.duration_48k),
                Record(index, data, timestamp_48k=slot.timestamp, discard_48k=discard),
            )
            index += 1
        progress(min(index * frame_48k, audio_48k) / 48_000)


@dataclass(frozen=True, slots=True)
class Part:
    """What a packet is made of."""

    opus_bytes: int
    """Bytes without DRED."""
    has_dred: bool
    duration_48k: int


def _room(plain: ParsedPacket, size: int | None, version: int) -> int:
    """The most bytes of DRED in a packet of ``size`` bytes; none in one that says nothing."""
    if plain.is_dtx:
        return 0
    return MAX_PAYLOAD_BYTES if size is None else plain.room(size, version)


def _finished(plain: ParsedPacket, payload: bytes | None, version: int, size: int | None) -> bytes:
    """The packet with its DRED, filled up to ``size`` unless it says nothing."""
    if payload is not None:
        return plain.insert(payload, version, size=size or 0)
    return plain.data if size is None or plain.is_dtx else plain.pad(size)


def _packets(
    audio: AudioFile,
    opus: OpusEncoder,
    encoder: DredEncoder | None,
    count: int,
    gate: SilenceGate | None,
) -> Iterator[list[ParsedPacket]]:
    """Packets of a block of audio at a time; DRED has heard the same audio, and the end."""

    def coded(frames: NDArray[np.int16]) -> list[ParsedPacket]:
        packets = list(opus.encode(frames))
        if gate is not None:
            parts = frames.reshape(len(packets), opus.frame_size, audio.channels)
            packets = [
                dtx_packet(packet) if gate.holds(part) else packet
                for packet, part in zip(packets, parts, strict=True)
            ]
        return [ParsedPacket(packet) for packet in packets]

    waiting = np.zeros((0, audio.channels), np.int16)
    made = 0
    for block in audio.blocks(BLOCK_SECONDS):
        if encoder is not None:
            encoder.feed_q8(block)
        waiting = np.concatenate([waiting, to_int16(block)])
        whole = len(waiting) // opus.frame_size * opus.frame_size
        made += whole // opus.frame_size
        yield coded(waiting[:whole])
        waiting = waiting[whole:]
    if encoder is not None:
        encoder.end()
    rest = (count - made) * opus.frame_size - len(waiting)
    yield coded(np.concatenate([waiting, np.zeros((rest, audio.channels), np.int16)]))
