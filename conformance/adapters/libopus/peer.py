"""What a build of libopus says about packets, payloads, features and speech, in numpy arrays.

``Peer("1.6.1")`` loads the probe for that build (see ``builds.py`` for the names) and compiles it
on first use. Methods that take a list work through it in one C loop, for draws of many thousands.

>>> peer = Peer("1.6.1")                                            # doctest: +SKIP
>>> peer.payloads([payload])[0].latents                             # doctest: +SKIP
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dredref.conformance.adapters.libopus import builds
from dredref.conformance.adapters.libopus.library import address, floats, joined, load
from dredref.conformance.adapters.libopus.results import (
    SUMMARY,
    Analysis,
    AnalysisTables,
    Dred,
    DredBatch,
    Floats,
    Ints,
    PeerExtension,
    PeerPacket,
    Speech,
    Stages,
    Timing,
)

__all__ = [
    "SUMMARY",
    "Analysis",
    "AnalysisTables",
    "Dred",
    "DredBatch",
    "Peer",
    "PeerExtension",
    "PeerPacket",
    "Speech",
    "Stages",
    "Timing",
    "available",
]


def available(name: str) -> bool:
    """Whether the build of that name is in the cache."""
    return builds.find(name) is not None


class Peer:
    """One build of libopus, asked through the probe."""

    def __init__(self, name: str) -> None:
        """Load the build of that name.

        Raises:
            InputError: ``libopus.no_build`` or ``libopus.build_failed``.
        """
        self.name = name
        self.build = builds.get(name)
        self.library = load(name, traced=True)
        self.version: int = self.library.probe_version()
        self.latent_dim: int = self.library.probe_latent_dim()
        self.state_dim: int = self.library.probe_state_dim()
        self.stride: int = self.library.probe_stride()
        self.max_chunks: int = self.library.probe_chunks()
        self.plain = bool(self.library.probe_plain())

    def __repr__(self) -> str:
        """Which build it is."""
        return f"Peer({self.name!r})"

    # Framing and extensions

    def packet(self, data: bytes) -> PeerPacket | int:
        """How libopus cuts a packet, or its error code."""
        out = np.zeros(4 + 2 * 48, np.int32)
        count = self.library.probe_packet(data, len(data), address(out))
        if count < 0:
            return int(count)
        toc, payload_offset, start, size = (int(v) for v in out[:4])
        pairs = out[4 : 4 + 2 * count].reshape(-1, 2).tolist()
        padding = None if start < 0 else (start, size)
        return PeerPacket(toc, payload_offset, tuple((a, b) for a, b in pairs), padding)

    def extensions(self, area: bytes, nb_frames: int) -> tuple[list[PeerExtension], int]:
        """The extensions delivered before the end or the first error, and the code returned.

        libopus 1.5.2 knows no "repeat these extensions", takes id 2 for a short extension and
        does not look at ``nb_frames``.
        """
        rows = np.zeros((50 * len(area) + 64, 4), np.int32)
        count = np.zeros(1, np.int32)
        ret = self.library.probe_extensions(
            area, len(area), nb_frames, address(rows), len(rows), address(count)
        )
        return [extension(area, row) for row in rows[: int(count[0])].tolist()], int(ret)

    def extensions_batch(
        self, areas: list[bytes], nb_frames: Sequence[int]
    ) -> tuple[Ints, Ints, Ints]:
        """For many areas: rows (id, frame, offset, size) end to end, rows an area, codes."""
        data, ends = joined(areas)
        frames = np.ascontiguousarray(nb_frames, np.int32)
        counts, returns = np.zeros((2, len(areas)), np.int32)
        room = 4 * len(data) + 100_000
        while True:
            rows = np.zeros((room, 4), np.int32)
            used = self.library.probe_extensions_batch(
                *(data, address(ends), address(frames), len(areas)),
                *(address(rows), room, address(counts), address(returns)),
            )
            if used >= 0:
                return rows[:used], counts, returns
            room *= 4

    def write_area(
        self, extensions: Sequence[PeerExtension], nb_frames: int, size: int = 0
    ) -> bytes | int:
        """An area as libopus writes it, filled up to ``size`` bytes if given, or its error code.

        Offsets of the extensions are not looked at.
        """
        data = b"".join(e.data for e in extensions)
        rows = np.zeros((len(extensions) + 1, 4), np.int32)
        start = 0
        for row, e in zip(rows, extensions, strict=False):
            row[:] = e.id, e.frame, start, len(e.data)
            start += len(e.data)
        room = size or 2 * len(data) + 100 * (len(extensions) + 1)
        area = ctypes.create_string_buffer(room)
        length = self.library.probe_generate(
            address(rows), len(extensions), data, nb_frames, room, int(size > 0), area
        )
        return int(length) if length < 0 else area.raw[:length]

    # DRED payloads

    def empty(self, n: int) -> DredBatch:
        """Room for the results of n payloads."""
        chunks = self.max_chunks
        return DredBatch(
            np.zeros(n, SUMMARY),
            np.zeros((n, self.state_dim), np.int32),
            np.zeros((n, chunks, self.latent_dim), np.int32),
            np.zeros((n, chunks), np.int32),
            np.zeros((n, chunks), np.int32),
            np.zeros((n, self.state_dim), np.float32),
            np.zeros((n, chunks, self.stride), np.float32),
        )

    def payloads(
        self,
        payloads: list[bytes],
        frame_offsets: Sequence[int] | None = None,
        max_frames: int = 104,
    ) -> DredBatch:
        """Decode payloads that stand after the experiment prefix (``dred_ec_decode``).

        ``frame_offsets``: position of the carrying frame in its packet, in 2.5 ms.
        ``max_frames``: feature vectors (10 ms) asked for; 104 gives all that libopus decodes.
        """
        batch = self.empty(len(payloads))
        data, ends = joined(payloads)
        offsets = np.zeros(len(payloads), np.int32)
        if frame_offsets is not None:
            offsets[:] = frame_offsets
        self.library.probe_payloads(
            data, address(ends), address(offsets), len(payloads), max_frames, *batch.outputs()
        )
        return batch

    def parse(
        self, packets: list[bytes], max_samples: int = 49_920, rate: int = 48_000
    ) -> DredBatch:
        """``opus_dred_parse`` on whole packets, features left undecoded."""
        batch = self.empty(len(packets))
        data, ends = joined(packets)
        self.library.probe_parse(
            data, address(ends), len(packets), max_samples, rate, *batch.outputs()
        )
        return batch

    def time_parse(
        self, packets: list[bytes], max_samples: int = 49_920, rate: int = 48_000, repeats: int = 1
    ) -> Timing:
        """How long ``opus_dred_parse`` takes for all packets, ``repeats`` times, untraced."""
        data, ends = joined(packets)
        cpu, chunks = np.zeros(1), np.zeros(1, np.int64)
        seconds = load(self.name, traced=False).probe_time_parse(
            *(data, address(ends), len(packets), max_samples, rate, repeats),
            *(address(cpu), address(chunks)),
        )
        return Timing(float(seconds), float(cpu[0]), int(chunks[0]))

    def write_payload(
        self,
        latents: npt.ArrayLike,
        states: npt.ArrayLike,
        *,
        q0: int,
        dQ: int,
        qmax: int,
        max_chunks: int,
        max_bytes: int,
        dred_offset: int = 8,
        latent_offset: int = 0,
        last_extra: int = 0,
        activity: npt.ArrayLike | None = None,
    ) -> bytes:
        """The payload libopus' DRED encoder writes for latents and states of every 20 ms.

        All newest first. ``activity``: [416] of 0 or 1 in 2.5 ms steps; all active when None.
        """
        latents = floats(latents, -1, self.latent_dim)
        states = floats(states, -1, self.state_dim)
        active = np.ones(416, np.uint8)
        if activity is not None:
            active[:] = activity
        payload = ctypes.create_string_buffer(max(max_bytes, 2) + 16)
        size = self.library.probe_write_payload(
            *(address(latents), address(states), len(latents), dred_offset, latent_offset),
            *(last_extra, address(active), max_chunks, max_bytes, q0, dQ, qmax, payload),
        )
        return payload.raw[:size]

    # Networks

    def features(
        self, states: npt.ArrayLike, latents: npt.ArrayLike, counts: Sequence[int] | None = None
    ) -> list[Floats]:
        """Feature vectors [4 * count, 20] of each payload, newest first.

        ``states`` [n, S] and ``latents`` [n, up to 26, L or L + 1] are scaled floats, as in
        ``DredBatch``; ``counts`` chunks a payload (all if None).
        """
        return self.timed_features(states, latents, counts)[0]

    def timed_features(
        self, states: npt.ArrayLike, latents: npt.ArrayLike, counts: Sequence[int] | None = None
    ) -> tuple[list[Floats], float]:
        """As ``features``, and the seconds that libopus took."""
        states = floats(states, -1, self.state_dim)
        given = np.asarray(latents, np.float32).reshape(len(states), -1, self.stride)
        padded = np.zeros((len(states), self.max_chunks, self.stride), np.float32)
        padded[:, : given.shape[1]] = given
        chunks = np.full(len(states), given.shape[1], np.int32)
        if counts is not None:
            chunks[:] = counts
        out = np.zeros((len(states), 4 * self.max_chunks, 20), np.float32)
        seconds = self.library.probe_features(
            address(states), address(padded), address(chunks), len(states), address(out)
        )
        return [out[k, : 4 * n] for k, n in enumerate(chunks.tolist())], float(seconds)

    def decode(self, batch: DredBatch) -> list[Floats]:
        """Feature vectors of every payload of a batch, newest first."""
        counts = np.where(batch.summary["found"] == 1, batch.summary["nb_chunks"], 0)
        return self.features(batch.state_values, batch.latent_values, counts.tolist())

    def rdovae_encode(self, features: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Latents [n // 2, L] and states [n // 2, S] after each pair of feature vectors [n, 20]."""
        pairs = floats(features, -1, 40)
        latents = np.zeros((len(pairs), self.latent_dim), np.float32)
        states = np.zeros((len(pairs), self.state_dim), np.float32)
        self.library.probe_rdovae_encode(
            address(pairs), len(pairs), address(latents), address(states)
        )
        return latents, states

    def analysis(self, pcm: npt.ArrayLike) -> Analysis:
        """Feature analysis of 16 kHz audio in units of 16-bit samples, whole frames of 160."""
        samples = np.asarray(pcm, np.float32).ravel()
        n = len(samples) // 160
        frames = floats(samples[: 160 * n], n, 160)
        features = np.zeros((n, 36), np.float32)
        spectrum = np.zeros((n, self.library.probe_spectrum_size()), np.float32)
        correlation = np.zeros((n, self.library.probe_correlation_size()), np.float32)
        self.library.probe_analysis(
            address(frames), n, address(features), address(spectrum), address(correlation)
        )
        return Analysis(features, spectrum, correlation)

    def analysis_tables(self) -> AnalysisTables:
        """The constant tables of the feature analysis."""
        window, twiddles = np.zeros(160, np.float32), np.zeros((320, 2), np.float32)
        cosines = np.zeros((18, 18), np.float32)
        self.library.probe_analysis_tables(address(window), address(twiddles), address(cosines))
        return AnalysisTables(window, twiddles, cosines)

    def stages(
        self, pcm: npt.ArrayLike, rate: int, channels: int, frame_size: int, extra_delay: int = 0
    ) -> Stages:
        """The DRED encoder's stages on audio [n, channels] of full scale 1, in Opus frames.

        ``extra_delay``: samples by which the codec's input lags, as opus_encode passes it.
        """
        audio = floats(pcm, -1, channels)
        frames = len(audio) // frame_size
        room = frames * frame_size * 100 // rate + 4
        pcm16 = np.zeros((room, 160), np.float32)
        features = np.zeros((room, 36), np.float32)
        latents = np.zeros((room // 2 + 1, self.latent_dim), np.float32)
        states = np.zeros((room // 2 + 1, self.state_dim), np.float32)
        positions = np.zeros((frames, 2), np.int32)
        n = self.library.probe_dred_stages(
            *(address(audio), rate, channels, frame_size, extra_delay, frames, room),
            *(address(pcm16), address(features), address(latents)),
            *(address(states), address(positions)),
        )
        half = n // 2
        offsets = positions[:, 0], positions[:, 1]
        return Stages(pcm16[:n], features[:n], latents[:half], states[:half], *offsets)

    def fargan(
        self,
        features: npt.ArrayLike,
        start: npt.ArrayLike | None = None,
        start_features: npt.ArrayLike | None = None,
    ) -> Speech:
        """Synthesis of feature vectors [n, 20].

        It continues from ``start`` [320] (silence if None) and ``start_features`` [5, 20] (the
        first vector five times if None).
        """
        vectors = floats(features, -1, 20)
        before = floats(np.zeros(320) if start is None else start, 320)
        if start_features is None:
            start_features = np.repeat(vectors[:1], 5, axis=0)
        first = floats(start_features, 5, 20)
        n = len(vectors)
        pcm = np.zeros(160 * n, np.float32)
        periods = np.zeros(n, np.int32)
        states = np.zeros((n, self.library.probe_fargan_states()), np.float32)
        self.library.probe_fargan(
            *(address(before), address(first), address(vectors), n),
            *(address(pcm), address(periods), address(states)),
        )
        return Speech(pcm, periods, states)

    def burg_cepstra(self, pcm: npt.ArrayLike) -> Floats:
        """Burg cepstra [n, 36] of 16 kHz audio in units of 16-bit samples, whole frames of 160."""
        samples = np.asarray(pcm, np.float32).ravel()
        frames = floats(samples[: len(samples) // 160 * 160], -1, 160)
        cepstra = np.zeros((len(frames), 36), np.float32)
        self.library.probe_burg(address(frames), len(frames), address(cepstra))
        return cepstra

    def plc(
        self, steps: str, samples: npt.ArrayLike, features: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.int16], Floats]:
        """Speech [160 * n] and features [n, 20] of a script of the neural concealment.

        ``steps``: ``u`` update with the next 160 of ``samples``, ``f`` add the next of
        ``features`` [m, 20], ``s`` add none, ``x`` clear the queue, ``c`` conceal.
        """
        heard = np.ascontiguousarray(samples, np.int16).ravel()
        vectors = floats(features, -1, 20)
        count = steps.count("c")
        if len(heard) < 160 * steps.count("u") or len(vectors) < steps.count("f"):
            raise ValueError("the script asks for more than it is given")
        pcm, spoken = np.zeros(160 * count, np.int16), np.zeros((count, 20), np.float32)
        self.library.probe_plc(
            *(steps.encode("ascii"), address(heard), address(vectors)),
            *(address(pcm), address(spoken)),
        )
        return pcm, spoken


def extension(area: bytes, row: list[int]) -> PeerExtension:
    """One row of the probe as an extension."""
    id_, frame, offset, size = row
    return PeerExtension(id_, frame, area[offset : offset + size], offset)
