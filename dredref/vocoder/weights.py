"""The vocoder's layers, made from its model for either kind of number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from dredref.arithmetic.significand import N, Words, numbers, rounded, to_words
from dredref.model.container import Quantity
from dredref.model.weights import Layer, Model
from dredref.vocoder import sizes
from dredref.vocoder.layers import ByteLayer, RealLayer
from spec.errors import InputError


@dataclass(frozen=True, slots=True)
class Weights(Generic[N]):
    """All layers of the vocoder."""

    embedding: N
    """A row of 12 numbers for each period from 32 to 255."""
    features: RealLayer[N]
    """Feature vector and embedding to 64."""
    frames: ByteLayer[N]
    """Convolution over three frames, 3 * 64 to 128."""
    condition: ByteLayer[N]
    """128 to 4 * 80: one condition for each subframe."""
    gain: RealLayer[N]
    """A subframe's condition to the logarithm of its gain."""
    signal: ByteLayer[N]
    """Convolution over two subframes of condition, prediction and past, 2 * 164 to 192."""
    signal_gate: ByteLayer[N]
    pitch_gates: RealLayer[N]
    """192 to the weights of the prediction in the three recurrent units and the output."""
    gru_inputs: tuple[ByteLayer[N], ...]
    gru_recurrent: tuple[ByteLayer[N], ...]
    gru_gates: tuple[ByteLayer[N], ...]
    skip: ByteLayer[N]
    """The three units' outputs, the convolution's, prediction and past, 688 to 128."""
    skip_gate: ByteLayer[N]
    output: ByteLayer[N]
    """128 to the 40 samples."""


def exact_words(quantity: Quantity) -> Words:
    """A model's numbers as binary32 words.

    Raises:
        InputError: ``model.array`` if one has more than 24 significant bits.
    """
    m = quantity.mantissa.astype(np.int64)
    pairs = rounded(m, np.full_like(m, -quantity.q))
    back = pairs.m.astype(object) * 2 ** (pairs.e + quantity.q).clip(0).astype(object)
    if np.any(back != m):
        raise InputError("model.array", "a number of the vocoder has more than 24 bits")
    return to_words(pairs)


def make_weights(model: Model, like: N) -> Weights[N]:
    """The layers of ``model``, for numbers of the kind of ``like``.

    Raises:
        InputError: ``model.layer`` if a layer is missing or has another shape, ``model.array`` if
            its numbers do not fit.
    """

    def layer(name: str, inputs: int, outputs: int) -> Layer:
        found = model.layers.get(name)
        if found is None or (found.inputs, found.outputs) != (inputs, outputs):
            raise InputError("model.layer", f"model {model.name} has no {name} {inputs}x{outputs}")
        return found

    def part(layer: Layer, role: str) -> N:
        if role not in layer.raw.arrays:
            raise InputError("model.layer", f"{model.name}, layer {layer.name} has no {role}")
        return numbers(exact_words(layer.raw.arrays[role]), like)

    def eight(name: str, inputs: int, outputs: int) -> ByteLayer[N]:
        found = layer(name, inputs, outputs)
        biased = "bias" in found.raw.arrays and found.raw.arrays["bias"].mantissa.any()
        bias = part(found, "bias") if biased else None
        try:
            return ByteLayer(found.matrix, part(found, "scale"), bias)
        except ValueError as error:
            raise InputError("model.layer", f"{model.name}, layer {name}: {error}") from error

    def real(name: str, inputs: int, outputs: int) -> RealLayer[N]:
        found = layer(name, inputs, outputs)
        words = np.ascontiguousarray(exact_words(found.raw.arrays["wide"]).T)
        return RealLayer(numbers(words, like), part(found, "bias"))

    hidden, condition = sizes.CONDITION_HIDDEN, sizes.CONDITION
    wide, skip = sizes.SIGNAL_HIDDEN, 128
    rows = sizes.PERIOD_EMBEDDED[1] - sizes.PERIOD_EMBEDDED[0] + 1
    past = 2 * sizes.SUBFRAME
    fed = (wide, *sizes.GRU_SIZES[:-1])
    units = list(enumerate(zip(fed, sizes.GRU_SIZES, strict=True), start=1))
    embedding = layer("cond_net_pembed", rows, sizes.EMBEDDING).raw.arrays["wide"]
    return Weights(
        embedding=numbers(exact_words(embedding), like),
        features=real("cond_net_fdense1", sizes.FEATURES + sizes.EMBEDDING, hidden),
        frames=eight("cond_net_fconv1", sizes.CONDITION_TAPS * hidden, 128),
        condition=eight("cond_net_fdense2", 128, sizes.SUBFRAMES * condition),
        gain=real("sig_net_cond_gain_dense", condition, 1),
        signal=eight("sig_net_fwc0_conv", 2 * sizes.SIGNAL_INPUT, wide),
        signal_gate=eight("sig_net_fwc0_glu_gate", wide, wide),
        pitch_gates=real("sig_net_gain_dense_out", wide, 4),
        gru_inputs=tuple(eight(f"sig_net_gru{k}_input", i + past, 3 * n) for k, (i, n) in units),
        gru_recurrent=tuple(eight(f"sig_net_gru{k}_recurrent", n, 3 * n) for k, (_, n) in units),
        gru_gates=tuple(eight(f"sig_net_gru{k}_glu_gate", n, n) for k, (_, n) in units),
        skip=eight("sig_net_skip_dense", sum(sizes.GRU_SIZES) + wide + past, skip),
        skip_gate=eight("sig_net_skip_glu_gate", skip, skip),
        output=eight("sig_net_sig_dense_out", skip, sizes.SUBFRAME),
    )
