"""Models whose numbers could get too large are refused; bounds hold and are near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dredref.analysis.analyser import FeatureAnalyser
from dredref.model import packaged
from dredref.model.container import RawModel
from dredref.model.weights import Model
from dredref.nn import bounds
from dredref.nn.build import Builder, padded
from dredref.nn.layers import float_linear, linear
from dredref.plc.concealer import PacketLossConcealer
from dredref.rdovae.decoder import Decoder
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.spec.errors import InputError
from dredref.vocoder import Vocoder

MAKERS: dict[str, Callable[[Model], object]] = {
    "rdovae-decoder-v12": lambda model: Decoder(12, model),
    "rdovae-decoder-v10": lambda model: Decoder(10, model),
    "rdovae-encoder-v12": lambda model: RdovaeEncoder(12, model=model),
    "rdovae-encoder-v10": lambda model: RdovaeEncoder(10, model=model),
    "pitch": lambda model: FeatureAnalyser(model=model),
    "plc": PacketLossConcealer,
    "fargan": Vocoder,
}


def scaled(model: str, layer: str, role: str, factor: int) -> Model:
    """A packaged model with the numbers of one array multiplied."""
    source = packaged(model)
    layers = [one.raw for one in source.layers.values()]
    place = [one.name for one in layers].index(layer)
    found = layers[place].arrays[role]
    larger = replace(found, mantissa=found.mantissa.astype(np.int64) * factor)
    layers[place] = replace(layers[place], arrays={**layers[place].arrays, role: larger})
    return Model(RawModel(source.name, source.dred_version, {}, tuple(layers)))


@pytest.mark.parametrize(
    ("model", "layer", "role", "factor"),
    [
        ("rdovae-decoder-v12", "dec_dense1", "wide", 64),
        ("rdovae-decoder-v12", "dec_gru3_input", "scale", 1 << 16),
        ("rdovae-decoder-v10", "dec_output", "scale", 1 << 18),
        ("rdovae-encoder-v12", "enc_dense1", "wide", 64),
        ("rdovae-encoder-v10", "enc_zdense", "scale", 1 << 18),
        ("pitch", "gru_1_recurrent", "scale", 1 << 18),
        ("plc", "plc_dense_in", "wide", 64),
        ("plc", "plc_gru2_input", "scale", 1 << 18),
        ("plc", "plc_dense_out", "bias", 1 << 24),
        ("fargan", "sig_net_cond_gain_dense", "wide", 4),
        ("fargan", "cond_net_fdense1", "wide", 8),
        ("fargan", "cond_net_pembed", "wide", 1 << 22),
        ("fargan", "sig_net_gru2_recurrent", "scale", 1 << 16),
    ],
)
def test_models_without_bounds_are_refused(model: str, layer: str, role: str, factor: int) -> None:
    """With numbers of one array a little larger they are taken, with much larger ones not."""
    MAKERS[model](scaled(model, layer, role, 2))
    with pytest.raises(InputError, match=r"could reach|gains may pass") as caught:
        MAKERS[model](scaled(model, layer, role, factor))
    assert caught.value.code == "model.layer"


def test_layers_that_do_not_fit_are_refused() -> None:
    """A network of another kind, and units that do not follow each other."""
    with pytest.raises(InputError, match=r"\[model.layer\]"):
        PacketLossConcealer(packaged("pitch"))
    source = packaged("plc")
    layers = {one.name: one.raw for one in source.layers.values()}
    layers["plc_gru2_input"] = replace(layers["plc_gru1_input"], name="plc_gru2_input")
    with pytest.raises(InputError, match="plc_gru2_input 192x576"):
        PacketLossConcealer(Model(RawModel("plc", None, {}, tuple(layers.values()))))


def test_bounds_hold_and_are_near() -> None:
    """Inputs of the weights' own signs come within the rounding of a layer's bound."""
    builder = Builder(packaged("rdovae-decoder-v12"), np.dtype(np.float32))
    builder.int8("dec_output")
    weights, bias = builder.floating("dec_dense1")
    network = builder.network()
    layer = builder.model.layers["dec_output"]
    rows = np.zeros((layer.outputs, padded(layer.inputs)), np.int16)
    rows[:, : layer.inputs] = np.where(layer.matrix < 0, -127, 127)
    out = np.empty((len(rows), layer.outputs), np.float32)
    linear(network, 0, rows, np.empty(out.shape, np.int32), out)
    of_int8 = np.zeros((layer.outputs, padded(layer.inputs)), np.int8)
    of_int8[:, : layer.inputs] = layer.matrix
    reach = bounds.of_int8(of_int8, layer.bits("scale"), layer.bits("bias"))
    assert 0.95 * reach <= float(np.abs(out).max()) * (1 << bounds.Q) <= reach

    limit = bounds.LARGEST_INPUT
    reach = bounds.of_floats(weights, bias, [limit << bounds.Q] * len(weights))
    given = np.where(weights.T < 0, -limit, limit).astype(np.float32)
    out = np.empty((len(given), weights.shape[1]), np.float32)
    float_linear(network, 1, given, out)
    assert 0.99 * reach <= float(np.abs(out).max()) * (1 << bounds.Q) <= 1.0001 * reach
