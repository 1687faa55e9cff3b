"""``dredref align``: whether decoded features stand where the speech was."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from dredref.alignment import Aligner, Alignment, AlignmentSummary, Placed, summarise
from dredref.audio import AudioFile, open_audio
from dredref.cli.options import (
    Finite,
    audio_options,
    audio_source,
    open_input,
    stderr,
    stdout,
    stream_options,
)
from dredref.cli.progress import progress, verbose_option
from dredref.cli.tables import plain_table
from dredref.inject import DEFAULT_PRE_SKIP
from dredref.payload.reader import Carried, carried_by, read_carried
from dredref.streams import Record, Stream

BATCH = 64
"""Packets that are decoded at once."""


@click.command()
@click.argument("source", metavar="STREAM", type=click.Path())
@click.option("--audio", required=True, metavar="IN.wav", help="What STREAM was encoded from.")
@click.option(
    "--tolerance-ms",
    type=Finite(0),
    default=10,
    show_default=True,
    help="The largest error with exit code 0.",
)
@click.option(
    "--reach-ms",
    type=Finite(10, 1000),
    default=500,
    show_default=True,
    help="The largest error that is looked for.",
)
@click.option(
    "--pre-skip",
    type=click.IntRange(0),
    help="Delay of the codec in samples at 48 kHz; by default what the stream states, or 312.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object for each packet, then a summary."
)
@audio_options
@stream_options
@verbose_option
def align(
    source: str,
    audio: str,
    tolerance_ms: float,
    reach_ms: float,
    pre_skip: int | None,
    as_json: bool,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Measure where the speech of each packet's DRED stands in the audio, for any encoder.

    The error is the signalled time minus the true time: at +80 ms a packet signals its speech as
    80 ms more recent than it is. Exit code 1 if the error of a packet clearly exceeds the
    tolerance.
    """
    with open_audio(audio_source(audio)) as file, open_input(source, payload_type, ssrc) as stream:
        stated = stream.info.pre_skip if pre_skip is None else pre_skip
        delay = DEFAULT_PRE_SKIP if stated is None else stated
        aligner = Aligner(file.rate, file.channels, pre_skip=delay, reach_ms=reach_ms)
        found: list[Alignment] = []
        with progress("aligning", file.length / file.rate, "s") as update:
            for alignment in judged(aligner, file, stream, final_id):
                found.append(alignment)
                update(alignment.timestamp / 48_000)
    summary = summarise(found, tolerance_ms)
    if as_json:
        for alignment in found:
            click.echo(json.dumps(_packet_json(alignment, tolerance_ms)))
        click.echo(json.dumps(_summary_json(summary)))
    else:
        _print(summary)
    if not summary.judged:
        stderr.print("no packet could be judged: too little speech in DRED")
    if summary.off:
        sys.exit(1)


def judged(
    aligner: Aligner, audio: AudioFile, stream: Stream, final_id: int | None = None
) -> Iterator[Alignment]:
    """Every packet of a stream that carries DRED, laid against the audio."""
    blocks = audio.blocks()
    fed, ended = 0, False
    batch: list[tuple[Record, Carried]] = []

    def flush() -> Iterator[Alignment]:
        nonlocal fed, ended
        payloads = read_carried([carried for _, carried in batch])
        placed = [
            Placed(record.index, record.timestamp_48k or 0, payload)
            for (record, _), payload in zip(batch, payloads, strict=True)
        ]
        until = aligner.needs_until(placed[-1].timestamp) if placed else 0
        while fed * 48_000 // audio.rate < until and not ended:
            block = next(blocks, None)
            if block is None:
                aligner.end()
                ended = True
            else:
                fed += len(block)
                aligner.feed(block)
        yield from aligner.judge(placed)
        batch.clear()

    number = stream.info.number
    for record in stream:
        if record.stream != number or record.packet is None or record.timestamp_48k is None:
            continue
        carried = carried_by(record.packet, final_id=final_id)
        if carried is None:
            continue
        batch.append((record, carried))
        if len(batch) == BATCH:
            yield from flush()
    yield from flush()


def _packet_json(alignment: Alignment, tolerance_ms: float) -> dict[str, Any]:
    return {
        "packet": alignment.index,
        "timestamp_48k": alignment.timestamp,
        "dred_offset": alignment.dred_offset,
        "vectors": alignment.vectors,
        "speech": alignment.speech,
        "error_ms": alignment.error_ms,
        "contrast": round(alignment.contrast, 3),
        "off": alignment.is_off(tolerance_ms),
    }


def _summary_json(summary: AlignmentSummary) -> dict[str, Any]:
    return {
        "judged": summary.judged,
        "unjudged": summary.unjudged,
        "median_ms": summary.median_ms,
        "off": [alignment.index for alignment in summary.off],
    }


def _print(summary: AlignmentSummary) -> None:
    """The summary, and a table of packets that are off."""
    middle = "" if summary.median_ms is None else f", median error {summary.median_ms:+.1f} ms"
    stdout.print(
        f"{summary.judged} packets judged, {summary.unjudged} not{middle}, {len(summary.off)} off"
    )
    if not summary.off:
        return
    titles = ("packet", "time", "dred_offset", "error", "contrast")
    table = plain_table(*titles, right=titles)
    for one in summary.off:
        table.add_row(
            str(one.index),
            f"{one.timestamp / 48:.1f} ms",
            str(one.dred_offset),
            f"{one.error_ms:+.1f} ms",
            f"{one.contrast:.2f}",
        )
    stdout.print(table)
