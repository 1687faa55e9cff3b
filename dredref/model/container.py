r"""The model file: integers only, with their formats, origin and digest.

Bytes, in order (all numbers little-endian):

====================  =============================================================
``DREDREF MODEL 1\n``  what the file is, and the version of this layout
8 hexadecimal digits  length of the header in bytes, then a line feed
header                JSON: name, DRED version, provenance, layers, digest of the rest
arrays                one after the other, as the header lists them
====================  =============================================================

A layer of the header lists its arrays by role, each with type (``int8``, ``int16``, ``int64``),
shape, first byte within the array part, and format ``q``: an element n stands for ``n * 2**-q``.
The same weights always give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.spec.errors import InputError

MAGIC = b"DREDREF MODEL 1\n"
TYPES: dict[str, np.dtype[Any]] = {
    "int8": np.dtype("i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
}
"""Name of an element type in the header -> its layout in the file."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An array of integers n that stand for ``n * 2**-q``."""

    mantissa: NDArray[np.integer[Any]]
    q: int


@dataclass(frozen=True, slots=True)
class RawLayer:
    """One layer as it stands in a file."""

    name: str
    kind: str
    """``dense``, ``sparse`` or ``conv2d``."""
    inputs: int
    outputs: int
    arrays: Mapping[str, Quantity]
    """Role (``bytes``, ``index``, ``wide``, ``scale``, ``bias``) -> numbers."""


@dataclass(frozen=True, slots=True)
class RawModel:
    """All layers of one network as they stand in a file."""

    name: str
    dred_version: int | None
    """The DRED version a network belongs to; None where it serves every version."""
    provenance: Mapping[str, str]
    layers: tuple[RawLayer, ...]


def write_model(model: RawModel) -> bytes:
    """The bytes of ``model``'s file."""
    payload = bytearray()
    layers = []
    for layer in model.layers:
        arrays = {}
        for role, quantity in sorted(layer.arrays.items()):
            kind = quantity.mantissa.dtype.name
            data = quantity.mantissa.astype(TYPES[kind]).tobytes()
            arrays[role] = {
                "type": kind,
                "shape": list(quantity.mantissa.shape),
                "q": quantity.q,
                "start": len(payload),
            }
            payload += data
        layers.append(
            {
                "name": layer.name,
                "kind": layer.kind,
                "inputs": layer.inputs,
                "outputs": layer.outputs,
                "arrays": arrays,
            }
        )
    header = {
        "name": model.name,
        "dred_version": model.dred_version,
        "provenance": dict(model.provenance),
        "sha256": hashlib.sha256(payload).hexdigest(),
        "layers": layers,
    }
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    return MAGIC + b"%08x\n" % len(text) + text + bytes(payload)


def read_model(data: bytes, where: str) -> RawModel:
    """Read a model file's bytes; ``where`` names it in errors.

    Raises:
        InputError: ``model.format`` if it is no such file or is damaged, ``model.digest`` if its
            arrays are not those its header was made for.
    """
    start = len(MAGIC) + 9
    if not data.startswith(MAGIC):
        raise InputError("model.format", f"{where} is no dredref model file")
    try:
        length = int(data[len(MAGIC) : start], 16)
        header = json.loads(data[start : start + length])
        payload = data[start + length :]
        if hashlib.sha256(payload).hexdigest() != header["sha256"]:
            raise InputError("model.digest", f"{where} is damaged: its digest does not match")
        layers = tuple(_read_layer(layer, payload) for layer in header["layers"])
        return RawModel(header["name"], header["dred_version"], header["provenance"], layers)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("model.format", f"{where} is a damaged model file: {error}") from error


def _read_layer(layer: Mapping[str, Any], payload: bytes) -> RawLayer:
    """One layer of the header, with its numbers."""
    arrays = {}
    for role, entry in layer["arrays"].items():
        count = int(np.prod(entry["shape"], dtype=np.int64))
        numbers = np.frombuffer(payload, TYPES[entry["type"]], count, entry["start"])
        arrays[role] = Quantity(numbers.reshape(entry["shape"]), entry["q"])
    return RawLayer(layer["name"], layer["kind"], layer["inputs"], layer["outputs"], arrays)
