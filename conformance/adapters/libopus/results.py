"""What libopus says, as data: results of ``Peer``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dredref.conformance.adapters.libopus.library import address

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

SUMMARY = np.dtype(
    [
        (field, np.int32)
        for field in (
            *("found", "result", "dred_end", "dred_offset", "nb_chunks"),
            *("q0", "dQ", "extra_flag", "extra", "offset", "qmax"),
            *("exact", "header_tell", "state_tell"),
        )
    ]
)
"""One record a payload, the struct ``Summary`` of the probe.

``found`` is 0 where ``opus_dred_parse`` met no DRED, and the rest is then of no meaning but
``result``, what libopus returned. ``extra`` is the coded value, in units of 32. Tells are in
eighths of a bit. ``exact`` is 1 where every integer gives libopus' own scaled value again.
"""


class Dred:
    """What libopus decodes from one payload; arrays are views of its batch."""

    def __init__(self, batch: DredBatch, index: int) -> None:
        """Look at entry ``index`` of ``batch``."""
        row = batch.summary[index]
        n = int(row["nb_chunks"])
        self.found = bool(row["found"])
        self.result = int(row["result"])
        self.dred_end = int(row["dred_end"])
        self.dred_offset = int(row["dred_offset"])
        self.nb_chunks = n
        self.q0 = int(row["q0"])
        self.dQ = int(row["dQ"])
        self.extra = int(row["extra"]) if row["extra_flag"] else None
        self.offset = int(row["offset"])
        self.qmax = int(row["qmax"])
        self.exact = bool(row["exact"])
        self.header_tell = int(row["header_tell"])
        self.state_tell = int(row["state_tell"])
        self.state: Ints = batch.states[index]
        self.levels: Ints = batch.levels[index, :n]
        self.latents: Ints = batch.latents[index, :n]
        self.tells: Ints = batch.tells[index, :n]
        self.state_values: Floats = batch.state_values[index]
        self.latent_values: Floats = batch.latent_values[index, :n]


@dataclass(frozen=True, slots=True)
class DredBatch:
    """What libopus decodes from n payloads or packets.

    ``states`` [n, S] and ``latents`` [n, 26, L] are the coded integers; ``levels`` [n, 26] and
    ``tells`` [n, 26] (after each chunk) go with the chunks; ``state_values`` [n, S] and
    ``latent_values`` [n, 26, L or L + 1] are libopus' scaled floats, as its decoder takes them.
    """

    summary: npt.NDArray[np.void]
    states: Ints
    latents: Ints
    levels: Ints
    tells: Ints
    state_values: Floats
    latent_values: Floats

    def __len__(self) -> int:
        """How many payloads."""
        return len(self.summary)

    def __getitem__(self, index: int) -> Dred:
        """One payload."""
        return Dred(self, index)

    def __iter__(self) -> Iterator[Dred]:
        """Every payload in turn."""
        return (Dred(self, index) for index in range(len(self)))

    def outputs(self) -> list[int | None]:
        """The addresses of the arrays in the probe's order."""
        return [
            address(array)
            for array in (
                *(self.summary, self.states, self.latents, self.levels),
                *(self.tells, self.state_values, self.latent_values),
            )
        ]


@dataclass(frozen=True, slots=True)
class PeerExtension:
    """An extension as libopus delivers it; ``offset`` is where its payload starts in the area."""

    id: int
    frame: int
    data: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class PeerPacket:
    """How libopus cuts a packet: frames as (offset, size), padding as (offset, size) or None."""

    toc: int
    payload_offset: int
    frames: tuple[tuple[int, int], ...]
    padding: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Features [n, 36] of n 10 ms frames and the pitch network's inputs, [n, 88] and [n, 224]."""

    features: Floats
    spectrum: Floats
    correlation: Floats


@dataclass(frozen=True, slots=True)
class AnalysisTables:
    """Rising half of the window [160], twiddle factors [320, re and im], cosines [band, place]."""

    half_window: Floats
    twiddles: Floats
    cosines: Floats


@dataclass(frozen=True, slots=True)
class Stages:
    """What libopus' DRED encoder computes from audio.

    ``pcm16`` [n, 160] is its audio at 16 kHz in units of 16-bit samples, ``features`` [n, 36],
    ``latents`` [n // 2, L] and ``states`` [n // 2, S] follow every 20 ms, oldest first.
    ``dred_offset`` and ``latent_offset`` stand after each Opus frame.
    """

    pcm16: Floats
    features: Floats
    latents: Floats
    states: Floats
    dred_offset: Ints
    latent_offset: Ints


@dataclass(frozen=True, slots=True)
class Speech:
    """The vocoder's samples [n * 160], full scale 1; its period and GRU states after each frame."""

    pcm: Floats
    periods: Ints
    states: Floats


@dataclass(frozen=True, slots=True, order=True)
class Timing:
    """Seconds on the clock and of the processor, and the chunks found in one round."""

    seconds: float
    cpu: float
    chunks: int
