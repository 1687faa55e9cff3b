"""The vocoder written from the text passes the vectors of vocode."""

from __future__ import annotations

import sys
from pathlib import Path

from dredref.conformance.document import context
from dredref.conformance.outcome import Outcome
from dredref.conformance.running.harness import Harness
from dredref.conformance.running.runner import run_vectors
from dredref.conformance.tests.imports import STANDARD, imported
from dredref.spec.document.render import render_markdown
from dredref.vectors.suite import load_suite

VOCODER = Path(__file__).parents[1] / "examples" / "minimal_vocoder.py"
PUT = ("vocoder.synthetic", "vocoder.continued.030", "vocoder.continued.047", "vocoder.read.3")
"""Vectors of each kind; the others were put once, and pass as well."""


def harness() -> Harness:
    """The vocoder as a program under test."""
    return Harness([sys.executable, str(VOCODER)])


def test_vectors_pass() -> None:
    first = harness()
    capabilities = first.capabilities()
    first.close()
    results = run_vectors([load_suite().find(name) for name in PUT], harness, capabilities)
    assert [one.outcome for one in results] == [Outcome.PASS] * len(PUT)


def test_nothing_but_numpy_and_the_standard_library() -> None:
    assert imported(VOCODER) <= STANDARD | {"numpy"}


def test_text_names_every_layer_of_the_vocoder() -> None:
    chapter = render_markdown(context()).partition(". Vocoder\n")[2].partition("\n## ")[0]
    for name in (
        *("cond_net_pembed", "cond_net_fdense1", "cond_net_fconv1", "cond_net_fdense2"),
        *("sig_net_cond_gain_dense", "sig_net_fwc0_conv", "sig_net_fwc0_glu_gate"),
        *("sig_net_gain_dense_out", "sig_net_gru", "sig_net_skip_dense", "sig_net_skip_glu_gate"),
        "sig_net_sig_dense_out",
    ):
        assert f"`{name}`" in chapter, name
