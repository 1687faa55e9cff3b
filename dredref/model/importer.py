"""From libopus' arrays to integer model files.

Nothing is rounded: 8-bit weights stay as they are, and a float32 array becomes 64-bit integers of
the coarsest format that loses none of its bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dredref.model.container import Quantity, RawLayer, RawModel
from dredref.model.csource import Arrays, LayerShape
from dredref.spec.errors import InputError


@dataclass(frozen=True, slots=True)
class Network:
    """One network of libopus: where its weights stand and what it is called here."""

    name: str
    source: str
    """File of the source package."""
    versioned: bool
    """Whether each DRED version has its own."""

    def title(self, version: int | None) -> str:
        """The model's name."""
        return f"{self.name}-v{version}" if self.versioned else self.name


NETWORKS = (
    Network("rdovae-decoder", "dnn/dred_rdovae_dec_data.c", True),
    Network("rdovae-encoder", "dnn/dred_rdovae_enc_data.c", True),
    Network("fargan", "dnn/fargan_data.c", False),
    Network("pitch", "dnn/pitchdnn_data.c", False),
    Network("plc", "dnn/plc_data.c", False),
)
LOSSGEN = Network("lossgen", "dnn/lossgen_data.c", False)
"""What draws losses like those of real traces: no part of a codec."""


DOUBLE_BITS = 53
"""Of a double's significand."""


def exact_integers(values: NDArray[np.floating[Any]]) -> Quantity:
    """64-bit integers of the coarsest format that loses nothing.

    Raises:
        InputError: ``model.array`` if no format of 62 bits does.
    """
    fraction, exponent = np.frexp(values.astype(np.float64))
    odd = np.ldexp(fraction, DOUBLE_BITS).astype(np.int64)
    shift = exponent.astype(np.int64) - DOUBLE_BITS
    zeros = np.log2(np.maximum(odd & -odd, 1)).astype(np.int64)  # powers of two: exact
    odd, shift = odd >> zeros, np.where(odd == 0, 0, shift + zeros)
    q = max(0, -int(shift.min(initial=0)))
    if (np.frexp(odd.astype(np.float64))[1] + shift + q).max(initial=0) > 62:
        raise InputError("model.array", "numbers too far apart in size for an exact format")
    return Quantity(odd << shift + q, q)


def take(arrays: Mapping[str, NDArray[Any]], name: str, size: int | None) -> NDArray[Any]:
    """The array ``name``, which has to be ``size`` long.

    Raises:
        InputError: ``model.array`` if it is missing or has another length.
    """
    if name not in arrays:
        raise InputError("model.array", f"there is no array {name}")
    if size is not None and len(arrays[name]) != size:
        raise InputError("model.array", f"array {name} has {len(arrays[name])} numbers, not {size}")
    return arrays[name]


def build_layer(arrays: Arrays, shape: LayerShape) -> RawLayer:
    """One layer of ``shape`` from the arrays that bear its name.

    Raises:
        InputError: ``model.array`` if an array is missing or does not fit.
    """
    name, size = shape.name, shape.inputs * shape.outputs
    parts: dict[str, Quantity] = {}
    if shape.kernel is not None:
        time, height = shape.kernel
        weights = take(arrays, f"{name}_weight_float", size * time * height)
        shaped = weights.reshape(shape.outputs, shape.inputs, time, height)
        parts["wide"] = exact_integers(shaped)
    elif not shape.bytes:
        weights = take(arrays, f"{name}_weights_float", size)
        parts["wide"] = exact_integers(weights.reshape(shape.inputs, shape.outputs))
    else:
        blocks = size
        if shape.kind == "sparse":
            index = take(arrays, f"{name}_weights_idx", None)
            parts["index"] = Quantity(index.astype(np.int16), 0)
            blocks = 32 * (len(index) - shape.outputs // 8)
        parts["bytes"] = Quantity(take(arrays, f"{name}_weights_int8", blocks).astype(np.int8), 0)
        parts["scale"] = exact_integers(take(arrays, f"{name}_scale", shape.outputs))
    if shape.bias:
        parts["bias"] = exact_integers(take(arrays, f"{name}_bias", shape.outputs))
    return RawLayer(name, shape.kind, shape.inputs, shape.outputs, parts)


def build_model(
    title: str,
    version: int | None,
    arrays: Arrays,
    shapes: Sequence[LayerShape],
    provenance: Mapping[str, str],
) -> RawModel:
    """All layers of ``shapes``."""
    layers = tuple(build_layer(arrays, shape) for shape in shapes)
    return RawModel(title, version, provenance, layers)
