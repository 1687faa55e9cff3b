"""``dredref conceal``: what a receiver would play of a stream with losses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import click

from dredref.cli.options import open_input, stderr, stdout, stream_options
from dredref.cli.progress import progress, verbose_option
from dredref.conceal import HOLD_MS, Concealment, conceal_stream
from dredref.losses import drop_by_chance, drop_lost, drop_masked, parse_loss_model, read_mask
from dredref.losses.models import SYNTAX
from dredref.spec.errors import UsageError
from dredref.spec.tables import VERSIONS
from dredref.streams import Record, Stream
from dredref.streams.gap import expand_gaps
from dredref.vocoder.files import check_samples_path, write_samples


@click.command()
@click.argument("source", metavar="STREAM", type=click.Path())
@click.argument("output", metavar="OUT.wav", type=click.Path())
@click.option("--mask", help="Lose packets too: a digit for each, 1 for those that are lost.")
@click.option(
    "--loss",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Lose packets too, each with this chance.",
)
@click.option("--loss-model", metavar="MODEL", help=f"Lose packets too: {SYNTAX}.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Which packets a drawn loss takes: the same seed, the same packets.",
)
@click.option("--no-dred", is_flag=True, help="Leave losses to the codec: what DRED is worth.")
@click.option(
    "--hold-ms",
    type=click.FloatRange(0, 10_000),
    default=HOLD_MS,
    show_default=True,
    help="How long after a loss packets may still help, as the first one after it always does.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, every loss in it.")
@stream_options
@verbose_option
def conceal(
    source: str,
    output: str,
    mask: str | None,
    loss: float | None,
    loss_model: str | None,
    seed: int,
    no_dred: bool,
    hold_ms: float,
    as_json: bool,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Play STREAM into OUT.wav, or OUT.sw for bare samples, its losses made good from DRED.

    Lost are records of length 0 in a .bit stream, packets that a capture lacks, and what --mask,
    --loss or --loss-model take. The speech is 16 kHz, one channel. A loss is spoken from the DRED
    of the packets after it; what that does not cover is left to the codec's own concealment.
    """
    check_samples_path(output)
    if sum(given is not None for given in (mask, loss, loss_model)) > 1:
        raise UsageError("conceal.losses", "give one of --mask, --loss and --loss-model")
    digits = None if mask is None else read_mask(mask)
    model = None if loss_model is None else parse_loss_model(loss_model)
    with (
        open_input(source, payload_type, ssrc) as stream,
        progress("speaking losses", unit="losses") as update,
    ):
        records: Iterable[Record] = _first(stream)
        if digits is not None:
            records = drop_masked(records, digits)
        elif loss is not None:
            records = drop_by_chance(records, loss, seed)
        elif model is not None:
            records = drop_lost(records, model.draw(seed))
        found = conceal_stream(
            records,
            versions=() if no_dred else VERSIONS,
            hold_ms=hold_ms,
            final_id=final_id,
            pre_skip=stream.info.pre_skip or 0,
            progress=update,
        )
        others = len(stream.infos) - 1
    write_samples(output, found.pcm)
    if others:
        stderr.print(f"{source} holds {others} more streams, which were left out")
    if as_json:
        click.echo(json.dumps(to_json(found)))
    else:
        stdout.print(_sentence(found))


def to_json(found: Concealment) -> dict[str, Any]:
    """What became of a stream, without its speech."""
    return {
        "packets": found.packets,
        "lost": found.lost,
        "malformed": found.malformed,
        "seconds": len(found.pcm) / 16_000,
        "recovered_10ms": found.recovered,
        "held_10ms": found.held,
        "left_10ms": found.left,
        "losses": [asdict(loss) for loss in found.losses],
    }


def _sentence(found: Concealment) -> str:
    """The same for people."""
    places = len(found.losses)
    lost = f"{found.packets} packets, {found.lost} lost in {places} place{'s' * (places != 1)}"
    malformed = f" ({found.malformed} of them malformed)" if found.malformed else ""
    parts = found.recovered + found.held + found.left
    spoken = f"{found.recovered} of {parts} parts of 10 ms spoken from DRED"
    held = f", {found.held} with its newest vector held" if found.held else ""
    return f"{lost}{malformed}; {spoken}{held}, {found.left} left to the codec"


def _first(stream: Stream) -> Iterator[Record]:
    """The records of the first stream of an input."""
    number = stream.info.number
    return expand_gaps(record for record in stream if record.stream == number)
