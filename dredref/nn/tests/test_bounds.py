"""Models whose numbers could get too large are refused; bounds hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dredref.analysis.analyser import FeatureAnalyser
from dredref.arithmetic.significand import BINARY32, PACKED, numbers
from dredref.model import packaged
from dredref.model.container import RawModel
from dredref.model.weights import Model
from dredref.nn import bounds
from dredref.nn.portable import byte_layer, first_layer
from dredref.rdovae.decoder import Decoder
from dredref.rdovae.encoder import RdovaeEncoder
from dredref.spec.errors import InputError


def scaled(model: str, layer: str, role: str, factor: int) -> Model:
    """A packaged model with the numbers of one array multiplied."""
    source = packaged(model)
    layers = [one.raw for one in source.layers.values()]
    place = [one.name for one in layers].index(layer)
    found = layers[place].arrays[role]
    arrays = {
        **layers[place].arrays,
        role: type(found)(found.mantissa.astype(np.int64) * factor, found.q),
    }
    layers[place] = dataclasses.replace(layers[place], arrays=arrays)
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
    ],
)
def test_models_without_bounds_are_refused(model: str, layer: str, role: str, factor: int) -> None:
    """As they are they are taken; with one array much larger they are not, whoever asks."""

    def make(given: Model) -> None:
        if model == "pitch":
            FeatureAnalyser(model=given)
        elif "encoder" in model:
            RdovaeEncoder(int(model[-2:]), model=given)
        else:
            Decoder(given, PACKED)

    make(packaged(model))
    with pytest.raises(InputError, match="could reach") as caught:
        make(scaled(model, layer, role, factor))
    assert caught.value.code == "model.layer"


def test_bounds_hold_and_are_near() -> None:
    """Inputs of the weights' own signs come within the rounding of a layer's bound."""
    model = packaged("rdovae-decoder-v12")
    layer = byte_layer(model, "dec_output", BINARY32)
    rows = np.where(layer.matrix.integers.T < 0, -127, 127).astype(np.float32)
    found = np.abs(layer.of_bytes(rows)).max()
    assert 0.95 * bounds.of_bytes(layer) <= float(found) * (1 << bounds.Q) <= bounds.of_bytes(layer)

    first = first_layer(model, "dec_dense1", BINARY32)
    weights = np.asarray(first.weights)
    limit = float(bounds.LARGEST_INPUT)
    given = numbers(
        np.where(weights.T < 0, -limit, limit).astype(np.float32).view(np.int32), BINARY32
    )
    reach = bounds.of_reals(first, [bounds.LARGEST_INPUT << bounds.Q] * len(weights))
    assert 0.99 * reach <= float(np.abs(first(given)).max()) * (1 << bounds.Q) <= 1.0001 * reach
