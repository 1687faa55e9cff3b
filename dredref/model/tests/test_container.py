"""Model files: round trip, damage, and the packaged ones' digests."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from dredref.arithmetic.significand import PACKED
from dredref.model import PACKAGED, load, packaged
from dredref.model.container import MAGIC, Quantity, RawLayer, RawModel, read_model, write_model
from dredref.nn.portable import byte_layer, real_layer
from dredref.spec.errors import InputError, UsageError

SHA256 = {
    "rdovae-decoder-v12": "a9b1fd13620f5b8ac5ae4cbe3bd57883b9b47987c4158f6cb9df7c631c70dcde",
    "rdovae-encoder-v12": "551d9bc3b7b15a6b22db403414fcc098f7bddcc557d391d754d6acee0017439b",
    "rdovae-decoder-v10": "79586ecdb96fc6651be43f873137d8fc07356b160acddf8dda6126cc026e3243",
    "rdovae-encoder-v10": "a668ecca8687a3d532f35497a2ebe4f4ec2d13ab3cd65a6a382a47fa3a9a73b2",
    "fargan": "cf125a48992dffc6ecd8008c161ff44681f56d49dd34e53f371f0e7e4abfce1b",
    "pitch": "c817517360c50f2f7aff49ac2ec859f44ae383eb8a616d2fadd522deaa213f0b",
    "plc": "92ebe7edf5a9d7d6fdc9a90435742589f1050a28228877d43f9b00f1f15eb0fe",
}
"""Digests of the packaged files; a change is a change of the reference."""


def data_of(name: str) -> bytes:
    """A packaged file's bytes."""
    return files("dredref.model").joinpath("data", f"{name}.bin").read_bytes()


def small() -> RawModel:
    """A model with one layer."""
    arrays = {
        "wide": Quantity(np.arange(-6, 6, dtype=np.int64).reshape(4, 3), 7),
        "bias": Quantity(np.array([1, -2, 3], np.int64), 9),
    }
    return RawModel("small", None, {"package": "none"}, (RawLayer("one", "dense", 4, 3, arrays),))


def test_round_trip() -> None:
    """What is written is what is read, and the same bytes again."""
    data = write_model(small())
    found = read_model(data, "here")
    assert (found.name, found.dred_version, found.provenance) == (
        "small",
        None,
        {"package": "none"},
    )
    layer = found.layers[0]
    assert (layer.name, layer.kind, layer.inputs, layer.outputs) == ("one", "dense", 4, 3)
    for role, quantity in small().layers[0].arrays.items():
        np.testing.assert_array_equal(layer.arrays[role].mantissa, quantity.mantissa)
        assert layer.arrays[role].q == quantity.q
    assert write_model(found) == data


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged(name: str) -> None:
    """Digests, canonical bytes, integers only, provenance and licence in the same file."""
    data = data_of(name)
    assert hashlib.sha256(data).hexdigest() == SHA256[name]
    raw = read_model(data, name)
    assert write_model(raw) == data
    assert raw.name == name
    assert raw.provenance["package"] == "opus"
    assert raw.provenance["package_version"] == ("1.5.2" if name.endswith("v10") else "1.6.1")
    assert len(raw.provenance["sha256"]) == 64
    assert raw.provenance["licence"].startswith("BSD-3-Clause")
    for layer in raw.layers:
        for quantity in layer.arrays.values():
            assert np.issubdtype(quantity.mantissa.dtype, np.signedinteger)


def test_every_packaged_layer_can_be_built() -> None:
    """Bounds of every layer hold, and every number is one of 24 significant bits."""
    for name in PACKAGED:
        model = packaged(name)
        for layer in model.layers.values():
            if "bytes" in layer.raw.arrays:
                made = byte_layer(model, layer.name, PACKED)
                assert (made.inputs, made.outputs) == (layer.inputs, layer.outputs)
            elif layer.raw.kind != "conv2d":
                assert real_layer(model, layer.name, PACKED).weights.shape == (
                    layer.inputs,
                    layer.outputs,
                )


def test_damage() -> None:
    """Every truncation and every changed byte of the arrays is found."""
    data = write_model(small())
    for size in range(len(data)):
        with pytest.raises(InputError, match=r"\[model\.(format|digest)\]"):
            read_model(data[:size], "here")
    start = len(data) - 15 * 8
    for place in range(start, len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(InputError, match=r"\[model.digest\]"):
            read_model(changed, "here")
    with pytest.raises(InputError, match=r"\[model.digest\]"):
        read_model(data + b"\0", "here")


@pytest.mark.parametrize(
    "change",
    [
        {"layers": 3},
        {"layers": [{"name": "one"}]},
        {"sha256": None},
        {"name": None, "layers": None},
    ],
)
def test_damaged_headers(change: dict[str, object]) -> None:
    """A header of another shape is one clear error."""
    data = write_model(small())
    start = len(MAGIC) + 9
    length = int(data[len(MAGIC) : start], 16)
    header = {**json.loads(data[start : start + length]), **change}
    text = json.dumps(header).encode()
    forged = MAGIC + b"%08x\n" % len(text) + text + data[start + length :]
    with pytest.raises(InputError, match=r"\[model\.(format|digest)\]"):
        read_model(forged, "here")


def test_arrays_past_the_end() -> None:
    """An array that the file does not hold."""
    data = write_model(small())
    forged = data.replace(b'"start":24', b'"start":25')
    assert forged != data
    with pytest.raises(InputError, match=r"\[model.format\]"):
        read_model(forged, "here")


def test_load(tmp_path: Path) -> None:
    """A file by path; one that is not there; a name that is unknown; a layer that is not there."""
    path = tmp_path / "small.bin"
    path.write_bytes(write_model(small()))
    model = load(path)
    np.testing.assert_array_equal(model.layers["one"].matrix.shape, (3, 4))
    with pytest.raises(InputError, match=r"\[input.unreadable\]"):
        load(tmp_path / "none.bin")
    with pytest.raises(UsageError, match=r"\[model.unknown\]"):
        packaged("none")
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        model.layer("two", "wide")
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        model.layer("one", "bytes")
