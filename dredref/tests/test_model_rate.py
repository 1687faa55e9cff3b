"""Rate and distortion of models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dredref.model import packaged
from dredref.model.container import RawModel, write_model
from dredref.model.weights import Model
from dredref.tests.commands import code, run

CLIP = Path(__file__).parents[2] / "vectors" / "audio" / "librivox-3.flac"


@pytest.mark.slow
@pytest.mark.parametrize("version", [10, 12])
def test_coarser_levels_cost_less_and_lose_more(version: int, tmp_path: Path) -> None:
    plot = tmp_path / "rate.svg"
    result = run("model", "rate", CLIP, "--dred-version", version, "--plot", plot, "--json")
    assert result.exit_code == 0
    levels = json.loads(result.stdout)["levels"]
    rates = [level["bits_per_second"] for level in levels]
    losses = [level["cepstrum_rms"] for level in levels]
    assert [level["level"] for level in levels] == list(range(16))
    assert all(np.diff(rates[::3]) < 0)
    assert all(np.diff(losses[::3]) > 0)
    assert 1500 < rates[0] < 3500
    assert 0.15 < losses[0] < 0.35
    assert "<svg" in plot.read_text()


def test_other_models_are_measured(tmp_path: Path) -> None:
    """The packaged model as a file gives the same; what is no such model is refused."""
    path = tmp_path / "decoder.bin"
    raw = packaged("rdovae-decoder-v12")
    path.write_bytes(write_model(raw_of(raw)))
    given = run("model", "rate", CLIP, "--decoder", path, "--json")
    assert given.stdout == run("model", "rate", CLIP, "--json").stdout
    path.write_bytes(write_model(raw_of(packaged("pitch"))))
    assert code(run("model", "rate", CLIP, "--decoder", path)) == "model.layer"


def raw_of(model: Model) -> RawModel:
    """What a file of a model is made of."""
    layers = tuple(layer.raw for layer in model.layers.values())
    return RawModel(model.name, model.dred_version, model.provenance, layers)


def test_what_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(9000, np.int16), 16_000)
    assert code(run("model", "rate", short)) == "model.rate"
    assert code(run("model", "rate", CLIP, "--plot", tmp_path / "a.txt")) == "output.suffix"
    assert code(run("model", "rate", tmp_path / "none.wav")) == "audio.unreadable"
