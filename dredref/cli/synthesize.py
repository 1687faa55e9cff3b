"""``dredref synthesize`` and ``dredref recover``: speech from features, speech from a packet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import numpy as np
from numpy.typing import NDArray

from dredref.cli.options import arithmetic_option, json_option, open_input, stream_options, tell
from dredref.cli.progress import progress, verbose_option
from dredref.inspection import read_record
from dredref.model import load
from dredref.rdovae.decoder import decode_payloads
from dredref.spec.dred import UNIT_MS, DredPayload
from dredref.spec.errors import InputError, UsageError
from dredref.vocoder.files import (
    check_samples_path,
    read_features,
    read_samples,
    write_samples,
)
from dredref.vocoder.sizes import SAMPLE_RATE, START_SAMPLES, START_VECTORS
from dredref.vocoder.synthesis import Progress, Vocoder


@click.command()
@click.argument("features", metavar="FEATURES.f32", type=click.Path())
@click.argument("output", metavar="OUT.wav", type=click.Path())
@click.option(
    "--continue-from",
    "before",
    metavar="SAMPLES.wav",
    help="Continue from the end of this speech: the first five vectors belong to its last 20 ms, "
    "the others are synthesized.",
)
@click.option("--model", metavar="FILE", help="A vocoder's model file other than the packaged one.")
@arithmetic_option
@json_option
@verbose_option
def synthesize(
    features: str, output: str, before: str | None, model: str | None, as_json: bool
) -> None:
    """Synthesize speech from feature vectors into OUT.wav, or OUT.sw for raw samples.

    FEATURES.f32 holds vectors of 20 little-endian float32; each gives 160 samples of 16 bits at
    16 kHz.
    """
    check_samples_path(output)
    vectors = read_features(features)
    chosen = None if model is None else load(model)
    vocoder = Vocoder(chosen)
    frames = len(vectors) + 1 if before is None else len(vectors) - START_VECTORS
    with _progress(frames) as count:
        if before is None:
            speech = vocoder.utterance(vectors[None], count)
        else:
            samples = read_samples(before)
            if len(samples) < START_SAMPLES:
                raise InputError(
                    "audio.short", f"{before} has {len(samples)} samples of {START_SAMPLES}"
                )
            speech = vocoder.resume(vectors[None], samples[None, -START_SAMPLES:], count)
    write_samples(output, speech[0])
    seconds = speech.shape[1] / SAMPLE_RATE
    done = {"vectors": len(vectors), "seconds": seconds, "output": output}
    tell(done, f"{output}: {seconds:.2f} s of speech from {len(vectors)} vectors", as_json)


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path())
@click.argument("output", metavar="OUT.wav", type=click.Path())
@click.option("--packet", type=click.IntRange(0), required=True, help="Which record of INPUT.")
@arithmetic_option
@json_option
@stream_options
@verbose_option
def recover(
    source: str,
    output: str,
    packet: int,
    as_json: bool,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Synthesize the speech in one packet's DRED into OUT.wav, or OUT.sw for raw samples.

    The oldest chunk comes first; each chunk is 40 ms of speech.
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
        raise UsageError(
            "dred.absent", f"nothing to synthesize in record {packet} of {source}: {why}"
        )
    vectors = oldest_first(dred)
    with _progress(len(vectors) + 1) as count:
        speech = Vocoder().utterance(vectors[None], count)[0]
    write_samples(output, speech)
    ends = UNIT_MS * dred.dred_offset
    starts = ends - 40 * len(dred.chunks)
    done: dict[str, object] = {
        "packet": packet,
        "version": dred.version,
        "chunks": len(dred.chunks),
    }
    done |= {"starts_ms": starts, "ends_ms": ends, "seconds": len(speech) / SAMPLE_RATE}
    done |= {"levels": [chunk.level for chunk in dred.chunks], "output": output}
    tell(
        done,
        f"{output}: {len(speech) / SAMPLE_RATE:.2f} s of speech from {len(dred.chunks)} chunks of "
        f"packet {packet}, {starts:+g} to {ends:+g} ms from its start",
        as_json,
    )


def oldest_first(dred: DredPayload) -> NDArray[np.float32]:
    """The feature vectors that a payload holds, [4 * chunks, 20]."""
    return decode_payloads([dred])[0][::-1]


@contextmanager
def _progress(total: int) -> Iterator[Progress]:
    """Count the frames that were synthesized; a whole utterance has one more than vectors."""
    done = 0

    def count(frames: int) -> None:
        nonlocal done
        done += frames
        update(done)

    with progress("synthesizing", total, "frames") as update:
        yield count
