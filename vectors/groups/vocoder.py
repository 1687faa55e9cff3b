"""Group ``vocoder``: features to speech, by the reference's vocoder."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dredref.rdovae.decoder import decode_payloads
from dredref.spec.dred import parse_payload
from dredref.spec.tables import CURRENT_VERSION
from dredref.vectors.blob import Blob
from dredref.vectors.draft import DRED, Draft
from dredref.vectors.groups.decode import RECORD_CHUNKS
from dredref.vectors.material import manifest, read_material, real_payloads
from dredref.vectors.model import Analysed, Audio, VocodeInput
from dredref.vectors.speech import SPEECH_RATE, feature_bytes, pcm_bytes, read_aloud, read_clip
from dredref.vocoder import vocoder

CLAUSES = (DRED, "libopus dnn/fargan.c")
LIMITS = {"err4": 0.25, "err16": 1.0, "pitch": 0.15}
"""Upstream's tolerance for vocoder against recording, here against the reference too. The first two
shrink with the square root of the length: they hold for read speech of 12 s against the recording,
and for 2.5 s and more between vocoders."""
ANALYSED = {"total": 1.7, "max": 0.75, "pitch": 0.05}
"""FARGAN's own figures on these clips are 1.52, 0.61 and 0.024 at most; its speech 5 ms late or
early comes to 0.89 or more in the second, at half its level to 3.1 in the first."""
ANALYSED_SYNTHETIC = {"total": 2.1, "max": 0.95, "pitch": 0.05}
"""Of synthetic speech FARGAN's own are 1.84, 0.77 and 0.007; 5 ms late or early 1.59 in the
second."""
MUST = ("vocoder.speech",)
CALL_SECONDS = 12
HISTORY_VECTORS, HISTORY_SAMPLES = 5, 320
FEATURES = 20
FRAME = 160
"""Samples of a feature vector."""

Features = NDArray[np.float32]


def drafts() -> Iterator[Draft]:
    """All files of the group."""
    yield _read()
    yield _others()
    yield _analysed()


def call_names() -> list[str]:
    """Names of the streams of read speech, whose recordings are spoken again here."""
    return [name.removesuffix(".bit") for name, entry in manifest().items() if _is_call(entry)]


def _is_call(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("start") is not None


def call_original(draft: Draft, name: str) -> Blob:
    """The same as a part of the suite's file of read speech."""
    starts = [manifest()[f"{one}.bit"]["start"] for one in call_names()]
    end = max(starts) + CALL_SECONDS * SPEECH_RATE
    whole = draft.shared("audio/read.s16", pcm_bytes(read_aloud()[:end]))
    start = manifest()[f"{name}.bit"]["start"]
    length = 2 * CALL_SECONDS * SPEECH_RATE
    return Blob(path=whole.path, sha256=whole.sha256, offset=2 * start, length=length)


def _features(name: str) -> Features:
    """Features [vectors, 20] of a recording of the material."""
    return np.frombuffer(read_material(f"{name}.f32"), "<f4").reshape(-1, FEATURES)


def _draft(name: str, title: str) -> Draft:
    return Draft("vocoder", name, title, "vectors.groups.vocoder", CLAUSES)


def _read() -> Draft:
    draft = _draft("read", "Read speech from its own features, 12 s each")
    names = call_names()
    features = np.stack([_features(name.partition("-v")[0]) for name in names])
    spoken = vocoder().utterance(features)
    for number, name in enumerate(names):
        start = manifest()[f"{name}.bit"]["start"] / SPEECH_RATE
        draft.add(
            f"read.{number + 1}",
            f"12 s of read speech, from second {start:.2f} on",
            VocodeInput(draft.binary(f"read-{number + 1}.f32", feature_bytes(features[number]))),
            requirements=MUST,
            expected=Audio(
                draft.binary(f"read-{number + 1}.s16", pcm_bytes(spoken[number])),
                LIMITS,
                call_original(draft, name),
                LIMITS,
            ),
        )
    return draft


def _others() -> Draft:
    draft = _draft("others", "Synthetic speech, decoded features, speech that goes on")
    cases = [
        ("synthetic", "7.3 s of synthetic speech, two voices", _features("synthetic")),
        ("decoded", "A second each of four recordings, decoded from fine levels", _decoded()),
    ]
    for name, title, features in cases:
        given = VocodeInput(draft.binary(f"{name}.f32", feature_bytes(features)))
        spoken = vocoder().utterance(features[np.newaxis])[0]
        wanted = Audio(draft.binary(f"{name}.s16", pcm_bytes(spoken)), LIMITS)
        draft.add(name, title, given, requirements=MUST, expected=wanted)
    clip = read_clip("librivox-3")
    features = _features("continued")
    for place in (30, 47):
        past = features[place - HISTORY_VECTORS : place]
        before = clip[FRAME * place - HISTORY_SAMPLES : FRAME * place]
        following = features[place:]
        spoken = vocoder().resume(features[np.newaxis, place - 5 :], before[np.newaxis])[0]
        draft.add(
            f"continued.{place:03d}",
            f"Speech that goes on {10 * place} ms into a recording",
            VocodeInput(
                draft.binary(f"continued-{place:03d}.f32", feature_bytes(following)),
                draft.binary(f"continued-{place:03d}-history.s16", pcm_bytes(before)),
                draft.binary(f"continued-{place:03d}-history.f32", feature_bytes(past)),
            ),
            requirements=MUST,
            expected=Audio(draft.binary(f"continued-{place:03d}.s16", pcm_bytes(spoken)), LIMITS),
        )
    return draft


def _analysed() -> Draft:
    """The same features, spoken by any vocoder: the analysis of the speech tells."""
    draft = _draft("analysed", "Speech whose analysis gives back what was asked for")
    cases = [
        (f"read-{number + 1}", _features(name.partition("-v")[0]), ANALYSED)
        for number, name in enumerate(call_names())
    ]
    cases += [
        ("synthetic", _features("synthetic"), ANALYSED_SYNTHETIC),
        ("decoded", _decoded(), ANALYSED),
    ]
    for name, features, limits in cases:
        # The files of the vectors above, named once more.
        given = draft.shared(f"vocoder/{name}.f32", feature_bytes(features))
        draft.add(
            f"analysed.{name}",
            f"{len(features) / 100:.1f} s of speech ({name}), analysed anew",
            VocodeInput(given),
            level="SHOULD",
            requirements=("vocoder.features",),
            expected=Analysed(given, limits),
        )
    return draft


def _decoded() -> Features:
    """What four payloads decode to, oldest first."""
    version = CURRENT_VERSION
    chosen = [one for one in real_payloads(version) if one.dQ == 0][:4]
    payloads = [parse_payload(one.payload, version, limit=RECORD_CHUNKS) for one in chosen]
    return np.concatenate([rows[::-1] for rows in decode_payloads(payloads)])
