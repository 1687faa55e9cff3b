"""Group ``encode``: speech to streams, judged by validity, alignment and feature error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spec.tables import CURRENT_VERSION, VERSIONS
from vectors.draft import DRED, Draft
from vectors.material import read_material, read_speech
from vectors.model import Encoded, EncodeInput
from vectors.speech import ENCODER_SPEECH, SPEECH_RATE, encoder_speech, pcm_bytes

CLAUSES = (DRED, "libopus dnn/dred_encoder.c")
ALIGN_MS = 10.0
"""How far any packet may stand from the others: one feature vector."""
LIMITS = {"total": 3.0, "max": 1.5, "pitch": 0.6}
"""Of all packets against the recording's own features, coarse levels included. libopus stays below
2.3, 0.9 and 0.3 where its packets stand in place, the reference, which sends more, below 2.6, 1.4
and 0.5."""
OLD = ("plain", "stereo-60ms", "silence-240ms")
"""Cases that are asked of version 10 too; its encoders differ in the network alone."""
MIN_MS = 80.0
"""How much an encoder sends is its own affair; this much is needed to see where it stands."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be encoded, and how."""

    name: str
    title: str
    speech: str
    """Name of the recording, see :func:`vectors.speech.encoder_speech`."""
    rate: int = SPEECH_RATE
    bitrate: int = 48_000
    frame_ms: float = 20
    dred_ms: int = 1000
    channels: int = 1
    vbr: bool = True
    dtx: bool = False
    flags: tuple[str, ...] = ()


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    draft = Draft(
        *("encode", "speech", "Speech to streams", "vectors.groups.encode", CLAUSES),
    )
    for case in _cases():
        _add(draft, case, CURRENT_VERSION)
        if case.name in OLD:
            _add(draft, case, VERSIONS[0])
    yield draft


def _cases() -> Iterator[Case]:
    yield Case("plain", "3 s of read speech", "read")
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


def _add(draft: Draft, case: Case, version: int) -> None:
    speech = encoder_speech(case.speech)
    pcm = speech
    if case.rate != SPEECH_RATE:
        pcm = read_speech(f"{case.speech}-{case.rate}.flac", case.rate)
    given = np.repeat(pcm, case.channels)
    at = "" if case.rate == SPEECH_RATE else f"-{case.rate}"
    suffix = at + ("" if case.channels == 1 else "-stereo")
    draft.add(
        f"v{version}.{case.name}",
        case.title,
        EncodeInput(
            draft.binary(f"{case.speech}{suffix}.s16", pcm_bytes(given)),
            case.rate,
            case.channels,
            case.bitrate,
            case.frame_ms,
            case.dred_ms,
            vbr=case.vbr,
            dtx=case.dtx,
        ),
        requirements=("encoder.valid", "encoder.alignment", "encoder.features"),
        flags=case.flags,
        version=version,
        expected=Encoded(
            draft.binary(f"{case.speech}{at}.f32", read_material(f"{case.speech}{at}.f32")),
            LIMITS,
            align_ms=ALIGN_MS,
            min_ms=MIN_MS,
        ),
    )
