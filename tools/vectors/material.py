"""Makes ``vectors/material``: ``python -m tools.vectors.material``.

Material is what the vectors' generators cannot make themselves: real payloads and streams, and
speech decoded with losses, from the plain portable builds of libopus. It is made once and
committed; ``MANIFEST.json`` says how each file was made and what it must be.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from dredref.files import atomic_output
from tools.libopus.codec import Decoder, Encoded, Encoder, Settings
from tools.libopus.peer import Peer
from tools.streams.resample import resample
from vectors.speech import SPEECH_RATE, read_clip

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "material"
BUILDS = {10: "1.5.2-c", 12: "1.6.1-c"}
"""DRED version -> the build that speaks it."""
STEP = 320
"""Samples of a latent vector: 20 ms at 16 kHz."""
CHUNKS = 26
HISTORY = 60
"""Latent vectors, of 20 ms each, that libopus' encoder is given; it has room for 104."""
ANY_BYTES = 4000
"""Room for a payload, so that only its settings bound it."""

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class PayloadCase:
    """A payload of a clip: settings, and the second at which its newest chunk ends."""

    clip: str
    seconds: float
    q0: int
    dQ: int  # noqa: N815 - the draft's name
    qmax: int = 15
    chunks: int = CHUNKS


@dataclass(frozen=True, slots=True)
class StreamCase:
    """A stream, and the losses that it is decoded with."""

    name: str
    shows: str
    version: int
    clips: tuple[str, ...]
    settings: Settings
    mask: str = ""
    """One digit for a packet; empty where the stream is not decoded."""
    silence: int = 0
    """Milliseconds of silence between two clips."""


CLIP_NAMES = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")


def payload_cases() -> Iterator[PayloadCase]:
    """Every level, every step, every number of chunks, at many places of the speech."""
    for q0 in range(16):
        yield PayloadCase(CLIP_NAMES[q0 % 5], 1.2 + 0.1 * q0, q0, 0)
    for dQ in range(1, 8):
        yield PayloadCase(CLIP_NAMES[dQ % 5], 2.5 - 0.13 * dQ, 6 - dQ % 3, dQ)
        yield PayloadCase(CLIP_NAMES[(dQ + 2) % 5], 1.3 + 0.13 * dQ, 2 + dQ % 4, dQ, 6 + dQ)
    for chunks in range(1, CHUNKS):
        yield PayloadCase(CLIP_NAMES[chunks % 5], 1.1 + 0.07 * chunks, 6, 3, 15, chunks)


def bursts(packets: int, seed: int, lost: tuple[int, int], kept: tuple[int, int]) -> str:
    """A mask of lost packets in runs; the first and last are kept."""
    source = random.Random(seed)
    mask = ["0"] * packets
    place = 10
    while place < packets - 10:
        run = source.randint(*lost)
        for index in range(place, min(packets - 5, place + run)):
            mask[index] = "1"
        place += run + source.randint(*kept)
    return "".join(mask)


def stream_cases() -> Iterator[StreamCase]:
    """Streams that are decoded with losses, and streams that are only asked what they hold."""
    first, second = ("librivox-1",), ("librivox-2",)
    yield StreamCase(
        *("singles", "runs of one to three packets lost", 12, first),
        Settings(bitrate=40_000, loss=25, dred=100),
        bursts(355, 1, (1, 3), (2, 6)),
    )
    yield StreamCase(
        *("bursts", "runs of 100 to 500 ms lost", 12, second),
        Settings(bitrate=40_000, loss=25, dred=100),
        bursts(265, 1, (5, 25), (10, 30)),
    )
    yield StreamCase(
        *("short-frames", "packets of 10 ms, runs of 20 to 100 ms lost", 12, second),
        Settings(bitrate=48_000, loss=25, dred=100, frame_ms=10),
        bursts(530, 2, (2, 10), (6, 20)),
    )
    yield StreamCase(
        *("long-frames", "packets of 60 ms, runs of one to five lost", 12, first),
        Settings(bitrate=48_000, loss=25, dred=100, frame_ms=60),
        bursts(118, 3, (1, 5), (2, 6)),
    )
    yield StreamCase(
        *(
            "synthetic",
            "synthetic speech, runs of 100 to 500 ms lost",
            12,
            ("espeak-1", "espeak-2"),
        ),
        Settings(bitrate=40_000, loss=25, dred=100),
        bursts(366, 1, (5, 25), (10, 30)),
    )
    yield StreamCase(
        *("version-10", "runs of one to three packets lost, version 10", 10, first),
        Settings(bitrate=40_000, loss=25, dred=100),
        bursts(355, 1, (1, 3), (2, 6)),
    )
    for version in BUILDS:
        yield StreamCase(
            *("silence", "speech, half a second of silence, speech", version),
            *(("librivox-3", "espeak-1"), Settings(bitrate=48_000, loss=25, dred=100)),
            silence=500,
        )
        yield StreamCase(
            *("fine", "the finest levels, 1.04 s", version, ("librivox-3",)),
            Settings(bitrate=128_000, loss=25, dred=104),
        )


def make_payloads(version: int) -> list[dict[str, Any]]:
    """The payloads of one version."""
    peer = Peer(BUILDS[version])
    stages = {
        name: peer.stages(read_clip(name) / 32768, SPEECH_RATE, 1, STEP) for name in CLIP_NAMES
    }
    made = []
    for case in payload_cases():
        newest = int(case.seconds * SPEECH_RATE) // STEP
        found = stages[case.clip]
        payload = peer.write_payload(
            found.latents[newest::-1][:HISTORY],
            found.states[newest::-1][:HISTORY],
            q0=case.q0,
            dQ=case.dQ,
            qmax=case.qmax,
            max_chunks=case.chunks,
            max_bytes=ANY_BYTES,
        )
        form = {"clip": case.clip, "seconds": round(case.seconds, 2), "q0": case.q0}
        form |= {"dQ": case.dQ, "qmax": case.qmax, "chunks": case.chunks}
        made.append({**form, "payload": payload.hex()})
    return made


def stream_audio(case: StreamCase) -> Samples:
    """What a stream is to say, at its rate, mono."""
    parts: list[Samples] = []
    for clip in case.clips:
        if parts:
            parts.append(np.zeros(case.silence * SPEECH_RATE // 1000, np.int16))
        parts.append(read_clip(clip))
    return resample(np.concatenate(parts), SPEECH_RATE, case.settings.rate)


def encode(case: StreamCase) -> list[Encoded]:
    """The packets of a stream."""
    with Encoder(Peer(BUILDS[case.version]), case.settings) as encoder:
        return encoder.encode_all(stream_audio(case))


def conceal(peer: Peer, packets: Sequence[bytes], mask: str, size: int) -> Samples:
    """Speech at 16 kHz of a stream with losses, filled from the next packet that came."""
    parts: list[Samples] = []
    gap = 0
    with Decoder(peer, SPEECH_RATE) as decoder:
        for packet, digit in zip(packets, mask, strict=True):
            if digit == "1":
                gap += 1
                continue
            there, _ = decoder.dred_parse(packet, min(gap * size, SPEECH_RATE)) if gap else (0, 0)
            for back in range(gap, 0, -1):
                reaches = there >= back * size
                parts.append(
                    decoder.dred_decode(back * size, size)
                    if reaches
                    else decoder.decode(None, size)
                )
            parts.append(decoder.decode(packet, size))
            gap = 0
    assert gap == 0
    return np.concatenate(parts)


def bit_file(packets: Sequence[Encoded]) -> bytes:
    """Packets as opus_demo writes them."""
    return b"".join(
        len(one.packet).to_bytes(4, "big") + one.final_range.to_bytes(4, "big") + one.packet
        for one in packets
    )


def make() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Every file: name, content, and what the manifest says of it."""
    for version, build in BUILDS.items():
        text = json.dumps(make_payloads(version), indent=1)
        entry: dict[str, Any] = {"shows": "payloads of real speech", "build": build}
        yield f"payloads-v{version}.json", (text + "\n").encode(), {"version": version, **entry}
    for case in stream_cases():
        build = BUILDS[case.version]
        packets = encode(case)
        name = f"{case.name}-v{case.version}"
        settings = case.settings
        entry = {
            "shows": case.shows,
            "build": build,
            "version": case.version,
            "clips": list(case.clips),
            "silence_ms": case.silence,
            "rate": settings.rate,
            "bitrate": settings.bitrate,
            "frame_ms": settings.frame_ms,
            "loss": settings.loss,
            "dred_ms": 10 * settings.dred,
            "mask": case.mask,
        }
        yield f"{name}.bit", bit_file(packets), entry
        if case.mask:
            size = int(SPEECH_RATE * settings.frame_ms / 1000)
            given = [one.packet for one in packets]
            pcm = conceal(Peer(build), given, case.mask, size)
            content = pcm.astype("<i2").tobytes()
            yield f"{name}.s16", content, {"shows": f"{name}.bit decoded", "build": build}


@click.command()
def main() -> None:
    """Make the material anew; it changes only where libopus does."""
    FOLDER.mkdir(exist_ok=True)
    manifest = {}
    for name, content, entry in make():
        with atomic_output(FOLDER / name) as path:
            path.write_bytes(content)
        manifest[name] = {**entry, "sha256": hashlib.sha256(content).hexdigest()}
        click.echo(f"{name}: {len(content)} bytes", err=True)
    with atomic_output(FOLDER / "MANIFEST.json") as path:
        path.write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
