"""Clips through systems and losses: sent, played, scored."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dredref.audio import open_audio, to_int16
from dredref.encode import DredRequest, EncodeRequest, encode_file
from dredref.evaluation.quality import RATE, Scores, score
from dredref.evaluation.systems import System
from dredref.losses import LossModel, drop_lost
from dredref.receiver.receiver import Receiver, Settings
from dredref.red import add_copies, bytes_of
from dredref.resample import Resampler
from dredref.spec.errors import InputError
from dredref.streams import Record, open_stream

Pcm = NDArray[np.int16]
Progress = Callable[[int], object]
"""Is told how many results are done."""

EXPECTED_LOSS = 20
"""Percent that encoders are told to prepare for."""
PRE_SKIP = 312
SHORTEST = RATE // 2
"""PESQ refuses less than a quarter of a second of speech; half a second is asked for here."""


@dataclass(frozen=True, slots=True)
class Result:
    """One clip through one system and one loss."""

    clip: str
    system: str
    loss: str
    scores: Scores
    bits_per_second: float
    lost_percent: float
    sources: dict[str, int]
    """Milliseconds of the output from each source."""


@dataclass(slots=True)
class Evaluation:
    """All results, and what is to be heard of the first clips."""

    systems: tuple[System, ...]
    losses: tuple[str, ...]
    delay_ms: float | None
    seed: int
    results: list[Result] = field(default_factory=list)
    sound: dict[tuple[str, str, str], Pcm] = field(default_factory=dict)
    """(clip, system, loss) -> what was played; ("original") stands for a system."""

    def of(self, system: str, loss: str) -> list[Result]:
        """The results of a system and a loss, clip by clip."""
        return [one for one in self.results if (one.system, one.loss) == (system, loss)]


def read_clip(path: str | Path) -> Pcm:
    """The samples of an audio file at 16 kHz, one channel.

    Raises:
        InputError: ``audio...``, or ``evaluate.short`` for less than half a second.
    """
    with open_audio(path) as audio:
        resampler = Resampler(audio.rate, audio.channels)
        blocks = [block.reshape(1, -1, audio.channels) for block in audio.blocks()]
    if audio.rate == RATE and audio.channels == 1:
        pcm = to_int16(np.concatenate(blocks, axis=1))[0, :, 0]
    else:
        parts = [resampler.convert(block) for block in blocks]
        q14 = np.concatenate([*parts, resampler.flush()], axis=1)[0]
        pcm = np.clip((q14 + (1 << 13)) >> 14, -32768, 32767).astype(np.int16)
    if len(pcm) < SHORTEST:
        raise InputError("evaluate.short", f"{path} is shorter than half a second")
    return pcm


def send(pcm: Pcm, system: System) -> list[Record]:
    """The packets of a clip as a system sends them."""
    request = EncodeRequest(
        bitrate=system.opus_bitrate,
        loss=EXPECTED_LOSS,
        fec=system.fec,
        dred=DredRequest(reach_ms=1000 if system.dred else 0),
    )
    with tempfile.TemporaryDirectory(prefix="dredref-") as name:
        source, target = Path(name) / "in.wav", Path(name) / "out.bit"
        soundfile.write(source, pcm, RATE, subtype="PCM_16")
        encode_file(source, target, request)
        with open_stream(target) as stream:
            return list(add_copies(stream, system.red))


def listen(records: Sequence[Record], settings: Settings, length: int) -> tuple[Pcm, Counter[str]]:
    """What a receiver plays, without the codec's delay, and ms of it by source."""
    receiver, parts = Receiver(settings), []
    sources: Counter[str] = Counter()
    for part in receiver.play(records):
        sources[part.source] += part.duration // 48
        parts.append(receiver.pcm())
    parts.append(receiver.pcm(all_of_it=True))
    played = np.concatenate(parts)[PRE_SKIP * settings.rate // 48_000 :]
    return played[:length, 0], sources


def evaluate(
    paths: Sequence[str | Path],
    systems: tuple[System, ...],
    losses: Sequence[tuple[str, LossModel]],
    *,
    delay_ms: float | None = None,
    seed: int = 0,
    players: int = 2,
    progress: Progress = lambda done: None,
) -> Evaluation:
    """Send, play and score every clip.

    Each clip has losses of its own, the same ones for all systems. The sound of the first
    ``players`` clips is kept.

    Raises:
        InputError: ``audio...``, ``evaluate.short``, ``encode.opus``, ``decode.opus``.
        MissingExtraError: PyAV or what the extra ``quality`` installs is missing.
    """
    names = tuple(name for name, _ in losses)
    found = Evaluation(systems, names, delay_ms, seed)
    for number, path in enumerate(paths):
        clip, original = Path(path).stem, read_clip(path)
        sound = _Sound(found, clip, number < players)
        sound.keep("original", "", original)
        for system in systems:
            records = send(original, system)
            rate = sum(map(bytes_of, records)) * 8 * RATE / len(original)
            done: Result | None = None
            for name, model in losses:
                if done is None or not system.lossless:
                    lossy = list(_lose(records, system, model, seed + number))
                    settings = Settings(use=system.use, delay_ms=delay_ms)
                    pcm, sources = listen(lossy, settings, len(original))
                    lost = sum(record.packet is None for record in lossy) / len(lossy)
                    scores = score(original, pcm)
                    done = Result(clip, system.name, name, scores, rate, 100 * lost, dict(sources))
                    sound.keep(system.name, name, pcm)
                found.results.append(
                    Result(
                        clip, system.name, name, done.scores, rate, done.lost_percent, done.sources
                    )
                )
                progress(len(found.results))
    return found


def _lose(
    records: Sequence[Record], system: System, model: LossModel, seed: int
) -> Iterator[Record]:
    return iter(records) if system.lossless else drop_lost(records, model.draw(seed))


@dataclass(slots=True)
class _Sound:
    """Keeps the sound of a clip, or does not."""

    found: Evaluation
    clip: str
    wanted: bool

    def keep(self, system: str, loss: str, pcm: Pcm) -> None:
        if self.wanted:
            self.found.sound[self.clip, system, loss] = pcm
