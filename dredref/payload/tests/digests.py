"""Digests of what the encoder computes: ``python -m dredref.payload.tests.digests``.

It prints them as JSON; ``data/digests.json`` holds what is to come out, on every machine. Changing
that file means that the reference has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.analysis.tables import Int
from dredref.arithmetic.carrier import Arithmetic
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.placement import Slot
from dredref.payload.writer import Levels
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.resample import RATES, Resampler, to_input
from dredref.spec.tables import VERSIONS

RECORDED = Path(__file__).parent / "data" / "digests.json"
AUDIO = Path(__file__).parents[3] / "vectors" / "audio"
CLIPS = ("librivox-1", "librivox-2", "librivox-3", "espeak-1", "espeak-2")
SETTINGS = {
    "default": DredSettings(),
    "fine": DredSettings(Levels(0, 2, 9), chunks=8),
    "coarse": DredSettings(Levels(15, 0, 15), max_bytes=40),
    "version-10": DredSettings(version=10),
}


def clip(name: str, seconds: float = 2) -> NDArray[np.int16]:
    """The start of a clip, 16 kHz."""
    pcm: NDArray[np.int16]
    pcm, _ = soundfile.read(AUDIO / f"{name}.flac", dtype="int16", frames=int(16_000 * seconds))
    return pcm


def extremes() -> Int:
    """Silence, full-scale square at the Nyquist rate, noise past the limits, one impulse, DC; Q14.

    Twelve frames each.
    """
    n = np.arange(160 * 12)
    rng = np.random.Generator(np.random.PCG64(11))
    rows = np.zeros((5, n.size), np.int64)
    rows[1] = np.where(n % 2, -65536, 65536)
    rows[2] = np.where(rng.integers(0, 2, n.size) == 1, 1_000_000, -1_000_000)
    rows[3, 700] = -65536
    rows[4] = 65536
    return rows << 14


def noise(rate: int, seconds: float = 0.05, channels: int = 1) -> NDArray[np.int16]:
    """Noise [n, channels]."""
    rng = np.random.Generator(np.random.PCG64(rate))
    return rng.integers(-9000, 9000, (int(rate * seconds), channels)).astype(np.int16)


def of(*arrays: NDArray[Any]) -> str:
    """SHA-256 of integers, or of the bits of float32, as little-endian int64, one by one."""
    whole = (a.view(np.int32) if a.dtype == np.float32 else a for a in arrays)
    return hashlib.sha256(b"".join(a.astype("<i8").tobytes() for a in whole)).hexdigest()


def digests(arithmetic: Arithmetic = "integer") -> Iterator[tuple[str, str]]:
    """Name and digest of each."""
    for rate in RATES:
        converted = Resampler(rate, 2).convert(to_input(noise(rate, channels=2))[None])
        yield f"resample-{rate}", of(converted)
    yield "features-extremes", of(FeatureAnalyser(5, arithmetic=arithmetic).analyse_q14(extremes()))
    analyser = FeatureAnalyser(len(CLIPS), arithmetic=arithmetic)
    features = analyser.analyse(np.stack([*map(clip, CLIPS)]))
    for name, rows in zip(CLIPS, features, strict=True):
        yield f"features-{name}", of(rows)
    for version in VERSIONS:
        latents, states = RdovaeEncoder(version, len(CLIPS), arithmetic=arithmetic).encode(features)
        for index, name in enumerate(CLIPS):
            yield f"latents-v{version}-{name}", of(latents[index], states[index])
    for name, settings in SETTINGS.items():
        encoder = DredEncoder(16_000, settings=settings, arithmetic=arithmetic)
        encoder.feed(clip("espeak-1"))
        encoder.end()
        payloads = encoder.payloads([Slot(960 * index, 960) for index in range(100)])
        parts = [len(part or b"").to_bytes(2, "big") + (part or b"") for part in payloads]
        yield f"payloads-{name}", hashlib.sha256(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    print(json.dumps(dict(digests()), indent=1))
