"""``dredref decode``: acoustic features of the DRED in a stream."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile

import click
import numpy as np
from numpy.typing import NDArray

from dredref.cli.options import arithmetic_option, json_option, open_input, stream_options, tell
from dredref.cli.progress import tracked, verbose_option
from dredref.files import atomic_output
from dredref.model import load
from dredref.model.weights import Model
from dredref.rdovae.records import read_records, write_records
from dredref.scan.values import read_values
from dredref.spec.dred import DredPayload
from dredref.spec.errors import InputError, UsageError
from dredref.spec.tables import VERSIONS
from dredref.streams.record import Record

BATCH = 256
"""Payloads that are decoded at once."""

Found = tuple[int, DredPayload]
"""Index of a record and what its DRED says."""


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path())
@click.argument("output", metavar="OUT", type=click.Path())
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
@arithmetic_option
@json_option
@stream_options
@verbose_option
def decode(
    source: str,
    output: str,
    packet: int | None,
    max_chunks: int | None,
    records: str | None,
    model_path: str | None,
    as_json: bool,
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
    if records is not None:
        payloads = read_records(_read(source), int(records))
        rows = _decoded(tracked(payloads, "decoding", "records"), model)
        _write_vectors(output, (part[::-1] for part in rows))
        _tell(output, len(payloads), sum(len(one.chunks) for one in payloads), as_json)
        return
    decoded = chunks = 0

    def counted(found: Iterator[Found]) -> Iterator[Found]:
        nonlocal decoded, chunks
        for place, payload in found:
            decoded, chunks = decoded + 1, chunks + len(payload.chunks)
            yield place, payload

    with open_input(source, payload_type, ssrc) as stream:
        found = _found(stream, packet, final_id, max_chunks)
        if packet is not None:
            one = list(found)
            if not one:
                raise UsageError("dred.absent", f"{source} has no DRED in record {packet}")
            found = iter(one)
        found = counted(found)
        if kind == ".npz":
            _write_arrays(output, found, model)
        elif kind == ".f32":
            _write_vectors(output, _decoded((payload for _, payload in found), model))
        else:
            with atomic_output(output) as temporary:
                temporary.write_bytes(write_records(payload for _, payload in found))

    _tell(output, decoded, chunks, as_json)


def _tell(output: str, payloads: int, chunks: int, as_json: bool) -> None:
    """Say what was written."""
    from dredref.rdovae.decoder import VECTORS

    done = {"payloads": payloads, "chunks": chunks, "vectors": VECTORS * chunks, "output": output}
    sentence = f"{output}: {payloads} payloads, {chunks} chunks, {VECTORS * chunks} vectors"
    tell(done, sentence, as_json)


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
    records: Iterable[Record] = tracked(stream, "decoding", "records")
    if packet is not None:
        records = islice((record for record in records if record.index == packet), 1)
    for record, dred in read_values(records, final_id=final_id):
        yield record.index, replace(dred, chunks=dred.chunks[:max_chunks])


def _decoded(payloads: Iterable[DredPayload], model: Model | None) -> Iterator[NDArray[np.float32]]:
    """Features of each payload, a batch at a time, each version of a batch by itself."""
    from dredref.rdovae.decoder import decode_payloads

    left = iter(payloads)
    while batch := list(islice(left, BATCH)):
        rows: dict[int, NDArray[np.float32]] = {}
        for version in sorted({payload.version for payload in batch}):
            if model is not None and model.dred_version != version:
                raise UsageError(
                    "model.version",
                    f"model {model.name} does not decode DRED version {version}",
                )
            places = [i for i, payload in enumerate(batch) if payload.version == version]
            parts = decode_payloads([batch[i] for i in places], model)
            rows.update(zip(places, parts, strict=True))
        yield from (rows[i] for i in range(len(batch)))


def _write_vectors(output: str, rows: Iterable[NDArray[np.float32]]) -> None:
    with atomic_output(output) as temporary, temporary.open("wb") as handle:
        for part in rows:
            handle.write(part.astype("<f4").tobytes())


def _write_arrays(output: str, found: Iterable[Found], model: Model | None) -> None:
    """Write OUT.npz; features wait in a file, so that memory holds a few numbers a record."""
    from dredref.rdovae.decoder import FEATURES, VECTORS

    index, version, dred_offset, chunks = columns = [array("q") for _ in range(4)]

    def noted() -> Iterator[DredPayload]:
        for place, payload in found:
            row = (place, payload.version, payload.dred_offset, len(payload.chunks))
            for column, value in zip(columns, row, strict=True):
                column.append(value)
            yield payload

    with atomic_output(output) as temporary, TemporaryFile(dir=temporary.parent) as features:
        for part in _decoded(noted(), model):
            features.write(part.tobytes())
        features.flush()
        counts = VECTORS * np.array(chunks, np.int64)
        shape = (int(counts.sum()), FEATURES)
        with temporary.open("wb") as handle:
            np.savez(
                handle,
                index=np.array(index, np.int64),
                version=np.array(version, np.int64),
                dred_offset=np.array(dred_offset, np.int64),
                chunks=np.array(chunks, np.int64),
                start=np.cumsum(counts) - counts,
                # An empty file cannot be mapped.
                features=np.memmap(features, np.float32, "r", shape=shape)
                if shape[0]
                else np.zeros(shape, np.float32),
            )
