"""Model files: round trip, damage, and the packaged ones' digests."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

import numpy as np
import pytest

from dredref.model import PACKAGED
from dredref.model.container import MAGIC, Quantity, RawLayer, RawModel, read_model, write_model
from dredref.spec.errors import InputError

SHA256 = {
    "rdovae-decoder-v12": "a9b1fd13620f5b8ac5ae4cbe3bd57883b9b47987c4158f6cb9df7c631c70dcde",
    "rdovae-encoder-v12": "551d9bc3b7b15a6b22db403414fcc098f7bddcc557d391d754d6acee0017439b",
    "rdovae-decoder-v10": "79586ecdb96fc6651be43f873137d8fc07356b160acddf8dda6126cc026e3243",
    "rdovae-encoder-v10": "a668ecca8687a3d532f35497a2ebe4f4ec2d13ab3cd65a6a382a47fa3a9a73b2",
    "fargan": "cf125a48992dffc6ecd8008c161ff44681f56d49dd34e53f371f0e7e4abfce1b",
    "pitch": "c817517360c50f2f7aff49ac2ec859f44ae383eb8a616d2fadd522deaa213f0b",
    "plc": "92ebe7edf5a9d7d6fdc9a90435742589f1050a28228877d43f9b00f1f15eb0fe",
}
"""Digests of packaged files; a change is a change of the reference."""


def small() -> bytes:
    """A file of one layer."""
    arrays = {
        "wide": Quantity(np.arange(-6, 6, dtype=np.int64).reshape(4, 3), 7),
        "bias": Quantity(np.array([1, -2, 3], np.int64), 9),
    }
    layers = (RawLayer("one", "dense", 4, 3, arrays),)
    return write_model(RawModel("small", None, {"package": "none"}, layers))


def test_what_is_written_is_read_and_the_same_bytes_again() -> None:
    found = read_model(small(), "here")
    [layer] = found.layers
    assert (found.name, found.dred_version, layer.kind, layer.inputs) == ("small", None, "dense", 4)
    assert layer.arrays["bias"].mantissa.tolist() == [1, -2, 3]
    assert layer.arrays["wide"].q == 7
    assert write_model(found) == small()


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_files_are_the_known_ones(name: str) -> None:
    data = files("dredref.model").joinpath("data", f"{name}.bin").read_bytes()
    raw = read_model(data, name)
    assert hashlib.sha256(data).hexdigest() == SHA256[name]
    assert write_model(raw) == data
    assert raw.name == name
    assert raw.provenance["licence"].startswith("BSD-3-Clause")
    numbers = [one.mantissa for layer in raw.layers for one in layer.arrays.values()]
    assert all(np.issubdtype(one.dtype, np.signedinteger) for one in numbers)


def test_every_truncation_and_changed_number_is_found() -> None:
    data = small()
    for size in range(len(data)):
        with pytest.raises(InputError, match=r"\[model\.(format|digest)\]"):
            read_model(data[:size], "here")
    for place in range(len(data) - 15 * 8, len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(InputError, match=r"\[model\.digest\]"):
            read_model(changed, "here")


@pytest.mark.parametrize(
    "change",
    [{"layers": 3}, {"layers": [{"name": "one"}]}, {"sha256": None}, {"name": None, "layers": 0}],
)
def test_a_header_of_another_shape_is_refused(change: dict[str, object]) -> None:
    data = small()
    start = len(MAGIC) + 9
    length = int(data[len(MAGIC) : start], 16)
    text = json.dumps({**json.loads(data[start : start + length]), **change}).encode()
    forged = MAGIC + b"%08x\n" % len(text) + text + data[start + length :]
    with pytest.raises(InputError, match=r"\[model\.(format|digest)\]"):
        read_model(forged, "here")


def test_an_array_past_the_end_is_refused() -> None:
    forged = small().replace(b'"start":24', b'"start":25')
    assert forged != small()
    with pytest.raises(InputError, match=r"\[model\.format\]"):
        read_model(forged, "here")
