"""How fast the reference is, next to libopus: ``python -m tools.bench``.

Both do the same work in turn, in one process and one thread. What is printed is the median of the
rounds' ratios of processor time, beside the bar that this project sets itself; below are the
processor's seconds for compiling all from nothing and for a command whose functions are compiled.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import click
import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dredref.arithmetic.carrier import Arithmetic
from dredref.conformance.adapters.libopus.peer import Peer
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.placement import Slot
from dredref.payload.writer import Levels
from dredref.rdovae.decoder import packaged_decoder
from dredref.streams import open_stream
from dredref.vocoder import Vocoder

ROOT = Path(__file__).parents[2]
STREAMS = "v12-dred-1040ms.bit", "v12-fine.bit"
CLIPS = "librivox-1", "librivox-2", "espeak-1", "espeak-2"
ARITHMETICS: tuple[Arithmetic, ...] = ("hardware", "integer")
BARS = {
    "decode, batch": (2.0, 9.2),
    "decode, one packet": (4.0, 30.0),
    "vocoder, 1 stream": (3.0, 7.6),
    "vocoder, 16 streams": (2.0, 8.1),
    "encoder, 16 kHz": (2.5, 6.7),
}
"""Work -> the bars on hardware and on integers, as multiples of libopus' time."""
COMPILING, STARTING = 10.0, 0.5
"""Bars in seconds of processor time."""
PACKETS, ALONE, FRAMES = 512, 32, 300
CHUNKS, LEVELS = 26, Levels(6, 3, 15)

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, and what it should not pass."""

    work: str
    arithmetic: str
    value: float
    bar: float
    unit: str = "times libopus"

    @property
    def met(self) -> bool:
        """Whether it does not pass it."""
        return self.value <= self.bar


def seconds(work: Work) -> float:
    """The processor's time for some work."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def compared(
    work: str, what: str, theirs: Work, ours: Mapping[Arithmetic, Work], rounds: int
) -> Iterator[Figure]:
    """A figure for each carrier: the median over rounds in which all take turns."""
    for own in ours.values():
        own()
    ratios: dict[Arithmetic, list[float]] = {arithmetic: [] for arithmetic in ours}
    for _ in range(rounds):
        base = theirs()
        base = base if isinstance(base, float) else seconds(theirs)
        for arithmetic, own in ours.items():
            ratios[arithmetic].append(seconds(own) / base)
    for index, (arithmetic, found) in enumerate(ratios.items()):
        yield Figure(f"{work}{what}", arithmetic, median(found), BARS[work][index])


def decoding(peer: Peer, rounds: int) -> Iterator[Figure]:
    """Packets of 6 and 26 chunks, in a batch and one at a time; libopus has a call for each."""
    packets: list[bytes] = []
    for name in STREAMS:
        with open_stream(ROOT / "spec" / "streams" / name) as stream:
            packets += [record.packet for record in stream if record.packet]
    parsed = peer.parse(packets)
    counts = np.where(parsed.summary["found"] == 1, parsed.summary["nb_chunks"], 0)
    rows = np.resize(np.flatnonzero(counts >= 6), PACKETS)
    states = np.ascontiguousarray(parsed.state_values[rows])
    for chunks in (6, 26):
        places = np.arange(chunks)[None] % counts[rows, None]
        latents = np.ascontiguousarray(parsed.latent_values[rows[:, None], places])

        def theirs(part: float, x: NDArray[np.float32] = latents) -> float:
            handed = seconds(lambda: peer.timed_features(states, x, [0] * PACKETS))
            return (seconds(lambda: peer.timed_features(states, x)) - handed) * part

        def ours(arithmetic: Arithmetic, cuts: range, x: NDArray[np.float32] = latents) -> None:
            decoder = packaged_decoder(12, arithmetic)
            for first in cuts:
                here = slice(first, first + cuts.step)
                values = x[here].reshape(-1, x.shape[2])
                lengths = np.full(len(x[here]), x.shape[1], np.int64)
                decoder.decode_values(states[here], values, lengths)

        for work, cuts in (
            ("decode, batch", range(0, PACKETS, PACKETS)),
            ("decode, one packet", range(0, ALONE, 1)),
        ):
            own = {one: partial(ours, one, cuts) for one in ARITHMETICS}
            part = len(cuts) * cuts.step / PACKETS
            yield from compared(work, f", {chunks} chunks", partial(theirs, part), own, rounds)


def vocoding(peer: Peer, rounds: int) -> Iterator[Figure]:
    """Speech of one stream and of sixteen."""
    vectors = np.concatenate([peer.analysis(clip(name)).features[:, :20] for name in CLIPS])
    for streams, work in ((1, "vocoder, 1 stream"), (16, "vocoder, 16 streams")):
        batch = np.stack([np.roll(vectors, -97 * k, axis=0)[:FRAMES] for k in range(streams)])

        def theirs(given: NDArray[np.float32] = batch) -> None:
            for stream in given:
                peer.fargan(stream)

        def ours(speaker: Vocoder, given: NDArray[np.float32] = batch) -> None:
            speaker.synthesize(speaker.start(given[:, :5]), given)

        own = {one: partial(ours, Vocoder(arithmetic=one)) for one in ARITHMETICS}
        yield from compared(work, "", theirs, own, rounds)


def encoding(peer: Peer, rounds: int) -> Iterator[Figure]:
    """Audio to payloads of a second, one every 20 ms."""
    pcm = np.concatenate([clip(name) for name in CLIPS])
    pcm = pcm[: len(pcm) // 320 * 320]

    def theirs() -> None:
        stages = peer.stages(pcm / np.float32(32768), 16_000, 1, 320)
        latents, states = stages.latents[::-1], stages.states[::-1]
        for newest in range(len(latents) - 1, -1, -1):
            kept = slice(newest, newest + 2 * CHUNKS)
            levels = {"q0": LEVELS.q0, "dQ": LEVELS.dQ, "qmax": LEVELS.qmax}
            peer.write_payload(
                latents[kept], states[kept], **levels, max_chunks=CHUNKS, max_bytes=998
            )

    def ours(arithmetic: Arithmetic) -> None:
        settings = DredSettings(LEVELS, CHUNKS, skip_silence=False)
        encoder = DredEncoder(16_000, settings=settings, arithmetic=arithmetic)
        encoder.feed(pcm)
        encoder.end()
        encoder.payloads([Slot(960 * index, 960) for index in range(len(pcm) // 320)])

    own = {one: partial(ours, one) for one in ARITHMETICS}
    yield from compared("encoder, 16 kHz", "", theirs, own, rounds)


def clip(name: str) -> NDArray[np.int16]:
    """A committed recording, whole frames of it."""
    samples: NDArray[np.int16] = soundfile.read(
        ROOT / "vectors" / "audio" / f"{name}.flac", dtype="int16"
    )[0]
    return samples[: len(samples) // 160 * 160]


def starting(_peer: Peer, _rounds: int) -> Iterator[Figure]:
    """Compiling from nothing, and a command that finds all compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}

        def child(*words: str) -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-m", *words], env=environment, check=True, stdout=-3)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        for arithmetic in ARITHMETICS:
            value = child("dredref.kernels", arithmetic)
            yield Figure("compiling from nothing", arithmetic, value, COMPILING, "seconds")
        stream = str(ROOT / "spec" / "streams" / STREAMS[0])
        words = (
            "dredref.conformance.main",
            "decode",
            stream,
            f"{folder}/out.f32",
            "--packet",
            "60",
        )
        child(*words)
        yield Figure("a command, compiled", "hardware", child(*words), STARTING, "seconds")


PARTS = {"decode": decoding, "vocoder": vocoding, "encode": encoding, "start": starting}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--rounds", default=5, show_default=True, help="Rounds that the median is of.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(parts: tuple[str, ...], rounds: int, as_json: bool) -> None:
    """Measure all parts, or some."""
    peer = Peer("1.6.1")
    figures = [one for part in parts or PARTS for one in PARTS[part](peer, rounds)]
    if as_json:
        click.echo(json.dumps([asdict(one) | {"met": one.met} for one in figures], indent=1))
        return
    table = Table(title="processor time beside libopus 1.6.1, default build, one thread")
    for heading in ("work", "arithmetic", "measured", "bar", "", ""):
        table.add_column(heading, justify="right" if heading in ("measured", "bar") else "left")
    for one in figures:
        verdict = "met" if one.met else "missed"
        table.add_row(
            one.work, one.arithmetic, f"{one.value:.2f}", f"{one.bar:g}", one.unit, verdict
        )
    Console().print(table)


if __name__ == "__main__":
    main()
