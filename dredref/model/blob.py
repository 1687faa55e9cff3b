"""``DNNw`` weight blobs, which libopus loads at run time (``dump_weights_blob`` writes them).

A blob is a row of records. Each has a head of 64 bytes, little-endian - ``DNNw``, version, type,
size in bytes, size of the block that follows, name of up to 43 characters and a zero - and a block
of a multiple of 64 bytes that holds the array and then padding. A blob names arrays but tells no
shapes; those of the packaged models serve.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from dredref.model import PACKAGED, packaged
from dredref.model.container import RawLayer, RawModel
from dredref.model.csource import Arrays, LayerShape
from dredref.model.importer import build_model
from dredref.spec.errors import InputError

HEAD = struct.Struct("<4siiii44s")
MAGIC = b"DNNw"
BLOCK = 64
TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("<i4"),
    2: np.dtype("i1"),
    3: np.dtype("i1"),
}
"""Type in a head -> layout: float, int, and two names for 8-bit weights."""
LICENCE = "as its origin says; libopus' own weights: BSD-3-Clause, LICENSE.libopus"


def read_blob(data: bytes) -> Arrays:
    """The arrays of a blob by name.

    Raises:
        InputError: ``model.blob`` if a record is malformed or breaks off.
    """
    arrays: Arrays = {}
    place = 0
    while place < len(data):
        if place + HEAD.size > len(data):
            raise InputError("model.blob", f"the blob breaks off in the head at byte {place}")
        magic, _, kind, size, block, name = HEAD.unpack_from(data, place)
        start = place + HEAD.size
        if magic != MAGIC or kind not in TYPES or name[-1]:
            raise InputError("model.blob", f"there is no record's head at byte {place}")
        if not 0 < size <= block or block > len(data) - start:
            raise InputError("model.blob", f"the record at byte {place} has an impossible size")
        layout = TYPES[kind]
        if size % layout.itemsize:
            raise InputError("model.blob", f"the array at byte {place} ends within a number")
        numbers = np.frombuffer(data, layout, size // layout.itemsize, start)
        arrays[name.split(b"\0")[0].decode("latin-1")] = numbers.astype(layout.newbyteorder("="))
        place = start + block
    return arrays


def write_blob(arrays: Arrays) -> bytes:
    """A blob of ``arrays``: float32, int32 or int8."""
    kinds: dict[np.dtype[Any], int] = {
        np.dtype(np.float32): 0,
        np.dtype(np.int32): 1,
        np.dtype(np.int8): 3,
    }
    blob = bytearray()
    for name, numbers in arrays.items():
        raw = numbers.astype(TYPES[kinds[numbers.dtype]]).tobytes()
        block = -(-len(raw) // BLOCK) * BLOCK
        kind = kinds[numbers.dtype]
        blob += HEAD.pack(MAGIC, 0, kind, len(raw), block, name.encode("latin-1")[:43])
        blob += raw.ljust(block, b"\0")
    return bytes(blob)


def shape_of(layer: RawLayer) -> LayerShape:
    """What a layer needs of a blob."""
    wide = layer.arrays.get("wide")
    time, height = wide.mantissa.shape[2:] if wide and layer.kind == "conv2d" else (0, 0)
    return LayerShape(
        layer.name,
        layer.kind,
        layer.inputs,
        layer.outputs,
        (time, height) if layer.kind == "conv2d" else None,
        "bias" in layer.arrays,
        "bytes" in layer.arrays,
    )


def blob_models(data: bytes, where: str) -> Iterator[RawModel]:
    """The networks in a blob that have the shape of a packaged one.

    Networks it does not hold at all are passed over.

    Raises:
        InputError: ``model.blob``; ``model.array`` if a network is there but has no known shape,
            or if there is none at all.
    """
    arrays = read_blob(data)
    provenance = {
        "package": "DNNw weight blob",
        "file": where,
        "sha256": hashlib.sha256(data).hexdigest(),
        "licence": LICENCE,
    }
    families: dict[str, list[str]] = {}
    for title in PACKAGED:
        families.setdefault(title.partition("-v")[0], []).append(title)
    found = 0
    for titles in families.values():
        if not _mentioned(arrays, titles):
            continue
        yield _first_that_fits(arrays, titles, provenance)
        found += 1
    if not found:
        raise InputError("model.array", f"{where} holds no network that is known here")


def _mentioned(arrays: Arrays, titles: list[str]) -> bool:
    """Whether an array bears the name of one of the networks' layers."""
    layers = {f"{layer}_" for title in titles for layer in packaged(title).layers}
    return any(name.startswith(tuple(layers)) for name in arrays)


def _first_that_fits(arrays: Arrays, titles: list[str], provenance: dict[str, str]) -> RawModel:
    """The network in the shape of the first version that fits."""
    failure: InputError | None = None
    for title in titles:
        known = packaged(title)
        shapes = [shape_of(layer.raw) for layer in known.layers.values()]
        try:
            return build_model(title, known.dred_version, arrays, shapes, provenance)
        except InputError as error:
            failure = failure or error
    assert failure is not None
    raise failure
