"""Hostile features: whether a payload can bring them."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from dredref.conformance.main import cli
from dredref.rdovae.decoder import decode_payloads
from dredref.spec.dred import make_payload
from dredref.spec.tables import LATENT_DIM, STATE_DIM, VERSIONS
from dredref.vectors.model import VocodeInput
from dredref.vectors.suite import load_suite
from dredref.vectors.wire import feature_bounds, remarks_on

HOSTILE = [one for one in load_suite().vectors(["hostile"]) if isinstance(one.input, VocodeInput)]
FROM_THE_WIRE = {
    *("zeros.plus", "zeros.minus", "tiny.plus", "tiny.minus"),
    *("pitch.minus-003", "pitch.plus-003", "pitch.minus-010", "pitch.plus-010"),
}


def test_every_hostile_vector_says_it() -> None:
    assert len(HOSTILE) == 22
    for vector in HOSTILE:
        [said] = remarks_on(vector)
        name = vector.id.removeprefix("hostile.vocode.")
        assert said.startswith("No payload can") == (name not in FROM_THE_WIRE), vector.id
    ten = remarks_on(load_suite().find("hostile.vocode.pitch.plus-010"))[0]
    assert "(DRED version 10)" in ten
    assert "feature 18 is 1e+06" in remarks_on(load_suite().find("hostile.vocode.large.plus"))[0]
    assert remarks_on(load_suite().find("vocoder.synthetic")) == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_no_payload_passes_the_bounds(version: int) -> None:
    bounds = feature_bounds(version)
    draw = np.random.default_rng(version)
    for size in (1, 300, 1 << 20):
        state, latents = (
            draw.integers(-size, size + 1, (rows, count)).tolist()
            for rows, count in ((1, STATE_DIM[version]), (4, LATENT_DIM[version]))
        )
        payload = make_payload(version, 0, 7, 15, state[0], latents)
        assert (np.abs(decode_payloads([payload])[0]).max(axis=0) <= bounds).all()


def test_show_tells_it() -> None:
    done = CliRunner().invoke(cli, ["vectors", "show", "hostile.vocode.noise-0"])
    assert "No payload can bring this input" in done.output
