"""How fast the DRED encoder is, next to libopus: ``python -m tools.bench.encode``.

Every round lets libopus (default build) and this project work on the same audio, one after the
other; ratios are taken round by round. ``encoder`` is everything from audio to the payloads of 20
ms packets, fed five seconds at a time; ``latents`` is the part up to latents and states, of one
stream, and of sixteen: libopus in turn, this project as one batch. Both are done on integers, as by
default, and on binary32. BLAS works with one thread unless the environment says otherwise.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click
import numpy as np
from dredref.conformance.adapters.libopus.peer import Peer
from rich.console import Console
from rich.table import Table

from dredref.analysis.analyser import FeatureAnalyser, from_int16
from dredref.arithmetic.significand import Form
from dredref.payload.encoder import DredEncoder, DredSettings
from dredref.payload.placement import Slot
from dredref.payload.writer import Levels
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.resample import to_input
from tools.encoder.material import CLIPS, Samples, at_rate, clip
from tools.encoder.symbols import HISTORY

RATE = 16_000
LEVELS = Levels(6, 5, 15)
CHUNKS = 26
BLOCK = 5 * RATE
BATCH = 16
FORMS: tuple[Form, ...] = ("integers", "binary32")


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians over the rounds; factors count seconds of audio a second of time."""

    form: Form
    what: str
    streams: int
    seconds: float
    rounds: int
    libopus: float
    """Real-time factor of libopus."""
    dredref: float
    """Real-time factor of this project."""
    dredref_processor: float
    """The same for the processor's time, without what others took of it."""
    ratio: float
    """How many times as long as libopus this project takes."""
    machine: str


def speech() -> Samples:
    """All clips, one after the other, at 16 kHz."""
    joined: Samples = np.concatenate([clip(name) for name in CLIPS])
    return joined


def encoder_ours(pcm: Samples, rate: int, form: Form) -> int:
    """Audio to payloads, in blocks; returns the bytes made."""
    settings = DredSettings(LEVELS, CHUNKS, skip_silence=False)
    encoder = DredEncoder(rate, settings=settings, form=form)
    frame, block, size, done = rate // 50, 5 * rate, 0, 0
    for start in range(0, len(pcm), block):
        encoder.feed(to_input(pcm[start : start + block]))
        until = min(start + block, len(pcm)) // frame
        made = encoder.payloads([Slot(960 * index, 960) for index in range(done, until)])
        size += sum(len(payload or b"") for payload in made)
        done = until
    return size


def encoder_libopus(pcm: Samples, rate: int, peer: Peer) -> int:
    """The same by libopus."""
    stages = peer.stages(pcm / np.float32(32768), rate, 1, rate // 50)
    latents, states = stages.latents[::-1], stages.states[::-1]
    size = 0
    for newest in range(len(latents) - 1, -1, -1):
        kept = slice(newest, newest + HISTORY)
        size += len(
            peer.write_payload(
                latents[kept],
                states[kept],
                q0=LEVELS.q0,
                dQ=LEVELS.dQ,
                qmax=LEVELS.qmax,
                max_chunks=CHUNKS,
                max_bytes=998,
            )
        )
    return size


def latents_ours(batch: Samples, form: Form) -> None:
    """Audio [streams, samples] at 16 kHz to latents and states, in blocks."""
    analyser = FeatureAnalyser(len(batch), form=form)
    network = RdovaeEncoder(streams=len(batch), form=form)
    for start in range(0, batch.shape[1], BLOCK):
        network.encode(analyser.analyse(from_int16(batch[:, start : start + BLOCK])))


def latents_libopus(batch: Samples, peer: Peer) -> None:
    """The same by libopus, stream after stream."""
    for pcm in batch:
        peer.stages(pcm / np.float32(32768), RATE, 1, RATE // 50)


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Time that some work takes on the clock, and of the processor."""
    begin = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def compare(
    form: Form,
    what: str,
    streams: int,
    length: float,
    rounds: int,
    libopus: Callable[[], object],
    dredref: Callable[[], object],
) -> Speed:
    """Rounds of both, after one of each that is not counted; ``length`` in seconds of audio."""
    libopus()
    dredref()
    times = np.array([(*seconds(libopus), *seconds(dredref)) for _ in range(rounds)])
    theirs, _, ours, processor = length / np.median(times, axis=0)
    return Speed(
        form,
        what,
        streams,
        round(length, 2),
        rounds,
        float(theirs),
        float(ours),
        float(processor),
        float(np.median(times[:, 2] / times[:, 0])),
        f"{platform.machine()}, {os.cpu_count()} CPUs, numpy {np.__version__}",
    )


def measure(peer: Peer, rounds: int, form: Form) -> list[Speed]:
    """Every figure of a form."""
    pcm = speech()
    wide = at_rate(pcm, 48_000)
    whole = len(pcm) // BLOCK * BLOCK
    batch = np.stack([np.roll(pcm[:whole], 1600 * k) for k in range(BATCH)])
    length = len(pcm) / RATE
    return [
        compare(
            *(form, "encoder, 16 kHz", 1, length, rounds),
            lambda: encoder_libopus(pcm, RATE, peer),
            lambda: encoder_ours(pcm, RATE, form),
        ),
        compare(
            *(form, "encoder, 48 kHz", 1, length, rounds),
            lambda: encoder_libopus(wide, 48_000, peer),
            lambda: encoder_ours(wide, 48_000, form),
        ),
        compare(
            *(form, "latents", 1, whole / RATE, rounds),
            lambda: latents_libopus(batch[:1], peer),
            lambda: latents_ours(batch[:1], form),
        ),
        compare(
            *(form, "latents", BATCH, BATCH * whole / RATE, rounds),
            lambda: latents_libopus(batch, peer),
            lambda: latents_ours(batch, form),
        ),
    ]


def table(results: list[Speed]) -> Table:
    """Speeds, for people."""
    found = Table(title=f"DRED encoder, times real time ({results[0].machine})")
    found.add_column("form")
    found.add_column("work")
    for heading in ("streams", "libopus", "dredref", "dredref, processor", "libopus / dredref"):
        found.add_column(heading, justify="right")
    for one in results:
        factors = (one.libopus, one.dredref, one.dredref_processor, one.ratio)
        texts = [f"{factor:.1f}" for factor in factors]
        found.add_row(one.form, one.what, str(one.streams), *texts)
    return found


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds of each measurement.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(rounds: int, as_json: bool) -> None:
    """Measure the DRED encoder beside libopus 1.6.1, default build."""
    peer = Peer("1.6.1")
    results = [one for form in FORMS for one in measure(peer, rounds, form)]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in results], indent=2))
    else:
        Console().print(table(results))


if __name__ == "__main__":
    main()
