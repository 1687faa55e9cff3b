"""Features, integers and bits of the reference encoder beside libopus', for the same audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dredref.analysis.analyser import FeatureAnalyser
from dredref.analysis.spectrum import PCM_Q
from dredref.analysis.tables import Int
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.metrics.features import FeatureComparison, compare_features
from dredref.payload.writer import Levels, Request, write_payloads
from dredref.rdovae.encoder import STEP, RdovaeEncoder
from dredref.rdovae.quantize import quantize
from dredref.resample import Resampler, to_input
from dredref.spec.tables import QuantizerTable, quantizer_tables
from tools.encoder.material import at_rate, clip

HISTORY = 52
"""Latent vectors that libopus' encoder keeps."""

LEAD = 11
"""Samples of silence at 16 kHz that libopus' DRED encoder puts before its input."""


@dataclass(frozen=True, slots=True)
class Coded:
    """What an encoder makes of a clip: features, and latents and states of every 20 ms."""

    features: NDArray[np.float32]
    latents: NDArray[np.float32]
    states: NDArray[np.float32]


def ours(name: str, version: int = 12) -> Coded:
    """The reference encoder's."""
    return coded(clip(name)[None].astype(np.int64) << PCM_Q, version)


def theirs(name: str, peer: Peer) -> Coded:
    """A libopus build's."""
    features = peer.analysis(clip(name)).features[:, :20]
    return Coded(features, *peer.rdovae_encode(features))


def ours_at(name: str, rate: int, version: int = 12) -> Coded:
    """The reference encoder's of a clip at another rate, through the project's conversion."""
    converted = Resampler(rate, 1).convert(to_input(at_rate(clip(name), rate)).reshape(1, -1, 1))
    silence = np.zeros((1, LEAD), np.int64)
    whole = converted.shape[1] // STEP * STEP
    return coded(np.concatenate([silence, converted], axis=1)[:, :whole], version)


def coded(pcm: Int, version: int) -> Coded:
    """Analysis and network on samples at 16 kHz [1, n], Q14."""
    features = FeatureAnalyser(version=version).analyse_q14(pcm)
    latents, states = RdovaeEncoder(version).encode(features)
    return Coded(features[0], latents[0], states[0])


def theirs_at(name: str, rate: int, peer: Peer) -> Coded:
    """A libopus build's, through its own conversion."""
    stages = peer.stages(at_rate(clip(name), rate) / np.float32(32768), rate, 1, rate // 50)
    return Coded(stages.features[:, :20], stages.latents, stages.states)


def features_apart(reference: Coded, candidate: Coded) -> FeatureComparison:
    """The feature metric."""
    return compare_features(reference.features, candidate.features)


@dataclass(frozen=True, slots=True)
class Counts:
    """Integers that take a symbol, by how far they are apart."""

    equal: int = 0
    by_one: int = 0
    further: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            self.equal + other.equal, self.by_one + other.by_one, self.further + other.further
        )

    @property
    def total(self) -> int:
        """All of them."""
        return self.equal + self.by_one + self.further

    @property
    def share_equal(self) -> float:
        """From 0 to 1."""
        return self.equal / self.total

    @property
    def share_further(self) -> float:
        """Differing by more than one, from 0 to 1."""
        return self.further / self.total


def symbols_apart(
    reference: Coded, candidate: Coded, levels: Levels, chunks: int = 26, version: int = 12
) -> Counts:
    """Every integer of a packet each 20 ms, with ``chunks`` chunks: those that take a symbol.

    Counted as if every packet had its full reach, so that each level weighs as it does in packets.
    """
    tables = quantizer_tables(version)
    found = _apart(reference.states, candidate.states, levels.q0, tables.state)
    by_level: dict[int, Counts] = {}
    for index in range(chunks):
        level = levels.of_chunk(index)
        if level not in by_level:
            by_level[level] = _apart(reference.latents, candidate.latents, level, tables.latent)
        found = found + by_level[level]
    return found


def _apart(
    reference: NDArray[np.float32],
    candidate: NDArray[np.float32],
    level: int,
    table: QuantizerTable,
) -> Counts:
    rows = np.full(len(reference), level)
    theirs, mine = (quantize(v, rows, table) for v in (reference, candidate))
    apart = np.abs(theirs - mine)[:, table.coded[level]]
    return Counts(int((apart == 0).sum()), int((apart == 1).sum()), int((apart > 1).sum()))


def payloads(
    given: Coded, levels: Levels, chunks: int, steps: Sequence[int] | None = None, version: int = 12
) -> list[bytes]:
    """A payload for every 20 ms, or for the steps given, as long as the clip allows."""
    wanted = range(2 * chunks, len(given.latents)) if steps is None else steps
    found = write_payloads(
        given.latents.view(np.int32),
        given.states.view(np.int32),
        [Request(step, 10, chunks) for step in wanted],
        levels,
        version,
    )
    return [payload for payload in found if payload is not None]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How near decoded features are to the input's, ours and libopus', and at what cost."""

    ours_total: float
    theirs_total: float
    ours_bits: int
    theirs_bits: int

    @property
    def error_ratio(self) -> float:
        """Ours over libopus'."""
        return self.ours_total / self.theirs_total

    @property
    def bits_ratio(self) -> float:
        """Ours over libopus'."""
        return self.ours_bits / self.theirs_bits


def fidelity(name: str, peer: Peer, levels: Levels, chunks: int, version: int = 12) -> Fidelity:
    """Payloads of a clip by both encoders, decoded by libopus, against the clip's features.

    libopus writes its own payloads from its own latents; the features are libopus' too.
    """
    reference, mine = theirs(name, peer), ours(name, version)
    steps = range(2 * chunks, len(mine.latents))
    own = payloads(mine, levels, chunks, steps, version)
    other = [
        peer.write_payload(
            reference.latents[step::-1][:HISTORY],
            reference.states[step::-1][:HISTORY],
            q0=levels.q0,
            dQ=levels.dQ,
            qmax=levels.qmax,
            max_chunks=chunks,
            max_bytes=996,
        )
        for step in steps
    ]
    truth = reference.features.astype(np.float64)

    def total(written: list[bytes]) -> float:
        errors, count = np.zeros(20), 0
        for step, features in zip(steps, peer.decode(peer.payloads(written)), strict=True):
            newest = 2 * step + 1
            expected = truth[newest - len(features) + 1 : newest + 1][::-1]
            errors += ((features - expected) ** 2).sum(axis=0)
            count += len(features)
        return float(np.sqrt(np.delete(errors / count, 18).sum()))

    return Fidelity(total(own), total(other), 8 * sum(map(len, own)), 8 * sum(map(len, other)))
