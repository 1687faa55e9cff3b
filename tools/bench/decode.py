"""How fast features are decoded, next to libopus: ``python -m tools.bench.decode``.

The same packets, cut to 6 and to 26 chunks, go through libopus' decoder network (default build, one
packet after the other) and through this project's, as one batch: with one thread, with two that
share the batch, and one packet at a time; on integers, as by default, and on binary32. Every round
runs all of them in turn, so that what else the machine does falls on all; ratios are taken round
by round. BLAS works with one thread, unless the environment says otherwise: batches are what
threads share here.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from dredref.conformance.adapters.libopus.peer import Peer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dredref.arithmetic.significand import KINDS, Form, carry, numbers, settle
from dredref.rdovae.decoder import packaged_decoder
from dredref.streams import open_stream

STREAMS = Path(__file__).parents[2] / "spec" / "streams"
NAMES = ("v12-fine.bit", "v12-frame-20ms.bit", "v12-pause.bit", "v12-dtx.bit", "v12-music.bit")
FORMS: tuple[Form, ...] = ("integers", "binary32")
CHUNKS = (6, 26)
"""Chunks a packet."""
PACKETS = 512
"""Packets of a batch."""
ALONE = 16
"""Packets that are decoded one at a time."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Microseconds a packet, medians over the rounds, and how many times libopus' they are."""

    form: Form
    chunks: int
    packets: int
    rounds: int
    libopus: float
    one_thread: float
    two_threads: float
    one_by_one: float
    ratio_one_thread: float
    """Median of the rounds' ratios."""
    ratio_two_threads: float
    ratio_processor: float
    """The same of processor time: without what other work on the machine took."""
    differing: int
    """Numbers that differ from libopus' default build; it divides less finely."""
    machine: str


def material(peer: Peer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """States [n, S] and the newest chunks of each packet, repeated up to 26, [n, 26, L + 1]."""
    packets = []
    for name in NAMES:
        with open_stream(STREAMS / name) as stream:
            packets += [record.packet for record in stream if record.packet]
    batch = peer.parse(packets)
    counts = np.where(batch.summary["found"] == 1, batch.summary["nb_chunks"], 0)
    rows = np.flatnonzero(counts >= min(CHUNKS))
    rows = np.resize(rows, PACKETS)
    places = np.arange(max(CHUNKS))[np.newaxis] % counts[rows, np.newaxis]
    return batch.state_values[rows], batch.latent_values[rows[:, np.newaxis], places]


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Time that some work takes on the clock, and of the processor."""
    begin = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def speed(peer: Peer, chunks: int, rounds: int, form: Form) -> Speed:
    """Measure one length of packet."""
    states, chosen = material(peer)
    latents = np.ascontiguousarray(chosen[:, :chunks])
    first, rows = (numbers(settle(part), KINDS[form]) for part in (states, latents))
    flat = rows.reshape(-1, rows.shape[-1])
    counts = np.full(len(states), chunks, np.int64)
    decoder = packaged_decoder(12, form)

    def alone() -> None:
        for k in range(ALONE):
            decoder(first[k : k + 1], rows[k], counts[:1])

    times = []
    for number in range(rounds + 1):
        libopus = peer.timed_features(states, latents)[1]
        _, handed_over = seconds(lambda: peer.timed_features(states, latents, [0] * PACKETS))
        _, with_work = seconds(lambda: peer.timed_features(states, latents))
        one, processor = seconds(lambda: decoder(first, flat, counts))
        two, _ = seconds(lambda: decoder(first, flat, counts, workers=2))
        single, _ = seconds(alone)
        if number:  # the first round warms up
            busy = processor / (with_work - handed_over)
            times.append((libopus, one, two, single * PACKETS / ALONE, busy))
    found = np.array(times)
    each = [float(value) for value in np.median(found, axis=0) / PACKETS * 1e6]
    ratios = [float(value) for value in np.median(found / found[:, :1], axis=0)]
    ours = carry(decoder(first, flat, counts))
    theirs = np.concatenate(peer.features(states, latents))
    return Speed(
        form=form,
        chunks=chunks,
        packets=PACKETS,
        rounds=rounds,
        libopus=each[0],
        one_thread=each[1],
        two_threads=each[2],
        one_by_one=each[3],
        ratio_one_thread=ratios[1],
        ratio_two_threads=ratios[2],
        ratio_processor=float(np.median(found[:, 4])),
        differing=int((ours != theirs).sum()),
        machine=f"{platform.machine()}, {os.cpu_count()} CPUs, numpy {np.__version__}",
    )


def table(results: list[Speed]) -> Table:
    """Speeds, for people."""
    made = Table(title=f"decoding, microseconds a packet ({results[0].machine})")
    made.add_column("form")
    headings = ("chunks", "libopus", "one thread", "two", "one by one")
    for heading in (*headings, "one /", "two /", "processor / libopus"):
        made.add_column(heading, justify="right")
    for found in results:
        figures = (found.libopus, found.one_thread, found.two_threads, found.one_by_one)
        ratios = (found.ratio_one_thread, found.ratio_two_threads, found.ratio_processor)
        texts = [f"{value:.1f}" for value in figures] + [f"{value:.2f}" for value in ratios]
        made.add_row(found.form, str(found.chunks), *texts)
    return made


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Rounds of each length of packet.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(rounds: int, as_json: bool) -> None:
    """Compare the decoder with libopus 1.6.1 on packets of the committed streams."""
    peer = Peer("1.6.1")
    results = [speed(peer, chunks, rounds, form) for form in FORMS for chunks in CHUNKS]
    if as_json:
        click.echo(json.dumps([asdict(found) for found in results], indent=1))
    else:
        Console().print(table(results))


if __name__ == "__main__":
    main()
