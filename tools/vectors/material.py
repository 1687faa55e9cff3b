"""Makes ``vectors/material``: ``python -m tools.vectors.material``.

Material is what the vectors' generators cannot make themselves: real payloads and streams, and
speech decoded with losses, from the plain portable builds of libopus. It is made once and
committed; ``MANIFEST.json`` says how each file was made and what it must be.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import soundfile

from dredref.conformance.adapters.libopus.codec import Decoder, Encoded, Encoder, Settings
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.files import atomic_output
from dredref.vectors.speech import (
    ENCODER_SPEECH,
    LEVEL_RATES,
    LEVEL_STEP,
    LEVELS,
    SPEECH_RATE,
    encoder_speech,
    feature_bytes,
    pcm_bytes,
    read_aloud,
    read_clip,
    steady,
    synthetic,
    words,
)
from tools.streams.resample import resample

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

FEATURES = 20
VECTOR, UNIT = 160, 40
"""Samples at 16 kHz of a feature vector, and of a ruler's step."""

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
    speech: Samples
    """What it says, 16 kHz."""
    settings: Settings
    mask: str = ""
    """One digit for a packet; empty where the stream is not decoded."""
    start: int | None = None
    """Where its speech starts in :func:`dredref.vectors.speech.read_aloud`, if it is of that."""


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


@dataclass(frozen=True, slots=True)
class Call:
    """A stream of read speech: what it shows, settings, packets lost and kept in a run."""

    shows: str
    settings: Settings
    lost: tuple[int, int]
    kept: tuple[int, int]


CALL_SECONDS = 12
"""Length of the streams that are judged against the recording as well: upstream's thresholds for
vocoder and codec shrink with the square root of the length, and hold from here on."""
CALLS = (
    Call("20 ms, runs of one to three packets lost", Settings(bitrate=40_000), (1, 3), (2, 6)),
    Call("20 ms, runs of 100 to 500 ms lost", Settings(bitrate=40_000), (5, 25), (10, 30)),
    Call(
        "10 ms, runs of 20 to 100 ms lost",
        Settings(bitrate=48_000, frame_ms=10),
        *((2, 10), (6, 20)),
    ),
    Call(
        "60 ms, runs of one to five packets lost",
        Settings(bitrate=48_000, frame_ms=60),
        *((1, 5), (2, 6)),
    ),
    Call(
        "40 ms, runs of one to eight packets lost",
        Settings(bitrate=40_000, frame_ms=40),
        *((1, 8), (3, 8)),
    ),
    Call(
        "20 ms at 48 kHz, 600 ms of DRED",
        Settings(48_000, application="audio", bitrate=56_000, dred=60),
        *((1, 6), (3, 12)),
    ),
    Call(
        "20 ms, fewer bits, runs of 60 to 400 ms lost", Settings(bitrate=36_000), (3, 20), (10, 30)
    ),
    Call(
        "20 ms at 24 kHz, runs of up to 200 ms lost",
        Settings(24_000, bitrate=48_000),
        *((1, 10), (5, 20)),
    ),
)
"""The streams of read speech."""


def stream_cases() -> Iterator[StreamCase]:
    """Streams that are decoded with losses, and streams that are only asked what they hold."""
    apart = len(read_aloud()) // 2 // len(CALLS)
    for number, call in enumerate(CALLS):
        start = number * apart
        speech = read_aloud()[start : start + CALL_SECONDS * SPEECH_RATE]
        packets = int(CALL_SECONDS * 1000 / call.settings.frame_ms)
        mask = bursts(packets, number + 1, call.lost, call.kept)
        name = f"call-{number + 1}"
        yield StreamCase(name, call.shows, 12, speech, call.settings, mask, start)
    shows = "synthetic speech, runs of 100 to 500 ms lost"
    settings = Settings(bitrate=40_000)
    yield StreamCase(
        "synthetic", shows, 12, synthetic(), settings, bursts(366, 1, (5, 25), (10, 30))
    )
    shows = "runs of one to three packets lost, version 10"
    clip = read_clip("librivox-1")
    yield StreamCase("singles", shows, 10, clip, settings, bursts(355, 1, (1, 3), (2, 6)))
    pause = np.zeros(SPEECH_RATE // 2, np.int16)
    paused = np.concatenate([read_clip("librivox-3"), pause, read_clip("espeak-1")])
    settings = Settings(bitrate=48_000)
    fine = Settings(bitrate=128_000, dred=104)
    for version in BUILDS:
        shows = "speech, half a second of silence, speech"
        yield StreamCase("silence", shows, version, paused, settings)
        yield StreamCase(
            "fine", "the finest levels, 1.04 s", version, read_clip("librivox-3"), fine
        )


OTHER_RATES = (8_000, 24_000, 48_000)
"""Rates at which speech for encoders is needed besides 16 kHz."""


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


def encode(case: StreamCase) -> list[Encoded]:
    """The packets of a stream."""
    with Encoder(Peer(BUILDS[case.version]), case.settings) as encoder:
        return encoder.encode_all(resample(case.speech, SPEECH_RATE, case.settings.rate))


def conceal(peer: Peer, packets: Sequence[bytes], mask: str, size: int) -> Samples:
    """Speech at 16 kHz of a stream with losses, filled from the next packet that came.

    As opus_demo does it: where the packet's DRED is there at all, every lost packet is asked of it,
    and libopus conceals what is out of its reach.
    """
    parts: list[Samples] = []
    gap = 0
    with Decoder(peer, SPEECH_RATE) as decoder:
        for packet, digit in zip(packets, mask, strict=True):
            if digit == "1":
                gap += 1
                continue
            there, _ = decoder.dred_parse(packet, min(gap * size, SPEECH_RATE)) if gap else (0, 0)
            for back in range(gap, 0, -1):
                parts.append(
                    decoder.dred_decode(back * size, size)
                    if there > 0
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


def analyse(signal: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Feature vectors of a signal at 16 kHz in units of 16-bit samples."""
    return Peer(BUILDS[12]).analysis(signal).features[:, :FEATURES]


def ruler(pcm: Samples, rate: int, gain: int = 1, step: int = 1) -> npt.NDArray[np.float32]:
    """Feature vectors at every ``step`` times 2.5 ms: the analysis from several starts.

    They are of the signal that libopus' DRED encoder makes of its input, so what it cannot hear at
    a low rate is not in them, nor is the delay of its resampler. That signal is multiplied by
    ``gain``: filters are linear, so loud speech is told without what libopus does to it.
    """
    signal = pcm.astype(np.float32)
    if rate != SPEECH_RATE:
        stages = Peer(BUILDS[12]).stages(signal / 32768, rate, 1, rate // 50)
        signal = gain * stages.pcm16.reshape(-1)
    length = len(signal) // VECTOR * VECTOR
    padded = np.concatenate([signal, np.zeros(VECTOR, np.float32)])
    starts = range(0, VECTOR, step * UNIT)
    rows = [analyse(padded[start : start + length]) for start in starts]
    return np.stack(rows, axis=1).reshape(-1, FEATURES)


def features_made() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Features that vocoders are to speak, and rulers for encoders."""
    entry: dict[str, Any] = {"build": BUILDS[12]}
    spoken = {case.name: case.speech for case in stream_cases() if case.start is not None}
    spoken |= {"synthetic": synthetic(), "continued": read_clip("librivox-3")}
    for name, speech in spoken.items():
        shows = {"shows": f"features of the recording {name}, every 10 ms"}
        yield f"{name}.f32", feature_bytes(analyse(speech.astype(np.float32))), shows | entry
    for name in ENCODER_SPEECH:
        shows = {"shows": f"features of the recording {name}, every 2.5 ms"}
        yield f"{name}.f32", feature_bytes(ruler(encoder_speech(name), SPEECH_RATE)), shows | entry
    for rate in OTHER_RATES:
        shows = {"shows": f"features of the recording words at {rate} Hz, every 2.5 ms"}
        pcm = resample(words(), SPEECH_RATE, rate)
        yield f"words-{rate}.f32", feature_bytes(ruler(pcm, rate)), shows | entry


QUIET_PEAK = 8_000
"""Less than a quarter of full scale: libopus multiplies by four at the most."""
DRIVE = 8
"""How hard speech is driven into the limiter, so that most of it is near its peak."""


def level_speech(rate: int) -> Samples:
    """Speech at an even level, for encoders that are to be given it quiet and loud."""
    speech = resample(steady(), SPEECH_RATE, rate).astype(float)
    limited = np.tanh(DRIVE * speech / np.abs(speech).max()) / np.tanh(DRIVE)
    quiet: Samples = np.rint(QUIET_PEAK * limited).astype(np.int16)
    return quiet


def levels_made() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Speech at an even level, and rulers for each level that it is asked at."""
    for rate in LEVEL_RATES:
        pcm = level_speech(rate)
        shows = f"limited speech at {rate} Hz, peaking at {QUIET_PEAK}"
        yield f"level-{rate}.flac", flac_file(pcm, rate), {"shows": shows}
        for name, gain in LEVELS.items():
            shows = f"features of level-{rate} times {gain}, every {2.5 * LEVEL_STEP:g} ms"
            content = feature_bytes(ruler(pcm, rate, gain, LEVEL_STEP))
            yield f"level-{rate}-{name}.f32", content, {"shows": shows, "build": BUILDS[12]}


def flac_file(pcm: Samples, rate: int = SPEECH_RATE) -> bytes:
    """Speech, compressed without loss."""
    file = io.BytesIO()
    soundfile.write(file, pcm, rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def make() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Every file: name, content, and what the manifest says of it."""
    for version, build in BUILDS.items():
        text = json.dumps(make_payloads(version), indent=1)
        entry: dict[str, Any] = {"shows": "payloads of real speech", "build": build}
        yield f"payloads-v{version}.json", (text + "\n").encode(), {"version": version, **entry}
    for rate in OTHER_RATES:
        shows = f"speech for encoders at {rate} Hz, by tools.streams.resample"
        pcm = resample(words(), SPEECH_RATE, rate)
        yield f"words-{rate}.flac", flac_file(pcm, rate), {"shows": shows}
    yield from features_made()
    yield from levels_made()
    for case in stream_cases():
        build = BUILDS[case.version]
        packets = encode(case)
        name = f"{case.name}-v{case.version}"
        settings = case.settings
        entry = {
            "shows": case.shows,
            "build": build,
            "version": case.version,
            "speech_sha256": hashlib.sha256(pcm_bytes(case.speech)).hexdigest(),
            "start": case.start,
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
            entry = {"shows": f"{name}.bit decoded with its mask", "build": build}
            yield f"{name}.flac", flac_file(pcm), entry


@click.command()
def main() -> None:
    """Make the material anew; it changes only where libopus does."""
    FOLDER.mkdir(exist_ok=True)
    manifest: dict[str, Any] = {}
    for name, content, entry in make():
        with atomic_output(FOLDER / name) as path:
            path.write_bytes(content)
        manifest[name] = {**entry, "sha256": hashlib.sha256(content).hexdigest()}
        click.echo(f"{name}: {len(content)} bytes", err=True)
    with atomic_output(FOLDER / "MANIFEST.json") as path:
        path.write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
