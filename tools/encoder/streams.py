"""Streams that the project writes, as libopus reads them, and where their speech stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from dredref.alignment import Aligner, Alignment, AlignmentSummary, Placed, summarise
from dredref.conformance.adapters.libopus.codec import Decoder, Encoder, Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.encode import DredRequest, EncodeRequest, encode_file
from dredref.payload.insert import strip_dred
from dredref.payload.reader import carried_by, read_carried
from dredref.resample import to_input
from dredref.spec.dred import DECODER_CHUNKS, DredPayload
from dredref.spec.packet import parse_packet
from dredref.streams import open_stream
from tools.encoder.material import Samples, at_rate

FRAMES_MS = (2.5, 5, 10, 20, 40, 60, 80, 100, 120)
RATES = (8000, 12000, 16000, 24000, 48000)

REACH_SECONDS = 0.45
"""How far off speech is looked for."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What libopus reads otherwise than this project."""

    packet: int
    what: str
    ours: object
    theirs: object


def read_differently(packets: Sequence[bytes], peer: Peer) -> Iterator[Disagreement]:
    """Where ``opus_dred_parse`` and this project part: presence, offset, levels, integers."""
    batch = peer.parse(list(packets))
    for index, (dred, other) in enumerate(zip(dred_of(packets), batch, strict=True)):
        if (dred is not None) != other.found:
            yield Disagreement(index, "found", dred is not None, other.found)
        if dred is None or not other.found:
            continue
        chunks = dred.chunks[:DECODER_CHUNKS]
        pairs = {
            "dred_offset": (dred.dred_offset, other.dred_offset),
            "chunks": (len(chunks), other.nb_chunks),
            "q0": (dred.q0, other.q0),
            "dQ": (dred.dQ, other.dQ),
            "state": (dred.state, tuple(other.state.tolist())),
            "levels": ([chunk.level for chunk in chunks], other.levels.tolist()),
            "latents": ([list(chunk.latents) for chunk in chunks], other.latents.tolist()),
        }
        for what, (mine, its) in pairs.items():
            if mine != its:
                yield Disagreement(index, what, mine, its)


def decodes_differently(
    packets: Sequence[bytes], peer: Peer, rate: int = 48_000, channels: int = 1
) -> list[int]:
    """Packets after which libopus' plain decoder gives other PCM than without their DRED."""
    with Decoder(peer, rate, channels) as whole, Decoder(peer, rate, channels) as plain:
        return [
            index
            for index, data in enumerate(packets)
            if not np.array_equal(whole.decode(data), plain.decode(strip_dred(data)))
            or whole.final_range != plain.final_range
        ]


def dred_of(packets: Sequence[bytes]) -> list[DredPayload | None]:
    """What this project reads from each packet."""
    carried = [carried_by(data) for data in packets]
    payloads = iter(read_carried([one for one in carried if one is not None]))
    return [None if one is None else next(payloads) for one in carried]


def packets_of(path: Path) -> list[bytes]:
    """The packets of a stream."""
    with open_stream(path) as stream:
        return [record.packet for record in stream if record.packet is not None]


def encode_clip(
    folder: Path, pcm: Samples, rate: int, request: EncodeRequest, name: str = "out.opus"
) -> Path:
    """A stream of a clip (of that rate already), written by ``encode_file``."""
    soundfile.write(folder / "in.wav", pcm, rate, subtype="PCM_16")
    encode_file(folder / "in.wav", folder / name, request)
    return folder / name


def placed_in(path: Path) -> tuple[list[Placed], int]:
    """The DRED of a stream with its places, and the stream's pre-skip."""
    with open_stream(path) as stream:
        records = list(stream)
        pre_skip = stream.info.pre_skip
    assert pre_skip is not None
    return place([(one.timestamp_48k or 0, one.packet or b"") for one in records]), pre_skip


def place(packets: Sequence[tuple[int, bytes]]) -> list[Placed]:
    """The DRED of packets that stand at given times."""
    read = dred_of([data for _, data in packets])
    return [
        Placed(index, time, dred)
        for index, ((time, _), dred) in enumerate(zip(packets, read, strict=True))
        if dred is not None
    ]


def lie_of(placed: list[Placed], pcm: Samples, rate: int, pre_skip: int) -> list[Alignment]:
    """How DRED lies against its audio."""
    aligner = Aligner(rate, 1, pre_skip=pre_skip, reach_ms=1000 * REACH_SECONDS)
    aligner.feed(to_input(pcm))
    aligner.end()
    return aligner.judge(placed)


def alignment_of_ours(
    folder: Path, speech: Samples, rate: int, frame_ms: float, tolerance_ms: float = 10
) -> AlignmentSummary:
    """A clip (16 kHz) encoded by the project at ``rate`` and ``frame_ms``, end to end."""
    pcm = at_rate(speech, rate)
    request = EncodeRequest(
        bitrate=64_000, frame_ms=frame_ms, dred=DredRequest(q0=6, dQ=3), application="audio"
    )
    placed, pre_skip = placed_in(encode_clip(folder, pcm, rate, request))
    return summarise(lie_of(placed, pcm, rate, pre_skip), tolerance_ms)


def alignment_of_libopus(
    peer: Peer, speech: Samples, settings: Settings, tolerance_ms: float = 10
) -> AlignmentSummary:
    """The same for libopus' own DRED."""
    pcm = at_rate(speech, settings.rate)
    with Encoder(peer, replace(settings, channels=1)) as encoder:
        pre_skip = encoder.lookahead * 48_000 // settings.rate
        packets = [encoded.packet for encoded in encoder.encode_all(pcm)]
    timed, clock = [], 0
    for data in packets:
        timed.append((clock, data))
        clock += parse_packet(data).duration_48k
    placed = place(timed)
    return summarise(lie_of(placed, pcm, settings.rate, pre_skip), tolerance_ms)
