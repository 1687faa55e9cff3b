"""``dredref conceal``: what a receiver would play of a stream with losses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from dredref.cli.options import (
    Finite,
    arithmetic_option,
    open_input,
    stderr,
    stdout,
    stream_options,
)
from dredref.cli.pictures import Pictures, picture_options
from dredref.cli.progress import Update, progress, verbose_option
from dredref.conceal import Log, play
from dredref.losses import drop_by_chance, drop_lost, drop_masked, parse_loss_model, read_mask
from dredref.losses.models import SYNTAX
from dredref.opuslibrary import RATES
from dredref.receiver.receiver import HOLD_MS, SOURCES, Settings
from dredref.receiver.timeline import Transit, capture_transit, random_transit
from dredref.spec.errors import UsageError
from dredref.spec.tables import VERSIONS
from dredref.streams import Record, Stream
from dredref.vocoder.files import check_samples_path, open_samples

CHOSEN = SOURCES[1:-1]
"""Sources that --use may name."""


@click.command()
@click.argument("source", metavar="STREAM", type=click.Path())
@click.argument("output", metavar="OUT.wav", type=click.Path())
@click.option("--mask", help="Drop packets: one digit for each, 1 if it is lost.")
@click.option(
    "--loss",
    type=Finite(0, 100),
    metavar="PERCENT",
    help="Drop packets at random with this probability.",
)
@click.option("--loss-model", metavar="MODEL", help=f"Drop packets by a loss model: {SYNTAX}.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of random losses and arrival times; the same seed drops the same packets.",
)
@click.option(
    "--delay-ms",
    type=Finite(0, 10_000),
    help="Playout delay; packets that arrive later are not used. Without it each loss waits for "
    "the packets after it.",
)
@click.option(
    "--jitter-ms",
    type=Finite(0, 10_000),
    help="Mean of the transit time above the least; by default packets arrive as recorded in a "
    "capture, or without jitter.",
)
@click.option(
    "--hold-ms",
    type=Finite(0, 10_000),
    default=HOLD_MS,
    show_default=True,
    help="Without --delay-ms: how long after a loss packets may still help, as the first one "
    "after it always does.",
)
@click.option(
    "--use",
    metavar="LIST",
    default=",".join(CHOSEN),
    show_default=True,
    help="Sources that losses are concealed from; 'none' leaves them to the codec.",
)
@click.option("--no-dred", is_flag=True, help="Do not use DRED, for comparison.")
@click.option(
    "--rate",
    type=click.Choice([str(rate) for rate in RATES]),
    default="16000",
    show_default=True,
    help="Sample rate of OUT.",
)
@click.option("--channels", type=click.IntRange(1, 2), default=1, show_default=True)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, every loss and source in it."
)
@arithmetic_option
@picture_options
@stream_options
@verbose_option
def conceal(
    source: str,
    output: str,
    mask: str | None,
    loss: float | None,
    loss_model: str | None,
    seed: int,
    delay_ms: float | None,
    jitter_ms: float | None,
    hold_ms: float,
    use: str,
    no_dred: bool,
    rate: str,
    channels: int,
    as_json: bool,
    html: str | None,
    plot: str | None,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Decode STREAM into OUT.wav, or OUT.sw for raw samples, with its losses concealed.

    Lost are records of length 0 in a .bit stream, packets missing from a capture, and those that
    --mask, --loss or --loss-model drop. Each 10 ms of speech comes from the best source that has
    arrived by its deadline: the packet, a RED copy of it, LBRR of the next packet, DRED of any
    packet, or features that the concealment network predicts.
    """
    check_samples_path(output)
    if sum(given is not None for given in (mask, loss, loss_model)) > 1:
        raise UsageError("conceal.losses", "give one of --mask, --loss and --loss-model")
    pictures = Pictures(html, plot)
    pictures.check()
    digits = None if mask is None else read_mask(mask)
    model = None if loss_model is None else parse_loss_model(loss_model)
    settings = Settings(
        int(rate), channels, delay_ms, hold_ms, _chosen(use, no_dred), VERSIONS, final_id
    )
    transit = capture_transit if jitter_ms is None else partial(random_transit, jitter_ms, seed)
    log = Log()
    with (
        open_input(source, payload_type, ssrc) as stream,
        progress("playing", unit="s") as update,
    ):
        records: Iterable[Record] = _first(stream)
        if digits is not None:
            records = drop_masked(records, digits)
        elif loss is not None:
            records = drop_by_chance(records, loss, seed)
        elif model is not None:
            records = drop_lost(records, model.draw(seed))
        if pictures.wanted:
            records = list(records)
        pre_skip = stream.info.pre_skip or 0
        written = _write(output, records, settings, log, pre_skip, transit(), update)
        others = len(stream.infos) - 1
        info = stream.info
    if pictures.wanted and isinstance(records, list):
        pictures.write(source, records, info, final_id=final_id, settings=settings, transit=transit)
    if others:
        stderr.print(f"{source} holds {others} more streams, which were left out")
    if as_json:
        click.echo(json.dumps(to_json(log, written / settings.rate)))
    else:
        stdout.print(_sentence(log))


def _chosen(use: str, no_dred: bool) -> tuple[str, ...]:
    """The sources that are named.

    Raises:
        UsageError: ``conceal.use``.
    """
    names = [] if use == "none" else use.split(",")
    unknown = sorted(set(names) - set(CHOSEN))
    if unknown:
        known = ", ".join(CHOSEN)
        raise UsageError("conceal.use", f"--use names of {known}, or none; not {unknown[0]!r}")
    return tuple(name for name in names if not (no_dred and name == "dred"))


def _write(
    output: str,
    records: Iterable[Record],
    settings: Settings,
    log: Log,
    pre_skip: int,
    transit: Transit,
    update: Update,
) -> int:
    """Play into a file; how many samples of each channel it has."""
    written = 0
    with open_samples(output, settings.rate, settings.channels) as write:
        for block in play(records, settings, log, pre_skip=pre_skip, transit=transit):
            write(block)
            written += len(block)
            update(log.seconds)
    return written


def to_json(log: Log, seconds: float) -> dict[str, Any]:
    """What became of a stream, without its speech."""
    return {
        "packets": log.counts.packets,
        "lost": log.counts.lost,
        "malformed": log.counts.malformed,
        "seconds": seconds,
        "recovered_10ms": sum(loss.recovered for loss in log.losses),
        "held_10ms": sum(loss.held for loss in log.losses),
        "left_10ms": sum(loss.left for loss in log.losses),
        "losses": [
            {**asdict(loss), "recovered": loss.recovered, "left": loss.left} for loss in log.losses
        ],
        "sources": [[source, duration / 48] for source, duration in log.runs],
    }


def _sentence(log: Log) -> str:
    """The same for people."""
    counts, places = log.counts, len(log.losses)
    lost = f"{counts.packets} packets, {counts.lost} lost in {places} place{'s' * (places != 1)}"
    malformed = f" ({counts.malformed} of them malformed)" if counts.malformed else ""
    parts = {
        source: sum(loss.parts.get(source, 0) for loss in log.losses) for source in SOURCES[1:]
    }
    told = ", ".join(f"{count} {source}" for source, count in parts.items() if count)
    return f"{lost}{malformed}; parts of 10 ms by source: {told or 'none'}"


def _first(stream: Stream) -> Iterator[Record]:
    """The records of the first stream of an input."""
    number = stream.info.number
    return (record for record in stream if record.stream == number)
