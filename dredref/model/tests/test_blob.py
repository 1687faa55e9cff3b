"""``DNNw`` blobs: round trip, damage, and the ones that libopus itself writes."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dredref.conformance.adapters.libopus import builds
from dredref.model import PACKAGED, packaged
from dredref.model.blob import HEAD, blob_models, read_blob, shape_of, write_blob
from dredref.model.csource import Arrays
from dredref.model.weights import Model
from dredref.spec.errors import InputError


def arrays_of(name: str) -> Arrays:
    """A packaged model's arrays under libopus' names, as a blob holds them."""
    found: Arrays = {}
    for layer in packaged(name).layers.values():
        names = {"bytes": "weights_int8", "index": "weights_idx", "wide": "weights_float"}
        if layer.raw.kind == "conv2d":
            names["wide"] = "weight_float"
        for role, quantity in layer.raw.arrays.items():
            kind = {"bytes": np.int8, "index": np.int32}.get(role, np.float32)
            values = quantity.mantissa.ravel() * 2.0**-quantity.q
            found[f"{layer.name}_{names.get(role, role)}"] = values.astype(kind)
    return found


def same(found: Model, name: str) -> None:
    """Layer by layer, number by number."""
    wanted = packaged(name)
    assert list(found.layers) == list(wanted.layers)
    for layer in wanted.layers.values():
        assert shape_of(found.layers[layer.name].raw) == shape_of(layer.raw)
        for role, quantity in layer.raw.arrays.items():
            other = found.layers[layer.name].raw.arrays[role]
            assert other.q == quantity.q
            np.testing.assert_array_equal(other.mantissa, quantity.mantissa)


def test_round_trip() -> None:
    """Each type; sizes that do not fill a block."""
    arrays: Arrays = {
        "a": np.arange(17, dtype=np.float32) / 3,
        "b": np.arange(16, dtype=np.int32),
        "c": np.arange(-64, 64, dtype=np.int8),
    }
    data = write_blob(arrays)
    assert len(data) % 64 == 0
    found = read_blob(data)
    assert list(found) == ["a", "b", "c"]
    for name, numbers in arrays.items():
        assert found[name].dtype == numbers.dtype
        np.testing.assert_array_equal(found[name], numbers)


@pytest.mark.parametrize("name", ["rdovae-decoder-v12", "rdovae-encoder-v10", "pitch", "fargan"])
def test_one_network(name: str) -> None:
    """A blob of one network gives that network in the shape of the version that fits."""
    (raw,) = blob_models(write_blob(arrays_of(name)), "blob")
    assert raw.name == name
    assert raw.dred_version == packaged(name).dred_version
    assert raw.provenance["package"] == "DNNw weight blob"
    same(Model(raw), name)


def test_networks_that_do_not_fit() -> None:
    """An array that is missing or has another length, and a blob of something else."""
    arrays = arrays_of("pitch")
    missing = {name: part for name, part in arrays.items() if name != "conv2d_1_bias"}
    with pytest.raises(InputError, match=r"conv2d_1_bias \[model.array\]"):
        list(blob_models(write_blob(missing), "blob"))
    arrays["gru_1_input_scale"] = arrays["gru_1_input_scale"][:-1]
    with pytest.raises(InputError, match=r"191 numbers, not 192 \[model.array\]"):
        list(blob_models(write_blob(arrays), "blob"))
    with pytest.raises(InputError, match=r"no network"):
        list(blob_models(write_blob({"other": np.zeros(3, np.float32)}), "blob"))


@given(st.data())
def test_damage(data: st.DataObject) -> None:
    """A blob that breaks off, or whose head says what cannot be, is refused or read; no crash."""
    blob = write_blob({"a": np.arange(5, dtype=np.float32), "b": np.arange(70, dtype=np.int8)})
    place = data.draw(st.integers(0, len(blob) - 1))
    if data.draw(st.booleans()):
        cut = blob[: place + 1]
        if len(cut) not in (128, len(blob)):
            with pytest.raises(InputError, match=r"\[model.blob\]"):
                read_blob(cut)
        return
    changed = blob[:place] + bytes([data.draw(st.integers(0, 255))]) + blob[place + 1 :]
    with suppress(InputError):
        read_blob(changed)


@pytest.mark.parametrize(
    ("size", "block"), [(-1, 64), (0, 64), (65, 64), (8, 128), (6, 64), (8, -64)]
)
def test_impossible_sizes(size: int, block: int) -> None:
    """Sizes that libopus refuses too, and arrays that end within a number."""
    head = HEAD.pack(b"DNNw", 0, 0, size, block, b"a")
    with pytest.raises(InputError, match=r"\[model.blob\]"):
        read_blob(head + bytes(64))


@pytest.mark.peer
def test_blob_of_libopus(peer_161_c: object, tmp_path: Path) -> None:
    """What ``dump_weights_blob`` writes holds the packaged models of its release."""
    program = builds.get("1.6.1-c").path / "bin" / "dump_weights_blob"
    subprocess.run([program], cwd=tmp_path, check=True, capture_output=True)
    data = (tmp_path / "weights_blob.bin").read_bytes()
    found = {raw.name: Model(raw) for raw in blob_models(data, "weights_blob.bin")}
    assert sorted(found) == sorted(name for name in PACKAGED if not name.endswith("v10"))
    for name, model in found.items():
        same(model, name)
    assert write_blob(read_blob(data))[:4096] == data[:4096]
