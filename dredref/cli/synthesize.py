"""``dredref synthesize`` and ``dredref recover``: speech from features, speech from a packet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from dredref.arithmetic.significand import Form
from dredref.cli.options import form_option, open_input, stderr, stream_options
from dredref.inspection import read_record
from dredref.model import load
from dredref.rdovae.decoder import decode_payloads
from dredref.spec.dred import DredPayload
from dredref.spec.errors import InputError, UsageError
from dredref.vocoder.files import (
    check_samples_path,
    read_features,
    read_samples,
    write_samples,
)
from dredref.vocoder.sizes import START_SAMPLES, START_VECTORS
from dredref.vocoder.synthesis import Progress, Vocoder


@click.command()
@click.argument("features", metavar="FEATURES.f32")
@click.argument("output", metavar="OUT.wav")
@click.option(
    "--continue-from",
    "before",
    metavar="SAMPLES.wav",
    help="Go on from the end of this speech: the first five vectors go with its last 20 ms, "
    "the others are spoken.",
)
@click.option("--model", metavar="FILE", help="A vocoder's model file other than the packaged one.")
@form_option
def synthesize(
    features: str, output: str, before: str | None, model: str | None, form: Form
) -> None:
    """Speak the feature vectors of FEATURES.f32 into OUT.wav, or OUT.sw for bare samples.

    N vectors of 20 little-endian float32 give N * 160 samples of 16 bits at 16 kHz.
    """
    check_samples_path(output)
    vectors = read_features(features)
    chosen = None if model is None else load(model)
    vocoder = Vocoder(chosen, form)
    frames = len(vectors) + 1 if before is None else len(vectors) - START_VECTORS
    with _progress(frames) as progress:
        if before is None:
            speech = vocoder.speak(vectors[None], progress)
        else:
            samples = read_samples(before)
            if len(samples) < START_SAMPLES:
                raise InputError(
                    "audio.short", f"{before} has {len(samples)} samples of {START_SAMPLES}"
                )
            speech = vocoder.resume(vectors[None], samples[None, -START_SAMPLES:], progress)
    write_samples(output, speech[0])


@click.command()
@click.argument("source", metavar="INPUT")
@click.argument("output", metavar="OUT.wav")
@click.option("--packet", type=click.IntRange(0), required=True, help="Which record of INPUT.")
@stream_options
def recover(
    source: str,
    output: str,
    packet: int,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Speak what one packet's DRED holds into OUT.wav, or OUT.sw for bare samples.

    Oldest first, 40 ms a chunk.
    """
    check_samples_path(output)
    with open_input(source, payload_type, ssrc) as stream:
        record = next((record for record in stream if record.index == packet), None)
    if record is None:
        raise UsageError("record.missing", f"{source} has no record {packet}")
    reading = read_record(record, final_id=final_id)
    dred = reading.dred
    if dred is None or not dred.chunks:
        why = reading.absence or "its DRED cannot be read" if dred is None else "no chunk is in it"
        raise UsageError("dred.absent", f"nothing to speak in record {packet} of {source}: {why}")
    vectors = oldest_first(dred)
    with _progress(len(vectors) + 1) as progress:
        write_samples(output, Vocoder().speak(vectors[None], progress)[0])


def oldest_first(dred: DredPayload) -> NDArray[np.float32]:
    """The feature vectors that a payload holds, [4 * chunks, 20]."""
    return decode_payloads([dred])[0][::-1]


@contextmanager
def _progress(total: int) -> Iterator[Progress]:
    """A bar over frames, on a terminal; a whole utterance has one more than vectors."""
    columns = (TextColumn("speaking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ProgressBar(
        *columns, console=stderr, transient=True, disable=not stderr.is_terminal
    ) as bar:
        task = bar.add_task("frames", total=total)
        yield lambda frames: bar.advance(task, frames)
