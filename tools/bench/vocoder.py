"""How fast the vocoder is, next to libopus, and how near: ``python -m tools.bench.vocoder``.

Every round lets libopus (default build) and this project speak the same vectors, one after the
other, so that what else the machine does falls on both; ratios are taken round by round. One
stream, then sixteen: libopus in turn, this project as one batch; on integers, as by default, and on
binary32. BLAS, which only binary32 calls, works with one thread unless the environment says
otherwise: the products are so small that threads wait for each other longer than they work.
Integers are measured with two threads that share the streams, too.

``--near`` prints upstream's audio metric instead: this vocoder and libopus' default build, each
against libopus' portable path, and all three against the clip.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import click
import numpy as np
import soundfile
from dredref.conformance.adapters.libopus.peer import Peer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dredref.arithmetic.significand import Form
from dredref.metrics import AudioComparison, compare_audio
from dredref.vocoder import Vocoder, vocoder
from dredref.vocoder.sizes import FRAME, SAMPLE_RATE
from dredref.vocoder.synthesis import LEAD

AUDIO = Path(__file__).parents[2] / "vectors" / "audio"
FORMS: tuple[Form, ...] = ("integers", "binary32")
STREAMS = (1, 16)
"""Batch sizes measured."""
SECONDS = 4.0
"""Length of each stream."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians over the rounds; factors count seconds of speech a second of time."""

    form: Form
    streams: int
    seconds: float
    rounds: int
    libopus: float
    """Real-time factor of libopus."""
    dredref: float
    """Real-time factor of this project."""
    two_threads: float | None
    """The same with two threads that share the streams, if there is more than one."""
    libopus_processor: float
    """The same for the processor's time, without what others took of it."""
    dredref_processor: float
    """The same of this project."""
    ratio: float
    """How many times as long as libopus this project takes, median of the rounds' ratios."""
    machine: str


@dataclass(frozen=True, slots=True)
class Near:
    """err4, err16 and pitch of each pair."""

    clip: str
    seconds: float
    portable_dredref: tuple[float, float, float]
    portable_default: tuple[float, float, float]
    original_dredref: tuple[float, float, float]
    original_portable: tuple[float, float, float]
    original_default: tuple[float, float, float]
    differing_samples: int
    """Samples in which this project and the portable path differ."""


def clip(name: str) -> NDArray[np.int16]:
    """Samples of a committed clip."""
    samples: NDArray[np.int16] = soundfile.read(AUDIO / f"{name}.flac", dtype="int16")[0]
    return samples


def names() -> list[str]:
    """Names of the committed clips."""
    return sorted(path.stem for path in AUDIO.glob("*.flac"))


def features(peer: Peer, samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Vectors that libopus makes of samples."""
    found = peer.analysis(samples[: len(samples) // FRAME * FRAME]).features
    return np.ascontiguousarray(found[:, :20])


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Time that some work takes on the clock, and of the processor."""
    begin = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def speed(peer: Peer, form: Form, streams: int, rounds: int) -> Speed:
    """Measure one form and batch size."""
    vectors = np.concatenate([features(peer, clip(name)) for name in names()])
    length = int(SECONDS * SAMPLE_RATE) // FRAME
    batch = np.stack([np.roll(vectors, -97 * k, axis=0)[:length] for k in range(streams)])
    own = Vocoder(form=form)
    shared = Vocoder(form=form, workers=2)

    def theirs() -> None:
        for stream in batch:
            peer.fargan(stream)

    def ours(speaker: Vocoder = own) -> None:
        speaker.synthesize(speaker.start(batch[:, :5]), batch)

    ours()
    several = streams > 1 and form == "integers"
    times = np.array([(*seconds(theirs), *seconds(ours)) for _ in range(rounds)])
    two = [seconds(lambda: ours(shared))[0] for _ in range(rounds if several else 0)]
    clock, processor, own_clock, own_processor = SECONDS * streams / np.median(times, axis=0)
    return Speed(
        form=form,
        streams=streams,
        seconds=SECONDS,
        rounds=rounds,
        libopus=float(clock),
        dredref=float(own_clock),
        two_threads=float(SECONDS * streams / np.median(two)) if several else None,
        libopus_processor=float(processor),
        dredref_processor=float(own_processor),
        ratio=float(np.median(times[:, 2] / times[:, 0])),
        machine=f"{platform.machine()}, {os.cpu_count()} CPUs, numpy {np.__version__}",
    )


def spoken(peer: Peer, vectors: NDArray[np.float32]) -> NDArray[np.int16]:
    """What upstream's ``-fargan-synthesis`` makes of vectors."""
    following = np.concatenate([vectors[1:], vectors[-1:], vectors[-1:]])
    pcm = peer.fargan(following, start_features=np.repeat(vectors[:1], 5, axis=0)).pcm
    limited = np.clip(np.float32(32768) * pcm, -32767, 32767).astype(np.float64)
    samples: NDArray[np.int16] = np.floor(limited + 0.5).astype(np.int16)[LEAD:-LEAD]
    return samples


def nearness(name: str, default: Peer, portable: Peer) -> Near:
    """Compare all pairs on one clip."""
    original = clip(name)
    vectors = features(portable, original)
    own = vocoder().speak(vectors[None])[0]
    plain, fast = spoken(portable, vectors), spoken(default, vectors)
    original = original[: len(own)]

    def figures(found: AudioComparison) -> tuple[float, float, float]:
        return found.err4, found.err16, found.pitch

    return Near(
        name,
        len(own) / SAMPLE_RATE,
        figures(compare_audio(plain, own)),
        figures(compare_audio(plain, fast)),
        figures(compare_audio(original, own)),
        figures(compare_audio(original, plain)),
        figures(compare_audio(original, fast)),
        int((own != plain).sum()),
    )


def speed_table(results: list[Speed]) -> Table:
    """Speeds, for people."""
    table = Table(title=f"vocoder, times real time ({results[0].machine})")
    table.add_column("form")
    times = ("libopus", "dredref", "two threads", "libopus, processor", "dredref, processor")
    for heading in ("streams", *times, "libopus / dredref"):
        table.add_column(heading, justify="right")
    for found in results:
        factors = found.libopus, found.dredref, found.two_threads
        processor = found.libopus_processor, found.dredref_processor
        figures = (*factors, *processor, found.ratio)
        texts = ["" if figure is None else f"{figure:.1f}" for figure in figures]
        table.add_row(found.form, str(found.streams), *texts)
    return table


def near_table(results: list[Near]) -> Table:
    """Distances, for people."""
    table = Table(title="err4 / err16 / pitch")
    table.add_column("clip")
    pairs = [field.name for field in fields(Near)][2:-1]
    for pair in pairs:
        table.add_column(pair.replace("_", " to "))
    table.add_column("differing samples", justify="right")
    for found in results:
        figures = [" / ".join(f"{x:.4f}" for x in getattr(found, pair)) for pair in pairs]
        table.add_row(
            f"{found.clip}, {found.seconds:.1f} s", *figures, str(found.differing_samples)
        )
    return table


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds of each batch size.")
@click.option("--near", is_flag=True, help="Print how near the speech is, instead of how fast.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(rounds: int, near: bool, as_json: bool) -> None:
    """Compare the vocoder with libopus 1.6.1 on the committed clips."""
    default = Peer("1.6.1")
    results: list[Speed] | list[Near]
    if near:
        portable = Peer("1.6.1-c")
        results = [nearness(name, default, portable) for name in names()]
        table = near_table(results)
    else:
        results = [speed(default, form, streams, rounds) for form in FORMS for streams in STREAMS]
        table = speed_table(results)
    if as_json:
        click.echo(json.dumps([asdict(found) for found in results], indent=1))
    else:
        Console(width=180).print(table)


if __name__ == "__main__":
    main()
