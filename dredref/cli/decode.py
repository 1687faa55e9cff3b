"""``dredref decode``: acoustic features of the DRED in a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from dredref.cli.options import open_input, stderr, stream_options
from dredref.files import atomic_output
from dredref.inspection import read_record
from dredref.model import load
from dredref.model.weights import Model
from dredref.rdovae.decoder import FEATURES, Form, decode_payloads
from dredref.rdovae.records import read_records, write_records
from dredref.streams.record import Record
from spec.dred import DredPayload
from spec.errors import InputError, UsageError
from spec.tables import VERSIONS

BATCH = 256
"""Payloads that are decoded at once."""

Advance = Callable[[int], None]
"""Tells a bar how much more is done."""
Found = tuple[int, DredPayload]
"""Index of a record and what its DRED says."""


@click.command()
@click.argument("source", metavar="INPUT")
@click.argument("output", metavar="OUT")
@click.option("--packet", type=click.IntRange(0), help="Decode this record only, into OUT.f32.")
@click.option(
    "--max-chunks",
    type=click.IntRange(1),
    help="Decode no more than the newest N chunks of a packet; libopus decodes 26.",
)
@click.option(
    "--records",
    type=click.Choice([str(version) for version in VERSIONS]),
    metavar="VERSION",
    help="INPUT holds the records of upstream's fargan_demo -dred-decoding, coded with the tables "
    "of this DRED version; OUT.f32 holds their features, oldest first.",
)
@click.option("--model", "model_path", metavar="FILE", help="Use this decoder network.")
@click.option("--integers", is_flag=True, help="Compute on pairs of integers alone: slow.")
@stream_options
def decode(
    source: str,
    output: str,
    packet: int | None,
    max_chunks: int | None,
    records: str | None,
    model_path: str | None,
    integers: bool,
    payload_type: int | None,
    ssrc: int | None,
    final_id: int | None,
) -> None:
    """Decode the DRED in INPUT to feature vectors.

    OUT.npz has an entry for each record with DRED in `index`, `version`, `dred_offset` (2.5 ms),
    `chunks` and `start`, the first of its rows in `features` [rows, 20]: four a chunk, newest
    first. OUT.f32, with --packet or --records, has the vectors alone, little-endian float32.
    OUT.bit has the payloads themselves, as records of fargan_demo -dred-decoding.
    """
    kind = _kind(output, packet, records)
    model = load(model_path) if model_path else None
    form: Form = "integers" if integers else "fast"
    if records is not None:
        payloads = read_records(_read(source), int(records))
        rows = [part[::-1] for part in _decoded(payloads, model, form)]
        _write_vectors(output, rows)
        return
    with open_input(source, payload_type, ssrc) as stream:
        found = list(_found(stream, packet, final_id, max_chunks))
    if packet is not None and not found:
        raise UsageError("dred.absent", f"{source} has no DRED in record {packet}")
    if kind == ".bit":
        with atomic_output(output) as temporary:
            temporary.write_bytes(write_records(payload for _, payload in found))
        return
    rows = _decoded([payload for _, payload in found], model, form)
    if kind == ".f32":
        _write_vectors(output, rows)
    else:
        _write_arrays(output, found, rows)


def _kind(output: str, packet: int | None, records: str | None) -> str:
    """What ``output`` is to hold, told by its name."""
    kind = Path(output).suffix.lower()
    if kind not in (".npz", ".f32", ".bit"):
        raise UsageError("output.kind", f"{output} should end in .npz, .f32 or .bit")
    if kind == ".f32" and packet is None and records is None:
        raise UsageError("output.kind", "a .f32 file holds one packet: give --packet, or OUT.npz")
    if records is not None and (kind != ".f32" or packet is not None):
        raise UsageError("output.kind", "--records gives OUT.f32, of every record")
    return kind


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError("input.unreadable", f"cannot read {path}: {error.strerror}") from error


def _found(
    stream: Iterable[Record], packet: int | None, final_id: int | None, max_chunks: int | None
) -> Iterator[Found]:
    """The records with DRED, or the one that is asked for."""
    with _progress("reading", None) as advance:
        for record in stream:
            advance(1)
            if packet is not None and record.index != packet:
                continue
            dred = read_record(record, final_id=final_id).dred
            if dred is not None:
                yield record.index, replace(dred, chunks=dred.chunks[:max_chunks])
            if packet is not None:
                return


def _decoded(
    payloads: Sequence[DredPayload], model: Model | None, form: Form
) -> list[NDArray[np.float32]]:
    """Features of each payload, version by version, a batch at a time."""
    rows: dict[int, NDArray[np.float32]] = {}
    with _progress("decoding", len(payloads)) as advance:
        for version in sorted({payload.version for payload in payloads}):
            if model is not None and model.dred_version != version:
                raise UsageError(
                    "model.version",
                    f"model {model.name} does not decode DRED version {version}",
                )
            places = [i for i, payload in enumerate(payloads) if payload.version == version]
            for first in range(0, len(places), BATCH):
                batch = places[first : first + BATCH]
                parts = decode_payloads([payloads[i] for i in batch], model, form)
                rows.update(zip(batch, parts, strict=True))
                advance(len(batch))
    return [rows[i] for i in range(len(payloads))]


def _write_vectors(output: str, rows: Sequence[NDArray[np.float32]]) -> None:
    with atomic_output(output) as temporary:
        temporary.write_bytes(b"".join(part.astype("<f4").tobytes() for part in rows))


def _write_arrays(output: str, found: Sequence[Found], rows: Sequence[NDArray[np.float32]]) -> None:
    counts = np.array([len(part) for part in rows], np.int64)
    empty = np.zeros((0, FEATURES), np.float32)
    with atomic_output(output) as temporary, temporary.open("wb") as handle:
        np.savez(
            handle,
            index=np.array([index for index, _ in found], np.int64),
            version=np.array([payload.version for _, payload in found], np.int64),
            dred_offset=np.array([payload.dred_offset for _, payload in found], np.int64),
            chunks=np.array([len(payload.chunks) for _, payload in found], np.int64),
            start=np.cumsum(counts) - counts,
            features=np.concatenate([empty, *rows]),
        )


@contextmanager
def _progress(label: str, total: int | None) -> Iterator[Advance]:
    """A bar on a terminal."""
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)
