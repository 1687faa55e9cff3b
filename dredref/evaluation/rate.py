"""Rate and distortion of an RDOVAE model: bits a second against what features lose, by level.

Speech is analysed and encoded; payloads of a constant level are written every 400 ms of it, as long
as ``CHUNKS`` chunks each, header and state included, and decoded again. What counts is how far the
decoded vectors are from those that were encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.analysis.tables import BANDS, FRAME
from dredref.model.weights import Model
from dredref.payload.writer import STEPS_PER_CHUNK, Levels, Request, write_payloads
from dredref.rdovae.decoder import decode_payloads
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.spec.dred import parse_payload
from dredref.spec.errors import InputError

Floats = NDArray[np.float32]
Pcm = NDArray[np.int16]
Progress = Callable[[int], object]
"""Is told how many levels are done."""

LEVELS = range(16)
CHUNKS = 20
"""Chunks of a payload: 800 ms."""
CHUNK_MS = 40
EVERY = 20
"""Steps of 20 ms from one payload to the next."""
VOICED = 0.2
"""Correlation from which on the pitch counts."""
MOST_BYTES = 8000


@dataclass(frozen=True, slots=True)
class Point:
    """A quantizer level: what it costs and what it loses."""

    level: int
    bits_per_second: float
    """Of the speech that a payload covers, header and state included."""
    cepstrum_rms: float
    """Root mean square difference of the 18 cepstra."""
    pitch_rms: float
    """Of the pitch feature where speech is voiced, in octaves."""
    voicing_rms: float
    payloads: int


def rate_distortion(
    clips: Sequence[Pcm],
    version: int,
    encoder: Model | None = None,
    decoder: Model | None = None,
    progress: Progress = lambda done: None,
) -> Iterator[Point]:
    """Yield a point for each level.

    Args:
        clips: speech at 16 kHz, one channel; each of at least 0.8 s.
        version: DRED version, whose quantizer tables serve.
        encoder: an RDOVAE encoder; the packaged one if None.
        decoder: an RDOVAE decoder; the packaged one if None.
        progress: called after each level.

    Raises:
        InputError: ``model.rate`` if no clip is long enough, ``model.layer``.
    """
    coded = [_encoded(pcm, version, encoder) for pcm in clips]
    if not any(requests for *_, requests in coded):
        raise InputError("model.rate", f"no clip is {CHUNKS * CHUNK_MS / 1000:g} s long")
    for done, level in enumerate(LEVELS, 1):
        yield _point(coded, level, version, decoder)
        progress(done)


_Coded = tuple[Floats, Floats, Floats, list[Request]]
"""Features, latents and states of a clip, and where payloads are asked for."""


def _encoded(pcm: Pcm, version: int, model: Model | None) -> _Coded:
    whole = pcm[: len(pcm) // (2 * FRAME) * (2 * FRAME)]
    features = FeatureAnalyser(version=version).analyse(whole[None])
    latents, states = RdovaeEncoder(version, model=model).encode(features)
    span = STEPS_PER_CHUNK * CHUNKS
    steps = range(span - 1, latents.shape[1], EVERY)
    requests = [Request(step, 0, CHUNKS, MOST_BYTES) for step in steps]
    return features[0], latents[0], states[0], requests


def _point(coded: Sequence[_Coded], level: int, version: int, model: Model | None) -> Point:
    bits, count = 0, 0
    errors, voiced = [], []
    for features, latents, states, requests in coded:
        written = write_payloads(latents, states, requests, Levels(level, 0), version)
        payloads = [payload or b"" for payload in written]
        bits += 8 * sum(map(len, payloads))
        count += len(payloads)
        decoded = decode_payloads([parse_payload(one, version) for one in payloads], model)
        for request, vectors in zip(requests, decoded, strict=True):
            end = 2 * request.step + 2
            due = features[end - len(vectors) : end][::-1]
            errors.append(vectors - due)
            voiced.append(due[:, BANDS + 1] > VOICED)
    error, speaks = np.concatenate(errors), np.concatenate(voiced)
    return Point(
        level,
        bits * 1000 / (count * CHUNKS * CHUNK_MS),
        _rms(error[:, :BANDS]),
        _rms(error[speaks, BANDS]),
        _rms(error[:, BANDS + 1]),
        count,
    )


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))) if values.size else 0.0
