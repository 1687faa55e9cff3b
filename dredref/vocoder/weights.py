"""The vocoder's layers, made from its model for any kind of number.

**Bounds.** No layer gives a number of 2**20 or more, and no gain is above ``e**64``, below 2**93:
a model of which that cannot be said is refused (:mod:`dredref.nn.bounds`). What the past is divided
by is at least 10**-5, so that quotients stay below 2**110 before they are clipped; de-emphasis adds
three bits to samples, full scale 15. So no number reaches 2**127, whatever features there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from dredref.arithmetic.significand import N, words_of
from dredref.model.weights import Model
from dredref.nn import bounds
from dredref.nn.portable import ByteLayer, RealLayer, byte_layer, real_layer
from dredref.spec.errors import InputError
from dredref.vocoder import sizes

LARGEST_FEATURE = 1 << 16
"""Where features saturate."""
LARGEST_EXPONENT = 64
"""Largest magnitude of a gain's logarithm, which the exponential takes."""


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


def make_weights(model: Model, like: N) -> Weights[N]:
    """The layers of ``model``, for numbers of the kind of ``like``.

    Raises:
        InputError: ``model.layer`` if a layer is missing, has another shape, or numbers that do
            not fit or are too large.
    """

    def fitting(name: str, inputs: int, outputs: int) -> str:
        found = model.layers.get(name)
        if found is None or (found.inputs, found.outputs) != (inputs, outputs):
            raise InputError("model.layer", f"model {model.name} has no {name} {inputs}x{outputs}")
        return name

    def eight(name: str, inputs: int, outputs: int) -> ByteLayer[N]:
        return byte_layer(model, fitting(name, inputs, outputs), like)

    def real(name: str, inputs: int, outputs: int) -> RealLayer[N]:
        return real_layer(model, fitting(name, inputs, outputs), like)

    hidden, condition = sizes.CONDITION_HIDDEN, sizes.CONDITION
    wide, skip = sizes.SIGNAL_HIDDEN, 128
    rows = sizes.PERIOD_EMBEDDED[1] - sizes.PERIOD_EMBEDDED[0] + 1
    past = 2 * sizes.SUBFRAME
    fed = (wide, *sizes.GRU_SIZES[:-1])
    units = list(enumerate(zip(fed, sizes.GRU_SIZES, strict=True), start=1))
    weights = Weights(
        embedding=real("cond_net_pembed", rows, sizes.EMBEDDING).weights,
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
    check_bounds(weights, model.name)
    return weights


def check_bounds(weights: Weights[N], name: str) -> None:
    """Refuse layers of real weights whose outputs are not bounded as the module says.

    Raises:
        InputError: ``model.layer``.
    """
    one = 1 << bounds.Q
    embedded = list(bounds.magnitudes(words_of(weights.embedding)).max(axis=0))
    given = [LARGEST_FEATURE * one] * sizes.FEATURES + embedded
    for what, layer, inputs in (
        ("features", weights.features, given),
        ("pitch gates", weights.pitch_gates, [one] * sizes.SIGNAL_HIDDEN),
    ):
        bounds.check(bounds.of_reals(layer, inputs), bounds.LARGEST_OUTPUT, f"{name}, {what}")
    if bounds.of_reals(weights.gain, [one] * sizes.CONDITION) > LARGEST_EXPONENT * one:
        raise InputError("model.layer", f"{name}: gains may pass e**{LARGEST_EXPONENT}")
