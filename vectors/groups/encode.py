"""Group ``encode``: speech to streams, judged by validity, alignment and feature error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.spec.tables import CURRENT_VERSION, VERSIONS
from dredref.vectors.blob import Blob
from dredref.vectors.draft import DRED, Draft
from dredref.vectors.material import read_material, read_speech
from dredref.vectors.model import Encoded, EncodeInput, Level
from dredref.vectors.speech import (
    ENCODER_SPEECH,
    LEVEL_RATES,
    LEVEL_STEP,
    LEVELS,
    SPEECH_RATE,
    encoder_speech,
    feature_bytes,
    pcm_bytes,
)

CLAUSES = (DRED, "libopus dnn/dred_encoder.c")
ALIGN_MS = 10.0
"""How far any packet may stand from the others: one feature vector."""
LIMITS = {"total": 3.0, "max": 1.5, "pitch": 0.6}
"""Of all packets against the recording's own features, coarse levels included. libopus stays below
2.3, 0.9 and 0.3 where its packets stand in place, the reference, which sends more, below 2.6, 1.4
and 0.5."""
LEVEL_LIMITS = {"total": 1.75, "max": 0.9, "pitch": 0.6}
"""Of speech at two levels, sent finely. Quiet, libopus 1.6.1 stays below 1.4 and 0.6 and the
reference below 1.3 and 0.5; loud, the reference below 1.4 and 0.6 and libopus of June 2026 below
1.5 and 0.6, while what 1.6.1 clips comes to 1.97 and 1.16 at least."""
OLD = ("plain", "stereo-60ms", "silence-240ms")
"""Cases that are asked of version 10 too; its encoders differ in the network alone."""
START_SECONDS = 0.6
"""So much speech that all of it is within reach, and within the means of the bit rate."""
START_MS = 10.0
"""How far from the start: one feature vector. An encoder with a latent vector for every 20 ms can
always start at 0 or before; libopus that leaves the oldest out starts at 17.5 ms or later."""
SILENT_PACKETS = 8
"""Of 20 packets of silence; libopus and the reference send ten whole before they stop."""
UNTIL_SILENCE = 1.6
"""Seconds of the longest recording with silence up to where it speaks again."""
SILENCES = {
    "trailing": ("2 s of speech, then 1.5 s of silence", 0.0, 1.5),
    "leading": ("A second of silence, then 2 s of speech", 1.0, 0.0),
}
"""Title, and seconds of silence before and behind the words."""
SILENCE_MS = 400.0
"""Of a packet's DRED: what comes before an encoder knows that speech ended, 200 ms and more, and a
chunk or two."""
SILENCE_LIMITS = {"total": 6.0, "max": 4.0, "pitch": 1.0}
"""Wide: features of silence are no matter of these vectors."""
SILENCE_ALIGN_MS = 400.0
RULER_BYTES = 400 * 20 * 4
"""Of a second of a recording's features, at every 2.5 ms."""
ALWAYS = ("encoder.valid", "encoder.alignment", "encoder.features")
"""Requirements that every encoder's stream is judged by."""
MIN_MS = 80.0
"""How much an encoder sends is its own affair; this much is needed to see where it stands."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be encoded, and how."""

    name: str
    title: str
    speech: str
    """Name of the recording, see :func:`dredref.vectors.speech.encoder_speech`."""
    rate: int = SPEECH_RATE
    bitrate: int = 48_000
    frame_ms: float = 20
    dred_ms: int = 1000
    channels: int = 1
    vbr: bool = True
    dtx: bool = False
    flags: tuple[str, ...] = ()
    level: Level = "MUST"
    requirement: str = ""
    """What it shows beyond what every stream is judged by."""
    seconds: float | None = None
    """How much of the recording is asked for; all if None."""
    packet_bytes: int | None = None
    start_ms: float | None = None
    silent_packets: int = 0


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    speech = _draft("speech", "Speech to streams")
    for case in _cases():
        _add(speech, case, CURRENT_VERSION)
        if case.name in OLD:
            _add(speech, case, VERSIONS[0])
    yield speech
    settings = _draft("settings", "What is asked of a stream besides its speech")
    for case in _settings():
        for version in reversed(VERSIONS):
            _add(settings, case, version)
    yield settings
    yield _levels()
    yield _left_out()


def _draft(name: str, title: str) -> Draft:
    return Draft("encode", name, title, "vectors.groups.encode", CLAUSES)


def _cases() -> Iterator[Case]:
    flags: tuple[str, ...] = ("ConvolutionHistory",)
    yield Case("plain", "3 s of read speech", "read", flags=flags)
    yield Case("frames-10ms", "Packets of 10 ms", "read", frame_ms=10, bitrate=64_000)
    yield Case("frames-40ms", "Packets of 40 ms", "read", frame_ms=40)
    yield Case("frames-60ms", "Packets of 60 ms", "read", frame_ms=60)
    yield Case("short", "200 ms of DRED", "read", dred_ms=200)
    yield Case("cbr", "Constant bit rate", "read", vbr=False)
    yield Case("few-bits", "24 kb/s", "read", bitrate=24_000)
    yield Case("many-bits", "96 kb/s, 1.04 s of DRED", "read", bitrate=96_000, dred_ms=1040)
    for rate in (24_000, 48_000):
        title = f"Input at {rate // 1000} kHz"
        yield Case(f"rate-{rate}", title, "words", rate=rate, bitrate=64_000)
    title = "Input at 8 kHz"
    flags = ("AlignmentAfterSilence",)
    yield Case("rate-8000", title, "words", rate=8_000, bitrate=64_000, flags=flags)
    for frame_ms in (20, 40, 60):
        yield Case(
            f"stereo-{frame_ms}ms",
            f"Two channels, packets of {frame_ms} ms",
            "words",
            channels=2,
            frame_ms=frame_ms,
            flags=() if frame_ms == 20 else ("StereoAdvance",),
        )
    for name in ENCODER_SPEECH[2:]:
        silence = name.partition("-")[2]
        yield Case(
            f"silence-{silence}ms",
            f"Speech, {silence} ms of silence, speech",
            name,
            bitrate=64_000,
            flags=("AlignmentAfterSilence",),
        )


def _settings() -> Iterator[Case]:
    """Sizes of packets, the start of a stream, silence."""
    for frame_ms, kbps, size in ((20, 48, 120), (60, 64, 480), (120, 96, 1440), (120, 128, 1920)):
        yield Case(
            f"cbr-bytes.{frame_ms}ms-{kbps}k",
            f"Constant {kbps} kb/s, packets of {frame_ms} ms: {size} bytes each",
            "read",
            frame_ms=frame_ms,
            bitrate=1000 * kbps,
            vbr=False,
            flags=("PacketCap",) if frame_ms == 120 else (),
            level="SHOULD",
            requirement="encoder.constant-rate",
            packet_bytes=size,
        )
    yield Case(
        "start",
        "The first packets reach back to the first sample",
        "words",
        bitrate=96_000,
        flags=("OddLatents",),
        level="SHOULD",
        requirement="encoder.reach",
        seconds=START_SECONDS,
        start_ms=START_MS,
    )
    longest = ENCODER_SPEECH[-1]
    for name, title, seconds in (
        ("dtx.pause", "Discontinuous transmission: speech, 400 ms of silence, speech", None),
        ("dtx.end", "Discontinuous transmission: speech, then 400 ms of silence", UNTIL_SILENCE),
    ):
        yield Case(
            name,
            title,
            longest,
            bitrate=64_000,
            dtx=True,
            flags=() if seconds else ("AlignmentAfterSilence",),
            level="SHOULD",
            requirement="encoder.discontinuous",
            seconds=seconds,
            silent_packets=SILENT_PACKETS,
        )


def _levels() -> Draft:
    """The same speech quiet and loud, at the rates that are up-sampled on the way to 16 kHz."""
    draft = _draft("levels", "The same speech quiet and near full scale")
    for rate in LEVEL_RATES:
        quiet = read_speech(f"level-{rate}.flac", rate)
        for name, gain in LEVELS.items():
            ruler = read_material(f"level-{rate}-{name}.f32")
            draft.add(
                f"v{CURRENT_VERSION}.level-{rate}.{name}",
                f"Speech that peaks at {'a quarter of ' * (gain == 1)}full scale, {rate} Hz",
                EncodeInput(
                    draft.binary(f"level-{rate}-{name}.s16", pcm_bytes(gain * quiet)),
                    rate,
                    bitrate=64_000,
                    dred_ms=300,
                ),
                level="SHOULD",
                requirements=ALWAYS,
                flags=() if gain == 1 else ("ClippedInput",),
                version=CURRENT_VERSION,
                expected=Encoded(
                    draft.binary(f"level-{rate}-{name}.f32", ruler),
                    LEVEL_LIMITS,
                    step=LEVEL_STEP,
                    align_ms=ALIGN_MS,
                    min_ms=MIN_MS,
                ),
            )
    return draft


def _left_out() -> Draft:
    """Silence before and behind speech, which redundancy leaves out."""
    draft = _draft("left-out", "Silence at either end is left out")
    for name, (title, lead, tail) in SILENCES.items():
        parts = [np.zeros(int(lead * SPEECH_RATE), np.int16), encoder_speech("words")]
        parts.append(np.zeros(int(tail * SPEECH_RATE), np.int16))
        pcm = np.concatenate(parts)
        given = draft.binary(f"left-out-{name}.s16", pcm_bytes(pcm))
        ruler = draft.binary(f"left-out-{name}.f32", feature_bytes(ruler_of(pcm)))
        for version in reversed(VERSIONS):
            draft.add(
                f"v{version}.left-out.{name}",
                title,
                EncodeInput(given, bitrate=64_000),
                level="SHOULD",
                requirements=(*ALWAYS, "encoder.silence"),
                flags=("SilenceSent",),
                version=version,
                expected=Encoded(
                    ruler,
                    SILENCE_LIMITS,
                    align_ms=SILENCE_ALIGN_MS,
                    min_ms=MIN_MS,
                    silence_ms=SILENCE_MS,
                ),
            )
    return draft


def ruler_of(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """The reference's analysis of a recording at every 2.5 ms, [positions, 20]."""
    step = SPEECH_RATE // 400
    padded = np.concatenate([pcm, np.zeros(4 * step, np.int16)])
    count = len(pcm) // (4 * step)
    shifted = np.stack([padded[place * step :][: count * 4 * step] for place in range(4)])
    features = FeatureAnalyser(streams=4).analyse(shifted)
    return np.ascontiguousarray(features.transpose(1, 0, 2).reshape(-1, 20))


def _first(whole: Blob, seconds: float | None, bytes_per_second: int) -> Blob:
    """The first seconds of a file, or all of it."""
    if seconds is None:
        return whole
    return replace(whole, offset=0, length=round(seconds * bytes_per_second))


def _add(draft: Draft, case: Case, version: int) -> None:
    speech = encoder_speech(case.speech)
    pcm = speech
    if case.rate != SPEECH_RATE:
        pcm = read_speech(f"{case.speech}-{case.rate}.flac", case.rate)
    given = np.repeat(pcm, case.channels)
    at = "" if case.rate == SPEECH_RATE else f"-{case.rate}"
    suffix = at + ("" if case.channels == 1 else "-stereo")
    whole = draft.binary(f"{case.speech}{suffix}.s16", pcm_bytes(given))
    ruler = draft.binary(f"{case.speech}{at}.f32", read_material(f"{case.speech}{at}.f32"))
    draft.add(
        f"v{version}.{case.name}",
        case.title,
        EncodeInput(
            _first(whole, case.seconds, 2 * case.channels * case.rate),
            case.rate,
            case.channels,
            case.bitrate,
            case.frame_ms,
            case.dred_ms,
            vbr=case.vbr,
            dtx=case.dtx,
        ),
        level=case.level,
        requirements=(*ALWAYS, case.requirement) if case.requirement else ALWAYS,
        flags=case.flags,
        version=version,
        expected=Encoded(
            _first(ruler, case.seconds, RULER_BYTES),
            LIMITS,
            align_ms=ALIGN_MS,
            min_ms=MIN_MS,
            packet_bytes=case.packet_bytes,
            start_ms=case.start_ms,
            silent_packets=case.silent_packets,
        ),
    )
