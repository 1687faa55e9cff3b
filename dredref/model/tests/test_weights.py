"""Layouts of weights, formats of numbers, and libopus' own numbers behind the packaged ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dredref.conformance.adapters.libopus import builds
from dredref.model import PACKAGED, packaged
from dredref.model.container import Quantity, RawLayer, RawModel
from dredref.model.csource import read_arrays, read_shapes
from dredref.model.importer import NETWORKS, exact_integers
from dredref.model.weights import Model, dense_matrix, sparse_matrix
from dredref.spec.errors import InputError
from tools.import_model import DATA, packaged_files

SMALL = """
static const float one_weights_float[6] = {
1.5,-0.25,3,
0.1,-1e-3,7
};
static const float one_bias[2] = {
0.5,-0.5,
};
static const opus_int8 two_weights_int8[64] = {BYTES};
static const int two_weights_idx[3] = {
2,0,4
};
static const float two_scale[8] = {SCALES};
if (linear_init(&model->one,arrays,"one_bias",NULL,NULL,"one_weights_float",NULL,NULL,NULL,3,2)) x
if (linear_init(&model->two,arrays,NULL,"two_subias","two_weights_int8","two_weights_float",
"two_weights_idx",NULL,"two_scale",8,8)) return 1;
if (conv2d_init(&model->three,arrays,"three_bias","three_weight_float",4,1,3,3)) return 1;
""".replace("BYTES", ",".join(str(n - 32) for n in range(64))).replace("SCALES", "0.001," * 8)


def test_dense_blocks() -> None:
    """Blocks of 8 outputs by 4 inputs, input after input within an output."""
    blocks = np.arange(128, dtype=np.int8)
    matrix = dense_matrix(blocks, 8, 16)
    assert matrix[0].tolist() == [0, 1, 2, 3, 32, 33, 34, 35]
    assert matrix[1, :4].tolist() == [4, 5, 6, 7]
    assert matrix[8, 0] == 64


def test_sparse_blocks() -> None:
    """Counts and columns of each group of 8 outputs; a full index gives the dense layer."""
    blocks = np.arange(96, dtype=np.int8)
    matrix = sparse_matrix(blocks, np.array([1, 4, 2, 0, 8], np.int16), 12, 16)
    assert matrix[0].tolist() == [0] * 4 + [0, 1, 2, 3] + [0] * 4
    assert matrix[8, [0, 8]].tolist() == [32, 64]
    assert np.count_nonzero(matrix[:8]) == 31
    full = np.array([3, 0, 4, 8], np.int16)
    np.testing.assert_array_equal(sparse_matrix(blocks, full, 12, 8), dense_matrix(blocks, 12, 8))


@pytest.mark.parametrize(
    "index", [[1, 3, 0], [1, 12, 0], [1, -4, 0], [2, 0], [3, 0, 4, 8, 0, 0], [1, 0, 0], [9]]
)
def test_a_bad_index(index: list[int]) -> None:
    """A column that is none, too many blocks or too few, numbers left over or missing."""
    with pytest.raises(ValueError, match="index"):
        sparse_matrix(np.zeros(64, np.int8), np.array(index, np.int16), 12, 16)


def test_formats() -> None:
    """Exact integers of the coarsest format that loses nothing."""
    exact = exact_integers(np.array([0.5, -0.75, 3.0], np.float32))
    assert (exact.mantissa.tolist(), exact.q) == ([2, -3, 12], 2)
    with pytest.raises(InputError, match=r"\[model.array\]"):
        exact_integers(np.array([1e30, 1e-30], np.float32))


def test_csource() -> None:
    """Arrays and layers as text; the decimal numbers become the float32 a compiler makes."""
    arrays = read_arrays(SMALL, "here")
    assert arrays["one_weights_float"].tolist() == [
        1.5, -0.25, 3, float(np.float32(0.1)), float(np.float32(-1e-3)), 7,
    ]  # fmt: skip
    assert arrays["two_weights_int8"].dtype == np.int8
    shapes = read_shapes(SMALL, "here")
    assert [(s.name, s.kind, s.inputs, s.outputs, s.bias, s.bytes) for s in shapes] == [
        ("one", "dense", 3, 2, True, False),
        ("two", "sparse", 8, 8, False, True),
        ("three", "conv2d", 4, 1, True, False),
    ]
    assert shapes[2].kernel == (3, 3)
    with pytest.raises(InputError, match=r"\[model.source\]"):
        read_arrays(SMALL.replace("[6]", "[7]"), "here")
    with pytest.raises(InputError, match=r"\[model.source\]"):
        read_shapes("nothing", "here")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.5,", "1,5.,"),
        ("-0.25", "-0.2.5"),
        ("1.5,", "inf,"),
        ("2,0,4", "2,0,4.5"),
        ("[6]", "[٦]"),
    ],
)
def test_arrays_of_no_numbers(old: str, new: str) -> None:
    with pytest.raises(InputError, match=r"\[model.source\]"):
        read_arrays(SMALL.replace(old, new, 1), "here")


@pytest.mark.parametrize(
    ("old", "new"), [("3,2)", "3)"), ("4,1,3,3", "4,1,3,x"), ("L,NULL,NULL,3", 'L,"d",NULL,3')]
)
def test_layers_set_up_otherwise(old: str, new: str) -> None:
    with pytest.raises(InputError, match=r"\[model.source\]"):
        read_shapes(SMALL.replace(old, new, 1), "here")


def test_layer_words() -> None:
    """Numbers of a layer as binary32; what is none is refused."""
    arrays = {"wide": Quantity(np.array([[3, (1 << 24) + 1]]), 4)}
    model = Model(RawModel("m", None, {}, (RawLayer("a", "dense", 1, 2, arrays),)))
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        model.layers["a"].bits("wide")
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        model.layers["a"].bits("bias")
    found = packaged("pitch").layers["gru_1_input"]
    quantity = found.raw.arrays["scale"]
    exact = [Fraction(int(m), 1 << quantity.q) for m in quantity.mantissa]
    assert [Fraction(float(v)) for v in found.bits("scale").view(np.float32)] == exact


@pytest.mark.peer
@pytest.mark.parametrize("release", ["1.6.1", "1.5.2"])
def test_numbers_are_libopus_own(release: str, peer_161_c: object, peer_152_c: object) -> None:
    """Every packaged number equals the float32 or the integer in the source, exactly."""
    made = builds.get(release)
    for network in NETWORKS:
        version = 12 if release == "1.6.1" else 10
        if release == "1.5.2" and not network.versioned:
            continue
        model = packaged(network.title(version if network.versioned else None))
        arrays = read_arrays((made.source / network.source).read_text(), network.source)
        for layer in model.layers.values():
            names = {"bytes": "weights_int8", "index": "weights_idx", "wide": "weights_float"}
            if layer.raw.kind == "conv2d":
                names["wide"] = "weight_float"
            for role, quantity in layer.raw.arrays.items():
                source = arrays[f"{layer.name}_{names.get(role, role)}"]
                scaled = source.astype(np.float64) * 2.0**quantity.q
                np.testing.assert_array_equal(quantity.mantissa.ravel(), scaled)


@pytest.mark.peer
def test_import_is_reproducible(peer_161_c: object, peer_152_c: object) -> None:
    """The packaged files come out of the source packages again, byte for byte."""
    folders = builds.get("1.6.1").source, builds.get("1.5.2").source
    found = dict(packaged_files(*folders))
    assert sorted(found) == sorted(f"{name}.bin" for name in PACKAGED)
    for name, content in found.items():
        assert (DATA / name).read_bytes() == content
